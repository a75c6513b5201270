"""Places in a JSON body: found, changed, renamed, left out, and what does not change is shared."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from uniapi.wire import changed_at, holds, paths_to, renamed, without

BODY = {"a": 1, "list": [{"x": 1, "y": 2}, {"y": 3}, 4], "deep": {"in": {"x": 5}}}


@pytest.mark.parametrize(
    "path, expected",
    [
        (("a",), {"list": BODY["list"], "deep": BODY["deep"]}),
        (("list", "[]", "x"), {**BODY, "list": [{"y": 2}, {"y": 3}, 4]}),
        (("deep", "in", "x"), {**BODY, "deep": {"in": {}}}),
    ],
)
def test_a_member_is_left_out_wherever_the_pattern_leads(path, expected):
    """Each item of a list, and only there."""
    before = repr(BODY)
    assert without(BODY, path) == expected
    assert repr(BODY) == before


@pytest.mark.parametrize("path", [("b",), ("list", "x"), ("a", "[]", "x"), ("deep", "x")])
def test_a_place_that_is_not_there_changes_nothing(path):
    """The very object comes back, so that a relay keeps its bytes."""
    assert without(BODY, path) is BODY
    assert renamed(BODY, path, "z") is BODY
    assert changed_at(BODY, path, lambda value: 0) is BODY
    assert not holds(BODY, path)


def test_what_does_not_change_is_shared():
    """A long conversation is not copied because one setting goes."""
    assert without(BODY, ("a",))["list"] is BODY["list"]
    assert without(BODY, ("list", "[]", "x"))["list"][1] is BODY["list"][1]


def test_a_renamed_member_does_not_replace_one_that_is_there():
    """The client's own word under the new name holds."""
    assert renamed({"a": 1, "b": 2}, ("a",), "b") == {"b": 2}
    assert renamed({"a": 1}, ("a",), "b") == {"b": 1}


def test_places_are_found_by_name():
    """The shortest first; a list is one step, however many items it has."""
    assert paths_to(BODY, "x") == [("list", "[]", "x"), ("deep", "in", "x")]


@given(
    st.recursive(
        st.none() | st.integers() | st.text(max_size=3),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(["a", "b", "x"]), inner, max_size=3)
        ),
    ),
    st.lists(st.sampled_from(["a", "b", "x", "[]"]), min_size=1, max_size=4),
)
def test_any_value_and_any_place(value, path):
    """It never raises, and what was left out is gone."""
    if path[-1] != "[]":
        assert not holds(without(value, tuple(path)), tuple(path))
