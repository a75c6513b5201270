"""The transport of our own against a real socket: pooling, dead connections, cancelling,
back-pressure.
"""

import asyncio
import gzip
import random
import shutil
import ssl
import subprocess

import pytest

from uniapi.canonical import FailureKind
from uniapi.clock import SystemClock
from uniapi.network import EnvironmentProxies, FetchFailed, Passage, fetch, open_transport
from uniapi.network.aiohttp_transport import AiohttpTransport
from uniapi.network.http1_connection import PIECES_AT_ONCE, origin_of
from uniapi.network.http1_transport import Http1Transport
from uniapi.network.names import Names
from uniapi.network.passage import USUAL
from uniapi.network.tls import TlsContexts
from uniapi.scheduler import Jobs
from uniapi.wire import HttpRequest
from uniapi.wire.inflate import STEP_BYTES

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"


class Server:
    """Answers each request on a connection with the next script: bytes to send, or a callable
    taking (reader, writer).
    """

    def __init__(self):
        self.connections = 0
        self.requests = []
        self.script = []
        self.closed = asyncio.Event()

    async def start(self):
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/v1/x"
        return self

    async def stop(self):
        self._server.close()

    async def _serve(self, reader, writer):
        self.connections += 1
        try:
            while True:
                self.requests.append(await reader.readuntil(b"\r\n\r\n"))
                step = self.script.pop(0) if self.script else OK
                if callable(step):
                    if not await step(reader, writer):
                        return
                else:
                    writer.write(step)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self.closed.set()
            writer.close()


class Sink:
    def __init__(self):
        self.heads, self.pieces, self.failure = [], [], None
        self.over = asyncio.Event()

    def head(self, head):
        self.heads.append(head)

    def data(self, data):
        self.pieces.append(data)

    def end(self):
        self.over.set()

    def fail(self, failure):
        self.failure = failure
        self.over.set()


@pytest.fixture
async def server():
    running = await Server().start()
    yield running
    await running.stop()


@pytest.fixture
async def jobs():
    supervised = Jobs(SystemClock(), random.Random(1))
    yield supervised
    await supervised.shutdown()


@pytest.fixture(params=["own", "aiohttp"])
async def transport(request, jobs):
    """Both transports keep the same promises."""
    made = (
        AiohttpTransport(jobs.spawn, Names(), TlsContexts())
        if request.param == "aiohttp"
        else open_transport(jobs.spawn, {})
    )
    yield made
    await made.close()


def get(url):
    return HttpRequest(method="GET", url=url, headers={"accept": "*/*"})


async def test_a_connection_is_kept_and_used_again(server, transport):
    """Two requests, one connection; the second does not wait for a handshake."""
    for _ in range(3):
        head, body = await fetch(transport, get(server.url))
        assert (head.status, body) == (200, b"ok")
        await asyncio.sleep(0)
    assert (server.connections, len(server.requests)) == (1, 3)


async def test_a_kept_connection_that_has_died_costs_nothing(server, transport):
    """The server closed it just as it was used: the request is sent again on a fresh one, and
    nobody is blamed.
    """

    async def close_instead(reader, writer):
        return False

    server.script = [OK, close_instead, OK]
    await fetch(transport, get(server.url))
    await asyncio.sleep(0)
    assert (await fetch(transport, get(server.url)))[1] == b"ok"
    assert server.connections == 2


@pytest.mark.parametrize(("idle_s", "is_kept"), [(5, True), (60, False)])
async def test_a_connection_that_has_been_idle_for_long_is_closed(server, jobs, idle_s, is_kept):
    transport = open_transport(jobs.spawn, {})
    await fetch(transport, get(server.url))
    origin = origin_of(server.url, USUAL)
    connection = transport.take_idle(origin)
    transport.put_idle(connection)
    connection.idle_since -= idle_s
    transport.sweep(asyncio.get_running_loop())
    assert (transport.take_idle(origin) is connection) is is_kept
    if not is_kept:
        await server.closed.wait()
    await transport.close()


class Recording:
    """A body that comes in pieces, as a spooled upload does."""

    length = 4 * 1024 * 1024

    def pieces(self):
        for _ in range(64):
            yield b"x" * (64 * 1024)


async def test_a_kept_connection_that_dies_under_an_upload_costs_nothing(server, transport):
    """The server closes while the body is on its way: the whole body is sent again on a fresh
    connection.
    """

    async def close_instead(reader, writer):
        return False

    async def take_all(reader, writer):
        writer.write(
            OK if len(await reader.readexactly(Recording.length)) == Recording.length else b""
        )
        return True

    upload = HttpRequest(
        method="POST", url=server.url, headers={"accept": "*/*"}, source=Recording()
    )
    server.script = [OK, close_instead, take_all]
    await fetch(transport, get(server.url))
    await asyncio.sleep(0)
    assert (await fetch(transport, upload))[1] == b"ok"
    assert server.connections == 2


async def test_a_fresh_connection_that_dies_is_a_failure(server, transport):
    """Not every close may be repeated: a request must not be sent twice to a server that may have
    acted on it.
    """

    async def close_instead(reader, writer):
        return False

    server.script = [close_instead, OK]
    with pytest.raises(FetchFailed) as caught:
        await fetch(transport, HttpRequest(method="POST", url=server.url))
    assert FailureKind.BROKEN is caught.value.failure.kind
    assert len(server.requests) == 1


async def test_nobody_listening_is_unreachable(server, transport):
    """The failure says so, with the system's words."""
    await server.stop()
    with pytest.raises(FetchFailed) as caught:
        await fetch(transport, get("http://127.0.0.1:1/"))
    assert FailureKind.UNREACHABLE is caught.value.failure.kind


async def test_a_cut_in_the_middle_is_broken(server, transport):
    """A head and half a body, then the end."""

    async def half(reader, writer):
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf")
        return False

    server.script = [half]
    sink = Sink()
    transport.send(get(server.url), sink)
    await asyncio.wait_for(sink.over.wait(), 5)
    assert FailureKind.BROKEN is sink.failure.kind
    assert b"".join(sink.pieces) == b"half"


async def test_too_little_memory_for_an_answer_fails_it(server, jobs, monkeypatch):
    """And nothing else: no exception of the connection's."""

    def feed(parser, data):
        raise MemoryError

    monkeypatch.setattr("uniapi.wire.ResponseParser.feed", feed)
    made, sink = open_transport(jobs.spawn, {}), Sink()
    made.send(get(server.url), sink)
    await asyncio.wait_for(sink.over.wait(), 5)
    assert sink.failure.message.endswith("cannot be read: there is not enough memory")
    await made.close()


async def test_cancelling_closes_the_connection_at_once_and_silences_the_sink(server, transport):
    """The upstream sees the close; nothing more is heard."""

    async def never_ending(reader, writer):
        writer.write(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nhi\r\n")
        await reader.read()
        return False

    server.script = [never_ending]
    sink = Sink()
    exchange = transport.send(get(server.url), sink)
    while not sink.pieces:
        await asyncio.sleep(0.01)
    exchange.cancel()
    await asyncio.wait_for(server.closed.wait(), 0.5)
    assert not sink.over.is_set()


async def test_a_paused_exchange_stops_reading_and_goes_on_after(server, transport):
    """Back-pressure reaches the upstream's socket; nothing is lost."""
    size = 8 * 1024 * 1024

    async def large(reader, writer):
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % size)
        for _ in range(size // 65536):
            writer.write(b"x" * 65536)
            await writer.drain()
        return True

    server.script = [large]
    sink = Sink()
    exchange = transport.send(get(server.url), sink)
    take = sink.data

    def take_and_pause(data):
        take(data)
        sink.data = take
        exchange.pause()

    sink.data = take_and_pause
    while not sink.pieces:
        await asyncio.sleep(0.01)
    await asyncio.sleep(0.1)
    held = sum(map(len, sink.pieces))
    await asyncio.sleep(0.2)
    assert sum(map(len, sink.pieces)) - held < 1024 * 1024
    assert held < size
    exchange.resume()
    await asyncio.wait_for(sink.over.wait(), 10)
    assert size == sum(map(len, sink.pieces))


async def test_a_header_cannot_be_broken_out_of(server, transport):
    """A value with a line break never reaches the wire."""
    request = HttpRequest(method="GET", url=server.url, headers={"x": "a\r\ny: b"})
    with pytest.raises(FetchFailed):
        await fetch(transport, request, timeout_s=5)
    assert server.requests == []


async def test_a_guarded_request_reaches_no_private_address(server, transport):
    """Not even by a connection that another request has left open."""
    await fetch(transport, get(server.url))
    with pytest.raises(FetchFailed, match="it leads to a private address"):
        await fetch(transport, get(server.url), passage=Passage(only_public=True))
    assert len(server.requests) == 1


async def test_a_request_leaves_through_the_proxy_that_is_written_or_set(server, jobs, web):
    """Nothing else is asked past it, and `none` asks directly."""
    web.answers[server.url] = web.answers["http://far.example/v1"] = "by proxy"
    names, tls = Names(), TlsContexts()
    proxies = EnvironmentProxies({"HTTP_PROXY": "http://set.example:1", "HTTPS_PROXY": "x://y"})
    transport = Http1Transport(jobs.spawn, lambda: web, names, tls, proxies)
    written = Passage(proxy="socks5://written.example:1", ca_file="/company.pem")
    assert (await fetch(transport, get("http://far.example/v1")))[1] == b"by proxy"
    assert (await fetch(transport, get(server.url), passage=written))[1] == b"by proxy"
    assert (await fetch(transport, get(server.url), passage=Passage(proxy="none")))[1] == b"ok"
    assert web.passages == [Passage(proxy="http://set.example:1"), written]
    with pytest.raises(FetchFailed, match="the proxy in HTTPS_PROXY cannot be used"):
        await fetch(transport, get("https://far.example/v1"))
    await transport.close()


@pytest.mark.skipif(
    shutil.which("openssl") is None, reason="makes its certificate with the openssl command"
)
async def test_what_comes_by_tls_is_whole_however_many_reads_it_takes(transport, tmp_path):
    """All connections read into one room, and TLS fills it several times for one record's wait."""
    key, path = tmp_path / "key.pem", tmp_path / "cert.pem"
    asked = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    named = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    made = [*asked, "-keyout", str(key), "-out", str(path), *named]
    subprocess.run(made, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path, key)
    bodies = [random.Random(seed).randbytes(700_000) for seed in range(3)]

    async def serve(reader, writer):
        which = int((await reader.readuntil(b"\r\n\r\n")).split(b" ")[1][1:])
        head = b"HTTP/1.1 200 OK\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n"
        writer.write(head)
        for at in range(0, len(bodies[which]), 70_000):
            piece = bodies[which][at : at + 70_000]
            writer.write(b"%x\r\n%b\r\n" % (len(piece), piece))
            await writer.drain()
        writer.write(b"0\r\n\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    url = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    passage = Passage(ca_file=str(path))
    asking = (fetch(transport, get(f"{url}/{which}"), passage=passage) for which in range(3))
    answers = await asyncio.gather(*asking)
    server.close()
    assert [body for _, body in answers] == bodies


async def test_a_ca_file_that_cannot_be_read_is_named(transport):
    """Rather than the certificate that it was meant for."""
    passage = Passage(ca_file="/nowhere/company.pem")
    with pytest.raises(FetchFailed, match=r"`ca_file` /nowhere/company\.pem cannot be used"):
        await fetch(transport, get("https://127.0.0.1:9/v1"), passage=passage)


INFLATED = 20 * 1024 * 1024
_SMALL = gzip.compress(bytes(INFLATED))
BOMB = (
    b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: %d\r\n\r\n" % len(_SMALL)
) + _SMALL


class CountingSink(Sink):
    """Counts what comes in each turn of the event loop; stops its exchange at so many bytes."""

    def __init__(self, stops_at=None):
        super().__init__()
        self.size, self.stops_at, self.exchange = 0, stops_at, None
        self.stopped = asyncio.Event()
        self.turns = [0]
        asyncio.get_running_loop().call_soon(self._turn)

    def _turn(self):
        if not self.over.is_set():
            self.turns.append(0)
            asyncio.get_running_loop().call_soon(self._turn)

    def data(self, data):
        self.size += len(data)
        self.turns[-1] += len(data)
        if self.stops_at is not None and self.size >= self.stops_at and not self.stopped.is_set():
            self.exchange.pause()
            self.stopped.set()


async def test_what_a_read_inflates_to_lets_others_have_their_turn(server, transport):
    """A few bytes may become a thousand times as many; the connection goes on being used."""
    server.script = [BOMB, OK]
    sink = CountingSink()
    transport.send(get(server.url), sink)
    await sink.over.wait()
    assert (sink.size, sink.failure) == (INFLATED, None)
    assert max(sink.turns) <= PIECES_AT_ONCE * STEP_BYTES
    assert (await fetch(transport, get(server.url)))[1] == b"ok"
    assert server.connections == 1


async def test_who_takes_no_more_is_told_no_more_of_what_is_inflated(server, transport):
    server.script = [BOMB]
    sink = CountingSink(stops_at=3 * 1024 * 1024)
    sink.exchange = transport.send(get(server.url), sink)
    await sink.stopped.wait()
    for _ in range(20):
        await asyncio.sleep(0)
    assert sink.size < 3 * 1024 * 1024 + 2 * STEP_BYTES
    sink.exchange.resume()
    await sink.over.wait()
    assert (sink.size, sink.failure) == (INFLATED, None)


async def test_who_leaves_while_it_is_inflated_is_left_alone(server, transport):
    server.script = [BOMB]
    sink = CountingSink(stops_at=1024 * 1024)
    sink.exchange = transport.send(get(server.url), sink)
    await sink.stopped.wait()
    sink.exchange.cancel()
    sink.exchange.resume()
    for _ in range(20):
        await asyncio.sleep(0)
    assert sink.size < 1024 * 1024 + 2 * STEP_BYTES
    assert not sink.over.is_set()
    sink.over.set()
