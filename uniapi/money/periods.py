"""Calendar periods in the local time zone (`TZ`), where an hour may be missing or come twice.

What is asked of the zone is only what `time.localtime` says, so every zone that the host knows
works, and tests bring their own.
"""

from __future__ import annotations

import datetime
import time
from collections.abc import Callable

from uniapi.config import PeriodName

LocalTime = Callable[[float], time.struct_time]

_AT_MOST_S = {"day": 27 * 3600, "week": 8 * 86400, "month": 32 * 86400, "year": 367 * 86400}
_SECONDS = {"second": 1, "minute": 60}


class Calendar:
    """Where a period begins and ends, in whole epoch seconds. Remembers what it was asked last."""

    def __init__(self, localtime: LocalTime = time.localtime) -> None:
        self._localtime = localtime
        self._last: dict[str, tuple[int, int]] = {}

    def bounds(self, period: PeriodName, at_s: float) -> tuple[int, int]:
        """The period that a moment lies in: from its first second up to the next one's first."""
        second = int(min(max(at_s, 0.0), 2e11) // 1)
        known = self._last.get(period)
        if known is None or not known[0] <= second < known[1]:
            known = self._last[period] = self._found(period, second)
        return known

    def date(self, at_s: float) -> datetime.date:
        """The local date of a moment."""
        local = self._localtime(at_s)
        return datetime.date(local.tm_year, local.tm_mon, local.tm_mday)

    def _found(self, period: PeriodName, second: int) -> tuple[int, int]:
        if period in _SECONDS:
            length = _SECONDS[period]
            return second - second % length, second - second % length + length
        if period == "hour":
            # The zone's own hours: some zones begin theirs at half past, and an hour that comes
            # twice is two.
            offset = self._localtime(second).tm_gmtoff or 0
            start = second - (second + offset) % 3600
            return start, start + 3600
        most, own = _AT_MOST_S[period], self._number(period, second)
        start = self._first(lambda at: self._number(period, at) >= own, second - most, second)
        end = self._first(lambda at: self._number(period, at) > own, second, second + most)
        return start, end

    def _number(self, period: PeriodName, second: int) -> int:
        """A number that grows from one period to the next."""
        if period in ("year", "month"):
            local = self._localtime(second)
            return local.tm_year if period == "year" else local.tm_year * 12 + local.tm_mon
        day = self.date(second).toordinal()
        # Ordinal 1 was a Monday, with which weeks begin.
        return day if period == "day" else (day - 1) // 7

    @staticmethod
    def _first(is_in: Callable[[int], bool], low: int, high: int) -> int:
        """The first second from `low` on that is in; `high` is."""
        low = max(0, low)
        while low < high:
            middle = (low + high) // 2
            if is_in(middle):
                high = middle
            else:
                low = middle + 1
        return high
