"""A transport of our own for direct connections: HTTP/1.1 over asyncio.Protocol, its call-backs
going straight to the sink.

Half the cost of a request through a pure-Python gateway is the general-purpose HTTP client, and
half the cost of a streamed chunk is the hand-over between tasks (reference/performance.md, sections
2 and 3). This one has neither: no task per request, no reader object, one pool of connections per
origin. Requests that leave through a proxy go to the transport it was given for that.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import ssl
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple
from urllib.parse import urlsplit

from aiohappyeyeballs import start_connection

from uniapi.canonical import Failure, FailureKind
from uniapi.errors import WireError
from uniapi.wire import BodySource, HttpRequest, ResponseParser, request_bytes

from .environment_proxies import EnvironmentProxies, ProxyUnusable
from .names import Names
from .passage import USUAL, Passage
from .tls import TlsContexts, tls_fault
from .transport import DEFAULT_CONNECT_TIMEOUT_S, KEEPALIVE_S, Exchange, Sink, Spawn, Transport

log = logging.getLogger("uniapi.upstream")

HAPPY_EYEBALLS_DELAY_S = 0.25
PIECES_AT_ONCE = 16


class Origin(NamedTuple):
    """What connections must have in common to be used for each other's requests."""

    scheme: str
    host: str
    port: int
    ca_file: str | None
    only_public: bool


class Http1Transport:
    """Sends requests over pooled connections; `proxied` carries those that need a proxy, which
    `proxies` tells where none is written.
    """

    def __init__(
        self,
        spawn: Spawn,
        proxied: Transport,
        names: Names,
        tls: TlsContexts,
        proxies: EnvironmentProxies,
    ) -> None:
        self._spawn = spawn
        self._proxied = proxied
        self._names = names
        self._tls = tls
        self._proxies = proxies
        self._idle: defaultdict[Origin, list[_Connection]] = defaultdict(list)

    def send(
        self,
        request: HttpRequest,
        sink: Sink,
        *,
        passage: Passage = USUAL,
        connect_timeout_s: float | None = None,
    ) -> Exchange:
        exchange = _Http1Exchange(
            self, request, sink, passage, connect_timeout_s or DEFAULT_CONNECT_TIMEOUT_S
        )
        try:
            proxy = self._proxies.way(request.url, passage.proxy)
        except (ProxyUnusable, ValueError) as error:
            exchange.refuse(str(error))
            return exchange
        if proxy is None:
            exchange.begin()
            return exchange
        through = passage if proxy == passage.proxy else replace(passage, proxy=proxy)
        return self._proxied.send(
            request, sink, passage=through, connect_timeout_s=connect_timeout_s
        )

    async def close(self) -> None:
        for connections in self._idle.values():
            for connection in list(connections):
                connection.close()
        self._idle.clear()
        await self._proxied.close()

    def take_idle(self, origin: Origin) -> _Connection | None:
        """The most recently used idle connection: the others may grow old and be closed."""
        connections = self._idle.get(origin)
        while connections:
            connection = connections.pop()
            if connection.is_usable:
                connection.wake()
                return connection
        return None

    def put_idle(self, connection: _Connection) -> None:
        self._idle[connection.origin].append(connection)

    def forget(self, connection: _Connection) -> None:
        connections = self._idle.get(connection.origin)
        if connections is not None and connection in connections:
            connections.remove(connection)

    def spawn_connect(
        self, exchange: _Http1Exchange, origin: Origin, timeout_s: float
    ) -> asyncio.Task[None]:
        return self._spawn(self._connect(exchange, origin, timeout_s), "connect")

    async def _connect(self, exchange: _Http1Exchange, origin: Origin, timeout_s: float) -> None:
        try:
            try:
                connection = await asyncio.wait_for(self._open(origin), timeout_s)
            except OSError as error:
                if error.errno not in (errno.EMFILE, errno.ENFILE) or not self._drop_idle():
                    raise
                # Out of descriptors is our trouble, not the provider's: the idle connections are
                # given up for one more try.
                connection = await asyncio.wait_for(self._open(origin), timeout_s)
        except asyncio.TimeoutError:
            exchange.failed(
                Failure(
                    kind=FailureKind.TIMEOUT,
                    message=f"connecting to the upstream took longer than {timeout_s:g} s",
                )
            )
        except ssl.SSLError as error:
            fault = tls_fault(origin.host, error)
            exchange.failed(Failure(kind=FailureKind.UNREACHABLE, message=fault))
        except (OSError, UnicodeError) as error:
            exchange.failed(
                Failure(
                    kind=FailureKind.UNREACHABLE, message=f"cannot connect to the upstream: {error}"
                )
            )
        else:
            exchange.connected(connection)

    async def _open(self, origin: Origin) -> _Connection:
        loop = asyncio.get_running_loop()
        context = self._tls.context(origin.ca_file) if origin.scheme == "https" else None
        found = await self._names.find(origin.host, origin.port, only_public=origin.only_public)
        connected = await start_connection(found, happy_eyeballs_delay=HAPPY_EYEBALLS_DELAY_S)
        _, connection = await loop.create_connection(
            lambda: _Connection(self, origin, loop),
            sock=connected,
            ssl=context,
            server_hostname=origin.host if context is not None else None,
        )
        return connection

    def _drop_idle(self) -> bool:
        """Close every idle connection; False when there was none."""
        dropped = [connection for connections in self._idle.values() for connection in connections]
        self._idle.clear()
        for connection in dropped:
            connection.close()
        return bool(dropped)


class _Http1Exchange:
    """One request: on an idle connection if there is one, else on a new one; once more on a new one
    when the idle one turns out to be dead.
    """

    def __init__(
        self,
        transport: Http1Transport,
        request: HttpRequest,
        sink: Sink,
        passage: Passage,
        connect_timeout_s: float,
    ) -> None:
        self._transport = transport
        self._request = request
        self._sink: Sink | None = sink
        self._passage = passage
        self._connect_timeout_s = connect_timeout_s
        self._connection: _Connection | None = None
        self._connecting: asyncio.Task[None] | None = None
        self._origin = Origin("", "", 0, None, False)
        self._data = b""
        self._is_paused = False

    def begin(self) -> None:
        try:
            self._origin = _origin(self._request.url, self._passage)
            self._data = request_bytes(self._request)
        except ValueError as error:
            self.refuse(str(error))
            return
        connection = self._transport.take_idle(self._origin)
        if connection is not None:
            self._use(connection)
        else:
            self._connecting = self._transport.spawn_connect(
                self, self._origin, self._connect_timeout_s
            )

    def refuse(self, why: str) -> None:
        """Fails before anything is sent, and not before `send` has returned."""
        failure = Failure(
            kind=FailureKind.UNREACHABLE, message=f"the request cannot be sent: {why}"
        )
        asyncio.get_running_loop().call_soon(self.failed, failure)

    def connected(self, connection: _Connection) -> None:
        self._connecting = None
        if self._sink is None:
            connection.close()
            return
        self._use(connection)

    def _use(self, connection: _Connection) -> None:
        self._connection = connection
        connection.start(self, self._request.method, self._data, self._request.source)
        if self._is_paused:
            connection.pause()

    def pause(self) -> None:
        self._is_paused = True
        if self._connection is not None:
            self._connection.pause()

    def resume(self) -> None:
        self._is_paused = False
        if self._connection is not None:
            self._connection.resume()

    def cancel(self) -> None:
        self._sink = None
        if self._connecting is not None:
            self._connecting.cancel()
            self._connecting = None
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    # from the connection

    @property
    def sink(self) -> Sink | None:
        return self._sink

    def done(self) -> None:
        self._connection = None
        sink, self._sink = self._sink, None
        if sink is not None:
            sink.end()

    def failed(self, failure: Failure) -> None:
        self._connection = None
        sink, self._sink = self._sink, None
        if sink is not None:
            sink.fail(failure)

    def died_idle(self) -> None:
        """The kept-alive connection was closed before a byte of the answer: that says nothing about
        the server's health, so once more, on a fresh one.
        """
        self._connection = None
        if self._sink is not None:
            self._connecting = self._transport.spawn_connect(
                self, self._origin, self._connect_timeout_s
            )


class _Connection(asyncio.Protocol):
    """One connection to an origin, serving one exchange at a time."""

    def __init__(
        self, pool: Http1Transport, origin: Origin, loop: asyncio.AbstractEventLoop
    ) -> None:
        self.origin = origin
        self._pool = pool
        self._loop = loop
        self._transport: asyncio.Transport | None = None
        self._exchange: _Http1Exchange | None = None
        self._parser: ResponseParser | None = None
        self._is_reused = False
        self._has_bytes = False
        self._unsent: Iterator[bytes] | None = None
        self._is_full = False
        self._idle_timer: asyncio.TimerHandle | None = None

    @property
    def is_usable(self) -> bool:
        return self._transport is not None and not self._transport.is_closing()

    def start(
        self, exchange: _Http1Exchange, method: str, data: bytes, source: BodySource | None = None
    ) -> None:
        self._exchange = exchange
        self._parser = ResponseParser(method)
        self._has_bytes = False
        assert self._transport is not None
        self._transport.write(data)
        if source is not None:
            self._unsent = source.pieces()
            self._send_pieces()

    def wake(self) -> None:
        """Taken from the pool."""
        self._is_reused = True
        if self._idle_timer is not None:
            self._idle_timer.cancel()
            self._idle_timer = None

    def pause(self) -> None:
        if self.is_usable and self._transport is not None:
            self._transport.pause_reading()

    def resume(self) -> None:
        if self.is_usable and self._transport is not None:
            self._transport.resume_reading()

    def close(self) -> None:
        """Drop the connection at once, unsent bytes included."""
        self._exchange = None
        self._unsent = None
        if self._idle_timer is not None:
            self._idle_timer.cancel()
            self._idle_timer = None
        if self._transport is not None:
            self._transport.abort()

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        exchange, parser = self._exchange, self._parser
        if exchange is None or parser is None:
            # An idle connection has nothing to say; one that speaks is out of step.
            self._pool.forget(self)
            self.close()
            return
        self._has_bytes = True
        try:
            head, body, is_end = parser.feed(data)
        except WireError as error:
            self._fail(
                Failure(
                    kind=FailureKind.BROKEN,
                    message=f"the upstream's answer cannot be read: {error}",
                )
            )
            return
        sink = exchange.sink
        if sink is None:
            return
        if head is not None:
            sink.head(head)
        if body:
            sink.data(body)
        if is_end:
            self._end()

    def eof_received(self) -> bool:
        parser = self._parser
        if self._exchange is None or parser is None:
            return False
        if not self._has_bytes:
            return False
        try:
            _, body, _ = parser.eof()
        except WireError:
            self._fail(
                Failure(
                    kind=FailureKind.BROKEN,
                    message="the upstream closed the connection in the middle of its answer",
                )
            )
            return False
        if body and self._exchange is not None and self._exchange.sink is not None:
            self._exchange.sink.data(body)
        self._end()
        return False

    def pause_writing(self) -> None:
        self._is_full = True

    def resume_writing(self) -> None:
        self._is_full = False
        self._send_pieces()

    def connection_lost(self, error: Exception | None) -> None:
        self._transport = None
        self._unsent = None
        self._pool.forget(self)
        if self._idle_timer is not None:
            self._idle_timer.cancel()
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
        self._loop.call_soon(self._send_pieces)

    def _end(self) -> None:
        exchange, parser, self._exchange, self._parser = self._exchange, self._parser, None, None
        assert parser is not None
        # An answer may come before the whole request was sent; what is left of it would be taken
        # for another request.
        is_sent, self._unsent = self._unsent is None, None
        if is_sent and parser.keeps_alive and self.is_usable and self._transport is not None:
            self._transport.resume_reading()
            self._idle_timer = self._loop.call_later(KEEPALIVE_S, self._expire)
            self._pool.put_idle(self)
        elif self._transport is not None:
            self._transport.close()
        if exchange is not None:
            exchange.done()

    def _expire(self) -> None:
        self._pool.forget(self)
        self.close()

    def _fail(self, failure: Failure) -> None:
        exchange, self._exchange = self._exchange, None
        self.close()
        if exchange is not None:
            exchange.failed(failure)


def _origin(url: str, passage: Passage) -> Origin:
    """Raises ValueError for what is no absolute http or https URL."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"{parts.scheme or 'nothing'} is no address that can be asked")
    port = parts.port or (443 if parts.scheme == "https" else 80)
    return Origin(parts.scheme, parts.hostname, port, passage.ca_file, passage.only_public)
