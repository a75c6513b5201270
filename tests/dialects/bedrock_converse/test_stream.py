"""Converse streams: how they end, how they fail, and that nothing hostile breaks the grammar."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from uniapi.canonical import (
    Event,
    FailureKind,
    ResponseEnd,
    ResponseFailed,
    UsageReport,
    checked,
    fold,
)
from uniapi.dialects import UpstreamContext
from uniapi.dialects.bedrock_converse import UPSTREAM
from uniapi.wire import EventStreamDecoder, Frame, encode_message


def message(name: str, data: Any) -> bytes:
    kind = "exception" if name.endswith("Exception") else "event"
    return encode_message(
        {f":{kind}-type": name, ":content-type": "application/json", ":message-type": kind},
        json.dumps(data).encode(),
    )


TEXT = [
    message("messageStart", {"role": "assistant"}),
    message("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": "Hel"}}),
    message("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": "lo"}}),
    message("contentBlockStop", {"contentBlockIndex": 0}),
]
STOP = message("messageStop", {"stopReason": "end_turn"})
METADATA = message(
    "metadata",
    {"usage": {"inputTokens": 1, "outputTokens": 2, "totalTokens": 3}, "metrics": {"latencyMs": 7}},
)


def events_of(stream: bytes, sizes: list[int] | None = None) -> list[Event]:
    framer, decoder = EventStreamDecoder(), UPSTREAM.stream_decoder(UpstreamContext())
    events: list[Event] = []
    at = 0
    for size in [*(sizes or []), len(stream)]:
        for frame in framer.feed(stream[at : at + size]):
            events += decoder.feed(frame)
        at += size
    for frame in framer.eof():
        events += decoder.feed(frame)
    return list(checked(events + decoder.eof()))


def failure_of(stream: bytes) -> tuple[FailureKind, str]:
    last = events_of(stream)[-1]
    assert isinstance(last, ResponseFailed)
    return last.failure.kind, last.failure.message


def test_the_answer_ends_with_the_metadata_behind_its_stop() -> None:
    """The usage comes after `messageStop`, and the end waits for it."""
    events = events_of(b"".join([*TEXT, STOP, METADATA]))
    assert isinstance(events[-2], UsageReport)
    assert isinstance(events[-1], ResponseEnd)
    response = fold(events)
    assert (response.text, response.usage.total if response.usage else None) == ("Hello", 3)
    assert response.extensions["bedrock_converse"] == {"metrics": {"latencyMs": 7}}


def test_an_answer_without_metadata_ends_with_the_bytes() -> None:
    """A stop without usage is still a whole answer; the order of the two does not matter."""
    assert fold(events_of(b"".join([*TEXT, STOP]))).usage is None
    assert fold(events_of(b"".join([*TEXT, METADATA, STOP]))).text == "Hello"


def test_a_stream_without_its_stop_is_cut() -> None:
    """Bytes that just end are no whole answer."""
    assert failure_of(b"".join(TEXT))[0] == FailureKind.BROKEN
    assert failure_of(b"")[0] == FailureKind.BROKEN


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("throttlingException", FailureKind.RATE_LIMITED),
        ("modelStreamErrorException", FailureKind.MODEL_FAULT),
        ("internalServerException", FailureKind.SERVER_ERROR),
        ("serviceUnavailableException", FailureKind.OVERLOADED),
        ("modelTimeoutException", FailureKind.TIMEOUT),
        ("validationException", FailureKind.BAD_REQUEST),
        ("newException", FailureKind.SERVER_ERROR),
    ],
)
def test_exceptions_inside_the_stream(name: str, kind: FailureKind) -> None:
    """Each exception's class and words, before and after output."""
    failing = message(name, {"message": "No more."})
    assert (kind, "No more.") == failure_of(failing)
    assert (kind, "No more.") == failure_of(b"".join([*TEXT, failing, STOP]))


def test_an_unmodelled_error_is_a_failure() -> None:
    """An error message of the framing itself."""
    stream = encode_message(
        {":message-type": "error", ":error-code": "InternalFailure", ":error-message": "Oops"}, b""
    )
    assert failure_of(stream) == (FailureKind.SERVER_ERROR, "Oops")


def test_unknown_events_are_passed_over() -> None:
    """What a newer API adds does no harm."""
    assert (
        fold(events_of(b"".join([message("brandNew", {}), *TEXT, STOP, METADATA]))).text == "Hello"
    )


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(1, 60), max_size=20))
def test_any_split_gives_the_same_events(sizes: list[int]) -> None:
    """Events do not depend on how the bytes come."""
    stream = b"".join([*TEXT, STOP, METADATA])
    assert events_of(stream) == events_of(stream, sizes)


hostile = st.recursive(
    st.none() | st.booleans() | st.integers(0, 3) | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "contentBlockIndex",
                    "delta",
                    "start",
                    "text",
                    "toolUse",
                    "toolUseId",
                    "name",
                    "input",
                    "reasoningContent",
                    "signature",
                    "citation",
                    "usage",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=10,
)
names = st.sampled_from(
    [
        "messageStart",
        "contentBlockStart",
        "contentBlockDelta",
        "contentBlockStop",
        "messageStop",
        "metadata",
        "exception:x",
        None,
    ]
)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(names, hostile), max_size=6))
def test_hostile_frames_keep_the_grammar(frames: list[tuple[str | None, Any]]) -> None:
    """Wrong types anywhere end in a failure, never in an exception."""
    decoder = UPSTREAM.stream_decoder(UpstreamContext())
    events = [
        found
        for name, data in frames
        for found in decoder.feed(Frame(name, json.dumps(data).encode(), b""))
    ] + decoder.eof()
    last = list(checked(events))[-1]
    if isinstance(last, ResponseEnd):
        fold(events)
    else:
        assert isinstance(last, ResponseFailed)


def test_deep_nesting_and_bad_utf8_are_failures() -> None:
    """Bytes that are no JSON, and JSON that is a bomb."""
    for data in (b"[" * 100_000, b"\xff", b""):
        decoder = UPSTREAM.stream_decoder(UpstreamContext())
        (failed,) = [
            found
            for found in decoder.feed(Frame("contentBlockDelta", data, b""))
            if isinstance(found, ResponseFailed)
        ]
        assert failed.failure.kind == FailureKind.BROKEN
