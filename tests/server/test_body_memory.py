"""The sum of all request bodies in memory is bounded, whatever each of them may have."""

import asyncio
import json

import pytest
from lanes import CONFIG, KEY, EchoDesk, Wire

from uniapi.canonical import RequestRefused
from uniapi.config import parse_config
from uniapi.engines import engine_names
from uniapi.server import Front, Listener
from uniapi.server.body import read_body
from uniapi.server.body_memory import VALUE_BYTES, BodyMemory, BodyShare
from uniapi.server.incoming import Incoming
from uniapi.wire import RequestHead


def test_what_does_not_fit_is_told_to_come_back():
    memory = BodyMemory()
    with BodyShare(memory, 100) as first, BodyShare(memory, 100) as second:
        first.grow_to(60)
        first.grow_to(50)
        second.grow_to(40)
        with pytest.raises(RequestRefused) as refused:
            second.grow_to(41)
        assert refused.value.error.status == 503
        assert refused.value.error.headers["retry-after"]
        assert memory.held == 100
    assert memory.held == 0


def test_what_is_made_of_many_values_counts_and_one_alone_is_let_in():
    memory, most = BodyMemory(), 4000 * VALUE_BYTES
    with BodyShare(memory, most) as first, BodyShare(memory, most) as second:
        first.grow_to(10)
        first.weigh(2000)
        assert memory.held == 10 + 2000 * VALUE_BYTES
        with pytest.raises(RequestRefused, match="max_bodies_in_memory"):
            second.weigh(2000)
        first.give_back()
        second.weigh(1_000_000)
        assert memory.held == most * 3 // 4
    assert memory.held == 0


class Waiting(EchoDesk):
    """A desk that answers when it is told to."""

    def __init__(self):
        super().__init__()
        self.may_answer, self.began = asyncio.Event(), asyncio.Event()
        text = CONFIG.replace("max_body_bytes: 65536", "max_bodies_in_memory: 60MB")
        self.config, _ = parse_config(text, source="", engines=engine_names(), environment={})

    async def run(self, call, key, reply):
        self.began.set()
        await self.may_answer.wait()
        await super().run(call, key, reply)


async def test_of_requests_with_very_many_values_only_so_many_are_answered_at_once():
    """A request of 8 MB may come to 230 MB while it is translated; three of them ended a host of
    512 MB.
    """
    desk = Waiting()
    lane = Listener(Front(desk), files=4096, has_edge=True)
    messages = [{"role": "user", "content": "x"}] * 40_000
    body = json.dumps({"model": "m", "messages": messages}).encode()
    head = f"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nX-Api-Key: {KEY}\r\n"
    request_bytes = f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body
    first, second = Wire(lane.connection()), Wire(lane.connection())
    first.feed(request_bytes)
    await desk.began.wait()
    second.feed(request_bytes)
    while not second.written:
        await asyncio.sleep(0.001)
    assert second.written.startswith(b"HTTP/1.1 503 ")
    assert b"max_bodies_in_memory" in second.written
    desk.may_answer.set()
    while not first.written:
        await asyncio.sleep(0.001)
    assert first.written.startswith(b"HTTP/1.1 200 ")


def test_a_call_that_fails_gives_back_what_it_held():
    memory = BodyMemory()

    def fail():
        with BodyShare(memory, 100) as share:
            share.grow_to(70)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert memory.held == 0


class Body:
    """A body that comes in pieces of ten bytes."""

    def __init__(self, pieces):
        self.taken = 0
        self._pieces = pieces

    def whole(self):
        return None

    def at_eof(self):
        return self.taken == self._pieces

    async def read(self, seconds):
        self.taken += 1
        return b"x" * 10


def request(body, length=None):
    """`length`: what its head says."""
    return Incoming(RequestHead("POST", "/", "", {}, length, True, True), body, line=None)


async def test_a_length_that_does_not_fit_is_refused_before_anything_is_read():
    body = Body(6)
    with BodyShare(BodyMemory(), 50) as share, pytest.raises(RequestRefused, match="max_bodies_in"):
        await read_body(request(body, length=60), 1000, share)
    assert body.taken == 0


async def test_a_body_that_names_no_length_counts_as_it_comes():
    body = Body(9)
    with BodyShare(BodyMemory(), 50) as share, pytest.raises(RequestRefused):
        await read_body(request(body), 1000, share)
    assert body.taken == 6


class Silent(Body):
    """One that is announced and never comes."""

    def at_eof(self):
        return False

    async def read(self, seconds):
        await asyncio.Event().wait()


async def test_who_announces_a_large_body_and_sends_nothing_keeps_nobody_out():
    memory = BodyMemory()
    with BodyShare(memory, 50) as silent, BodyShare(memory, 50) as other:
        waiting = asyncio.ensure_future(read_body(request(Silent(1), length=50), 1000, silent))
        await asyncio.sleep(0)
        assert await read_body(request(Body(5), length=50), 1000, other) == b"x" * 50
        waiting.cancel()
