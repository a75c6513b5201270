"""The network door: sends one HttpRequest and pushes what comes back into a Sink.

The face is push, not pull: `send` returns at once; `head`, `data`, `end` and `fail` are plain
calls, so that a chunk costs no task switch and the thing behind the door can be exchanged (an
HTTP/1.1 client of our own, aiohttp's client where a proxy is on the way, the demo provider) without
touching another room.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Protocol

from uniapi.canonical import Failure
from uniapi.wire import HttpRequest, ResponseHead

from .passage import USUAL, Passage

DEFAULT_CONNECT_TIMEOUT_S = 15.0
KEEPALIVE_S = 55.0
"""Idle connections are kept less long than the shortest common server limit (60 s), so that few die
under a request.
"""

Spawn = Callable[[Coroutine[Any, Any, Any], str], "asyncio.Task[Any]"]


class Sink(Protocol):
    """Receives one answer: `head` once, `data` any number of times, then `end` or `fail`.

    `fail` may come at any moment, also first.
    """

    def head(self, head: ResponseHead) -> None: ...

    def data(self, data: bytes) -> None: ...

    def end(self) -> None: ...

    def fail(self, failure: Failure) -> None: ...


class Exchange(Protocol):
    """One request under way.

    `pause` and `resume` carry the client's back-pressure; after `cancel` the sink hears nothing
    more and the connection is gone.
    """

    def pause(self) -> None: ...

    def resume(self) -> None: ...

    def cancel(self) -> None: ...


class Transport(Protocol):
    """Whatever can carry a request."""

    def send(
        self,
        request: HttpRequest,
        sink: Sink,
        *,
        passage: Passage = USUAL,
        connect_timeout_s: float | None = None,
    ) -> Exchange: ...

    async def close(self) -> None: ...
