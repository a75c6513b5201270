"""A transport of our own for direct connections: HTTP/1.1 over asyncio.Protocol, its call-backs
going straight to the sink.

Half the cost of a request through a pure-Python gateway is the general-purpose HTTP client, and
half the cost of a streamed chunk is the hand-over between tasks. This one has neither: no task per
request, no reader object, one pool of connections per origin. Requests that leave through a proxy
go to the transport it was given for that.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import socket
import ssl
from collections import defaultdict
from collections.abc import Callable
from typing import Protocol

from aiohappyeyeballs import start_connection

from uniapi.canonical import Failure, FailureKind
from uniapi.tcp import Connecting, TcpTransport
from uniapi.values import replace
from uniapi.wire import HeadReader, HttpRequest, request_bytes

from .environment_proxies import EnvironmentProxies, ProxyUnusable
from .http1_connection import Http1Connection, Origin, origin_of
from .names import AddressInfo, Names
from .passage import USUAL, Passage
from .tls import TlsContexts, tls_fault
from .transport import (
    DEFAULT_CONNECT_TIMEOUT_S,
    KEEPALIVE_S,
    Exchange,
    Sink,
    Spawn,
    Transport,
)

log = logging.getLogger("uniapi.upstream")

HAPPY_EYEBALLS_DELAY_S = 0.25
SWEEP_S = 5.0
"""How often it is looked which connections have been idle for too long."""


class Cancelled(Protocol):
    """What may still be given up."""

    def cancel(self) -> object: ...


class Http1Transport:
    """Sends requests over pooled connections; what `open_proxied` gives carries those that need a
    proxy, which `proxies` tells where none is written.
    """

    def __init__(
        self,
        spawn: Spawn,
        open_proxied: Callable[[], Transport],
        names: Names,
        tls: TlsContexts,
        proxies: EnvironmentProxies,
    ) -> None:
        self._spawn = spawn
        self._open_proxied = open_proxied
        self._proxied: Transport | None = None
        self._names = names
        self._tls = tls
        self._proxies = proxies
        self.heads = HeadReader()
        self._idle: defaultdict[Origin, list[Http1Connection]] = defaultdict(list)
        self._sweeping: asyncio.TimerHandle | None = None

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
        if passage.proxy is None and self._proxies.are_none:
            exchange.begin()
            return exchange
        try:
            proxy = self._proxies.way(request.url, passage.proxy)
        except (ProxyUnusable, ValueError) as error:
            exchange.refuse(str(error))
            return exchange
        if proxy is None:
            exchange.begin()
            return exchange
        through = passage if proxy == passage.proxy else replace(passage, proxy=proxy)
        if self._proxied is None:
            self._proxied = self._open_proxied()
        return self._proxied.send(
            request, sink, passage=through, connect_timeout_s=connect_timeout_s
        )

    async def close(self) -> None:
        for connections in self._idle.values():
            for connection in list(connections):
                connection.close()
        self._idle.clear()
        if self._sweeping is not None:
            self._sweeping.cancel()
        if self._proxied is not None:
            await self._proxied.close()

    def take_idle(self, origin: Origin) -> Http1Connection | None:
        """The most recently used idle connection: the others may grow old and be closed."""
        connections = self._idle.get(origin)
        if not connections:
            return None
        found = None
        while connections and found is None:
            connection = connections.pop()
            found = connection if connection.is_usable else None
        if not connections:
            # Strangers name the hosts of pictures: none is remembered without a connection.
            del self._idle[origin]
        return found

    def put_idle(self, connection: Http1Connection) -> None:
        self._idle[connection.origin].append(connection)
        if self._sweeping is None:
            self._sweep_later(connection.loop)

    def _sweep_later(self, loop: asyncio.AbstractEventLoop) -> None:
        """One timer for all idle connections: most are used again before one of their own rang."""
        self._sweeping = loop.call_later(SWEEP_S, self.sweep, loop)

    def sweep(self, loop: asyncio.AbstractEventLoop) -> None:
        """Close what has been idle for too long."""
        self._sweeping = None
        oldest = loop.time() - (KEEPALIVE_S - SWEEP_S)
        for connection in [one for idle in self._idle.values() for one in idle]:
            if connection.idle_since <= oldest:
                self.forget(connection)
                connection.close()
        if self._idle:
            self._sweep_later(loop)

    def forget(self, connection: Http1Connection) -> None:
        connections = self._idle.get(connection.origin)
        if connections is not None and connection in connections:
            connections.remove(connection)
            if not connections:
                del self._idle[connection.origin]

    def connect(self, exchange: _Http1Exchange, origin: Origin, timeout_s: float) -> Cancelled:
        """A connection for this exchange, which is told when it is there, or that there is none."""
        loop = asyncio.get_running_loop()
        if origin.scheme == "http" and not origin.only_public:
            found = self._names.at_hand(origin.host, origin.port, loop.time())
            if len(found) == 1:
                try:
                    return self._connect_at_once(exchange, origin, timeout_s, found[0], loop)
                except OSError:
                    # The longer way knows what to do.
                    pass
        return self._spawn(self._connect(exchange, origin, timeout_s), "connect")

    def _connect_at_once(
        self,
        exchange: _Http1Exchange,
        origin: Origin,
        timeout_s: float,
        info: AddressInfo,
        loop: asyncio.AbstractEventLoop,
    ) -> Connecting:
        """Nothing is to be looked up, nothing chosen, nothing encrypted."""

        def connected(there: socket.socket) -> None:
            connection = Http1Connection(self, origin, loop)
            TcpTransport(loop, there, connection)
            exchange.connected(connection)

        def failed(error: OSError | asyncio.TimeoutError) -> None:
            exchange.failed(_cannot_connect(error, origin, timeout_s))

        return Connecting(loop, info[0], info[4], timeout_s, connected, failed)

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
        except (asyncio.TimeoutError, OSError, UnicodeError) as error:
            exchange.failed(_cannot_connect(error, origin, timeout_s))
        else:
            exchange.connected(connection)

    async def _open(self, origin: Origin) -> Http1Connection:
        loop = asyncio.get_running_loop()
        context = self._tls.context(origin.ca_file) if origin.scheme == "https" else None
        found = await self._names.find(origin.host, origin.port, only_public=origin.only_public)
        connected = await start_connection(found, happy_eyeballs_delay=HAPPY_EYEBALLS_DELAY_S)
        connection = Http1Connection(self, origin, loop)
        if context is None:
            TcpTransport(loop, connected, connection)
        else:
            await loop.create_connection(
                lambda: connection, sock=connected, ssl=context, server_hostname=origin.host
            )
        return connection

    def _drop_idle(self) -> bool:
        """Close every idle connection; False when there was none."""
        dropped = [connection for connections in self._idle.values() for connection in connections]
        self._idle.clear()
        for connection in dropped:
            connection.close()
        return bool(dropped)


def _cannot_connect(error: Exception, origin: Origin, timeout_s: float) -> Failure:
    if isinstance(error, asyncio.TimeoutError):
        message = f"connecting to the upstream took longer than {timeout_s:g} s"
        return Failure(kind=FailureKind.TIMEOUT, message=message)
    if isinstance(error, ssl.SSLError):
        message = tls_fault(origin.host, error)
    else:
        message = f"cannot connect to the upstream: {error}"
    return Failure(kind=FailureKind.UNREACHABLE, message=message)


_SENT = HttpRequest(method="", url="")


class _Http1Exchange:
    """One request: on an idle connection if there is one, else on a new one; once more on a new one
    when the idle one turns out to be dead.
    """

    __slots__ = (
        "_connect_timeout_s",
        "_connecting",
        "_connection",
        "_data",
        "_is_paused",
        "_origin",
        "_passage",
        "_request",
        "_transport",
        "sink",
    )

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
        self.sink: Sink | None = sink
        """Where the answer goes; None once nobody wants it."""
        self._passage = passage
        self._connect_timeout_s = connect_timeout_s
        self._connection: Http1Connection | None = None
        self._connecting: Cancelled | None = None
        self._origin: Origin | None = None
        self._data = b""
        self._is_paused = False

    def begin(self) -> None:
        try:
            origin = self._origin = origin_of(self._request.url, self._passage)
            self._data = request_bytes(self._request)
        except ValueError as error:
            self.refuse(str(error))
            return
        connection = self._transport.take_idle(origin)
        if connection is not None:
            self._use(connection)
        else:
            self._connect(origin)

    def _connect(self, origin: Origin) -> None:
        connecting = self._transport.connect(self, origin, self._connect_timeout_s)
        if self._connection is None:
            self._connecting = connecting

    def refuse(self, why: str) -> None:
        """Fails before anything is sent, and not before `send` has returned."""
        failure = Failure(
            kind=FailureKind.UNREACHABLE, message=f"the request cannot be sent: {why}"
        )
        asyncio.get_running_loop().call_soon(self.failed, failure)

    def connected(self, connection: Http1Connection) -> None:
        self._connecting = None
        if self.sink is None:
            connection.close()
            return
        self._use(connection)

    def _use(self, connection: Http1Connection) -> None:
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
        self.sink = None
        if self._connecting is not None:
            self._connecting.cancel()
            self._connecting = None
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    # from the connection

    def begun(self) -> None:
        """It will not be sent again: a stream may be open for minutes, and a request large."""
        self._request, self._data = _SENT, b""

    def done(self) -> None:
        self._connection = None
        sink, self.sink = self.sink, None
        if sink is not None:
            sink.end()

    def failed(self, failure: Failure) -> None:
        self._connection = None
        sink, self.sink = self.sink, None
        if sink is not None:
            sink.fail(failure)

    def died_idle(self) -> None:
        """The kept-alive connection was closed before a byte of the answer: that says nothing about
        the server's health, so once more, on a fresh one.
        """
        self._connection = None
        if self.sink is not None and self._origin is not None:
            self._connect(self._origin)
