"""The network door: sends one HttpRequest and pushes what comes back into a Sink.

The face is push, not pull: `send` returns at once; `head`, `data`, `end` and `fail` are plain
calls, so that a chunk costs no task switch and the thing behind the door can be exchanged
(aiohttp's client, the demo provider, an HTTP/1.1 client of our own) without touching another room.
This is also the one place where aiohttp's and the operating system's exceptions become Failures.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any, Protocol

import aiohttp
from yarl import URL

from uniapi.canonical import Failure, FailureKind
from uniapi.wire import BodySource, HttpRequest, ResponseHead

log = logging.getLogger("uniapi.upstream")

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
    """Whatever can carry a request. `proxy` is a URL (`http`, `socks5`, `socks5h`) or None."""

    def send(
        self,
        request: HttpRequest,
        sink: Sink,
        *,
        proxy: str | None = None,
        connect_timeout_s: float | None = None,
    ) -> Exchange: ...

    async def close(self) -> None: ...


class AiohttpTransport:
    """The transport over aiohttp's client: one session (connection pool) for each proxy."""

    def __init__(self, spawn: Spawn, ssl_context: ssl.SSLContext | None = None) -> None:
        self._spawn = spawn
        self._ssl = ssl_context
        self._sessions: dict[str | None, aiohttp.ClientSession] = {}

    def send(
        self,
        request: HttpRequest,
        sink: Sink,
        *,
        proxy: str | None = None,
        connect_timeout_s: float | None = None,
    ) -> Exchange:
        exchange = _AiohttpExchange(sink)
        timeout = aiohttp.ClientTimeout(
            total=None, sock_connect=connect_timeout_s or DEFAULT_CONNECT_TIMEOUT_S
        )
        exchange.task = self._spawn(
            exchange.run(self._session(proxy), request, timeout, proxy), "upstream"
        )
        return exchange

    async def close(self) -> None:
        for session in self._sessions.values():
            await session.close()
        self._sessions.clear()

    def _session(self, proxy: str | None) -> aiohttp.ClientSession:
        pool = proxy if proxy is not None and proxy.startswith("socks") else None
        session = self._sessions.get(pool)
        if session is None:
            trace = aiohttp.TraceConfig()
            trace.on_connection_reuseconn.append(_note_reuse)
            session = self._sessions[pool] = aiohttp.ClientSession(
                connector=self._connector(pool),
                cookie_jar=aiohttp.DummyCookieJar(),
                skip_auto_headers=("User-Agent", "Accept", "Accept-Encoding", "Content-Type"),
                trace_configs=[trace],
                max_line_size=65536,
                max_field_size=65536,
            )
        return session

    def _connector(self, proxy: str | None) -> aiohttp.TCPConnector:
        options: dict[str, Any] = {
            "limit": 0,
            "keepalive_timeout": KEEPALIVE_S,
            "ttl_dns_cache": 60,
        }
        if self._ssl is not None:
            options["ssl"] = self._ssl
        if proxy is None:
            return aiohttp.TCPConnector(**options)
        # Imported on first use: it costs 95 ms and few need it.
        from aiohttp_socks import ProxyConnector

        # Names are resolved by the proxy, with `socks5` as with `socks5h` (the older program did so
        # too); the library knows only `socks5` with a flag.
        options.pop("ttl_dns_cache")
        connector: aiohttp.TCPConnector = ProxyConnector.from_url(
            proxy.replace("socks5h:", "socks5:", 1), rdns=True, **options
        )
        return connector


async def _pieces(source: BodySource) -> AsyncIterator[bytes]:
    for piece in source.pieces():
        yield piece


async def _note_reuse(
    session: aiohttp.ClientSession, context: Any, params: aiohttp.TraceConnectionReuseconnParams
) -> None:
    context.trace_request_ctx.is_reused = True


class _AiohttpExchange:
    def __init__(self, sink: Sink) -> None:
        self._sink: Sink | None = sink
        self.task: asyncio.Task[Any] | None = None
        self._resumed: asyncio.Event | None = None
        self.is_reused = False
        self._has_head = False

    def pause(self) -> None:
        if self._resumed is None:
            self._resumed = asyncio.Event()

    def resume(self) -> None:
        if self._resumed is not None:
            self._resumed.set()
            self._resumed = None

    def cancel(self) -> None:
        self._sink = None
        if self.task is not None:
            self.task.cancel()

    async def run(
        self,
        session: aiohttp.ClientSession,
        request: HttpRequest,
        timeout: aiohttp.ClientTimeout,
        proxy: str | None,
    ) -> None:
        try:
            try:
                await self._transfer(session, request, timeout, proxy)
            except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError, ConnectionError):
                # A kept-alive connection that the server closed just as we used it says nothing
                # about the server's health: once more, on a fresh one. (What happens while a body
                # is on its way comes as ClientOSError.)
                if not self.is_reused or self._has_head:
                    raise
                self.is_reused = False
                await self._transfer(session, request, timeout, proxy)
        except asyncio.CancelledError:
            self._sink = None
            raise
        except Exception as error:
            failure = map_exception(error, has_head=self._has_head)
            if failure is None:
                raise
            if self._sink is not None:
                self._sink.fail(failure)
            return
        if self._sink is not None:
            self._sink.end()

    async def _transfer(
        self,
        session: aiohttp.ClientSession,
        request: HttpRequest,
        timeout: aiohttp.ClientTimeout,
        proxy: str | None,
    ) -> None:
        source = request.source
        async with session.request(
            request.method,
            URL(request.url, encoded=True),
            headers=request.headers
            if source is None
            else {**request.headers, "content-length": str(source.length)},
            data=(request.body or None) if source is None else _pieces(source),
            timeout=timeout,
            allow_redirects=False,
            proxy=proxy if proxy is not None and proxy.startswith("http") else None,
            trace_request_ctx=self,
        ) as response:
            self._has_head = True
            if self._sink is not None:
                self._sink.head(
                    ResponseHead(
                        status=response.status,
                        headers={name.lower(): value for name, value in response.headers.items()},
                    )
                )
            content = response.content
            while True:
                data = await content.readany()
                if not data:
                    return
                if self._resumed is not None:
                    await self._resumed.wait()
                if self._sink is not None:
                    self._sink.data(data)


def map_exception(error: Exception, *, has_head: bool) -> Failure | None:
    """The Failure that a network exception stands for; None for an exception that is no network
    matter (a bug).
    """
    if isinstance(
        error, (aiohttp.ConnectionTimeoutError, aiohttp.ServerTimeoutError, asyncio.TimeoutError)
    ):
        return Failure(kind=FailureKind.TIMEOUT, message="connecting to the upstream took too long")
    if isinstance(
        error, aiohttp.ClientConnectorCertificateError | aiohttp.ClientSSLError | ssl.SSLError
    ):
        return Failure(kind=FailureKind.UNREACHABLE, message=f"TLS to the upstream failed: {error}")
    if isinstance(error, aiohttp.ClientConnectorError):
        return Failure(
            kind=FailureKind.UNREACHABLE,
            message=f"cannot connect to the upstream: {error.os_error or error}",
        )
    if isinstance(error, aiohttp.ClientHttpProxyError):
        return Failure(
            kind=FailureKind.UNREACHABLE,
            message=f"the proxy refused the connection: {error.status} {error.message}",
        )
    if isinstance(error, aiohttp.ServerDisconnectedError | aiohttp.ClientOSError | ConnectionError):
        what = (
            "the upstream closed the connection in the middle of its answer"
            if has_head
            else "the upstream closed the connection without an answer"
        )
        return Failure(kind=FailureKind.BROKEN, message=what)
    if isinstance(error, aiohttp.ClientPayloadError):
        return Failure(kind=FailureKind.BROKEN, message="the upstream's answer was cut off")
    if isinstance(error, aiohttp.InvalidURL):
        return Failure(
            kind=FailureKind.UNREACHABLE, message="the upstream's address is no valid URL"
        )
    if isinstance(error, aiohttp.ClientError):
        return Failure(
            kind=FailureKind.BROKEN,
            message=f"the upstream's answer cannot be read: {type(error).__name__}",
        )
    if isinstance(error, OSError):
        return Failure(
            kind=FailureKind.UNREACHABLE, message=f"cannot connect to the upstream: {error}"
        )
    if type(error).__module__.startswith("python_socks") or type(error).__module__.startswith(
        "aiohttp_socks"
    ):
        return Failure(kind=FailureKind.UNREACHABLE, message=f"the proxy failed: {error}")
    return None
