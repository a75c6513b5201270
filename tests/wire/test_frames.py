"""JSON in and out: large texts read as small ones do, long objects written as short ones are."""

import json
import random
import sys
import threading

import pytest

from uniapi.errors import WireError
from uniapi.wire import LARGE_BYTES, dump_json, dump_long_json, load_json, parse_json

ROWS = [
    {"index": index, "embedding": [0.5, -1.25, 1e-7], "text": "é \u2028"} for index in range(30_000)
]


def test_a_large_text_is_read_as_json_reads_it():
    """Objects, numbers and all; and what is wrong is told in the same way."""
    text = json.dumps({"data": ROWS, "usage": {"total_tokens": 3}})
    assert len(text) > LARGE_BYTES
    assert json.loads(text) == parse_json(text) == load_json(text.encode())
    with pytest.raises(WireError, match="expected JSON, found"):
        load_json(text[:-1])


def test_another_thread_gets_its_turn_while_a_large_text_is_read():
    """The parser holds every thread back as long as no Python runs in it: the other one's steps,
    made between its beginning and its end, show that some did.
    """
    text = json.dumps({"data": ROWS})
    begun, over = threading.Event(), threading.Event()
    steps = []

    def count():
        begun.set()
        while not over.is_set():
            steps.append(None)

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    other = threading.Thread(target=count)
    other.start()
    begun.wait()
    try:
        before = len(steps)
        value = parse_json(text)
        after = len(steps)
    finally:
        over.set()
        other.join()
        sys.setswitchinterval(interval)
    assert len(value["data"]) == len(ROWS)
    assert after - before > 100


@pytest.mark.parametrize(
    "value",
    [
        {},
        {"a": 1},
        {"data": []},
        {"object": "list", "data": ROWS[:3], "usage": {"n": [1, 2]}, "é": ["\ud800"]},
    ],
)
def test_long_objects_are_written_as_others_are(value):
    """Item by item, byte for byte the same (a lone surrogate makes only its own item ASCII)."""
    assert json.loads(dump_long_json(value)) == value
    if "é" not in value:
        assert dump_long_json(value) == dump_json(value)


def test_json_is_written_as_the_library_writes_it():
    rng = random.Random(5)
    for _ in range(5000):
        value = _any_value(rng, 0)
        expected = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        assert dump_json(value) == expected.encode()


def _any_value(rng, depth):
    kind = rng.randrange(10 if depth < 4 else 6)
    if kind < 3:
        return "".join(rng.choice('ab"\\/\n\0é😀\u2028') for _ in range(rng.randrange(6)))
    if kind < 6:
        return rng.choice((None, True, False, 1, -(10**30), 0.1, 1e300, float("inf"), -0.0))
    members = [_any_value(rng, depth + 1) for _ in range(rng.randrange(4))]
    if kind < 8:
        return members
    return {rng.choice(("a", "é", 'b"', "", 1, None)): member for member in members}


def test_what_cannot_be_written_is_told():
    with pytest.raises(TypeError, match="not JSON serializable"):
        dump_json({"a": object()})
    deep = holds_itself = []
    for _ in range(100_000):
        deep = [deep]
    holds_itself.append(holds_itself)
    for value in (deep, holds_itself):
        with pytest.raises(RecursionError):
            dump_json(value)
