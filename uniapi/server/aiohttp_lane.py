"""The lane of odd requests: whatever is not plain is read by aiohttp's parser (`bounded`), and
answered by the same front in the same bytes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from functools import partial

from aiohttp import HttpVersion11, web
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.web_protocol import RequestPayloadError

from uniapi.canonical import RequestRefused
from uniapi.tcp import GONE
from uniapi.wire import CREDENTIAL_HEADERS, RequestHead

from .bounded import BoundedServer
from .connections import MAX_HEAD_BYTES, ConnectionTable
from .front import Front
from .incoming import Incoming
from .unread import Unread


def open_server(front: Front, table: ConnectionTable, unread: Unread) -> BoundedServer:
    """aiohttp's server before this front."""
    return BoundedServer(
        partial(handle, front),
        table=table,
        unread=unread,
        access_log=None,
        keepalive_timeout=75,
        handler_cancellation=True,
        auto_decompress=False,
        max_line_size=MAX_HEAD_BYTES,
        max_field_size=MAX_HEAD_BYTES,
    )


async def handle(front: Front, request: web.BaseRequest) -> web.StreamResponse:
    """aiohttp's handler."""
    line = AiohttpLine(request)
    incoming = Incoming(_head_of(request), AiohttpBody(request, line), line)
    reply = await front.answer(incoming)
    if not reply.is_ended:
        line.abort()
    elif line.is_last:
        request.protocol.force_close()
    return AnswerGiven(keeps_alive=reply.keeps_alive)


class AnswerGiven(web.StreamResponse):
    """An answer that is written already: aiohttp is told nothing but whether the connection goes
    on.
    """

    def __init__(self, *, keeps_alive: bool) -> None:
        super().__init__()
        self._goes_on = keeps_alive

    @property
    def keep_alive(self) -> bool:
        return self._goes_on

    async def prepare(self, request: web.BaseRequest) -> None:
        """There is nothing left to prepare."""

    async def write_eof(self, data: bytes = b"") -> None:
        """Nor to end."""


class AiohttpLine:
    """The ClientLine of a request of aiohttp's, whose transport is gone once the client is."""

    def __init__(self, request: web.BaseRequest) -> None:
        self.is_last = False
        self._request = request

    @property
    def peer(self) -> str | None:
        transport = self._request.transport
        address = transport.get_extra_info("peername") if transport is not None else None
        return address[0] if address else None

    def is_closing(self) -> bool:
        transport = self._request.transport
        return transport is None or transport.is_closing()

    def write(self, data: bytes) -> int:
        transport = self._request.transport
        if transport is None or transport.is_closing():
            return GONE
        transport.write(data)
        return transport.get_write_buffer_size()

    def backlog(self) -> int:
        transport = self._request.transport
        return 0 if transport is None else transport.get_write_buffer_size()

    async def drain(self) -> None:
        await self._request.writer.drain()

    def abort(self) -> None:
        if self._request.transport is not None:
            self._request.transport.abort()


class AiohttpBody:
    """The RequestBody of a request of aiohttp's."""

    def __init__(self, request: web.BaseRequest, line: AiohttpLine) -> None:
        self._request = request
        self._line = line
        self._content = request.content
        self._waits = request.headers.get("Expect", "").lower() == "100-continue"

    def whole(self) -> bytes | None:
        if self._waits or not self._content.is_eof() or self._content.exception() is not None:
            return None
        return self._content.read_nowait()

    def at_eof(self) -> bool:
        return self._content.at_eof()

    async def read(self, seconds: float) -> bytes:
        if self._waits and self._request.transport is not None:
            # The client waits for leave to send (curl does so from 1 MiB on); what is too large has
            # been refused without reading it.
            self._request.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            self._waits = False
        try:
            return await asyncio.wait_for(self._content.readany(), seconds)
        except (RequestPayloadError, HttpProcessingError) as error:
            # Where the next request begins nobody knows.
            self._line.is_last = True
            said = " ".join(str(error).split())[:200]
            raise RequestRefused.bad_request(f"The request body is broken: {said}") from None


def _head_of(request: web.BaseRequest) -> RequestHead:
    return RequestHead(
        method=request.method,
        path=request.rel_url.raw_path,
        query=request.rel_url.raw_query_string,
        headers=dict(_folded(request.headers.items())),
        length=request.content_length,
        is_http11=request.version >= HttpVersion11,
        keeps_alive=request.keep_alive,
    )


def _folded(items: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Repeated fields as one, their values joined by commas (RFC 9110 §5.3); of those that carry a
    credential the first counts.
    """
    fields: dict[str, list[str]] = {}
    for name, value in items:
        fields.setdefault(name.lower(), []).append(value)
    for name, values in fields.items():
        yield name, values[0] if name in CREDENTIAL_HEADERS else ", ".join(values)
