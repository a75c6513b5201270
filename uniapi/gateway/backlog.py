"""Back-pressure: an upstream that says more than its client takes is paused until the client has
caught up; a client that takes nothing at all has left, whatever TCP says.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol

from .answer_memory import Pausable

HIGH_BYTES = 256 * 1024
LOW_BYTES = 64 * 1024
POLL_S = 0.05
STALLED_READER_S = 300.0
"""Who has taken nothing for so long has left, streamed or whole."""


class Outlet(Protocol):
    """Where committed bytes go.

    `write` never blocks, and `write_last` neither, which is for the last bytes of an answer that
    ends properly; `backlog` is what the client has not taken yet, in bytes.
    """

    def write(self, data: bytes) -> None: ...

    def write_last(self, data: bytes) -> None: ...

    def backlog(self) -> int: ...


class Backlog:
    """One outlet and the exchange that fills it. `on_resumed` and `on_stalled` are told."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        outlet: Outlet,
        exchange: Pausable,
        on_resumed: Callable[[], None],
        on_stalled: Callable[[], None],
    ) -> None:
        self._loop = loop
        self._outlet = outlet
        self._exchange = exchange
        self._on_resumed = on_resumed
        self._on_stalled = on_stalled
        self._paused_since: float | None = None

    @property
    def is_paused(self) -> bool:
        return self._paused_since is not None

    def watch(self) -> None:
        """After each write: too much waits for the client."""
        if self._paused_since is not None:
            return
        waiting = self._outlet.backlog()
        if waiting <= HIGH_BYTES:
            return
        self._paused_since = self._loop.time()
        self._exchange.pause()
        self._loop.call_later(POLL_S, self._check, waiting)

    def _check(self, before: int) -> None:
        """While paused: go on when enough was taken, give the client up when it takes nothing."""
        if self._paused_since is None:
            return
        waiting, now = self._outlet.backlog(), self._loop.time()
        if waiting <= LOW_BYTES:
            self._paused_since = None
            self._exchange.resume()
            self._on_resumed()
            return
        if waiting < before:
            self._paused_since = now
        if now - self._paused_since > STALLED_READER_S:
            self._on_stalled()
            return
        self._loop.call_later(POLL_S, self._check, waiting)
