"""Splicing a member into original bytes, adding one, and set and delete operations on a parsed
object.
"""

from __future__ import annotations

import copy
import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from uniapi.wire import (
    DeleteMember,
    SetMember,
    apply_operations,
    insert_member,
    splice_member,
    splice_text,
)

SPLICES = [
    (b'{"model":"a"}', ("model",), b'{"model":"X"}'),
    (
        b' {\n "n": 1,\r\n\t"model" : "a" , "z":[] } \n',
        ("model",),
        b' {\n "n": 1,\r\n\t"model" : "X" , "z":[] } \n',
    ),
    (
        b'{"message":{"id":1,"model":"a"},"model":"b"}',
        ("message", "model"),
        b'{"message":{"id":1,"model":"X"},"model":"b"}',
    ),
    (
        b'{"tools":[{"model":"in"}],"x":{"model":"in"},"model":"a"}',
        ("model",),
        b'{"tools":[{"model":"in"}],"x":{"model":"in"},"model":"X"}',
    ),
    (
        b'{"t":"say \\"model\\": \\"no\\"","model":"a"}',
        ("model",),
        b'{"t":"say \\"model\\": \\"no\\"","model":"X"}',
    ),
    (
        b'{"t":"ends in a backslash \\\\","model":"a"}',
        ("model",),
        b'{"t":"ends in a backslash \\\\","model":"X"}',
    ),
    (b'{"model":"a","model":"b"}', ("model",), b'{"model":"a","model":"X"}'),
    (b'{"model":"a","mod\\u0065l":"b"}', ("model",), b'{"model":"a","mod\\u0065l":"X"}'),
    (b'{"model":{"deep":[1,{"model":2}]},"k":1}', ("model",), b'{"model":"X","k":1}'),
    (b'{"model":-1.5e3}', ("model",), b'{"model":"X"}'),
    (b'{"a\\/b":1,"a/b":2,"a\\/b":3}', ("a/b",), b'{"a\\/b":1,"a/b":2,"a\\/b":"X"}'),
    ('{"é":"ü","model":"中"}'.encode(), ("model",), '{"é":"ü","model":"X"}'.encode()),
    (b'\xef\xbb\xbf{"model":"a"}', ("model",), b'\xef\xbb\xbf{"model":"X"}'),
    (b'{"message":{"model":"a"},"message":{"id":2}}', ("message", "model"), None),
    (b'{"other":1}', ("model",), None),
    (b'{"model":"a"}', ("model", "deeper"), None),
    (b'{"model":"a"}', (), None),
    (b"{}", ("model",), None),
    (b'["model"]', ("model",), None),
    (b'"model"', ("model",), None),
    (b"", ("model",), None),
    (b'{"model"', ("model",), None),
    (b'{"model":', ("model",), None),
    (b'{"model":"cut', ("model",), None),
    (b'{"a":tru,"model":"a"}', ("model",), None),
    (b'{"model":"\xff"}', ("model",), None),
    (
        b'{"i": "x", "n": -3, "t": true, "model": "a", "c": []}',
        ("model",),
        b'{"i": "x", "n": -3, "t": true, "model": "X", "c": []}',
    ),
    (b'{"model":null,"model":"a"}', ("model",), b'{"model":null,"model":"X"}'),
    (b'{"model":"a","model":1}', ("model",), b'{"model":"a","model":"X"}'),
    (b'{"n":01,"model":"a"}', ("model",), None),
    (b'{"n":"\x01","model":"a"}', ("model",), None),
    (b'{"n":"\\x","model":"a"}', ("model",), None),
    (
        b'{"long":"%b","model":"a"}' % (b"x" * 2000),
        ("model",),
        b'{"long":"%b","model":"X"}' % (b"x" * 2000),
    ),
    (b'{"a":' + b"[" * 200_000 + b',"model":1}', ("model",), None),
]


@pytest.mark.parametrize("body, path, expected", SPLICES)
def test_exactly_the_named_value_changes(
    body: bytes, path: tuple[str, ...], expected: bytes | None
) -> None:
    """The value at the path is replaced, every other byte stays; no such member or no JSON object
    gives None.
    """
    assert expected == splice_member(body, path, "X")


JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-1000, 1000)
    | st.text(max_size=8)
    | st.sampled_from(['"', "\\", '{"k":', "]}", "model"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["model", "k", "é", 'q"', "\\", ""]), inner, max_size=4)
    ),
    max_leaves=12,
)


@settings(max_examples=40, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(["model", "k", "message", 'q"', "a/b", ""]), JSON_VALUES, max_size=5
    ),
    st.sampled_from([("model",), ("message", "model"), ('q"',), ("",), ("a/b",)]),
    st.booleans(),
    st.sampled_from([None, 1]),
)
def test_a_splice_says_what_setting_the_parsed_member_says(
    body: dict[str, object], path: tuple[str, ...], ascii_only: bool, indent: int | None
) -> None:
    """Parsed, the spliced bytes equal the object with that member set; absent members give None."""
    spliced = splice_member(
        json.dumps(body, ensure_ascii=ascii_only, indent=indent).encode(), path, {"new": "ü"}
    )
    owner: object = body
    for name in path[:-1]:
        owner = owner.get(name) if isinstance(owner, dict) else None
    if not isinstance(owner, dict) or path[-1] not in owner:
        assert spliced is None
        return
    assert spliced is not None
    assert apply_operations(body, [SetMember(path, {"new": "ü"})]) == json.loads(spliced)


@settings(max_examples=40, deadline=None)
@given(st.binary(max_size=40))
def test_any_bytes_give_bytes_or_none(data: bytes) -> None:
    """Hostile input never raises."""
    for body in (data, b'{"model":' + data, b'{"model":1,' + data + b"}"):
        assert isinstance(splice_member(body, ("model",), 1), bytes | None)
        assert isinstance(insert_member(body, "model", 1), bytes | None)


@pytest.mark.parametrize(
    "body, expected",
    [
        (b"{}", b'{"stream":true}'),
        (b"{ }\n", b'{ "stream":true}\n'),
        (b' {"a":1}', b' {"a":1,"stream":true}'),
        (b'{"stream":false}', b'{"stream":false,"stream":true}'),
        (b"\xef\xbb\xbf{}", b'\xef\xbb\xbf{"stream":true}'),
        (b"[]", None),
        (b"{", None),
        (b"", None),
        (b"3", None),
    ],
)
def test_a_member_is_added_at_the_end(body: bytes, expected: bytes | None) -> None:
    """One more member before the closing brace, where it wins over an earlier one of its name."""
    assert expected == insert_member(body, "stream", True)


@pytest.mark.parametrize(
    "body, operations, expected",
    [
        ({"a": 1}, [SetMember(("b",), 2)], {"a": 1, "b": 2}),
        ({"a": {"x": 1}}, [SetMember(("a", "y"), 2)], {"a": {"x": 1, "y": 2}}),
        ({}, [SetMember(("a", "b", "c"), 1)], {"a": {"b": {"c": 1}}}),
        ({"a": 1}, [SetMember(("a", "b"), 1)], {"a": {"b": 1}}),
        ({"a": {"x": 1, "y": 2}}, [DeleteMember(("a", "x"))], {"a": {"y": 2}}),
        (
            {"a": 1},
            [DeleteMember(("a", "x")), DeleteMember(("b",)), DeleteMember(("c", "d"))],
            {"a": 1},
        ),
        ({"a": 1}, [SetMember(("a",), 2), DeleteMember(("a",)), SetMember(("a",), 3)], {"a": 3}),
    ],
)
def test_operations_apply_in_order_to_a_copy(
    body: dict[str, object], operations: list[SetMember | DeleteMember], expected: dict[str, object]
) -> None:
    """The result has every change; the object that came in is as it was."""
    before = copy.deepcopy(body)
    assert expected == apply_operations(body, operations)
    assert before == body


def test_a_large_body_is_spliced_at_once() -> None:
    """An agent's 110 KB body costs far less than parsing it a few times over."""
    tools = [
        {
            "type": "function",
            "function": {
                "name": f"tool_{n}",
                "description": 'does "things"\n' * 30,
                "parameters": {},
            },
        }
        for n in range(100)
    ]
    body = json.dumps(
        {"model": "a", "messages": [{"role": "user", "content": "x\n" * 25_000}], "tools": tools}
    ).encode()
    assert len(body) > 110_000
    best = min(_seconds(body) for _ in range(20))
    assert best < 0.005


def _seconds(body: bytes) -> float:
    start = time.perf_counter()
    assert splice_member(body, ("model",), "b") is not None
    return time.perf_counter() - start


@pytest.mark.parametrize(
    "body",
    [
        b'{"data":[1],"model" : "up","usage":{}}',
        b'{"model":"up"}',
        b'{"model": "up", "a": 1}',
        b'{"n":"\\n","model": "up"}',
        b'{"model":"up","model":"up"}',
        b'{"a":{"model":"in"},"model":"up"}',
        b'{"a":{"model":"in"},"mod\\u0065l":"up"}',
        b'{"a":["model"],"model":"u\\"p"}',
        b'{"model":"u\\/p","a":"\\n"}',
        b'{"a":"say \\"model","model":"up"}',
        b'{"a":": \\"up","model":\n"up","b":"up"}',
        b'{"a":"\\u00e9","model":"up"}',
        b'{"model":"u' + b"p" * 300 + b'"}',
        b'{"a":"\\"model\\":\\"no\\"","model":"up\\\\"}',
    ],
)
def test_a_text_that_is_known_to_be_there_is_spliced_like_any_member(body: bytes) -> None:
    """Without walking to it where its name stands once; the bytes are the same either way."""
    said = json.loads(body)["model"]
    assert said.startswith("u")
    assert splice_text(body, "model", said, "X") == splice_member(body, ("model",), "X")
