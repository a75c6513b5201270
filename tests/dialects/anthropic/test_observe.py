"""What the relay learns by listening: commit, end, usage, finish, failure, ids. It never raises."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from uniapi.canonical import FailureKind
from uniapi.dialects import Observer
from uniapi.dialects.anthropic import UPSTREAM
from uniapi.wire import Frame, SseDecoder

START = {
    "type": "message_start",
    "message": {
        "model": "claude-x",
        "content": [],
        "usage": {"input_tokens": 5, "output_tokens": 1},
        "container": {"id": "container_1"},
    },
}
TEXT = {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}


def listen(*bodies: Any, named: bool = True) -> Observer:
    observer, frames = UPSTREAM.observer(), SseDecoder()
    for body in bodies:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        head = (
            b"event: " + body["type"].encode() + b"\n"
            if named and isinstance(body, dict) and "type" in body
            else b""
        )
        for frame in frames.feed(head + b"data: " + data + b"\n\n"):
            observer.feed(frame)
    return observer


def delta(**members: Any) -> dict[str, Any]:
    return {"type": "content_block_delta", "index": 0, "delta": members}


@pytest.mark.parametrize("named", [True, False])
def test_a_whole_stream_is_understood(named: bool) -> None:
    """With and without event names, as Bedrock frames have none."""
    ending = {
        "type": "message_delta",
        "delta": {"stop_reason": "max_tokens"},
        "usage": {"output_tokens": 9},
    }
    observer = listen(
        START,
        TEXT,
        delta(type="text_delta", text="x"),
        delta(type="text_delta", text="y"),
        ending,
        {"type": "message_stop"},
        named=named,
    )
    assert observer.usage is not None
    assert observer.finish is not None
    assert (
        observer.committed,
        observer.is_whole,
        observer.model,
        observer.usage.input_tokens,
        observer.usage.output_tokens,
    ) == (
        True,
        True,
        "claude-x",
        5,
        9,
    )
    assert (observer.finish.reason, observer.issued_ids, observer.unreadable) == (
        "length",
        ("container_1",),
        0,
    )


@pytest.mark.parametrize(
    "body, committed",
    [
        ({"type": "ping"}, False),
        (TEXT, False),
        (delta(type="text_delta", text=""), False),
        (delta(type="text_delta", text="x"), True),
        (delta(type="signature_delta", signature="s"), True),
        (delta(type="thinking_delta", thinking="x"), True),
        (
            {
                "type": "content_block_start",
                "index": 0,
                "content_block": {"type": "tool_use", "id": "a", "name": "f", "input": {}},
            },
            True,
        ),
        (
            {
                "type": "content_block_start",
                "index": 0,
                "content_block": {"type": "redacted_thinking", "data": "x"},
            },
            True,
        ),
        (
            {
                "type": "content_block_start",
                "index": 0,
                "content_block": {"type": "server_tool_use"},
            },
            True,
        ),
        ({"type": "error", "error": {"type": "api_error", "message": "m"}}, False),
    ],
)
def test_commit_is_the_first_real_output(body: dict[str, Any], committed: bool) -> None:
    """Signed but empty thinking counts; an empty block does not."""
    assert committed is listen(START, body).committed


def test_an_error_event_is_a_failure() -> None:
    """Before the commit the plan can still fail over."""
    failure = listen(
        START, {"type": "error", "error": {"type": "overloaded_error", "message": "busy"}}
    ).failure
    assert failure is not None
    assert failure.kind is FailureKind.OVERLOADED


def test_files_made_by_code_execution_pin_later_calls() -> None:
    """Their ids live with the account."""
    result = {
        "type": "bash_code_execution_result",
        "content": [{"type": "bash_code_execution_output", "file_id": "file_9"}],
    }
    block = {"type": "bash_code_execution_tool_result", "tool_use_id": "s", "content": result}
    assert listen(
        {"type": "content_block_start", "index": 0, "content_block": block}
    ).issued_ids == ("file_9",)


def test_a_whole_answer_is_read_at_once() -> None:
    """And an error object in its place is a failure."""
    observer = UPSTREAM.observer()
    observer.whole(
        {
            "type": "message",
            "model": "m",
            "content": [{"type": "text", "text": "x"}],
            "stop_reason": "end_turn",
            "usage": {"input_tokens": 1, "output_tokens": 2},
        }
    )
    assert (observer.committed, observer.is_whole, observer.model) == (True, True, "m")
    failed = UPSTREAM.observer()
    failed.whole({"type": "error", "error": {"type": "api_error", "message": "m"}})
    assert (failed.failure is not None, failed.committed) == (True, False)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.binary(max_size=30)
        | st.sampled_from(
            [
                b"[]",
                b"3",
                b"{}",
                b'{"type": []}',
                b'{"type": "message_start", "message": 3}',
                b'{"type":"error"}',
            ]
        ),
        max_size=5,
    )
)
def test_anything_is_passed_over(data: list[bytes]) -> None:
    """What it cannot read it counts; the bytes go on regardless."""
    observer = UPSTREAM.observer()
    for each in data:
        observer.feed(Frame(None, each, each))
        assert UPSTREAM.usage_frame_only(Frame(None, each, each)) is False
    for body in (None, [], {"content": 3}, {"content": [{"type": []}], "usage": 3}):
        observer.whole(body)
    assert observer.is_whole in (True, False)
