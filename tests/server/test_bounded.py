"""What never becomes a request: too large, too slow, no HTTP; refused in JSON, with a line in the
log that has its id, and the connection closed.
"""

import asyncio
import json
import logging

import pytest
from aiohttp import web

from uniapi.server.bounded import BoundedServer
from uniapi.server.connections import MAX_HEAD_BYTES, ConnectionTable
from uniapi.server.unread import MOST_LINES, Unread

GET = b"GET / HTTP/1.1\r\nhost: x\r\n"


@pytest.fixture
async def served():
    """Starts a server whose handler reads the body and says how long it was."""
    runners = []

    async def start(most=100, **options):
        async def answer(request):
            body = b"" if request.path == "/early" else await request.read()
            response = web.Response(text=str(len(body)))
            await response.prepare(request)
            await response.write_eof()
            return response

        table = ConnectionTable(most, lambda: 0.0, asyncio.get_running_loop().call_soon)
        server = BoundedServer(
            answer,
            table=table,
            unread=Unread(lambda: 0.0),
            max_line_size=16384,
            max_field_size=32768,
            **options,
        )
        runner = web.ServerRunner(server)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        runners.append(runner)
        return runner.addresses[0][1]

    yield start
    for runner in runners:
        await runner.cleanup()


async def told(port, data, *, ends=True):
    """Everything that comes back until the connection is closed."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(data)
    if ends:
        answer = await reader.read()
        writer.close()
        return answer
    return reader, writer


def read(answer):
    head, _, body = answer.partition(b"\r\n\r\n")
    headers = dict(line.split(": ", 1) for line in head.decode().lower().split("\r\n")[1:])
    assert headers["content-type"] == "application/json"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["connection"] == "close"
    return head.split(b" ")[1], json.loads(body)["error"]["code"], headers["x-request-id"]


@pytest.mark.parametrize(
    ("data", "status", "code"),
    [
        (GET + b"x: " + b"v" * 70000, b"431", "head_too_large"),
        (
            GET + b"".join(b"x-%d: %s\r\n" % (one, b"v" * 1000) for one in range(66)) + b"\r\n",
            b"431",
            "head_too_large",
        ),
        (b"GET /" + b"x" * 20000 + b" HTTP/1.1\r\n\r\n", b"431", "head_too_large"),
        (GET + b"transfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n", b"400", None),
        (GET + b"transfer-encoding: chunked\r\ncontent-length: 3\r\n\r\n", b"400", None),
        (b"GET / HTTP/1.5\r\nhost: x\r\n\r\n", b"505", "http_version"),
        (b"\x16\x03\x01\x02\x00\r\n\r\n", b"400", "bad_request"),
        (b"GET http://[::1 HTTP/1.1\r\n\r\n", b"400", "bad_request"),
    ],
)
async def test_it_is_refused_with_a_line_in_the_log(served, caplog, data, status, code):
    caplog.set_level(logging.INFO, logger="uniapi.server")
    port = await served()
    found_status, found_code, request_id = read(await told(port, data))
    assert found_status == status
    assert code in (None, found_code)
    (line,) = [record.getMessage() for record in caplog.records]
    assert line.startswith(request_id)
    assert "127.0.0.1" in line


async def test_a_head_of_nearly_64_kb_is_read(served):
    port = await served()
    fields = b"".join(b"x-%d: %s\r\n" % (one, b"v" * 1000) for one in range(60))
    assert len(fields) < MAX_HEAD_BYTES
    answer = await told(port, GET + fields + b"connection: close\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 200")


async def test_a_large_body_is_no_large_head(served):
    """On a connection that is kept, twice."""
    port = await served()
    post = b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 300000\r\n\r\n" + b"b" * 300000
    last = b"POST / HTTP/1.1\r\nconnection: close\r\nhost: x\r\ncontent-length: 300000\r\n\r\n"
    answer = await told(port, post + last + b"b" * 300000)
    assert answer.count(b"HTTP/1.1 200") == 2
    assert answer.endswith(b"300000")


async def test_a_body_that_nobody_wanted_is_no_head(served):
    """The answer came before its end: nothing is said behind it."""
    port = await served()
    post = b"POST /early HTTP/1.1\r\nhost: x\r\ncontent-length: 300000\r\n\r\n"
    last = b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"
    answer = await told(port, post + b"b" * 300000 + last)
    assert answer.count(b"HTTP/1.1 ") == answer.count(b"HTTP/1.1 200") == 2


async def test_a_head_that_does_not_end_in_time_is_told_so(served):
    port = await served(head_s=0.0)
    reader, writer = await told(port, b"", ends=False)
    assert await reader.read() == b""
    writer.close()
    port = await served(head_s=0.2)
    assert read(await told(port, GET))[:2] == (b"408", "request_timeout")


async def test_idle_strangers_lock_nobody_out(served):
    port = await served(most=3)
    idle = [await told(port, GET[:5], ends=False) for _ in range(5)]
    answer = await told(port, GET + b"connection: close\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 200")
    for _, writer in idle:
        writer.close()


async def test_strangers_fill_no_log(served, caplog):
    caplog.set_level(logging.INFO, logger="uniapi.server")
    port = await served()
    for _ in range(MOST_LINES + 10):
        await told(port, b"nonsense\r\n\r\n")
    assert len(caplog.records) == MOST_LINES
