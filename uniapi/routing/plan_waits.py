"""How long one request waits where that beats an error: for a credential (the end of a rest or a
limit in a moment, or the end of a call where as many run as may), and before it knocks again where
nobody opened.
"""

from __future__ import annotations

import math
import random

from uniapi.clock import Monotonic

from .availability import Availability

LONGEST_WAIT_S = 2.0
TRIAL_POLL_S = 0.1
MAX_WAITS = 3
KNOCK_S, MAX_KNOCKS = 0.5, 2
"""A server that starts anew and a name that its resolver has lost are not back within milliseconds,
often after half a second.
"""
LONGEST_LINE_S, LINE_POLL_S = 5.0, 0.1
"""How long a request stands in line for a credential that runs as many calls as it may, and how
often it looks.
"""


class PlanWaits:
    """For one request. `deadline`: the client's own, on the scale of `now`."""

    def __init__(self, deadline: float | None, rng: random.Random) -> None:
        self._deadline = deadline
        self._rng = rng
        self._waits = self._trial_polls = self._knocks = 0
        self._in_line_since: Monotonic | None = None

    def wait_s(self, available: Availability, now: Monotonic) -> float | None:
        """The next wait in seconds, None when there is no more sense in one."""
        if self._may_stand_in_line(now) and available.line_up(now):
            if self._in_line_since is None:
                self._in_line_since = now
            return LINE_POLL_S
        return self._moment_s(available, now)

    def trial_s(self, now: Monotonic) -> float | None:
        """The next look at a trial that somebody else runs, None when it has taken too long."""
        if self._trial_polls >= LONGEST_WAIT_S / TRIAL_POLL_S or self._is_too_long(
            TRIAL_POLL_S, now
        ):
            return None
        self._trial_polls += 1
        return TRIAL_POLL_S

    def knock_s(self, now: Monotonic) -> float | None:
        """Before a channel that could not be reached is asked again, None when that is at once."""
        seconds = KNOCK_S * self._rng.uniform(0.8, 1.2)
        if self._knocks >= MAX_KNOCKS or self._is_too_long(seconds, now):
            return None
        self._knocks += 1
        return seconds

    def _may_stand_in_line(self, now: Monotonic) -> bool:
        is_patient = self._in_line_since is None or now - self._in_line_since < LONGEST_LINE_S
        return is_patient and not self._is_too_long(LINE_POLL_S, now)

    def _moment_s(self, available: Availability, now: Monotonic) -> float | None:
        """Until the first credential is back, when that is so soon."""
        if self._waits >= MAX_WAITS:
            return None
        times = (
            obstacle.free_in_s
            for obstacle in available.obstacles(now)
            if obstacle.kind == "rate" and obstacle.free_in_s is not None
        )
        soonest = min(times, default=math.inf)
        if soonest > LONGEST_WAIT_S:
            return None
        seconds = min(LONGEST_WAIT_S, soonest + self._rng.uniform(0.01, 0.1))
        if self._is_too_long(seconds, now):
            return None
        self._waits += 1
        return seconds

    def _is_too_long(self, seconds: float, now: Monotonic) -> bool:
        return self._deadline is not None and now + seconds >= self._deadline
