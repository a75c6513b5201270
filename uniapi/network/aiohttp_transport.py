"""Requests through a proxy, over aiohttp's client and aiohttp-socks. The one module that knows
them, and where their exceptions become Failures.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from uniapi.canonical import Failure, FailureKind
from uniapi.errors import WireError
from uniapi.wire import BodySource, HttpRequest, ResponseHead, inflater_for

from .http1_connection import PIECES_AT_ONCE
from .names import Names
from .passage import USUAL, Passage
from .tls import TlsContexts, tls_fault
from .transport import DEFAULT_CONNECT_TIMEOUT_S, KEEPALIVE_S, Exchange, Sink, Spawn

SOCKS_PORT = 1080


class _Pool(NamedTuple):
    """What connections must have in common to be used for each other's requests."""

    socks: str | None
    ca_file: str | None


class AiohttpTransport:
    """Carries what has a proxy in its passage. Connections are pooled by SOCKS proxy and `ca_file`;
    HTTP proxies share a session, whose pool knows them apart.
    """

    def __init__(self, spawn: Spawn, names: Names, tls: TlsContexts) -> None:
        self._spawn = spawn
        self._names = names
        self._tls = tls
        self._sessions: dict[_Pool, aiohttp.ClientSession] = {}

    def send(
        self,
        request: HttpRequest,
        sink: Sink,
        *,
        passage: Passage = USUAL,
        connect_timeout_s: float | None = None,
    ) -> Exchange:
        exchange = _AiohttpExchange(sink)
        wait_s = connect_timeout_s or DEFAULT_CONNECT_TIMEOUT_S
        exchange.task = self._spawn(exchange.run(self, request, passage, wait_s), "upstream")
        return exchange

    async def close(self) -> None:
        for session in self._sessions.values():
            await session.close()
        self._sessions.clear()

    async def session(self, host: str, passage: Passage) -> aiohttp.ClientSession:
        """The session for a request to `host`. Raises NotPublic, NameUnknown, CaFileUnusable."""
        if passage.only_public:
            await self._names.check_public(host)
        pool = _Pool(await self._socks_address(passage.proxy), passage.ca_file)
        session = self._sessions.get(pool)
        if session is None:
            trace = aiohttp.TraceConfig()
            trace.on_connection_reuseconn.append(_note_reuse)
            session = self._sessions[pool] = aiohttp.ClientSession(
                connector=self._connector(pool),
                cookie_jar=aiohttp.DummyCookieJar(),
                skip_auto_headers=("User-Agent", "Accept", "Accept-Encoding", "Content-Type"),
                trace_configs=[trace],
                auto_decompress=False,
                max_line_size=65536,
                max_field_size=65536,
            )
        return session

    async def _socks_address(self, proxy: str | None) -> str | None:
        """A SOCKS proxy by its address: its library would look the name up where other file work
        waits. Names behind it are resolved by the proxy, with `socks5` as with `socks5h` (the older
        program did so too); the library knows only `socks5` with a flag.
        """
        if proxy is None or not proxy.startswith("socks"):
            return None
        parts = urlsplit(proxy)
        found = await self._names.find(parts.hostname or "", parts.port or SOCKS_PORT)
        address = found[0][4][0]
        host = f"[{address}]" if ":" in address else address
        user, at, _ = parts.netloc.rpartition("@")
        scheme = parts.scheme.replace("socks5h", "socks5").replace("socks4a", "socks4")
        return f"{scheme}://{user}{at}{host}:{parts.port or SOCKS_PORT}"

    def _connector(self, pool: _Pool) -> aiohttp.TCPConnector:
        options: dict[str, Any] = {
            "limit": 0,
            "keepalive_timeout": KEEPALIVE_S,
            "ssl": self._tls.context(pool.ca_file),
        }
        if pool.socks is None:
            resolver = _Resolver(self._names)
            return aiohttp.TCPConnector(resolver=resolver, use_dns_cache=False, **options)
        # Imported on first use: it costs 95 ms and few need it.
        from aiohttp_socks import ProxyConnector

        connector: aiohttp.TCPConnector = ProxyConnector.from_url(pool.socks, rdns=True, **options)
        return connector


class _Resolver(AbstractResolver):
    """Our look-ups for aiohttp's connector."""

    def __init__(self, names: Names) -> None:
        self._names = names

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        return [
            ResolveResult(
                hostname=host,
                host=address[0],
                port=port,
                family=found,
                proto=protocol,
                flags=socket.AI_NUMERICHOST,
            )
            for found, _, protocol, _, address in await self._names.find(host, port)
            if family in (socket.AF_UNSPEC, found)
        ]

    async def close(self) -> None:
        """Nothing is open."""


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
        self, transport: AiohttpTransport, request: HttpRequest, passage: Passage, wait_s: float
    ) -> None:
        timeout = aiohttp.ClientTimeout(total=None, connect=wait_s)
        host = urlsplit(request.url).hostname or ""
        try:
            session = await transport.session(host, passage)
            try:
                await self._transfer(session, request, timeout, passage.proxy)
            except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError, ConnectionError):
                # A kept-alive connection that the server closed just as we used it says nothing
                # about the server's health: once more, on a fresh one. (What happens while a body
                # is on its way comes as ClientOSError.)
                if not self.is_reused or self._has_head:
                    raise
                self.is_reused = False
                await self._transfer(session, request, timeout, passage.proxy)
        except asyncio.CancelledError:
            self._sink = None
            raise
        except Exception as error:
            failure = map_exception(error, host, has_head=self._has_head)
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
            inflater = inflater_for(response.headers.get("Content-Encoding", ""))
            while True:
                data = await content.readany()
                if not data:
                    return
                pieces = (data,) if inflater is None else inflater.feed(data)
                for number, piece in enumerate(pieces, 1):
                    if self._resumed is not None:
                        await self._resumed.wait()
                    if number % PIECES_AT_ONCE == 0:
                        # A read may inflate to a thousand times as much.
                        await asyncio.sleep(0)
                    if self._sink is not None:
                        self._sink.data(piece)


def map_exception(error: Exception, host: str, *, has_head: bool) -> Failure | None:
    """The Failure that a network exception stands for; None for an exception that is no network
    matter (a bug).
    """
    if isinstance(
        error, (aiohttp.ConnectionTimeoutError, aiohttp.ServerTimeoutError, asyncio.TimeoutError)
    ):
        return Failure(kind=FailureKind.TIMEOUT, message="connecting to the upstream took too long")
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return Failure(
            kind=FailureKind.UNREACHABLE, message=tls_fault(host, error.certificate_error)
        )
    if isinstance(error, aiohttp.ClientSSLError | ssl.SSLError):
        cause = getattr(error, "os_error", None) or error
        return Failure(kind=FailureKind.UNREACHABLE, message=tls_fault(host, cause))
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
    if isinstance(error, WireError):
        return Failure(
            kind=FailureKind.BROKEN, message=f"the upstream's answer cannot be read: {error}"
        )
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
