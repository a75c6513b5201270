"""A clock that leapt ahead (a board without battery, before NTP) must not throw history away as
old.
"""

from __future__ import annotations

from uniapi.clock import Epoch

CLOCK_JUMP_S = 7 * 86400
CLOCK_DOUBT_COMMITS = 3600
"""Nothing ages for so many seconds after the leap: there is a commit each second."""


class ClockDoubt:
    """`last_now_s` is the last moment that the clock said, 0 when it has said none."""

    def __init__(self) -> None:
        self.last_now_s = 0.0
        self._left = 0

    def watch(self, now_s: Epoch) -> None:
        """To be told the time at each commit."""
        if self.last_now_s and now_s - self.last_now_s > CLOCK_JUMP_S:
            self._left = CLOCK_DOUBT_COMMITS
        self._left = max(0, self._left - 1)
        self.last_now_s = now_s

    @property
    def is_doubted(self) -> bool:
        return self._left > 0
