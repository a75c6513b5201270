"""Listening to relayed answers: the first output, usage, the end, failures; and which frame a
client did not ask for.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from uniapi.canonical import FailureKind
from uniapi.dialects.openai_chat import UPSTREAM
from uniapi.dialects.openai_chat.observe import ChatObserver
from uniapi.wire import Frame

HEAD = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 5, "model": "up"}


def frame(value: Any, event: str | None = None, compact: bool = True) -> Frame:
    data = (
        value
        if isinstance(value, bytes)
        else json.dumps(value, separators=(",", ":") if compact else None).encode()
    )
    return Frame(event, data, b"data: " + data + b"\n\n")


def chunk(delta: Any = None, finish_reason: Any = None, **more: Any) -> dict[str, Any]:
    return {
        **HEAD,
        "choices": [{"index": 0, "delta": delta or {}, "finish_reason": finish_reason}],
        **more,
    }


def observed(*values: Any, compact: bool = True) -> ChatObserver:
    observer = ChatObserver()
    for value in values:
        observer.feed(value if isinstance(value, Frame) else frame(value, compact=compact))
    return observer


@pytest.mark.parametrize(
    "delta, committed",
    [
        ({"role": "assistant", "content": ""}, False),
        ({"content": None, "reasoning_content": "", "tool_calls": []}, False),
        ({"content": "H"}, True),
        ({"reasoning_content": "H"}, True),
        ({"reasoning": "H"}, True),
        ({"refusal": "N"}, True),
        (
            {"tool_calls": [{"index": 0, "id": "c", "function": {"name": "f", "arguments": ""}}]},
            True,
        ),
        ({"function_call": {"name": "f"}}, True),
        ({"function_call": {"name": "", "arguments": ""}}, False),
        ({"images": [{"type": "image_url", "image_url": {"url": "x"}}]}, True),
        ({"audio": {"id": "a"}}, True),
        ({"audio": {"id": "", "data": ""}}, False),
        ({"content": [{"type": "text", "text": ""}]}, False),
        ({"content": [{"type": "thinking", "thinking": [{"type": "text", "text": "H"}]}]}, True),
        ({"reasoning_details": [{"type": "reasoning.encrypted", "data": "x"}]}, True),
    ],
)
def test_the_first_real_output_commits(delta: dict[str, Any], committed: bool) -> None:
    """Text, reasoning, a call's start, media; not a role, not emptiness."""
    assert committed == observed(chunk(delta)).committed


@pytest.mark.parametrize("compact", [True, False])
def test_a_whole_stream_is_understood(compact: bool) -> None:
    """Model, usage, finish and the end are found in compact and in spaced JSON."""
    usage = {"prompt_tokens": 3, "completion_tokens": 2}
    observer = observed(
        chunk({"role": "assistant", "content": ""}),
        chunk({"content": "H"}),
        chunk({"content": "i"}),
        chunk({}, "length"),
        {**HEAD, "choices": [], "usage": usage},
        b"[DONE]",
        compact=compact,
    )
    assert (
        observer.model,
        observer.committed,
        observer.is_whole,
        observer.failure,
        observer.unreadable,
    ) == ("up", True, True, None, 0)
    assert observer.usage is not None
    assert (observer.usage.input_tokens, observer.usage.output_tokens) == (3, 2)
    assert observer.finish is not None
    assert observer.finish.reason == "length"


def test_what_an_end_is() -> None:
    """`[DONE]` or a finish reason; null and empty ones are none."""
    assert not observed(
        chunk({"content": "H"}), chunk({"content": "i"}, None), chunk({}, "")
    ).is_whole
    assert observed(chunk({"content": "H"}), chunk({}, "stop")).is_whole
    assert observed(chunk({"content": "H"}), b"[DONE]").is_whole


def test_a_stop_beside_calls_is_a_stop_for_calls() -> None:
    """As the decoder reads it."""
    call = {"tool_calls": [{"index": 0, "id": "c", "function": {"name": "f", "arguments": "{}"}}]}
    observer = observed(chunk({"content": "H"}), chunk(call), chunk({}, "stop"))
    assert observer.finish is not None
    assert observer.finish.reason == "tool_calls"


@pytest.mark.parametrize(
    "value",
    [
        {"error": {"message": "overloaded", "code": 503}},
        {**HEAD, "choices": [{"index": 0, "error": {"message": "overloaded", "code": 503}}]},
        frame({"message": "overloaded", "code": 503}, "error"),
    ],
)
@pytest.mark.parametrize("is_begun", [True, False])
def test_errors_inside_a_stream(value: Any, is_begun: bool) -> None:
    """Seen before and after the commit."""
    observer = observed(*([chunk({"content": "H"})] if is_begun else []), value)
    assert observer.failure is not None
    assert observer.failure.kind == FailureKind.OVERLOADED


def test_text_that_looks_like_json_is_only_text() -> None:
    """Quotes inside a text are escaped, so it is never taken for a member."""
    observer = observed(
        chunk({"content": "H"}),
        chunk(
            {"content": '{"error": {"message": "x"}, "usage": {"a": 1}, "finish_reason": "stop"}'}
        ),
    )
    assert (observer.failure, observer.usage, observer.is_whole) == (None, None, False)


def test_what_cannot_be_read_is_counted() -> None:
    """And the rest is still heard."""
    observer = observed(
        b"<html>", b"[1]", b'{"choices": 3}', b'{"choices": [3]}', chunk({"content": "H"}), b""
    )
    assert (observer.unreadable, observer.committed, observer.failure) == (4, True, None)


def test_whole_answers() -> None:
    """A completion, an error object, and what is neither."""
    observer = ChatObserver()
    observer.whole(
        {
            "model": "up",
            "choices": [{"message": {"content": "Hi"}, "finish_reason": None}],
            "usage": {"prompt_tokens": 1},
        }
    )
    assert (observer.model, observer.committed, observer.is_whole, observer.failure) == (
        "up",
        True,
        True,
        None,
    )
    assert observer.finish is not None
    assert observer.finish.reason == "stop"
    for body, kind in (
        ({"error": {"message": "slow", "code": 429}}, FailureKind.RATE_LIMITED),
        ({"choices": []}, FailureKind.BROKEN),
        (3, FailureKind.BROKEN),
        ({"choices": 3}, FailureKind.BROKEN),
    ):
        observer = ChatObserver()
        observer.whole(body)
        assert observer.failure is not None
        assert (kind, False) == (observer.failure.kind, observer.is_whole)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "choices",
                    "delta",
                    "message",
                    "content",
                    "usage",
                    "error",
                    "finish_reason",
                    "tool_calls",
                    "index",
                    "x_groq",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@settings(max_examples=40, deadline=None)
@given(st.lists(JSON, max_size=3), st.binary(max_size=20))
def test_listening_never_raises(values: list[Any], data: bytes) -> None:
    """Any frame and any body."""
    for value in values:
        observer = observed(chunk({"content": "H"}), value, frame(data), frame(value, "error"))
        assert observer.committed
        ChatObserver().whole(value)
        assert isinstance(UPSTREAM.usage_frame_only(frame(value)), bool)
    assert not UPSTREAM.usage_frame_only(frame(data))


@pytest.mark.parametrize(
    "value, expected",
    [
        ({**HEAD, "choices": [], "usage": {"prompt_tokens": 1}}, True),
        (chunk({}, "stop", usage={"prompt_tokens": 1}), False),
        ({**HEAD, "choices": [], "usage": None}, False),
        ({**HEAD, "choices": [], "prompt_filter_results": []}, False),
        ({"error": {"message": "x"}, "choices": [], "usage": {"a": 1}}, False),
        (b'{"choices":[],"usage":{', False),
        (b"[DONE]", False),
        (chunk({"content": '"choices":[],"usage":{}'}), False),
    ],
)
def test_the_frame_that_only_tells_usage(value: Any, expected: bool) -> None:
    """Usage without choices; anything in doubt stays."""
    assert expected == UPSTREAM.usage_frame_only(frame(value))
    assert expected == UPSTREAM.usage_frame_only(frame(value, compact=False))
