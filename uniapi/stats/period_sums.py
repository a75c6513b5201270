"""What was spent, by who spent it, in calendar periods: days always, shorter ones where a budget
asks for them. Longer ones are sums of days, so that a budget that is written in the middle of a
month knows the month.

Exact and additive, like every sum here: replaying and merging in any order give the same amounts.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from uniapi.config import Config, PeriodName
from uniapi.money import Calendar

EVERYBODY = "*"
MOST_DAYS = 90
"""Of what is older the months are kept, each as if it had been spent on its first day: a year's
budget asks no more.
"""
DAYS_LEFT, MOST_MONTHS = 62, 24
MOST_SHORT = 3
"""Of a period shorter than a day only the newest are kept."""
SHORT_PERIODS: tuple[PeriodName, ...] = ("second", "minute", "hour")


def of_client(key_id: str) -> str:
    """The name of what a client key spends."""
    return f"c:{key_id}"


def of_provider(provider_id: str) -> str:
    """The name of what is spent at a provider."""
    return f"p:{provider_id}"


def short_periods(config: Config) -> frozenset[PeriodName]:
    """The periods shorter than a day that a configuration has a budget for."""
    budgets = [
        config.preferences.budgets,
        *(key.budgets for key in config.client_keys),
        *(provider.budgets for provider in config.providers),
    ]
    return frozenset(one.period for some in budgets for one in some if one.period in SHORT_PERIODS)


class PeriodSums:
    """Amounts in pico-dollars, by the first second of a period."""

    def __init__(self, calendar: Calendar, short: Iterable[PeriodName] = ()) -> None:
        self.calendar = calendar
        self.short = frozenset(short)
        self._sums: dict[tuple[str, str], dict[int, int]] = {}

    def add(self, key_id: str, provider_id: str | None, at_s: float, amount_pd: int) -> None:
        """Somebody has spent so much at a provider."""
        for period in ("day", *self.short):
            start, _ = self.calendar.bounds(period, at_s)
            for place in _places(key_id, provider_id, period):
                sums = self._sums.get(place)
                if sums is not None and start in sums:
                    sums[start] += amount_pd
                else:
                    self._put(*place, start, amount_pd)

    def spent_pd(self, name: str, period: PeriodName, at_s: float) -> int:
        """What was spent in the period that a moment lies in."""
        start, end = self.calendar.bounds(period, at_s)
        if period in SHORT_PERIODS:
            return self._sums.get((name, period), {}).get(start, 0)
        days = self._sums.get((name, "day"))
        if days is None:
            return 0
        if period == "day":
            return days.get(start, 0)
        return sum(amount for day, amount in days.items() if start <= day < end)

    def merge(self, other: PeriodSums) -> None:
        for (name, period), sums in other._sums.items():
            for start, amount in sums.items():
                self._put(name, period, start, amount)

    def copy(self) -> PeriodSums:
        other = PeriodSums(self.calendar, self.short)
        other._sums = {place: dict(sums) for place, sums in self._sums.items()}
        return other

    def _put(self, name: str, period: str, start: int, amount_pd: int) -> None:
        sums = self._sums.setdefault((name, period), {})
        sums[start] = sums.get(start, 0) + amount_pd
        if period != "day":
            if len(sums) > MOST_SHORT:
                del sums[min(sums)]
        elif len(sums) > MOST_DAYS:
            self._fold_days(sums)

    def _fold_days(self, sums: dict[int, int]) -> None:
        days = sorted(sums)
        for day in days[:-DAYS_LEFT]:
            month, _ = self.calendar.bounds("month", day)
            if month != day:
                sums[month] = sums.get(month, 0) + sums.pop(day)
        months = sorted(sums)[:-DAYS_LEFT]
        for month in months[:-MOST_MONTHS]:
            del sums[month]

    # what is kept

    def dump(self) -> list[list[Any]]:
        """As plain data: name, period, and the sums by the first second of each."""
        return [
            [name, period, [[start, sums[start]] for start in sorted(sums)]]
            for (name, period), sums in self._sums.items()
        ]

    def load(self, stored: Iterable[Any]) -> None:
        """Begin with what was dumped. Raises ValueError, TypeError, KeyError for what it is not."""
        self._sums = {
            (str(name), str(period)): {int(start): int(amount) for start, amount in sums}
            for name, period, sums in stored
        }

    def load_hours(self, spent: Iterable[tuple[int, str, str, int]]) -> None:
        """Begin with what hours say (the second each begins at, client key, provider, amount):
        for a data dir of before there were budgets.
        """
        self._sums = {}
        for at_s, key_id, provider_id, amount in spent:
            self.add(key_id, provider_id, at_s, amount)


@lru_cache(maxsize=512)
def _places(key_id: str, provider_id: str | None, period: str) -> tuple[tuple[str, str], ...]:
    """Where what a key spends at a provider is counted."""
    names = [EVERYBODY, of_client(key_id)]
    if provider_id:
        names.append(of_provider(provider_id))
    return tuple((name, period) for name in names)
