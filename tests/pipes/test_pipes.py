"""Pipes without any network: a relay is exact, a cut never looks whole, whole and streamed say the
same.
"""

import itertools
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from uniapi.canonical import Failure, FailureKind, unfold
from uniapi.dialects import CLIENT_DIALECTS, UPSTREAM_DIALECTS, ReplyContext, UpstreamContext
from uniapi.pipes.framing import frame_writer
from uniapi.pipes.pipe import MAX_UNCOMMITTED_BYTES, MAX_WHOLE_BYTES
from uniapi.pipes.relay import RelayStream, RelayWhole
from uniapi.pipes.translate import Fold, TranslateStream, TranslateWhole, Unfold
from uniapi.wire import DONE, SseDecoder, dump_json

CHAT = UPSTREAM_DIALECTS["openai_chat"]
MESSAGES = UPSTREAM_DIALECTS["anthropic"]
CONTEXT = ReplyContext(requested_model="m", id_seed="0123456789abcdef01234567", created_s=1)


def chunk(**choice):
    return (
        b"data: "
        + json.dumps(
            {
                "id": "1",
                "object": "chat.completion.chunk",
                "created": 1,
                "model": "up",
                "choices": [{"index": 0, **choice}],
            }
        ).encode()
        + b"\n\n"
    )


GOOD = (
    chunk(delta={"role": "assistant", "content": "he"})
    + b": ping\r\n\r\n"
    + chunk(delta={"content": "llo \xe4"}, finish_reason=None)
    + chunk(delta={}, finish_reason="stop")
    + b"data: [DONE]\n\n"
)
CORPUS = [
    GOOD,
    GOOD.replace(b"\n", b"\r\n"),
    GOOD.replace(b"\n\n", b"\r\r"),
    b"event: odd\ndata: nonsense\n\n" + GOOD,
    b"\xff\xfe\x00 no stream at all",
    GOOD[: len(GOOD) // 2],
    b"",
    b"data: {\n\n" * 3 + GOOD,
]
WHOLE = {
    "id": "1",
    "object": "chat.completion",
    "created": 1,
    "model": "up",
    "choices": [
        {"index": 0, "message": {"role": "assistant", "content": "hello"}, "finish_reason": "stop"}
    ],
    "usage": {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5},
}


def ending(failure):
    encoder = CLIENT_DIALECTS["openai_chat"].stream_encoder(CONTEXT)
    encoder.join_midway()
    return encoder.feed(_failed(failure))


def _failed(failure):
    from uniapi.canonical import ResponseFailed

    return ResponseFailed(failure=failure)


def relay():
    return RelayStream(SseDecoder(), CHAT.observer(), ending)


def translation():
    return TranslateStream(
        SseDecoder(),
        CHAT.stream_decoder(UpstreamContext()),
        CLIENT_DIALECTS["anthropic"].stream_encoder(CONTEXT),
    )


def split(raw, cuts):
    edges = [0, *sorted(cut % (len(raw) + 1) for cut in cuts), len(raw)]
    return [raw[start:end] for start, end in itertools.pairwise(edges)]


@settings(max_examples=40)
@given(st.sampled_from(CORPUS), st.lists(st.integers(0, 10_000), max_size=8))
def test_a_relay_is_exact_whatever_the_split_and_whatever_the_bytes(raw, cuts):
    """Bytes out are bytes in, malformed input included; only an error frame may follow a stream
    that never ended.
    """
    pipe = relay()
    fed = b"".join(out for piece in split(raw, cuts) if piece for out in pipe.feed(piece))
    assert fed == raw
    rest = b"".join(pipe.eof())
    assert (rest == b"") == (pipe.report.is_whole or pipe.report.failure.kind is FailureKind.EMPTY)


def test_a_cut_frame_is_closed_before_the_error():
    """The error must be a frame of its own for the client's reader."""
    pipe = relay()
    pipe.feed(GOOD[:-40])
    rest = b"".join(pipe.eof())
    assert rest.startswith(b"\n\n")
    assert b'"error"' in rest
    assert pipe.report.failure.kind is FailureKind.BROKEN


@pytest.mark.parametrize("model", [None, "mine"])
@pytest.mark.parametrize("length", range(len(b"data: [D"), len(DONE)))
def test_an_end_that_was_cut_is_written_out(length, model):
    """Who reads lines takes `[DON` for a chunk that is no JSON. `[D` begins nothing else, so the
    stream did end, whether it gave a reason before or not.
    """
    for chunks in (GOOD, GOOD.replace(b'"stop"', b"null")):
        raw = chunks.removesuffix(DONE) + DONE[:length]
        framer = SseDecoder()
        writer = frame_writer(framer, CHAT, client_array=False, model=model, drops_usage=False)
        pipe = RelayStream(framer, CHAT.observer(), ending, writer)
        told = b"".join(pipe.feed(raw) + pipe.eof())
        assert told.endswith(b"\n\n" + DONE)
        assert told.count(DONE) == 1
        assert pipe.report.is_whole


@pytest.mark.parametrize("length", range(len(b"data: [D"), len(DONE)))
def test_an_end_that_was_cut_is_one_in_another_dialect_too(length):
    encoder = CLIENT_DIALECTS["anthropic"].stream_encoder(CONTEXT)
    pipe = TranslateStream(SseDecoder(), CHAT.stream_decoder(UpstreamContext()), encoder)
    told = b"".join(pipe.feed(GOOD.removesuffix(DONE) + DONE[:length]) + pipe.eof())
    assert b'"message_stop"' in told
    assert b'"error"' not in told


def test_a_relay_notices_the_commit_the_usage_and_the_end():
    """The observer listens on the side."""
    pipe = relay()
    pipe.feed(chunk(delta={"role": "assistant", "content": ""}))
    assert not pipe.report.committed
    pipe.feed(GOOD)
    pipe.eof()
    assert (pipe.report.committed, pipe.report.is_whole, pipe.report.finish.reason) == (
        True,
        True,
        "stop",
    )


@pytest.mark.parametrize(
    "body, kind",
    [
        (b"<html>", FailureKind.BROKEN),
        (b"", FailureKind.BROKEN),
        (b'{"choices": []}', FailureKind.BROKEN),
        (b'{"error": {"message": "no", "code": 500}}', None),
    ],
)
def test_a_whole_relay_that_is_no_answer_is_a_failure(body, kind):
    """HTML, nothing, an empty answer, an error object in a 200."""
    pipe = RelayWhole(CHAT.observer())
    pipe.feed(body)
    pipe.eof()
    assert pipe.report.failure is not None
    assert kind is None or pipe.report.failure.kind is kind


def folding():
    return Fold(
        SseDecoder(),
        CHAT.stream_decoder(UpstreamContext()),
        lambda response: CLIENT_DIALECTS["anthropic"].encode_response(response, CONTEXT),
        dump_json,
    )


def test_events_with_nothing_in_them_do_not_add_up_to_an_answer():
    """What is held back for a client before the answer begins is bounded; behind it nothing is."""
    empty = chunk(delta={"role": "assistant", "content": ""})
    times = MAX_UNCOMMITTED_BYTES // len(empty) + 1
    for make in (relay, translation):
        pipe = make()
        pipe.feed(empty * times)
        assert pipe.report.failure is not None
        pipe = make()
        pipe.feed(chunk(delta={"content": "hello"}) + empty * times)
        assert pipe.report.failure is None


def test_a_stream_that_is_folded_is_as_long_as_a_whole_answer_at_most():
    """Signs of life and unread members count too: the client waits for all of it."""
    fold = folding()
    beat = b": " + b"x" * (1024 * 1024) + b"\n\n"
    for _ in range(MAX_WHOLE_BYTES // len(beat)):
        fold.feed(beat)
    assert fold.report.failure is None
    fold.feed(beat)
    assert fold.report.failure is not None


def test_folding_a_stream_and_translating_the_whole_agree():
    """A client that wants a whole answer reads the same from both."""
    upstream = UpstreamContext()
    fold = folding()
    fold.feed(
        chunk(delta={"role": "assistant", "content": "hel"})
        + chunk(delta={"content": "lo"})
        + chunk(delta={}, finish_reason="stop")
    )
    fold.feed(
        b'data: {"id":"1","object":"chat.completion.chunk",'
        b'"created":1,"model":"up","choices":[],"usage":{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5}}\n'
        b"\n"
        b"data: [DONE]\n"
        b"\n"
    )
    whole = TranslateWhole(
        lambda body: CHAT.decode_response(body, upstream),
        lambda response: CLIENT_DIALECTS["anthropic"].encode_response(response, CONTEXT),
        dump_json,
    )
    whole.feed(json.dumps(WHOLE).encode())
    folded, translated = json.loads(fold.eof()[0]), json.loads(whole.eof()[0])
    assert folded["content"] == translated["content"] == [{"type": "text", "text": "hello"}]
    assert folded["usage"] == translated["usage"]


def test_unfolding_a_whole_answer_gives_a_stream():
    """The upstream would not stream; the client reads a stream all the same."""
    pipe = Unfold(
        lambda body: CHAT.decode_response(body, UpstreamContext()),
        CLIENT_DIALECTS["anthropic"].stream_encoder(CONTEXT),
    )
    pipe.feed(json.dumps(WHOLE).encode())
    text = b"".join(pipe.eof()).decode()
    assert text.startswith("event: message_start")
    assert "hello" in text
    assert text.rstrip().endswith('{"type":"message_stop"}')


@pytest.mark.parametrize("cut", [1, len(GOOD) // 3, len(GOOD) - 30])
def test_a_translated_stream_that_is_cut_ends_in_an_error_of_the_clients_dialect(cut):
    """Anthropic clients read `event: error`, and no message_stop."""
    pipe = TranslateStream(
        SseDecoder(),
        CHAT.stream_decoder(UpstreamContext()),
        CLIENT_DIALECTS["anthropic"].stream_encoder(CONTEXT),
    )
    out = b"".join(pipe.feed(GOOD[:cut]) + pipe.eof())
    assert b"event: error" in out
    assert b"message_stop" not in out
    assert pipe.report.failure is not None


def test_an_abort_ends_a_stream_properly():
    """A timeout after the commit is told in the client's words."""
    pipe = TranslateStream(
        SseDecoder(),
        CHAT.stream_decoder(UpstreamContext()),
        CLIENT_DIALECTS["anthropic"].stream_encoder(CONTEXT),
    )
    pipe.feed(chunk(delta={"content": "x"}))
    out = b"".join(pipe.abort(Failure(kind=FailureKind.TIMEOUT, message="too slow")))
    assert b"too slow" in out
    assert pipe.eof() == [] or pipe.report.failure.kind is FailureKind.TIMEOUT


def test_unfold_needs_an_event_grammar():
    """What unfold emits is what the encoders of every client accept."""
    response = CHAT.decode_response(WHOLE, UpstreamContext())
    for dialect in CLIENT_DIALECTS.values():
        encoder = dialect.stream_encoder(CONTEXT)
        data = b"".join(data for event in unfold(response) for data in encoder.feed(event))
        assert b"hello" in data


def test_a_failed_answer_says_how_it_ended():
    """Gemini gives up on a call it cannot write, and its word says so."""
    gemini = UPSTREAM_DIALECTS["gemini"]
    body = {
        "candidates": [
            {"finishReason": "MALFORMED_FUNCTION_CALL", "finishMessage": "call:print(", "index": 0}
        ]
    }
    pipe = TranslateWhole(
        lambda value: gemini.decode_response(value, UpstreamContext()),
        lambda response: CLIENT_DIALECTS["openai_chat"].encode_response(response, CONTEXT),
        dump_json,
    )
    pipe.feed(dump_json(body))
    pipe.eof()
    assert pipe.report.failure.kind is FailureKind.MODEL_FAULT
    assert (
        pipe.report.failure.message
        == "the answer ended in failure (MALFORMED_FUNCTION_CALL: call:print()"
    )


EMPTY = {
    "type": "message",
    "id": "msg_1",
    "role": "assistant",
    "model": "m",
    "content": [],
    "stop_sequence": None,
    "usage": {"input_tokens": 3, "output_tokens": 2},
}


def _decoded(body):
    return MESSAGES.decode_response(body, UpstreamContext())


@pytest.mark.parametrize(
    ("may_end_empty", "reason", "is_whole"),
    [(True, "end_turn", True), (False, "end_turn", False), (True, "stop_sequence", False)],
)
def test_claude_may_have_nothing_to_add_to_a_result(may_end_empty, reason, is_whole):
    """Relayed and translated alike; any other empty answer is a failed attempt."""
    pipes = (
        RelayWhole(MESSAGES.observer(), None),
        TranslateWhole(
            _decoded,
            lambda response: CLIENT_DIALECTS["openai_chat"].encode_response(response, CONTEXT),
            dump_json,
        ),
    )
    for pipe in pipes:
        pipe.report.may_end_empty = may_end_empty
        pipe.feed(json.dumps({**EMPTY, "stop_reason": reason}).encode())
        pipe.eof()
        assert pipe.report.committed is is_whole
        assert (pipe.report.failure is None) is is_whole
