"""The client's side of an answer, and a client that leaves at its end: one that has all bytes has
its answer, and none of it is an error in the log.
"""

import logging
import random
from types import SimpleNamespace

import aiohttp
import pytest
from aiohttp.test_utils import RawTestServer

from uniapi.clock import SystemClock
from uniapi.gateway import STALLED_READER_S
from uniapi.server.aiohttp_lane import AiohttpBody, AiohttpLine, AnswerGiven, handle
from uniapi.server.front import Front
from uniapi.server.incoming import Incoming
from uniapi.server.reply import (
    PIECE_BYTES,
    UNWATCHED_BYTES,
    HttpReply,
    StallWatch,
    UsualHeaders,
)
from uniapi.tcp import GONE
from uniapi.wire import KnownHeaders, RequestHead


def reply_to(request):
    """What the front answers a request of aiohttp's with."""
    line = AiohttpLine(request)
    body = AiohttpBody(request, line)
    head = RequestHead(request.method, "/", "", {}, None, True, True)
    return HttpReply(Incoming(head, body, line), "r1", UsualHeaders.of({}))


async def ask(handler, method="GET"):
    """One request to `handler`; the answer's bytes, as many as came."""
    async with (
        RawTestServer(handler) as server,
        aiohttp.ClientSession() as client,
        client.request(method, server.make_url("/")) as response,
    ):
        return await response.read()


@pytest.mark.parametrize(
    "leaves_after", [1, 2], ids=["before the last bytes", "after the last bytes"]
)
async def test_an_answer_is_whole_when_the_client_left_after_its_last_byte(leaves_after):
    """Codex closes on `response.completed` and does not wait for the end of the chunks; a client
    that left earlier did leave.
    """
    ends = []

    async def handler(request):
        reply = reply_to(request)
        await reply.start(200, {})
        for number in (1, 2):
            reply.write(b"data: %d\n\n" % number)
            if number == leaves_after:
                request.transport.close()
        try:
            await reply.finish()
            ends.append("whole")
        except ConnectionError:
            ends.append("left")
        return AnswerGiven(keeps_alive=reply.keeps_alive)

    with pytest.raises(aiohttp.ClientPayloadError):
        await ask(handler)
    assert ends == [{1: "left", 2: "whole"}[leaves_after]]


async def test_a_client_that_leaves_is_no_error_in_the_log(caplog):
    """The connection closes under an answer that is being sent: nothing at warning level or above,
    neither of ours nor of aiohttp.
    """
    config = SimpleNamespace(preferences=SimpleNamespace(cors_origins=("*",)))
    desk = SimpleNamespace(config=config, clock=SystemClock())

    async def handler(request):
        request.transport.close()
        return await handle(Front(desk), request)

    with caplog.at_level(logging.DEBUG), pytest.raises(aiohttp.ClientConnectionError):
        await ask(handler, "OPTIONS")
    assert [
        record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING
    ] == []
    assert any("the client left" in record.getMessage() for record in caplog.records)


class Timers:
    """A loop of which only the timers are of interest; the one that is armed goes off by hand."""

    def call_later(self, seconds, then):
        self.seconds, self._then = seconds, then
        return SimpleNamespace(cancel=lambda: None)

    def go_off(self):
        self._then()


def test_who_takes_nothing_of_a_whole_answer_is_given_up():
    """After five minutes without a byte, not after five minutes: a slow reader is served."""
    backlogs, given_up = [900, 800, 100, 100], []
    timers = Timers()
    StallWatch(timers, lambda: backlogs.pop(0), lambda: given_up.append(True))
    timers.go_off()
    for _ in range(2):
        assert timers.seconds == STALLED_READER_S
        timers.go_off()
        assert given_up == []
    timers.go_off()
    assert given_up == [True]


class Slow:
    """A line whose client takes what waits when it is waited for."""

    is_last = False

    def __init__(self):
        self.waiting = self.most = self.largest = 0
        self.came = b""

    def is_closing(self):
        return False

    def write(self, data):
        self.came += data
        self.largest = max(self.largest, len(data))
        self.waiting += len(data)
        self.most = max(self.most, self.waiting)
        return self.waiting

    def backlog(self):
        return self.waiting

    async def drain(self):
        self.waiting = 0


def reply_over(line):
    head = RequestHead("GET", "/", "", {}, None, True, True)
    return HttpReply(Incoming(head, None, line), "r1", UsualHeaders.of({}))


@pytest.mark.parametrize("size", [1, PIECE_BYTES, PIECE_BYTES + 1, 3 * PIECE_BYTES, 3_000_000])
async def test_a_whole_answer_waits_for_its_client_piece_by_piece(size):
    """No more of it than a piece is ever copied into a transport."""
    line, body = Slow(), random.Random(size).randbytes(size)
    await reply_over(line).send(200, {}, body)
    assert line.came.endswith(b"\r\n\r\n" + body)
    assert line.most <= PIECE_BYTES + UNWATCHED_BYTES + 200


async def test_a_large_event_is_written_in_pieces():
    """Each a chunk of its own, which are one to whoever reads."""
    line, event = Slow(), random.Random(1).randbytes(PIECE_BYTES * 3 + 7)
    reply = reply_over(line)
    await reply.start(200, {})
    reply.write(event)
    await reply.finish()
    _, _, rest = line.came.partition(b"\r\n\r\n")
    said, sizes = b"", []
    while True:
        size, _, rest = rest.partition(b"\r\n")
        sizes.append(int(size, 16))
        if not sizes[-1]:
            break
        said, rest = said + rest[: sizes[-1]], rest[sizes[-1] + 2 :]
    assert said == event
    assert sizes == [PIECE_BYTES] * 3 + [7, 0]
    assert line.largest <= PIECE_BYTES + 200


class Leaving(Slow):
    """Takes so many writes, then it has left."""

    def __init__(self, takes):
        super().__init__()
        self.takes, self.writes = takes, []

    def write(self, data):
        if not self.takes:
            return GONE
        self.takes -= 1
        self.writes.append(data)
        return 0


CHUNKED = b"4\r\nlast\r\n0\r\n\r\n"


@pytest.mark.parametrize(
    "begins, last, takes, writes, ends",
    [
        ([], b"last", 9, [CHUNKED], "whole"),
        ([b"hi"], b"last", 9, [b"2\r\nhi\r\n", CHUNKED], "whole"),
        ([b""], b"last", 9, [b"", CHUNKED], "whole"),
        ([b"hi"], b"", 9, [b"2\r\nhi\r\n", b"0\r\n\r\n"], "whole"),
        ([], b"", 9, [b"", b"0\r\n\r\n"], "whole"),
        ([b"hi"], b"last", 1, [b"2\r\nhi\r\n"], "left"),
        ([b"hi"], b"", 1, [b"2\r\nhi\r\n"], "left after all"),
    ],
)
async def test_a_streamed_answer_is_so_many_writes(begins, last, takes, writes, ends):
    """The head goes with the first of them, the end with the last bytes."""
    line = Leaving(takes)
    reply = reply_over(line)
    await reply.start(200, {})
    assert line.writes == []
    for data in begins:
        reply.write(data)
    reply.write_last(last)
    came = "whole"
    try:
        await reply.finish()
        came = "whole" if reply.keeps_alive else "left after all"
    except ConnectionError:
        came = "left"
    head, _, first = line.writes[0].partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 OK\r\n")
    assert ([first, *line.writes[1:]], came) == (writes, ends)
    assert reply.bytes_written == len(b"".join(begins)) + (len(last) if ends == "whole" else 0)


@pytest.mark.parametrize("is_last", [False, True])
@pytest.mark.parametrize("is_http11, keeps_alive", [(True, True), (True, False), (False, True)])
@pytest.mark.parametrize("usual", [{}, {"server": "s"}, {"x-uniapi-provider": "other"}])
async def test_headers_whose_lines_are_known_are_written_as_any_are(
    usual, is_http11, keeps_alive, is_last
):
    """On a connection that goes on and on one that ends."""
    headers = {"content-type": "a/b", "x-uniapi-provider": "p"}
    written = []
    for said in (headers, KnownHeaders(headers)):
        line = Leaving(9)
        line.is_last = is_last
        head = RequestHead("POST", "/", "", {}, None, is_http11, keeps_alive)
        reply = HttpReply(Incoming(head, None, line), "r1", UsualHeaders.of(usual))
        await reply.send(200, said, b"hi")
        state = reply.status, reply.provider, reply.is_started, reply.keeps_alive
        written.append((line.writes, state))
    assert written[0] == written[1]
    goes_on = keeps_alive and not is_last
    assert written[0][1] == (200, "p", True, goes_on)


async def test_a_large_answer_reaches_who_takes_it():
    """It is watched, and ends properly."""
    body = b"x" * 3_000_000

    async def handler(request):
        reply = reply_to(request)
        await reply.send(200, {}, body)
        assert not reply.has_lost
        return AnswerGiven(keeps_alive=reply.keeps_alive)

    assert await ask(handler) == body
