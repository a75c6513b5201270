"""The body of a plain request, of a known length, as it comes."""

from __future__ import annotations

import asyncio
from typing import Protocol

MAX_HELD_BYTES = 256 * 1024
"""Of a body that nobody reads: then its socket is not read either."""


class Holds(Protocol):
    """Where it comes from."""

    def hold(self) -> None: ...

    def release(self) -> None: ...


class EdgeBody:
    """A RequestBody. `missing` is how many bytes have not come yet."""

    __slots__ = ("_held", "_is_dropped", "_is_read", "_line", "_pieces", "_waiter", "missing")

    def __init__(self, line: Holds, length: int, data: bytes) -> None:
        """`data` is what of it has come with the head."""
        self.missing = length - len(data)
        self._line = line
        self._pieces = [data] if data else []
        self._held = len(data)
        self._is_read = False
        self._is_dropped = False
        self._waiter: asyncio.Future[None] | None = None

    def feed(self, data: bytes) -> None:
        """More of it, and nothing else."""
        self.missing -= len(data)
        if self._is_dropped:
            return
        self._pieces.append(data)
        self._held += len(data)
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
        elif self._held > MAX_HELD_BYTES:
            self._line.hold()

    def drop(self) -> None:
        """Nobody reads on."""
        self._is_dropped = True
        self._pieces.clear()
        self._held = 0

    def whole(self) -> bytes | None:
        if self.missing or self._is_read:
            return None
        self._is_read = True
        self._held = 0
        data = b"".join(self._pieces)
        self._pieces.clear()
        return data

    def at_eof(self) -> bool:
        return not self._pieces and not self.missing

    async def read(self, seconds: float) -> bytes:
        if not self._pieces and self.missing:
            await self._more(seconds)
        return self._take()

    async def _more(self, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        waiter = self._waiter = loop.create_future()
        timer = loop.call_later(seconds, _expire, waiter)
        try:
            await waiter
        finally:
            timer.cancel()
            self._waiter = None

    def _take(self) -> bytes:
        self._is_read = True
        data = self._pieces[0] if len(self._pieces) == 1 else b"".join(self._pieces)
        self._pieces.clear()
        self._held = 0
        if self.missing:
            self._line.release()
        return data


def _expire(waiter: asyncio.Future[None]) -> None:
    if not waiter.done():
        waiter.set_exception(asyncio.TimeoutError())
