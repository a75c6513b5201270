"""Large JSON is written in pieces that are all small, whatever it is made of."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from uniapi.wire import dump_json, dump_long_json, long_json
from uniapi.wire.long_json import LONG_TEXT, MOST_VALUES

SMALL = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=30,
)


def nested(value, depth):
    for _ in range(depth):
        value = {"a": [value, 1]}
    return value


LARGE = {
    "messages": {"messages": [{"role": "user", "content": "x"}] * 30_000, "n": 1},
    "blocks": {"messages": [{"role": "user", "content": [{"text": "x"}] * 30_000}]},
    "members": {"a": {f"m{one}": [one] for one in range(3_000)}, "b": {}},
    "numbers": [[1.5] * 20_000, [], [2] * 20_000, {}],
    "deep": nested([[]] * 20_000, 20),
    "text": {"a": 'é"\n' * (8 * LONG_TEXT), "b": "\ud800" * 9},
    "empty": {"a": [], "b": {}, "c": ""},
}

SOME_MEMBERS = {f"m{one}": [one] for one in range(MOST_VALUES // 8)}


@pytest.mark.parametrize("kind", LARGE)
def test_it_says_the_same(kind):
    value = LARGE[kind]
    written = dump_long_json(value)
    assert json.loads(written) == value
    if kind != "text":
        assert written == dump_json(value)


@given(SMALL, st.integers(1, 12))
def test_wherever_it_is_cut(value, many):
    long = {"a": [value, SOME_MEMBERS] * many, "b": [0] * MOST_VALUES, "c": value}
    assert dump_long_json(long) == dump_json(long)


@pytest.mark.parametrize("kind", [kind for kind in LARGE if kind != "empty"])
def test_no_piece_is_large(kind):
    pieces = []
    long_json._write(LARGE[kind], pieces, 0)
    assert len(pieces) > 1
    assert max(map(len, pieces)) < 40 * MOST_VALUES + 7 * LONG_TEXT
    marks = max(piece.count(b",") + piece.count(b"[") + piece.count(b"{") for piece in pieces)
    assert marks <= 3 * MOST_VALUES
