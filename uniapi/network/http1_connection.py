"""One connection to an origin: HTTP/1.1 over asyncio.Protocol, its call-backs going straight to the
sink.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple, Protocol
from urllib.parse import urlsplit

from uniapi.canonical import Failure, FailureKind
from uniapi.errors import WireError
from uniapi.tcp import ROOM
from uniapi.wire import BodySource, HeadReader, ResponseParser

from .passage import Passage
from .transport import Sink

PIECES_AT_ONCE = 16


class Origin(NamedTuple):
    """What connections must have in common to be used for each other's requests."""

    scheme: str
    host: str
    port: int
    ca_file: str | None
    only_public: bool


class Served(Protocol):
    """The exchange that a connection serves."""

    sink: Sink | None
    """Where the answer goes; None once nobody wants it."""

    def begun(self) -> None:
        """The first bytes of the answer are here."""
        ...

    def done(self) -> None:
        """The answer is whole."""
        ...

    def failed(self, failure: Failure) -> None: ...

    def died_idle(self) -> None:
        """The connection had served before, and ended before a byte of this answer."""
        ...


class Pool(Protocol):
    """Where a connection waits for its next exchange."""

    def put_idle(self, connection: Http1Connection) -> None: ...

    def forget(self, connection: Http1Connection) -> None: ...

    @property
    def heads(self) -> HeadReader:
        """What reads the heads of all answers."""
        ...


class Http1Connection(asyncio.BufferedProtocol, asyncio.Protocol):
    """One connection to an origin, serving one exchange at a time. `idle_since`: the loop's time at
    which it ended its last one. asyncio's TLS reads into the common room, which is cheaper.
    """

    __slots__ = (
        "_exchange",
        "_has_bytes",
        "_inflating",
        "_is_full",
        "_is_last",
        "_is_paused",
        "_is_reused",
        "_parser",
        "_pool",
        "_transport",
        "_unsent",
        "idle_since",
        "loop",
        "origin",
    )

    def __init__(self, pool: Pool, origin: Origin, loop: asyncio.AbstractEventLoop) -> None:
        self.origin = origin
        self._pool = pool
        self.loop = loop
        self._transport: asyncio.Transport | None = None
        self._exchange: Served | None = None
        self._parser = ResponseParser("GET", pool.heads)
        self._is_reused = False
        self._has_bytes = False
        self._unsent: Iterator[bytes] | None = None
        self._inflating: Iterator[bytes] | None = None
        """What the last read still inflates to; until it is handed on nothing more is read."""
        self._is_full = self._is_paused = self._is_last = False
        self.idle_since = 0.0

    @property
    def is_usable(self) -> bool:
        return self._transport is not None and not self._transport.is_closing()

    def start(
        self, exchange: Served, method: str, data: bytes, source: BodySource | None = None
    ) -> None:
        self._exchange = exchange
        self._parser.start(method)
        self._has_bytes = False
        assert self._transport is not None
        self._transport.write(data)
        if source is not None:
            self._unsent = source.pieces()
            self._send_pieces()

    def pause(self) -> None:
        if self.is_usable and self._transport is not None:
            self._is_paused = True
            self._transport.pause_reading()

    def resume(self) -> None:
        if self._is_paused and self.is_usable and self._transport is not None:
            self._is_paused = False
            if self._inflating is None:
                self._transport.resume_reading()
            else:
                self.loop.call_soon(self._inflate_on)

    def close(self) -> None:
        """Drop the connection at once, unsent bytes included."""
        self._exchange = None
        self._unsent = None
        if self._transport is not None:
            self._transport.abort()

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def get_buffer(self, sizehint: int) -> memoryview:
        return ROOM

    def buffer_updated(self, nbytes: int) -> None:
        self.data_received(bytes(ROOM[:nbytes]))

    def data_received(self, data: bytes) -> None:
        exchange, parser = self._exchange, self._parser
        if exchange is None:
            # An idle connection has nothing to say; one that speaks is out of step.
            self._pool.forget(self)
            self.close()
            return
        if not self._has_bytes:
            self._has_bytes = True
            exchange.begun()
        try:
            sink = exchange.sink
            if sink is not None and parser.is_between:
                chunk = parser.chunk(data)
                if chunk is not None:
                    sink.data(chunk)
                    return
            received = parser.feed(data)
            sink = exchange.sink
            if sink is None:
                return
            if received.head is not None:
                sink.head(received.head)
            pieces = received.pieces
            if not isinstance(pieces, tuple):
                self._inflating, self._is_last = iter(pieces), received.is_end
                self._inflate_on()
                return
            for piece in pieces:
                sink.data(piece)
                if exchange.sink is None:
                    break
        except (WireError, MemoryError) as error:
            self._cannot_be_read(error)
            return
        if received.is_end:
            self._end()

    def _inflate_on(self) -> None:
        """Hand on some of what a read inflates to: that may be a thousand times as much, and others
        want a turn.
        """
        inflating, exchange, transport = self._inflating, self._exchange, self._transport
        if inflating is None or exchange is None or transport is None or self._is_paused:
            return
        try:
            for _ in range(PIECES_AT_ONCE):
                sink = exchange.sink
                piece = None if sink is None else next(inflating, None)
                if sink is None or piece is None:
                    self._inflated()
                    return
                sink.data(piece)
                if self._is_paused:
                    return
        except (WireError, MemoryError) as error:
            self._cannot_be_read(error)
            return
        transport.pause_reading()
        self.loop.call_soon(self._inflate_on)

    def _inflated(self) -> None:
        """All that was read is handed on."""
        self._inflating = None
        if self._transport is not None:
            self._transport.resume_reading()
        if self._is_last:
            self._end()

    def _cannot_be_read(self, error: WireError | MemoryError) -> None:
        self._inflating = None
        why = error if isinstance(error, WireError) else "there is not enough memory"
        self._fail(
            Failure(kind=FailureKind.BROKEN, message=f"the upstream's answer cannot be read: {why}")
        )

    def eof_received(self) -> bool:
        if self._exchange is None or not self._has_bytes:
            return False
        try:
            self._parser.eof()
        except WireError:
            self._fail(
                Failure(
                    kind=FailureKind.BROKEN,
                    message="the upstream closed the connection in the middle of its answer",
                )
            )
            return False
        self._end()
        return False

    def pause_writing(self) -> None:
        self._is_full = True

    def resume_writing(self) -> None:
        self._is_full = False
        self._send_pieces()

    def connection_lost(self, error: Exception | None) -> None:
        self._transport = None
        self._unsent = self._inflating = None
        self._pool.forget(self)
        exchange, self._exchange = self._exchange, None
        if exchange is None:
            return
        if self._is_reused and not self._has_bytes:
            exchange.died_idle()
            return
        what = "in the middle of its answer" if self._has_bytes else "without an answer"
        exchange.failed(
            Failure(kind=FailureKind.BROKEN, message=f"the upstream closed the connection {what}")
        )

    def _send_pieces(self) -> None:
        """As much of the body as the socket takes, and not so much at a time that other streams
        wait.
        """
        unsent = self._unsent
        if unsent is None or self._is_full or self._transport is None:
            return
        try:
            for _ in range(PIECES_AT_ONCE):
                piece = next(unsent, None)
                if piece is None:
                    self._unsent = None
                    return
                self._transport.write(piece)
                if self._is_full:
                    return
        except (OSError, ValueError) as error:
            self._fail(
                Failure(
                    kind=FailureKind.BROKEN,
                    message=f"the request body cannot be read again: {error}",
                )
            )
            return
        self.loop.call_soon(self._send_pieces)

    def _end(self) -> None:
        exchange, self._exchange = self._exchange, None
        transport = self._transport
        if exchange is None or transport is None:
            # Closed by whoever took the last of it.
            return
        # An answer may come before the whole request was sent; what is left of it would be taken
        # for another request.
        is_sent, self._unsent = self._unsent is None, None
        if is_sent and self._parser.keeps_alive:
            if self._is_paused:
                self.resume()
            self._is_reused = True
            self.idle_since = self.loop.time()
            self._pool.put_idle(self)
        else:
            transport.close()
        exchange.done()

    def _fail(self, failure: Failure) -> None:
        exchange, self._exchange = self._exchange, None
        self.close()
        if exchange is not None:
            exchange.failed(failure)


def origin_of(url: str, passage: Passage) -> Origin:
    """Raises ValueError for what is no absolute http or https URL."""
    find = _origin if len(url) <= _LONGEST_KEPT else _read_origin
    return find(url, passage.ca_file, passage.only_public)


_LONGEST_KEPT = 1024
"""Characters: the addresses of pictures are a stranger's."""


def _read_origin(url: str, ca_file: str | None, only_public: bool) -> Origin:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"{parts.scheme or 'nothing'} is no address that can be asked")
    port = parts.port or (443 if parts.scheme == "https" else 80)
    return Origin(parts.scheme, parts.hostname, port, ca_file, only_public)


_origin = lru_cache(maxsize=1024)(_read_origin)
