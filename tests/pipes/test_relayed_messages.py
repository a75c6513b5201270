"""Relayed Messages answers that lack what every client of the dialect reads: usage, and the end."""

from __future__ import annotations

import json

import pytest

from uniapi.dialects.anthropic import UPSTREAM
from uniapi.dialects.openai_chat import UPSTREAM as CHAT
from uniapi.pipes.framing import frame_writer
from uniapi.pipes.relay import RelayStream, RelayWhole
from uniapi.wire import DONE, SseDecoder

USAGE = {"input_tokens": 5, "output_tokens": 1}
MESSAGE = {"id": "m", "type": "message", "role": "assistant", "model": "up", "content": []}
TEXT = (
    {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
    {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "hi"}},
    {"type": "content_block_stop", "index": 0},
)
WHY = {"type": "message_delta", "delta": {"stop_reason": "end_turn", "stop_sequence": None}}
STOP = {"type": "message_stop"}


def _start(**usage):
    return {"type": "message_start", "message": {**MESSAGE, **usage}}


def _raw(*bodies):
    return b"".join(
        b"event: %b\ndata: %b\n\n" % (body["type"].encode(), json.dumps(body).encode())
        for body in bodies
    )


def _relayed(raw, *, size=65536, model=None):
    """What the client gets of a stream that comes in chunks of `size`, and the pipe's report."""
    framer = SseDecoder()
    writer = frame_writer(framer, UPSTREAM, client_array=False, model=model, drops_usage=False)
    pipe = RelayStream(framer, UPSTREAM.observer(), lambda failure: [b"error"], writer)
    out = []
    for start in range(0, len(raw), size):
        out += pipe.feed(raw[start : start + size])
    told = b"".join(out)
    return told + b"".join(pipe.eof()), pipe.report


def _read(raw):
    return [json.loads(frame.data) for frame in SseDecoder().feed(raw) if frame.data[:1] == b"{"]


@pytest.mark.parametrize("model", [None, "mine"])
@pytest.mark.parametrize("stated", [{}, {"usage": None}])
def test_a_stream_without_usage_has_one_for_the_client(stated, model):
    """Claude Code reads `usage.input_tokens` of the first event and of the last, unasked."""
    raw = _raw(_start(**stated), *TEXT, {**WHY, **stated}, STOP)
    told, report = _relayed(raw, model=model)
    events = _read(told)
    message = {**MESSAGE, "model": model or "up"}
    zeros = {"input_tokens": 0, "output_tokens": 0}
    assert events[0] == {"type": "message_start", "message": {**message, "usage": zeros}}
    assert events[-2] == {**WHY, "usage": {"output_tokens": 0}}
    assert events[1:4] == list(TEXT)
    assert events[-1] == STOP
    assert report.is_whole
    assert report.usage is None, "what is not told is not counted as none"


@pytest.mark.parametrize("size", [1, 7, 40, 100, 250])
def test_what_is_missing_is_put_in_however_the_network_cuts_the_bytes(size):
    raw = _raw(_start(), *TEXT, WHY, STOP)
    assert _relayed(raw, size=size)[0] == _relayed(raw)[0]
    told, report = _relayed(_raw(_start(usage=USAGE), *TEXT, WHY, STOP), size=size)
    assert _read(told)[-2] == {**WHY, "usage": {"output_tokens": 0}}
    assert report.usage is not None
    assert report.usage.input_tokens == 5, "what the first event said is counted"


@pytest.mark.parametrize("size", [1, 100, 4096])
def test_bytes_are_the_same_however_they_are_cut(size):
    """A large event too, which is not kept back; and one that the end of the stream cuts."""
    long = {**TEXT[1], "delta": {"type": "text_delta", "text": "x" * 20_000}}
    raw = _raw(_start(usage=USAGE), *TEXT, long, {**WHY, "usage": USAGE}, STOP)
    assert _relayed(raw, size=size)[0] == raw
    cut = raw[: raw.index(b"event: message_delta") + 30]
    assert _relayed(cut, size=size)[0] == cut + b"\n\nerror"


def test_a_sound_stream_goes_on_as_it_came():
    raw = _raw(_start(usage=USAGE), *TEXT, {**WHY, "usage": USAGE}, STOP)
    assert _relayed(raw)[0] == raw


@pytest.mark.parametrize("rest", [b"", b"data: [DONE]\n\n"])
@pytest.mark.parametrize("model", [None, "mine"])
def test_a_stream_that_said_why_it_ended_gets_its_end(rest, model):
    """Anthropic's clients wait for `message_stop`, or call the stream cut off without it."""
    raw = _raw(_start(usage=USAGE), *TEXT, {**WHY, "usage": USAGE}) + rest
    told, report = _relayed(raw, model=model)
    assert _read(told)[-1] == STOP
    assert report.is_whole
    assert report.failure is None


def test_an_end_behind_a_last_line_that_was_left_open_is_an_event_of_its_own():
    raw = _raw(_start(usage=USAGE), *TEXT, {**WHY, "usage": USAGE})[:-1]
    assert _read(_relayed(raw)[0])[-2:] == [{**WHY, "usage": USAGE}, STOP]


@pytest.mark.parametrize("rest", [b"", b"data: [DONE]\n\n"])
def test_a_stream_that_just_ends_is_broken(rest):
    told, report = _relayed(_raw(_start(usage=USAGE), *TEXT) + rest)
    assert told.endswith(b"error")
    assert report.failure is not None


@pytest.mark.parametrize("stated", [{}, {"usage": None}])
def test_a_whole_answer_without_usage_has_one_for_the_client(stated):
    whole = {**MESSAGE, "content": [{"type": "text", "text": "hi"}], "stop_reason": "end_turn"}
    pipe = RelayWhole(UPSTREAM.observer())
    pipe.feed(json.dumps({**whole, **stated}).encode())
    (body,) = pipe.eof()
    assert json.loads(body) == {**whole, "usage": {"input_tokens": 0, "output_tokens": 0}}


def test_a_sound_whole_answer_goes_on_as_it_came():
    body = json.dumps({**MESSAGE, "content": [{"type": "text", "text": "h"}], "usage": USAGE})
    pipe = RelayWhole(UPSTREAM.observer())
    pipe.feed(body.encode())
    assert pipe.eof() == [body.encode()]


@pytest.mark.parametrize("model", [None, "mine"])
@pytest.mark.parametrize("size", [1, 7, 65536])
def test_an_end_that_was_cut_is_told_whole(size, model):
    """A proxy cuts `message_stop`: half an event would break the client's reader."""
    raw = _raw(_start(usage=USAGE), *TEXT, {**WHY, "usage": USAGE}, STOP)[:-20]
    told, report = _relayed(raw, size=size, model=model)
    assert _read(told)[-2:] == [{**WHY, "usage": USAGE}, STOP]
    assert report.is_whole


@pytest.mark.parametrize("end, told", [(b"", DONE), (DONE, DONE), (DONE[:9], DONE)])
def test_a_chat_that_said_why_it_ends_is_told_to_its_end(end, told):
    """Relays exist that send no `[DONE]`; clients exist that wait for it."""
    chunk = {
        "id": "c",
        "choices": [{"index": 0, "delta": {"content": "hi"}, "finish_reason": None}],
    }
    last = {"id": "c", "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}
    raw = b"".join(b"data: %b\n\n" % json.dumps(one).encode() for one in (chunk, last))
    pipe = RelayStream(SseDecoder(), CHAT.observer(), lambda failure: [b"error"])
    assert b"".join([*pipe.feed(raw + end), *pipe.eof()]) == raw + told
