"""When one answer began and when it last said something; and when it is looked whether anything of
it is overdue. It is only looked at, so that a chunk costs no timer.
"""

from __future__ import annotations

import asyncio
import math
from typing import Protocol

from uniapi.canonical import Failure

from .alarms import Alarms
from .patience import Patience


class Looking(Protocol):
    """What looks whether anything is overdue; `has_slept`: this process did meanwhile."""

    def look(self, now: float, has_slept: bool) -> None: ...


class AnswerClock:
    """What `looks` is told when something may be overdue, and says when to look again (`look_by`).
    Times are the loop's.
    """

    __slots__ = (
        "_alarms",
        "_looks",
        "_loop",
        "_patience",
        "due",
        "first_token_at",
        "last_at",
        "started_at",
    )

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        patience: Patience,
        now: float,
        looks: Looking,
        alarms: Alarms,
    ) -> None:
        self.started_at = self.last_at = now
        self.first_token_at: float | None = None
        self._loop = loop
        self._patience = patience
        self._looks: Looking | None = looks
        self._alarms = alarms
        first_due, deadline = now + patience.first_token_s, patience.deadline
        self.due = first_due if deadline is None else min(first_due, deadline)
        """When it is looked at; infinity: never."""
        if self.due < math.inf:
            alarms.watch(self, loop)

    def overdue_at(self) -> float:
        """The moment at which something is overdue."""
        has_token = self.first_token_at is not None
        return self._patience.due(self.started_at, self.last_at, has_token=has_token)

    def overdue(self, now: float) -> Failure:
        """What has not come in time."""
        return self._patience.overdue(now, has_token=self.first_token_at is not None)

    def look_by(self, at: float) -> None:
        """Look again, at that moment at the latest."""
        if at < self.due:
            self.due = at
            self._alarms.watch(self, self._loop)

    def stop(self) -> None:
        """Nothing can be overdue any more."""
        if self.due < math.inf:
            self.due = math.inf
            self._alarms.forget(self)

    def close(self) -> None:
        """Nobody looks any more."""
        if self.due < math.inf:
            self.stop()
        self._looks = None

    def ring(self, now: float, has_slept: bool) -> None:
        self.due = math.inf
        if self._looks is not None:
            self._looks.look(now, has_slept)
