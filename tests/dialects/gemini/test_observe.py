"""The observer of a relayed answer: what it learns, and that nothing disturbs it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from uniapi.canonical import FailureKind, Finish
from uniapi.dialects.gemini import UPSTREAM
from uniapi.dialects.gemini.observe import GeminiObserver
from uniapi.wire import Frame


def chunk(
    *parts: dict[str, Any], usage: dict[str, Any] | None = None, **candidate: Any
) -> dict[str, Any]:
    body: dict[str, Any] = {
        "candidates": [{"content": {"parts": list(parts)}, "index": 0, **candidate}],
        "modelVersion": "m",
    }
    return body if usage is None else {**body, "usageMetadata": usage}


def observed(*chunks: Any) -> GeminiObserver:
    observer = GeminiObserver()
    for each in chunks:
        data = each if isinstance(each, bytes) else json.dumps(each).encode()
        observer.feed(Frame(None, data, data))
    return observer


def test_a_whole_stream() -> None:
    """Output commits, figures are cumulative, the finish ends."""
    observer = observed(
        chunk({"text": "a"}, usage={"promptTokenCount": 3}),
        chunk(
            {"text": 'b "usageMetadata": {'},
            usage={"promptTokenCount": 3, "candidatesTokenCount": 5},
        ),
    )
    assert (observer.committed, observer.is_whole, observer.model) == (True, False, "m")
    assert observer.usage is not None
    assert observer.usage.output_tokens == 5
    observer = observed(
        chunk({"text": "a"}),
        chunk(finishReason="STOP"),
        {"usageMetadata": {"promptTokenCount": 3, "candidatesTokenCount": 9}},
    )
    assert (observer.is_whole, observer.finish) == (
        True,
        Finish(reason="stop", native="STOP", dialect="gemini"),
    )
    assert observer.usage is not None
    assert observer.usage.output_tokens == 9
    assert observer.unreadable == 0


COMMITS: list[tuple[dict[str, Any], bool]] = [
    ({"text": ""}, False),
    ({"text": "a"}, True),
    ({"text": "hm", "thought": True}, True),
    ({"text": "", "thoughtSignature": "QUJD"}, True),
    ({"functionCall": {"name": "f"}}, True),
    ({"inlineData": {"mimeType": "image/png", "data": "AAAA"}}, True),
    ({}, False),
]


@pytest.mark.parametrize("part, expected", COMMITS)
def test_what_commits(part: dict[str, Any], expected: bool) -> None:
    """Text, thoughts, signatures, calls and media do; empty text does not."""
    assert observed(chunk(part)).committed is expected


def test_calls_decide_the_finish() -> None:
    """A call seen earlier makes STOP a finish for tools, whether its chunk was parsed or probed."""
    for chunks in (
        (chunk({"functionCall": {"name": "f"}}),),
        (chunk({"text": "a"}), chunk({"functionCall": {"name": "f"}})),
    ):
        finish = observed(*chunks, chunk(finishReason="STOP")).finish
        assert finish is not None
        assert finish.reason == "tool_calls"


def test_failures_and_blocks() -> None:
    """An error object is a failure; a blocked prompt is whole."""
    observer = observed(
        [{"error": {"code": 429, "message": "slow", "status": "RESOURCE_EXHAUSTED"}}]
    )
    assert observer.failure is not None
    assert (observer.failure.kind, observer.is_whole) == (FailureKind.RATE_LIMITED, False)
    blocked = observed({"promptFeedback": {"blockReason": "SAFETY"}})
    assert (blocked.is_whole, blocked.committed, blocked.finish) == (
        True,
        False,
        Finish(reason="content_filter", native="SAFETY", dialect="gemini"),
    )


def test_frames_it_cannot_read() -> None:
    """They are counted; comments and an end mark are not."""
    observer = observed(b"", b"[DONE]", b"{broken", b"5", b'"text"')
    assert (observer.unreadable, observer.committed) == (3, False)
    assert observed(chunk({"text": "a"}), b'{"usageMetadata": {').unreadable == 1


def test_a_whole_answer() -> None:
    """The same facts from one body."""
    observer = UPSTREAM.observer()
    observer.whole(
        chunk(
            {"text": "a"},
            usage={"promptTokenCount": 3, "candidatesTokenCount": 1},
            finishReason="MAX_TOKENS",
        )
    )
    assert (observer.committed, observer.is_whole, observer.finish) == (
        True,
        True,
        Finish(reason="length", native="MAX_TOKENS", dialect="gemini"),
    )
    failed = GeminiObserver()
    failed.whole({"error": {"code": 500, "message": "x", "status": "INTERNAL"}})
    assert (failed.is_whole, failed.failure is not None) == (False, True)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from(["", "STOP", "a"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "candidates",
                    "content",
                    "parts",
                    "text",
                    "finishReason",
                    "usageMetadata",
                    "error",
                    "promptFeedback",
                    "functionCall",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@settings(max_examples=40, deadline=None)
@given(bodies=st.lists(JSON, max_size=3), rest=st.binary(max_size=20))
def test_it_never_raises(bodies: list[Any], rest: bytes) -> None:
    """Whatever goes by, it listens on."""
    observer = observed(*bodies, rest, b"[" * 100_000, chunk({"text": "a"}))
    assert observer.committed
