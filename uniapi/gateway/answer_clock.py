"""When one answer began and when it last said something; and the one alarm that looks whether
anything of it is overdue. It only looks, so that a chunk costs no timer.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from uniapi.canonical import Failure

from .alarms import Alarm, Alarms
from .patience import Patience


class AnswerClock:
    """`look(now, has_slept)` is called when something may be overdue, and says when to look again
    (`look_by`). Times are the loop's.
    """

    __slots__ = (
        "_alarm",
        "_alarms",
        "_look",
        "_loop",
        "_patience",
        "first_token_at",
        "last_at",
        "started_at",
    )

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        patience: Patience,
        now: float,
        look: Callable[[float, bool], None],
        alarms: Alarms,
    ) -> None:
        self.started_at = self.last_at = now
        self.first_token_at: float | None = None
        self._loop = loop
        self._patience = patience
        self._look = look
        self._alarms = alarms
        due = now + patience.first_token_s
        if patience.deadline is not None:
            due = min(due, patience.deadline)
        self._alarm: Alarm | None = alarms.at(loop, due, self._ring)

    def due(self) -> float:
        """The moment at which something is overdue."""
        has_token = self.first_token_at is not None
        return self._patience.due(self.started_at, self.last_at, has_token=has_token)

    def overdue(self, now: float) -> Failure:
        """What has not come in time."""
        return self._patience.overdue(now, has_token=self.first_token_at is not None)

    def look_by(self, at: float) -> None:
        """Look again, at that moment at the latest."""
        if self._alarm is None:
            self._alarm = self._alarms.at(self._loop, at, self._ring)
        elif at < self._alarm.due:
            self._alarm.set(at, self._ring)

    def stop(self) -> None:
        """Nothing can be overdue any more."""
        if self._alarm is not None:
            self._alarms.give_back(self._alarm)
            self._alarm = None

    def close(self) -> None:
        """Nobody looks any more."""
        if self._alarm is not None:
            self.stop()
        self._look = _nobody

    def _ring(self, now: float, has_slept: bool) -> None:
        self._alarm = None
        self._look(now, has_slept)


def _nobody(now: float, has_slept: bool) -> None:
    """Looks at nothing."""
