"""Claude by invoke: what comes out is what Anthropic would have streamed."""

from __future__ import annotations

import base64
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from uniapi.dialects import InvokeFramer
from uniapi.errors import WireError
from uniapi.wire import Frame, encode_message

DELTA = (
    '{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hü"}}'.encode()
)
STOP = b'{"amazon-bedrock-invocationMetrics":{"inputTokenCount":1},"type":"message_stop"}'


def chunk(inner: bytes) -> bytes:
    payload = json.dumps({"bytes": base64.b64encode(inner).decode(), "p": "abc"}).encode()
    return encode_message(
        {":event-type": "chunk", ":content-type": "application/json", ":message-type": "event"},
        payload,
    )


def exception(name: str, message: str) -> bytes:
    return encode_message(
        {":exception-type": name, ":message-type": "exception"},
        json.dumps({"message": message}).encode(),
    )


STREAM = chunk(DELTA) + chunk(STOP) + exception("throttlingException", "Slow down.")
FRAMES = [
    Frame("content_block_delta", DELTA, b"event: content_block_delta\ndata: " + DELTA + b"\n\n"),
    Frame("message_stop", STOP, b"event: message_stop\ndata: " + STOP + b"\n\n"),
    Frame(
        "error",
        b'{"type":"error","error":{"type":"rate_limit_error","message":"Slow down."}}',
        (
            b"event: error\n"
            b"data: "
            b'{"type":"error","error":{"type":"rate_limit_error","message":"Slow down."}}\n'
            b"\n"
        ),
    ),
]


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(1, 90), max_size=20))
def test_events_come_out_as_anthropic_frames_them(sizes: list[int]) -> None:
    """The model's bytes are untouched, in any split; an exception is an error event."""
    framer = InvokeFramer()
    frames: list[Frame] = []
    at = 0
    for size in [*sizes, len(STREAM)]:
        frames += framer.feed(STREAM[at : at + size])
        at += size
    assert frames + framer.eof() == FRAMES


def test_signals_without_an_event_are_passed_over() -> None:
    """AWS may open a stream with a message of its own."""
    assert (
        InvokeFramer().feed(
            encode_message({":event-type": "initial-response", ":message-type": "event"}, b"{}")
        )
        == []
    )


@pytest.mark.parametrize("stream", [b"event: ping\ndata: {}\n\n", chunk(b"no json"), STREAM[:-1]])
def test_what_is_no_such_stream_is_refused(stream: bytes) -> None:
    """Other framings, chunks without JSON, and a stream cut off."""
    framer = InvokeFramer()
    with pytest.raises(WireError):
        framer.feed(stream) and framer.eof()
