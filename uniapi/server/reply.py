"""The client's side of an answer: head, bytes, end, whichever lane the request came by.

`write` is a plain call: the chunked framing is put around the bytes here and handed to the line,
because awaiting a writer for every chunk costs more than the chunk. Back-pressure is not lost by
that: the receiver asks `backlog` and pauses the upstream. A client that has left makes its lane
cancel the handler's task, so nothing here needs to watch for it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

from uniapi.gateway import STALLED_READER_S
from uniapi.tcp import GONE
from uniapi.values import dataclass
from uniapi.wire import STATUS_LINES, KnownHeaders, header_lines, status_line

from .impatient import for_client
from .incoming import Incoming

STREAM_HEADERS = {"cache-control": "no-cache", "x-accel-buffering": "no"}
"""On every stream: reverse proxies (nginx on serv00) must not buffer it."""
UNWATCHED_BYTES = 64 * 1024
"""So much is written without waiting for anybody."""
PIECE_BYTES = 256 * 1024
"""A transport copies what it cannot send at once, twice: it is given no more at a time."""
BODILESS = frozenset({204, 304})
"""Statuses whose answers end with their head."""


@dataclass(slots=True)  # a value
class UsualHeaders:
    """What all answers of a moment are headed with; `lines` is how it is written."""

    headers: Mapping[str, str]
    lines: str

    @classmethod
    def of(cls, headers: Mapping[str, str]) -> UsualHeaders:
        return cls(headers, header_lines(headers))


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

    `start` then `write`s then `finish`, or `send` for a whole one. The head goes out with the first
    `write`, which may be of nothing, and the end of the framing with the bytes of `write_last`.
    `keeps_alive` says, once all is sent, whether the connection may serve another request.
    """

    tap = None
    """Nobody looks on: see `inspection.TappedReply`."""

    __slots__ = (
        "_goes_on",
        "_has_end",
        "_head",
        "_is_chunked",
        "_line",
        "_request_id",
        "_unsent",
        "_usual",
        "bytes_written",
        "has_lost",
        "is_ended",
        "is_recorded",
        "is_started",
        "keeps_alive",
        "provider",
        "status",
    )

    def __init__(self, incoming: Incoming, request_id: str, usual: UsualHeaders) -> None:
        self._line = incoming.line
        self._head = incoming.head
        self._request_id = request_id
        self._usual = usual
        self._unsent = b""
        self._is_chunked = self._has_end = False
        self.is_ended = False
        """All of it is written, and most of it taken."""
        self.provider: str | None = None
        """Who answers, as the head says it."""
        self._goes_on = False
        self.keeps_alive = False
        self.is_started = False
        self.status: int | None = None
        self.bytes_written = 0
        self.is_recorded = False
        self.has_lost = False
        """Something was written that the client was not there to take."""

    @property
    def is_abandoned(self) -> bool:
        """Whether the client has left."""
        return self._line.is_closing()

    async def start(self, status: int, headers: Mapping[str, str]) -> None:
        """Begin a streamed answer: with what is written next."""
        self._is_chunked = self._head.is_http11
        framing = {"transfer-encoding": "chunked"} if self._is_chunked else {"connection": "close"}
        self._unsent = self._begin(status, {**headers, **framing})

    def write(self, data: bytes) -> None:
        """Bytes of a started answer; dropped silently when the client is gone (its handler is being
        cancelled).
        """
        size = len(data)
        if size > PIECE_BYTES:
            for at in range(0, size, PIECE_BYTES):
                self.write(data[at : at + PIECE_BYTES])
            return
        head, self._unsent = self._unsent, b""
        is_chunk = self._is_chunked and size
        framed = b"%b%x\r\n%b\r\n" % (head, size, data) if is_chunk else head + data
        if framed and self._line.write(framed) == GONE:
            self.has_lost = True
        else:
            self.bytes_written += size

    def write_last(self, data: bytes) -> None:
        """The last bytes. Where the framing has an end that they do not take along, `finish` writes
        it.
        """
        size = len(data)
        if not self._is_chunked or not 0 < size <= PIECE_BYTES:
            self.write(data)
            return
        self._has_end = True
        framed = b"%b%x\r\n%b\r\n0\r\n\r\n" % (self._unsent, size, data)
        self._unsent = b""
        if self._line.write(framed) == GONE:
            self.has_lost = True
        else:
            self.bytes_written += size

    def backlog(self) -> int:
        """Bytes written but not yet taken by the client's socket."""
        return self._line.backlog()

    async def finish(self) -> None:
        """The proper end of a started answer.

        Raises ConnectionError when the client left before it had all bytes. One that left after
        them, without waiting for the end of the framing, has its answer: Codex does so on
        `response.completed`.
        """
        if not self.is_started:
            return
        try:
            if self._has_end:
                backlog = GONE if self.has_lost else self._line.backlog()
            else:
                end = b"0\r\n\r\n" if self._is_chunked else b""
                backlog = self._line.write(self._unsent + end)
                self._unsent = b""
            if backlog == GONE:
                raise ConnectionResetError("the client has left")
            if backlog > UNWATCHED_BYTES:
                await self._until_taken()
            self.is_ended, self.keeps_alive = True, self._goes_on
        except ConnectionError:
            if self.has_lost:
                raise

    def break_off(self) -> None:
        """End a started answer so that the client notices that it is not whole: without the end of
        its framing.
        """
        self.has_lost = True
        self._line.abort()

    async def send(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        """A whole answer in one piece."""
        written, has_body = status, status not in BODILESS
        if "x-should-retry" in headers:
            written, headers, body = for_client(status, headers, body, self._head.headers)
        lines = self._known_lines(headers, len(body)) if has_body else None
        if lines is not None:
            self._goes_on = True
            self.provider = headers.get("x-uniapi-provider")
            head = self._headed(written, lines)
        else:
            if has_body:
                headers = {**headers, "content-length": str(len(body))}
            head = self._begin(written, headers)
        self.status = status
        if has_body and self._head.method != "HEAD":
            self.bytes_written = len(body)
            if len(body) > PIECE_BYTES:
                head = await self._send_pieces(head, body)
            else:
                head += body
        backlog = self._line.write(head)
        if backlog == GONE:
            raise ConnectionResetError("the client has left")
        if backlog > UNWATCHED_BYTES:
            await self._until_taken()
        self.is_ended, self.keeps_alive = True, self._goes_on

    async def _send_pieces(self, head: bytes, body: bytes) -> bytes:
        """As much at a time as the client takes. Gives what is left, one piece at most."""
        view = memoryview(body)
        last = (len(body) - 1) // PIECE_BYTES * PIECE_BYTES
        for at in range(0, last, PIECE_BYTES):
            backlog = self._line.write(head + view[at : at + PIECE_BYTES])
            if backlog == GONE:
                raise ConnectionResetError("the client has left")
            if backlog > UNWATCHED_BYTES:
                await self._until_taken()
            head = b""
        return bytes(view[last:])

    def _known_lines(self, headers: Mapping[str, str], size: int) -> str | None:
        """The lines of an answer after which the connection goes on, where most of them are known;
        None for any other.
        """
        asked, usual = self._head, self._usual
        if type(headers) is not KnownHeaders or self._line.is_last:
            return None
        if not (asked.is_http11 and asked.keeps_alive and usual.headers.keys().isdisjoint(headers)):
            return None
        return f"{usual.lines}{headers.lines}content-length: {size}\r\n"

    def _begin(self, status: int, headers: Mapping[str, str]) -> bytes:
        """The head of an answer of this status."""
        if self._line.is_last or not self._head.keeps_alive:
            headers = {**headers, "connection": "close"}
        elif not self._head.is_http11:
            headers = {"connection": "keep-alive", **headers}
        usual = self._usual
        if usual.headers.keys().isdisjoint(headers):
            lines = usual.lines + header_lines(headers)
        else:
            lines = header_lines({**usual.headers, **headers})
        self.provider = headers.get("x-uniapi-provider")
        self._goes_on = headers.get("connection") != "close"
        return self._headed(status, lines)

    def _headed(self, status: int, lines: str) -> bytes:
        self.is_started = True
        self.status = status
        first = STATUS_LINES.get(status) or status_line(status)
        head = f"{first}x-request-id: {self._request_id}\r\n{lines}\r\n"
        return head.encode("utf-8", "surrogateescape")

    async def _until_taken(self) -> None:
        """Wait until the client has taken most of it. One that takes nothing for STALLED_READER_S
        has left, whatever TCP says.
        """
        line = self._line
        watch = StallWatch(asyncio.get_running_loop(), line.backlog, self.break_off)
        try:
            await line.drain()
        finally:
            watch.cancel()
