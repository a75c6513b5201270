"""Timers for what mostly ends before they ring: one that is not needed any more goes on running,
and serves the next that asks for one.

To set and cancel a timer for each call takes the event loop ten functions, and leaves a cancelled
one in its heap. Most calls wait equally long, so that the timer of one that is over rings before
the next one's is due, and is then set to that.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

SLEPT_S = 1.0
"""A timer that is so late was not late by itself: this process slept (a laptop's lid, SIGSTOP)."""

Ring = Callable[[float, bool], None]
"""(the loop's time, whether this process slept meanwhile)."""


class Alarm:
    """Rings once, not before `due` (the loop's time); until it is stopped or has rung."""

    __slots__ = ("_loop", "_ring", "_rings_at", "_timer", "due")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.due = self._rings_at = 0.0
        self._loop = loop
        self._ring: Ring | None = None
        self._timer: asyncio.TimerHandle | None = None

    @property
    def is_running(self) -> bool:
        return self._timer is not None

    def set(self, due: float, ring: Ring) -> None:
        self.due, self._ring = due, ring
        if self._timer is not None:
            if self._rings_at <= due:
                return
            self._timer.cancel()
        self._run(due)

    def forget(self) -> None:
        """It may go on running, for nobody."""
        self._ring = None

    def _run(self, at: float) -> None:
        self._rings_at = at
        self._timer = self._loop.call_at(at, self._tick)

    def _tick(self) -> None:
        now, ring, due = self._loop.time(), self._ring, self.due
        self._timer = None
        if ring is None:
            return
        if self._rings_at < due:
            self._run(due)
            return
        self._ring = None
        ring(now, now - due > SLEPT_S)


class Alarms:
    """Those that run for nobody, of one event loop: as many as there were at once lately."""

    def __init__(self) -> None:
        self._free: list[Alarm] = []

    def at(self, loop: asyncio.AbstractEventLoop, due: float, ring: Ring) -> Alarm:
        """One that rings at `due`; to be given back when it is not needed any more."""
        while self._free:
            alarm = self._free.pop()
            if alarm.is_running:
                break
        else:
            alarm = Alarm(loop)
        alarm.set(due, ring)
        return alarm

    def give_back(self, alarm: Alarm) -> None:
        alarm.forget()
        self._free.append(alarm)
