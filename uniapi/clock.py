"""Time as an argument: rooms take a Clock or a `now`, so that tests can turn it by hand."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import NewType, Protocol, cast

Monotonic = NewType("Monotonic", float)
"""A moment in seconds on a scale that only goes forward and has no date: what `now` is."""
Epoch = NewType("Epoch", float)
"""A moment in seconds since 1970, which may jump: what `now_s` is."""


class Clock(Protocol):
    """`now_s`: seconds since the epoch, may jump.

    `monotonic_s`: seconds that only go forward. `sleep` waits on the same scale.
    """

    def now_s(self) -> Epoch: ...

    def monotonic_s(self) -> Monotonic: ...

    async def sleep(self, seconds: float) -> None: ...


class SystemClock:
    """The real one: the system's own functions, as a call asks for the time ten times."""

    def __init__(self) -> None:
        self.now_s = cast("Callable[[], Epoch]", time.time)
        self.monotonic_s = cast("Callable[[], Monotonic]", time.monotonic)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
