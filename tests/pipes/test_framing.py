"""Relays in another framing: payloads byte for byte, at any split, and an array that is always
closed.
"""

import json
from functools import partial
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from uniapi.canonical import Failure
from uniapi.dialects import CLIENT_DIALECTS, UPSTREAM_DIALECTS, InvokeFramer, ReplyContext
from uniapi.pipes.choose import ending
from uniapi.pipes.framing import frame_writer, framing_of, labelled, with_model
from uniapi.pipes.relay import RelayStream
from uniapi.wire import EventStreamDecoder, JsonArrayDecoder, ResponseHead, SseDecoder

GEMINI = UPSTREAM_DIALECTS["gemini"]
PAYLOADS = [
    b'{"candidates":[{"content":{"parts":[{"text":"a"}],"role":"model"}}], "v": 1.50}',
    b'{"candidates":[{"finishReason":"STOP"}],"modelVersion":"up"}',
]
PRETTY = (
    b'{\r\n  "candidates": [{"content": {"parts": [{"text": "a\\n"}]}, "finishReason": "STOP"}]\n}'
)


def pipe(framer, *, array, model=None):
    context = ReplyContext(
        requested_model="m", id_seed="1", created_s=1, framing="json_array" if array else "sse"
    )
    writer = frame_writer(framer, GEMINI, client_array=array, model=model, drops_usage=False)
    return RelayStream(
        framer, GEMINI.observer(), partial(ending, CLIENT_DIALECTS["gemini"], context), writer
    )


def run(reader, data, cuts=()):
    edges = [0, *sorted(cut for cut in cuts if cut <= len(data)), len(data)]
    out = [piece for start, end in pairwise(edges) for piece in reader.feed(data[start:end])]
    return b"".join(out + reader.eof())


SSE = b"".join(b"data: " + payload + b"\r\n\r\n" for payload in PAYLOADS)
ARRAY = b"[" + PAYLOADS[0] + b"\n,\r\n" + PAYLOADS[1] + b"\n]\n"
CASES = [
    (SseDecoder, SSE, False, SSE),
    (SseDecoder, SSE, True, b"[" + b",\n".join(PAYLOADS) + b"]"),
    (JsonArrayDecoder, ARRAY, True, ARRAY),
    (
        JsonArrayDecoder,
        ARRAY,
        False,
        b"".join(b"data: " + payload + b"\n\n" for payload in PAYLOADS),
    ),
]


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(CASES), st.lists(st.integers(0, 400), max_size=8))
def test_payloads_are_the_same_in_every_framing_at_any_split(case, cuts):
    """Two framings upstream, two for the client."""
    framer, data, array, expected = case
    assert expected == run(pipe(framer(), array=array), data, cuts)


def test_a_pretty_printed_object_stays_one_event():
    """An event's data must not hold line breaks; inside JSON's strings there are none."""
    out = run(pipe(JsonArrayDecoder(), array=False), b"[" + PRETTY + b"]")
    assert out.count(b"\n") == 2
    assert json.loads(out[6:]) == json.loads(PRETTY)


def test_comments_and_done_marks_have_no_place_in_an_array():
    """Some proxies send them."""
    out = run(pipe(SseDecoder(), array=True), b": hello\n\n" + SSE + b"data: [DONE]\n\n")
    assert json.loads(out) == [json.loads(payload) for payload in PAYLOADS]


@pytest.mark.parametrize("framer, data", [(SseDecoder, SSE[:100]), (JsonArrayDecoder, ARRAY[:100])])
def test_a_broken_stream_is_still_an_array(framer, data):
    """The error is the last element, whether the upstream's connection fails or its bytes
    just end.
    """
    for finish in (lambda reader: reader.abort(Failure.cut("gone")), lambda reader: reader.eof()):
        reader = pipe(framer(), array=True)
        value = json.loads(b"".join(reader.feed(data) + finish(reader)))
        assert (value[0], value[-1]["error"]["code"]) == (json.loads(PAYLOADS[0]), 502)


def test_a_name_is_spliced_and_nothing_else():
    """In the elements of an array, what stands between them included."""
    assert run(pipe(JsonArrayDecoder(), array=True, model="m"), ARRAY) == ARRAY.replace(
        b'"up"', b'"m"'
    )
    assert with_model(b"[DONE]", GEMINI, "m") == b"[DONE]"


@pytest.mark.parametrize(
    "content_type, dialect, stream, kind",
    [
        ("text/event-stream", "anthropic", True, SseDecoder),
        ("application/vnd.amazon.eventstream", "anthropic", True, InvokeFramer),
        ("application/vnd.amazon.eventstream", "bedrock_converse", True, EventStreamDecoder),
        ("application/json", "gemini", True, JsonArrayDecoder),
        ("application/json", "gemini", False, None),
        ("application/json", "openai_chat", True, None),
        ("text/plain", "openai_chat", True, SseDecoder),
        ("", "bedrock_converse", True, EventStreamDecoder),
    ],
)
def test_the_content_type_decides_how_an_answer_is_cut(content_type, dialect, stream, kind):
    """Upstreams do not always do as they are asked."""
    head = ResponseHead(status=200, headers={"content-type": content_type} if content_type else {})
    assert framing_of(head, UPSTREAM_DIALECTS[dialect], stream) is kind


def test_an_error_after_a_cut_event_is_an_event_of_its_own():
    """Also when the frames are rewritten on their way: the cut one is closed first."""
    for model in (None, "m"):
        out = run(pipe(SseDecoder(), array=False, model=model), SSE[:100])
        last = out.decode().replace("\r\n", "\n").strip().split("\n\n")[-1]
        assert json.loads(last.removeprefix("data: "))["error"]["code"] == 502


@pytest.mark.parametrize(
    "content_type, start, expected",
    [
        ("application/json", b"data: {}", "text/event-stream"),
        ("", b"\xef\xbb\xbf\nevent: x", "text/event-stream"),
        ("text/html", b": OPENROUTER PROCESSING", "text/event-stream"),
        ("text/event-stream", b'{"id": 1}', "application/json"),
        ("text/event-stream; charset=utf-8", b"\r\n[", "application/json"),
        ("text/event-stream", b"data: {}", "text/event-stream"),
        ("application/json", b'{"data": 1}', "application/json"),
        ("audio/mpeg", b"data:", "audio/mpeg"),
    ],
)
def test_a_body_is_known_by_its_first_bytes(content_type, start, expected):
    """Whatever it is called; pictures and sounds are what they are called."""
    head = ResponseHead(status=200, headers={"content-type": content_type})
    assert labelled(head, start).content_type == expected
