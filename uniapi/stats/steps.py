"""The steps that figures over time come in: hours of UTC as they are counted, or days of the local
time zone (`TZ`), of 23 and 25 hours where the clocks change. An hour belongs to the local day in
which it begins, also where midnight falls into it.
"""

from __future__ import annotations

from bisect import bisect_right

from uniapi.clock import Epoch
from uniapi.money import Calendar
from uniapi.values import dataclass

from .calendar import DAY_S, HOUR_S


@dataclass(frozen=True, slots=True, kw_only=True)
class Steps:
    """Steps that follow each other without gap; the present one is the last."""

    width_s: int
    """An hour or a day; of a day the nominal one."""
    times: list[int]
    """The epoch second that each begins at: of a day the local midnight."""
    first_hours: list[int]
    """The first hour (since the epoch) that belongs to each."""
    end_hour: int
    """The first hour that lies behind them all."""
    dates: list[str] | None = None
    """`2026-11-03` for each local day; None: the steps are hours."""

    def place(self, hour: int) -> int:
        """The step that an hour, none before the first, belongs to."""
        return bisect_right(self.first_hours, hour) - 1

    def hours(self) -> list[range]:
        """The hours of each."""
        ends = [*self.first_hours[1:], self.end_hour]
        return [range(first, end) for first, end in zip(self.first_hours, ends, strict=True)]


def hourly(now_s: Epoch, count: int) -> Steps:
    """The last `count` hours."""
    end = int(now_s) // HOUR_S + 1
    hours = list(range(end - count, end))
    return Steps(
        width_s=HOUR_S,
        times=[hour * HOUR_S for hour in hours],
        first_hours=hours,
        end_hour=end,
    )


def daily(now_s: Epoch, count: int, calendar: Calendar) -> Steps:
    """The last `count` days of a calendar's zone."""
    times = [calendar.bounds("day", now_s)[0]]
    while len(times) < count and times[-1] > 0:
        times.append(calendar.bounds("day", times[-1] - 1)[0])
    times.reverse()
    return Steps(
        width_s=DAY_S,
        times=times,
        first_hours=[-(-start // HOUR_S) for start in times],
        end_hour=int(now_s) // HOUR_S + 1,
        dates=[calendar.date(start).isoformat() for start in times],
    )
