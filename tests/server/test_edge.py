"""The connection of a plain client: time, order, back-pressure, and the end. Its clock is turned by
hand.
"""

import asyncio

import pytest
from lanes import KEY, EchoDesk, Wire, turn

from uniapi.gateway import STALLED_READER_S
from uniapi.server import Front
from uniapi.server.connections import HEAD_S, ConnectionTable
from uniapi.server.edge import Edge
from uniapi.server.edge_body import MAX_HELD_BYTES
from uniapi.server.edge_connection import KEEPALIVE_S, LINGER_S, MAX_AHEAD_BYTES
from uniapi.server.unread import Unread

GET = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
CALL = b"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nX-Api-Key: " + KEY.encode() + b"\r\n"
BODY = b'{"model":"m","messages":[{"role":"user","content":"x"}]}'
WHOLE = CALL + b"Content-Length: 56\r\n\r\n" + BODY


class Time:
    """An event loop whose clock stands still."""

    def __init__(self):
        self.now = 0.0
        self.timers = []
        self._loop = asyncio.get_running_loop()
        self.create_task = self._loop.create_task
        self.create_future = self._loop.create_future
        self.call_soon = self._loop.call_soon

    def time(self):
        return self.now

    def call_at(self, when, then):
        timer = Timer(when, then)
        self.timers.append(timer)
        return timer

    def pass_to(self, moment):
        self.now = moment
        while due := [timer for timer in self.timers if timer.when() <= moment]:
            self.timers.remove(due[0])
            due[0].go_off()


class Timer:
    def __init__(self, when, then):
        self._when, self._then = when, then

    def when(self):
        return self._when

    def cancel(self):
        self._then = None

    def go_off(self):
        if self._then is not None:
            self._then()


class Odd(asyncio.Protocol):
    """Takes over a connection, and keeps what it is given."""

    def __init__(self):
        self.came = b""

    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        self.came += data


class Gate(EchoDesk):
    """A desk that answers when it is told to."""

    def __init__(self):
        super().__init__()
        self.gate = asyncio.Event()
        self.left = 0

    async def run(self, call, key, reply):
        try:
            await self.gate.wait()
        except asyncio.CancelledError:
            self.left += 1
            raise
        await super().run(call, key, reply)


class Client:
    """A client of an edge."""

    def __init__(self, most=10):
        self.time = Time()
        self.desk = Gate()
        self.table = ConnectionTable(most, self.time.time, self.time.call_soon)
        self.odd = []
        self.is_open = True
        self.edge = Edge(self.time, Front(self.desk), self.table, Unread(self.time.time), self)
        self.wire = self.another()

    def another(self):
        return Wire(self.edge())

    async def open(self):
        await asyncio.sleep(0)

    def connection(self):
        self.odd.append(Odd())
        return self.odd[-1]

    async def send(self, data):
        self.wire.feed(data)
        await turn()

    @property
    def answers(self):
        return self.wire.written.count(b"HTTP/1.1 ")


@pytest.fixture
async def client():
    return Client()


async def test_a_head_that_is_late_is_told_so(client):
    await client.send(b"POST /v1/messages HTTP/1.1\r\nHost: ")
    client.time.pass_to(HEAD_S - 0.1)
    assert client.wire.written == b""
    client.time.pass_to(HEAD_S)
    assert client.wire.written.startswith(b"HTTP/1.1 408 ")
    assert b'{"type":"error"' in client.wire.written
    assert client.wire.is_at_end
    assert client.wire.is_open, "what is still sent is read, so that the answer is"
    client.time.pass_to(HEAD_S + LINGER_S)
    assert not client.wire.is_open


async def test_drops_of_a_head_buy_no_time(client):
    """Not by the byte, and not by the request."""
    for moment in range(14):
        client.time.pass_to(float(moment))
        await client.send(b"X")
    client.time.pass_to(HEAD_S)
    assert client.wire.written.startswith(b"HTTP/1.1 408 ")


async def test_who_says_nothing_is_closed_without_a_word(client):
    client.time.pass_to(HEAD_S)
    assert (client.wire.written, client.wire.is_open) == (b"", False)


async def test_a_connection_is_kept_and_each_head_has_its_own_time(client):
    await client.send(GET)
    client.time.pass_to(KEEPALIVE_S - 1)
    await client.send(GET[:9])
    client.time.pass_to(KEEPALIVE_S)
    await client.send(GET[9:])
    assert client.answers == 2
    client.time.pass_to(2 * KEEPALIVE_S)
    assert not client.wire.is_open
    assert b" 408 " not in client.wire.written


async def test_the_second_head_is_late_too(client):
    await client.send(GET)
    client.time.pass_to(60.0)
    await client.send(GET[:9])
    client.time.pass_to(60.0 + HEAD_S)
    assert client.wire.written.count(b" 408 ") == 1


async def test_a_call_may_take_as_long_as_it_takes(client):
    await client.send(WHOLE)
    client.time.pass_to(1000.0)
    client.desk.gate.set()
    await turn()
    assert client.wire.written.startswith(b"HTTP/1.1 200 ")
    assert client.wire.is_open


async def test_requests_sent_ahead_are_answered_in_order(client):
    await client.send(WHOLE + GET + WHOLE.replace(b'"x"', b'"y"') + GET[:5])
    assert client.wire.written == b""
    client.desk.gate.set()
    await turn()
    await client.send(GET[5:])
    assert client.answers == 4
    kinds = [b"status" in said for said in client.wire.written.split(b"HTTP/1.1 ")[1:]]
    assert kinds == [False, True, False, True]


async def test_who_sends_too_far_ahead_is_not_read_until_they_are_answered(client):
    await client.send(WHOLE)
    count = MAX_AHEAD_BYTES // len(GET) + 100
    for _ in range(count):
        client.wire.feed(GET)
    held = client.wire.unread
    assert 0 < held <= 100
    client.desk.gate.set()
    for _ in range(count):
        await turn()
    assert client.wire.unread == 0
    assert client.answers == count + 1


async def test_a_body_that_nobody_reads_is_not_taken_in(client):
    """A handler that waits for something else has the socket paused, and it is read on later."""
    await client.send(CALL + b"Content-Length: 60000\r\nContent-Encoding: br\r\n\r\n" + b"x")
    assert client.wire.written.startswith(b"HTTP/1.1 415 ")
    await client.send(b"y" * 59_999 + GET)
    assert client.answers == 2
    assert client.wire.is_open


async def test_the_rest_of_a_body_that_was_refused_is_waited_for_a_while(client):
    await client.send(CALL + b"Content-Length: 70000\r\n\r\n" + b"x")
    assert client.wire.written.startswith(b"HTTP/1.1 413 ")
    await client.send(b"y" * (MAX_HELD_BYTES // 8))
    assert client.wire.is_open
    client.time.pass_to(LINGER_S)
    assert not client.wire.is_open


async def test_a_client_that_hangs_up_stops_its_call(client):
    await client.send(WHOLE)
    client.wire.hang_up()
    await turn()
    assert client.desk.left == 1
    assert len(client.table) == 0
    assert not client.edge.connections


@pytest.mark.parametrize("size", [1, 9, 1000])
async def test_an_odd_request_is_handed_over_from_its_first_byte(client, size):
    odd = b"GET /healthz HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n\r\nand more"
    data = GET + odd
    for at in range(0, len(data), size):
        await client.send(data[at : at + size])
    assert client.answers == 1
    assert client.odd[0].came == odd
    assert len(client.table) == 0, "it is in nobody's hands here"
    client.time.pass_to(1000.0)
    assert client.wire.is_open, "its time is not ours any more"


@pytest.mark.parametrize("leaves", [False, True])
async def test_the_first_odd_request_waits_until_aiohttp_is_there(client, leaves):
    """Its import holds nobody up, and what is sent meanwhile comes behind."""
    client.is_open = False
    client.wire.feed(b"BREW / HTTP/1.1\r\n\r\n")
    client.wire.feed(b"and more")
    assert not client.odd
    if leaves:
        client.wire.hang_up()
    await turn()
    expected = [] if leaves else [b"BREW / HTTP/1.1\r\n\r\nand more"]
    assert [odd.came for odd in client.odd] == expected


async def test_a_request_for_nobody_is_handed_over(client):
    for request in (b"GET /nothing", b"GET /v1/chat/completions", b"OPTIONS /v1/models"):
        client.wire = client.another()
        await client.send(request + b" HTTP/1.1\r\nHost: x\r\n\r\n")
    assert len(client.odd) == 3
    assert client.wire.written == b""


async def test_the_longest_idle_gives_way_and_a_busy_one_does_not():
    client = Client(most=2)
    await client.send(WHOLE)
    busy, idle = client.wire, client.another()
    await turn()
    newest = client.another()
    assert [busy.is_open, idle.is_open, newest.is_open] == [True, False, True]
    client.wire = newest
    await client.send(WHOLE)
    refused = client.another()
    assert refused.written.startswith(b"HTTP/1.1 503 ")
    assert not refused.is_open


async def test_a_stop_ends_who_is_idle_and_lets_the_others_finish(client):
    await client.send(WHOLE)
    idle = client.another()
    client.edge.stop()
    assert [client.wire.is_open, idle.is_open] == [True, False]
    client.desk.gate.set()
    await turn()
    assert b"\r\nconnection: close\r\n" in client.wire.written
    assert not client.wire.is_open


async def test_who_takes_nothing_of_the_last_answer_is_cut_off(client):
    """Closing waits for that, and asyncio would wait for ever."""
    await client.send(GET)
    client.wire.is_stuck = True
    client.time.pass_to(KEEPALIVE_S)
    assert [client.wire.is_open, client.wire.is_cut_off] == [False, False]
    client.time.pass_to(KEEPALIVE_S + STALLED_READER_S)
    assert client.wire.is_cut_off


async def test_what_is_left_at_the_end_is_cancelled(client):
    await client.send(WHOLE)
    await client.edge.close(patience_s=0.0)
    await turn()
    assert client.desk.left == 1
    assert not client.wire.is_open


async def test_an_answer_is_one_write(client):
    """The head goes out with the first bytes behind it."""
    client.desk.gate.set()
    await client.send(WHOLE)
    assert client.wire.writes == 1
    await client.send(CALL + b"Content-Length: 70\r\n\r\n" + BODY[:-1] + b',"stream":true}')
    assert client.wire.writes == 4, "head and first part, second part, end"
