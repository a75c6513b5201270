"""An object is read as `json.loads` reads it, and what stands in it twice is seen."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from uniapi.wire import holds_twins, load_members

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)
CHARACTERS = st.text(alphabet='{}[]",:\\u0061ab1 .\n\t\ufeff-', max_size=40)


def outcome(read, text):
    try:
        return read(text)
    except ValueError as error:
        return str(error)


@given(VALUES, st.booleans(), st.sampled_from([None, 1]))
def test_any_value_is_read_as_in_one_go(value, is_ascii, indent):
    text = json.dumps(value, ensure_ascii=is_ascii, indent=indent)
    assert load_members(text) == (json.loads(text), False)


@given(CHARACTERS | CHARACTERS.map(lambda inner: '{"a":1,' + inner + "}"))
def test_what_is_no_json_is_refused_in_the_same_words(text):
    assert outcome(lambda said: load_members(said)[0], text) == outcome(json.loads, text)


@pytest.mark.parametrize(
    ("text", "is_twice"),
    [
        ('{"model": "a", "x": {"model": "b", "model": "c"}}', False),
        ('{"model": "a", "tools": ["model", "model"]}', False),
        ('{"model": "a", "x": "\\u0041"}', False),
        ('{"model": "a", "Model": "a"}', False),
        ('{"model": "a", "model": "b"}', True),
        ('{"\\u006dodel": "a", "model": "b"}', True),
        ('{"model": "a", "\\u006dodel": "b"}', True),
        ('{"messages": [], "model": "a", "messages": [{}]}', True),
        ('{"a/b": 1, "a\\/b": 2}', True),
        ('{"a/b": 1, "c": "\\/"}', False),
        ('{"": 1, "": 2}', True),
        ('{"a\\"b": 1, "a\\"b": 2}', True),
        ("{}", False),
        ("[1]", False),
    ],
)
def test_names_that_stand_twice_are_seen(text, is_twice):
    """In the outermost object, however they are spelled; the last one counts."""
    assert load_members(text) == (json.loads(text), is_twice)


def test_a_large_object_is_read_the_same():
    pair = '"a": [' + ",".join(["[1]"] * 400_000) + '], "a": {"b": 1}'
    assert load_members("{" + pair + "}") == ({"a": {"b": 1}}, True)
    assert load_members("{" + pair.replace('"a"', '"\\u0061"', 1) + "}") == ({"a": {"b": 1}}, True)


@pytest.mark.parametrize(
    ("text", "is_twice"),
    [
        ('{"input": [{"id": "a"}, {"id": "b"}]}', False),
        ('{"input": [{"id": "a", "id": "b"}]}', True),
        ('{"conversation": {"\\u0069d": "a", "id": "b"}}', True),
        ('{"a": 1, "a": 1}', True),
    ],
)
def test_names_that_stand_twice_anywhere(text, is_twice):
    assert holds_twins(text) is is_twice
