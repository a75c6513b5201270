"""A head that is remembered is understood as if it were read: whoever it does not say everything
of is read each time.
"""

import json

import pytest
from lanes import KEY, EchoDesk, Lanes, Wire, split_answers, turn

from uniapi.config import parse_config
from uniapi.engines import engine_names
from uniapi.server import Front, KeyRing, Listener
from uniapi.server.paths import find_route
from uniapi.server.visitors import LONGEST_HEAD, MOST_HEADS, KnownHeads, Visitor

HEAD = (
    b"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: %b\r\n"
    b"Authorization: Bearer " + KEY.encode() + b"\r\nX-Stainless-Lang: python"
)


def visitor(ring, **members):
    (key,) = ring.keys
    usual = {
        "head": None,
        "route": find_route("/v1/chat/completions"),
        "ring": ring,
        "key": key,
        "principal": None,
        "headers": {},
        "query": {},
        "preferences": None,
    }
    return Visitor(**{**usual, **members})


class Ring(KeyRing):
    def __init__(self, config=None):
        self.keys = (config or EchoDesk().config).client_keys
        super().__init__(self.keys)


def remembers(*heads, ring):
    known = KnownHeads()
    known.find(b"", ring)
    for head in heads:
        known.keep(head, visitor(ring))
    return known


def test_another_length_is_the_same_head():
    """Wherever its line stands."""
    ring = Ring()
    known = remembers(HEAD % b"56", ring=ring)
    found, length = known.find(HEAD % b"1234", ring)
    assert (found.ring, length) == (ring, 1234)
    lines = (HEAD % b"7").split(b"\r\n")
    moved = b"\r\n".join([*lines[:2], *lines[3:], lines[2]])
    assert known.find(moved, ring)[1] == 7


@pytest.mark.parametrize(
    "head",
    [
        HEAD % b"56" + b"x",
        HEAD % b"56" + b"\r\ncontent-length: 7",
        HEAD % b"56" + b"\r\nCONTENT-LENGTH: 7",
        HEAD % b"" + b"",
        HEAD % b"-1",
        HEAD % b"5 6",
        HEAD % b"5\r6",
        HEAD % "٣".encode(),
        HEAD % b"1234567890123456",
        (HEAD % b"56").replace(b"\r\nContent-Length: 56", b""),
        (HEAD % b"56").replace(b"Content-Length: 56", b"Content-Length:56"),
        (HEAD % b"56").replace(b"Content-Length", b"CONTENT-LENGTH"),
        (HEAD % b"56").replace(b"sk-test", b"sk-tesT"),
    ],
)
def test_what_differs_in_anything_else_is_read_in_full(head):
    ring = Ring()
    assert remembers(HEAD % b"56", ring=ring).find(head, ring) is None


def test_other_keys_are_another_memory():
    """A reload: what was allowed may be so no longer."""
    before, now = Ring(), Ring()
    known = remembers(HEAD % b"56", ring=before)
    assert known.find(HEAD % b"56", now) is None
    known.keep(HEAD % b"56", visitor(before))
    assert known.find(HEAD % b"56", now) is None
    assert known.find(HEAD % b"56", before) is None, "what it held is gone"


def test_memory_is_bounded():
    ring = Ring()
    heads = [HEAD % b"56" + b"%d" % number for number in range(MOST_HEADS + 1)]
    known = remembers(*heads, HEAD % b"56" + b"x" * LONGEST_HEAD, ring=ring)
    assert [known.find(head, ring) is not None for head in heads].count(False) == 1
    assert known.find(heads[-1], ring) is not None
    assert known.find(HEAD % b"56" + b"x" * LONGEST_HEAD, ring) is None


@pytest.mark.parametrize(
    "key, preferences, path, lasts",
    [
        ({}, {}, "/v1/chat/completions", True),
        ({}, {}, "/v1/messages", True),
        ({"expires_at": 2_000_000_000}, {}, "/v1/messages", False),
        ({"allowed_ips": ["10.0.0.0/8"]}, {}, "/v1/messages", False),
        ({}, {"trusted_proxies": ["10.0.0.0/8"]}, "/v1/messages", False),
        ({}, {}, "/v1/models", False),
        ({}, {}, "/v1/embeddings", False),
    ],
)
def test_who_is_not_told_by_the_head_alone_is_not_remembered(key, preferences, path, lasts):
    config, _ = parse_config(
        json.dumps(
            {
                "providers": [
                    {
                        "provider": "a",
                        "api": "sk-up",
                        "model": ["m"],
                        "base_url": "https://a.example/v1",
                    }
                ],
                "api_keys": [{"api": KEY, "preferences": key}],
                "preferences": preferences,
            }
        ),
        source="the test",
        engines=engine_names(),
        environment={},
    )
    ring = Ring(config)
    one = visitor(ring, route=find_route(path), preferences=config.preferences)
    assert one.is_lasting == lasts


BODY = b'{"model":"m","messages":[{"role":"user","content":"%b"}]}'


def request(text, key=KEY):
    body = BODY % text
    head = (
        b"POST /v1/chat/completions?key=%b&x=1 HTTP/1.1\r\nHost: x\r\nX-Tag: a\r\n" % key.encode()
    )
    return head + b"Content-Length: %d\r\n\r\n" % len(body) + body


async def asked(front_door, data):
    wire = Wire(front_door.connection())
    wire.feed(data)
    await turn()
    wire.hang_up()
    await turn()
    return split_answers(wire.written)


async def test_the_second_request_is_answered_as_the_first_but_for_its_body():
    both = Lanes()
    try:
        (first,) = await asked(both.edge, request(b"one"))
        (second,) = await asked(both.edge, request(b"another"))
        (odd,) = await asked(both.aiohttp, request(b"another"))
    finally:
        await both.close()
    said = [json.loads(one.partition(b"\r\n\r\n")[2]) for one in (first, second, odd)]
    assert said[0]["body"] != said[1]["body"]
    assert said[1] == said[2]
    assert {**said[0], "body": ""} == {**said[1], "body": ""}
    assert said[1]["headers"] == {"host": "x", "x-tag": "a"}
    assert said[1]["query"] == {"x": "1"}


async def test_a_key_that_is_gone_is_refused_at_once_and_a_wrong_one_is_not_remembered():
    desk = EchoDesk()
    desk.config, _ = parse_config(
        json.dumps(
            {
                "providers": [
                    {
                        "provider": "a",
                        "api": "sk-up",
                        "model": ["m"],
                        "base_url": "https://a.example/v1",
                    }
                ],
                "api_keys": [{"api": KEY}],
            }
        ),
        source="the test",
        engines=engine_names(),
        environment={},
    )
    desk.key_ring = KeyRing(desk.config.client_keys)
    door = Listener(Front(desk), files=4096, has_edge=True)
    for _ in range(3):
        (right,) = await asked(door, request(b"x"))
        assert right.startswith(b"HTTP/1.1 200 ")
        (wrong,) = await asked(door, request(b"x", "sk-wrong"))
        assert wrong.startswith(b"HTTP/1.1 401 ")
    desk.key_ring = KeyRing(())
    (gone,) = await asked(door, request(b"x"))
    assert gone.startswith(b"HTTP/1.1 401 ")
    door.stop()
    await door.close()
