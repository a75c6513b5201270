"""One timer of the event loop for all that may become overdue.

A timer for each call would take the event loop ten functions to set and cancel, and an open stream
half a kilobyte; nearly all calls end before they are overdue. So the earliest one's moment is the
timer's, and then all are looked at: a hundred take as long as one timer.
"""

from __future__ import annotations

import asyncio
import math
from typing import Protocol

SLEPT_S = 1.0
"""A timer that is so late was not late by itself: this process slept (a laptop's lid, SIGSTOP)."""
APART_S = 0.05
"""The timer does not ring again before: many that are due one after the other are due together."""


class Watched(Protocol):
    """What may become overdue. `due` is the loop's time at which `ring` is to be called with the
    time, and with whether this process slept meanwhile; it is called once for each `Alarms.watch`.
    """

    due: float

    def ring(self, now: float, has_slept: bool) -> None: ...


class Alarms:
    """Those of one event loop."""

    def __init__(self) -> None:
        self._watched: set[Watched] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._rings_at = math.inf

    def watch(self, one: Watched, loop: asyncio.AbstractEventLoop) -> None:
        """It rings when it is due; to be told again when that is earlier than it was."""
        self._watched.add(one)
        if one.due < self._rings_at:
            self._run(loop, one.due)

    def forget(self, one: Watched) -> None:
        """It does not ring any more. The timer goes on: another one will need it."""
        self._watched.discard(one)

    def _run(self, loop: asyncio.AbstractEventLoop, at: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._rings_at = at
        self._timer = loop.call_at(at, self._tick, loop)

    def _tick(self, loop: asyncio.AbstractEventLoop) -> None:
        now = loop.time()
        has_slept = now - self._rings_at > SLEPT_S
        self._timer, self._rings_at = None, math.inf
        try:
            self._ring(now, has_slept)
        finally:
            due = min((one.due for one in self._watched), default=math.inf)
            if due < self._rings_at:
                self._run(loop, max(due, now + APART_S))

    def _ring(self, now: float, has_slept: bool) -> None:
        watched = self._watched
        for one in [one for one in watched if one.due <= now]:
            if one in watched:
                watched.discard(one)
                one.ring(now, has_slept)
