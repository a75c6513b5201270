"""JSON in and out: large texts read as small ones do, long objects written as short ones are."""

import json
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
