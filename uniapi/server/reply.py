"""The client's side of an answer: head, bytes, end, over aiohttp's StreamResponse.

`write` is a plain call: the chunked framing is put around the bytes here and handed to the
transport, because awaiting a writer for every chunk costs more than the chunk. Back-pressure is not
lost by that: the receiver asks `backlog` and pauses the upstream. A client that has left makes
aiohttp cancel the handler's task (`handler_cancellation`), so nothing here needs to watch for it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

from aiohttp import HttpVersion11, web

STREAM_HEADERS = {"cache-control": "no-cache", "x-accel-buffering": "no"}
"""On every stream: reverse proxies (nginx on serv00) must not buffer it."""
STALLED_READER_S = 300.0
UNWATCHED_BYTES = 64 * 1024
"""So much is written without waiting for anybody."""


class StallWatch:
    """Calls `give_up` once a client has taken nothing for `STALLED_READER_S`."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        backlog: Callable[[], int],
        give_up: Callable[[], None],
    ) -> None:
        self._loop = loop
        self._backlog = backlog
        self._give_up = give_up
        self._before: int | None = None
        # As soon as all is written that there is to take.
        self._timer = loop.call_later(0.0, self._look)

    def cancel(self) -> None:
        self._timer.cancel()

    def _look(self) -> None:
        backlog, before = self._backlog(), self._before
        if before is not None and backlog >= before:
            self._give_up()
            return
        self._before = backlog
        self._timer = self._loop.call_later(STALLED_READER_S, self._look)


class HttpReply:
    """One answer to one request.

    `start` then `write`s then `finish`, or `send` for a whole one; `response` is what the handler
    returns to aiohttp.
    """

    tap = None
    """Nobody looks on: see `inspection.TappedReply`."""

    def __init__(self, request: web.BaseRequest, common_headers: Mapping[str, str]) -> None:
        self._request = request
        self._common_headers = common_headers
        self._is_chunked = request.version >= HttpVersion11
        self.response: web.StreamResponse | None = None
        self.status: int | None = None
        self.bytes_written = 0
        self.is_recorded = False
        self.has_lost = False
        """Something was written that the client was not there to take."""

    @property
    def is_started(self) -> bool:
        return self.response is not None

    @property
    def is_abandoned(self) -> bool:
        """Whether the client has left."""
        transport = self._request.transport
        return transport is None or transport.is_closing()

    async def start(self, status: int, headers: Mapping[str, str]) -> None:
        """Send the head of a streamed answer."""
        self.status = status
        response = web.StreamResponse(status=status, headers={**self._common_headers, **headers})
        self.response = response
        await response.prepare(self._request)

    def write(self, data: bytes) -> None:
        """Bytes of a started answer; dropped silently when the client is gone (its handler is being
        cancelled).
        """
        transport = self._request.transport
        if not data or transport is None or transport.is_closing():
            self.has_lost = self.has_lost or bool(data)
            return
        self.bytes_written += len(data)
        transport.write(b"%x\r\n%b\r\n" % (len(data), data) if self._is_chunked else data)

    def backlog(self) -> int:
        """Bytes written but not yet taken by the client's socket."""
        transport = self._request.transport
        return 0 if transport is None else transport.get_write_buffer_size()

    async def finish(self) -> None:
        """The proper end of a started answer.

        Raises ConnectionError when the client left before it had all bytes. One that left after
        them, without waiting for the end of the framing, has its answer: Codex does so on
        `response.completed`.
        """
        if self.response is None:
            return
        try:
            await self._end(self.response)
        except ConnectionError:
            if self.has_lost:
                raise

    def break_off(self) -> None:
        """End a started answer so that the client notices that it is not whole: without the end of
        its framing.
        """
        if self._request.transport is not None:
            self._request.transport.abort()

    async def send(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        """A whole answer in one piece."""
        self.status = status
        self.bytes_written = len(body)
        response = web.Response(
            status=status, headers={**self._common_headers, **headers}, body=body
        )
        self.response = response
        await response.prepare(self._request)
        await self._end(response, len(body))

    async def _end(self, response: web.StreamResponse, size: int = 0) -> None:
        """Write the end of an answer, with `size` bytes before it that nobody has written yet. A
        client that takes nothing of them for `STALLED_READER_S` has left, whatever TCP says.
        """
        if self.backlog() + size <= UNWATCHED_BYTES:
            await response.write_eof()
            return
        watch = StallWatch(asyncio.get_running_loop(), self.backlog, self._give_up)
        try:
            await response.write_eof()
        finally:
            watch.cancel()

    def _give_up(self) -> None:
        self.has_lost = True
        self.break_off()
