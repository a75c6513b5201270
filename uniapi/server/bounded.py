"""aiohttp's HTTP server within bounds: a table of connections, so many bytes and so much time for a
head, and whatever never becomes a request refused in JSON, with a line in the log.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import StreamReader, web
from aiohttp.http_exceptions import LineTooLong
from aiohttp.web_protocol import RequestHandler

from .connections import (
    BUSY,
    HEAD_S,
    LARGE_HEAD,
    LEFT_S,
    MAX_HEAD_BYTES,
    NO_HTTP,
    SLOW_HEAD,
    WRONG_CODING,
    WRONG_VERSION,
    ConnectionTable,
    HeadRefusal,
)
from .unread import MOST_BYTES, Unread

Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


class BoundedServer(web.Server):
    """Serves with `handler` what is a request; its connections stand in `table`."""

    def __init__(
        self,
        handler: Handler,
        *,
        table: ConnectionTable,
        unread: Unread,
        head_s: float = HEAD_S,
        **options: Any,
    ) -> None:
        super().__init__(self._serve, **options)
        self.table = table
        self.head_s = head_s
        self.unread = unread
        self._handle = handler

    def __call__(self) -> BoundedConnection:
        return BoundedConnection(self, loop=self._loop, **self._kwargs)

    async def _serve(self, request: web.BaseRequest) -> web.StreamResponse:
        connection = request.protocol
        assert isinstance(connection, BoundedConnection)
        try:
            fault = connection.fault(request)
            if fault is None:
                return await self._handle(request)
            return connection.refuse(fault)
        finally:
            connection.served(request.content)


class BoundedConnection(RequestHandler):
    """One connection. What has come since the last answer is counted, so that the head of what
    comes next is bounded; the timer runs while a head is not whole.
    """

    __slots__ = ("_first", "_is_busy", "_server", "_timer", "_unfinished", "_unread")

    def __init__(self, server: BoundedServer, **options: Any) -> None:
        super().__init__(server, **options)
        self._server = server
        self._unread = 0
        self._first = b""
        self._is_busy = False
        self._unfinished: StreamReader | None = None
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        if self._server.table.opened(self):
            self._timer = self._loop.call_later(self._server.head_s, self._too_slow)
        else:
            self.refuse(BUSY)

    def connection_lost(self, exc: BaseException | None) -> None:
        self._stop_timer()
        self._server.table.closed(self)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if not self._is_busy and len(self._first) < MOST_BYTES:
            self._first += data[: MOST_BYTES - len(self._first)]
        super().data_received(data)
        if self._unfinished is not None and self._unfinished.is_eof():
            self._idle()
            return
        self._unread += len(data)
        if self._is_busy or self._close or self._force_close:
            return
        if self._messages:
            self._is_busy = True
            self._stop_timer()
            self._server.table.busy(self)
        elif self._unread > MAX_HEAD_BYTES:
            self.refuse(LARGE_HEAD)
        elif self._timer is None:
            self._timer = self._loop.call_later(self._server.head_s, self._too_slow)

    def eof_received(self) -> bool:  # type: ignore[override]
        """The client sends no more."""
        if self._is_busy:
            self._loop.call_later(LEFT_S, self._leave)
        return self._is_busy

    def _leave(self) -> None:
        if self.transport is not None:
            self.transport.close()

    def served(self, content: StreamReader) -> None:
        """A request is answered. What is still to come of its body is read and thrown away."""
        if content.is_eof():
            self._idle()
        else:
            self._unfinished = content

    def _idle(self) -> None:
        """Whatever comes now belongs to the next request."""
        self._unfinished = None
        self._unread = 0
        self._first = b""
        self._is_busy = bool(self._messages)
        if not self._is_busy:
            self._server.table.idle(self)

    def give_way(self) -> None:
        if self.transport is not None:
            self.transport.abort()

    def refuse(self, why: HeadRefusal) -> web.Response:
        """Say no, and close; what is given is never sent."""
        peer = self.peername
        address = peer[0] if isinstance(peer, tuple) else None
        if self.transport is not None:
            self.transport.write(self._server.unread.answer(why, address, self._first))
        self._stop_timer()
        self.force_close()
        return web.Response()

    def fault(self, request: web.BaseRequest) -> HeadRefusal | None:
        """What is wrong with a head that aiohttp has read."""
        if self._unread > MAX_HEAD_BYTES:
            size = sum(len(name) + len(text) + 4 for name, text in request.raw_headers)
            if size + len(request.path_qs) > MAX_HEAD_BYTES:
                return LARGE_HEAD
        if request.version not in ((1, 0), (1, 1)):
            return WRONG_VERSION
        coding = request.headers.get("Transfer-Encoding")
        if coding is not None and coding.strip().lower() != "chunked":
            # aiohttp reads `gzip, chunked` as if nothing were compressed; what is not understood
            # is refused (RFC 9112 §6.1).
            return WRONG_CODING
        return None

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """What aiohttp cannot read (400) is said without a traceback."""
        if status != 400:
            return super().handle_error(request, status, exc, message)
        return self.refuse(LARGE_HEAD if isinstance(exc, LineTooLong) else NO_HTTP)

    def _too_slow(self) -> None:
        self._timer = None
        if self._unread:
            self.refuse(SLOW_HEAD)
        else:
            self.give_way()

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
