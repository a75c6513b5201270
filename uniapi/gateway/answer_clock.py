"""When one answer began and when it last said something; and the one timer that looks whether
anything of it is overdue. It only looks, so that a chunk costs no timer.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from uniapi.canonical import Failure

from .patience import Patience

SLEPT_S = 1.0
"""A timer that is so late was not late by itself: this process slept (a laptop's lid, SIGSTOP)."""


class AnswerClock:
    """`look(now, has_slept)` is called when something may be overdue, and says when to look again
    (`look_by`). Times are the loop's.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        patience: Patience,
        now: float,
        look: Callable[[float, bool], None],
    ) -> None:
        self.started_at = self.last_at = now
        self.first_token_at: float | None = None
        self._loop = loop
        self._patience = patience
        self._look = look
        self._look_at = patience.due(now, now, has_token=False)
        self._timer: asyncio.TimerHandle | None = loop.call_at(self._look_at, self._tick)

    def due(self) -> float:
        """The moment at which something is overdue."""
        has_token = self.first_token_at is not None
        return self._patience.due(self.started_at, self.last_at, has_token=has_token)

    def overdue(self, now: float) -> Failure:
        """What has not come in time."""
        return self._patience.overdue(now, has_token=self.first_token_at is not None)

    def look_by(self, at: float) -> None:
        """Look again, at that moment at the latest."""
        if self._timer is not None:
            if at >= self._look_at:
                return
            self._timer.cancel()
        self._look_at = at
        self._timer = self._loop.call_at(at, self._tick)

    def stop(self) -> None:
        """Nothing can be overdue any more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def close(self) -> None:
        """Nobody looks any more."""
        self.stop()
        self._look = _nobody

    def _tick(self) -> None:
        now = self._loop.time()
        self._timer = None
        self._look(now, now - self._look_at > SLEPT_S)


def _nobody(now: float, has_slept: bool) -> None:
    """Looks at nothing."""
