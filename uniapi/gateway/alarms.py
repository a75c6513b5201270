"""Timers for what mostly ends before they ring: one that is not needed any more goes on running,
and serves the next that asks for one.

To set and cancel a timer for each call takes the event loop ten functions, and leaves a cancelled
one in its heap. Most calls wait equally long, so that the timer of one that is over rings before
the next one's is due, and is then set to that.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable

SLEPT_S = 1.0
"""A timer that is so late was not late by itself: this process slept (a laptop's lid, SIGSTOP)."""

Ring = Callable[[float, bool], None]
"""(the loop's time, whether this process slept meanwhile)."""


class Alarm:
    """Calls `ring` once, when it is `due` (the loop's time). `rings_at`: when its timer rings, at
    `due` or before; infinity while none runs.
    """

    __slots__ = ("_loop", "_timer", "due", "ring", "rings_at")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.due, self.rings_at = 0.0, math.inf
        self.ring: Ring | None = None
        self._loop = loop
        self._timer: asyncio.TimerHandle | None = None

    def set(self, due: float, ring: Ring) -> None:
        self.due, self.ring = due, ring
        if self.rings_at > due:
            self.run(due)

    def run(self, at: float) -> None:
        """Its timer rings at that moment, and at none before."""
        if self._timer is not None:
            self._timer.cancel()
        self.rings_at = at
        self._timer = self._loop.call_at(at, self._tick)

    def _tick(self) -> None:
        now, ring, due, rang_at = self._loop.time(), self.ring, self.due, self.rings_at
        self._timer, self.rings_at = None, math.inf
        if ring is None:
            return
        if rang_at < due:
            self.run(due)
            return
        self.ring = None
        ring(now, now - due > SLEPT_S)


class Alarms:
    """Those that run for nobody, of one event loop: as many as there were at once lately."""

    def __init__(self) -> None:
        self._free: list[Alarm] = []

    def at(self, loop: asyncio.AbstractEventLoop, due: float, ring: Ring) -> Alarm:
        """One that rings at `due`; to be given back when it is not needed any more."""
        alarm = self._free.pop() if self._free else Alarm(loop)
        alarm.due, alarm.ring = due, ring
        if alarm.rings_at > due:
            alarm.run(due)
        return alarm

    def give_back(self, alarm: Alarm) -> None:
        """It may go on running, for nobody."""
        alarm.ring = None
        self._free.append(alarm)
