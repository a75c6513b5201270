"""Most frames of a stream differ in their text alone, and are not read in full: whatever comes, and
however it is split, nothing is learned or written that reading every frame in full would not give.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator

import pytest

from uniapi.dialects import CLIENT_DIALECTS, UPSTREAM_DIALECTS
from uniapi.dialects.dialect import RelayedDialect
from uniapi.errors import WireError
from uniapi.pipes.framing import frame_writer, with_model
from uniapi.wire import MemberSplice, ResponseParser, SseDecoder, encode_sse

TEXTS = (
    "Hi",
    " there",
    "",
    'a "quoted" word',
    "back\\slash\n\ttab",
    "é 你好 🎉",
    '"finish_reason":"stop"',
    '{"error":{"message":"no"}}',
    '"usage":{"prompt_tokens":1}',
    "data: [DONE]",
    "\ud83d",
)
MODEL = "gpt-x"


def chat_frames(rng: random.Random) -> Iterator[bytes]:
    ascii_only = rng.random() < 0.5
    envelope = {"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": MODEL}

    def frame(delta, finish=None, **more):
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
        value = {**envelope, "choices": [choice], **more}
        text = json.dumps(value, ensure_ascii=ascii_only, separators=(",", ":"))
        return encode_sse(text.encode("utf-8", "surrogatepass"))

    yield frame({"role": "assistant", "content": ""})
    for _ in range(rng.randrange(12)):
        kind = rng.randrange(12)
        if kind < 8:
            yield frame({"content": rng.choice(TEXTS)})
        elif kind == 8:
            yield frame({"content": rng.choice(TEXTS)}, usage=None)
        elif kind == 9:
            call = {"index": 0, "id": "t", "function": {"name": "f", "arguments": "{}"}}
            yield frame({"tool_calls": [call]})
        elif kind == 10:
            yield rng.choice(
                (b": ping\n\n", b"\n\n", b"data: [DONE\n\n", b"event: x\ndata: {}\n\n")
            )
        else:
            yield frame({"content": "x"}, usage={"prompt_tokens": 3, "completion_tokens": 4})
    ending = rng.randrange(4)
    if ending == 0:
        yield encode_sse(b'{"error":{"message":"broken","code":500}}')
    if ending < 3:
        yield frame({}, "stop")
        usage = {"prompt_tokens": 3, "completion_tokens": 5, "total_tokens": 8}
        yield encode_sse(json.dumps({**envelope, "choices": [], "usage": usage}).encode())
        yield b"data: [DONE]\n\n"


def messages_frames(rng: random.Random) -> Iterator[bytes]:
    def frame(value):
        text = json.dumps(value, ensure_ascii=rng.random() < 0.3, separators=(",", ":"))
        return encode_sse(text.encode("utf-8", "surrogatepass"), value["type"])

    usage = {"input_tokens": 3, "output_tokens": 1}
    message = {"id": "m1", "type": "message", "role": "assistant", "model": MODEL, "content": []}
    yield frame({"type": "message_start", "message": {**message, "usage": usage}})
    for index in range(rng.randrange(1, 4)):
        is_text = rng.random() < 0.8
        block = {"type": "text", "text": ""} if is_text else {"type": "thinking", "thinking": ""}
        yield frame({"type": "content_block_start", "index": index, "content_block": block})
        for _ in range(rng.randrange(8)):
            kind = ("text", "text_delta") if is_text else ("thinking", "thinking_delta")
            delta = {"type": kind[1], kind[0]: rng.choice(TEXTS)}
            yield frame({"type": "content_block_delta", "index": index, "delta": delta})
            if rng.random() < 0.1:
                yield frame({"type": "ping"})
        yield frame({"type": "content_block_stop", "index": index})
    if rng.random() < 0.8:
        delta = {"stop_reason": "end_turn", "stop_sequence": None}
        yield frame({"type": "message_delta", "delta": delta, "usage": {"output_tokens": 9}})
        yield frame({"type": "message_stop"})


STREAMS = {"openai_chat": chat_frames, "anthropic": messages_frames}


def pieces(data: bytes, rng: random.Random) -> Iterator[bytes]:
    at = 0
    while at < len(data):
        size = rng.choice((1, 7, 60, 500, 5000))
        yield data[at : at + size]
        at += size


class ReadsAll:
    """An observer that reads every frame."""

    def __init__(self, observer):
        self._observer = observer

    def take(self, frames):
        for frame in frames:
            committed, self._observer.committed = self._observer.committed, False
            self._observer.feed(frame)
            self._observer.committed = committed or self._observer.committed


LEARNED = ("committed", "is_whole", "is_over", "usage", "finish", "model", "failure", "issued_ids")


@pytest.mark.parametrize("name", STREAMS)
def test_an_observer_learns_the_same_whether_it_skims_or_reads(name):
    dialect = UPSTREAM_DIALECTS[name]
    assert isinstance(dialect, RelayedDialect)
    for seed in range(400):
        rng = random.Random(f"{name}{seed}")
        data = b"".join(STREAMS[name](rng))
        fast, full = dialect.observer(), dialect.observer()
        framer, reading = SseDecoder(), ReadsAll(full)
        for piece in pieces(data, rng):
            frames = framer.feed(piece)
            fast.take(frames)
            reading.take(frames)
        for learned in LEARNED:
            assert getattr(fast, learned) == getattr(full, learned), (seed, learned)


@pytest.mark.parametrize("name", STREAMS)
@pytest.mark.parametrize("drops_usage", [False, True])
def test_a_writer_splices_alike_frames_as_it_would_each(name, drops_usage):
    dialect = UPSTREAM_DIALECTS[name]
    for seed in range(200):
        rng = random.Random(f"{name}{seed}")
        data = b"".join(STREAMS[name](rng))
        framer = SseDecoder()
        settings = {"client_array": False, "model": "alias", "drops_usage": drops_usage}
        writer = frame_writer(framer, dialect, **settings)
        written = []
        expected = []
        for piece in pieces(data, rng):
            frames = framer.feed(piece)
            written += writer.frames(frames)
            for frame in frames:
                # A writer that has seen no other frame.
                expected += frame_writer(framer, dialect, **settings).frames([frame])
        assert b"".join(written) == b"".join(expected), seed


@pytest.mark.parametrize(
    "body, expected",
    [
        (b'{"id":"1","model":"a","x":2}', b'{"id":"1","model":"new","x":2}'),
        (b'{"id":"1","model":"a","model":"b"}', None),
        (b'{"id":"1","model":"a","\\u006dodel":"b"}', None),
        (b'{"id":"1","model":"a","t":"\\u00e9"}', b'{"id":"1","model":"new","t":"\\u00e9"}'),
        (b'{"id":"2","model":"a","x":2}', None),
        (b'{"id":"1","model":"ab","x":2}', None),
        (
            b'{"id":"1","model":"a","t":"\\"model\\":\\"z\\""}',
            b'{"id":"1","model":"new","t":"\\"model\\":\\"z\\""}',
        ),
    ],
)
def test_a_splice_that_is_known_is_made_where_it_is_sure(body, expected):
    first = b'{"id":"1","model":"a","x":1}'
    known = MemberSplice.of(
        first, with_model(first, UPSTREAM_DIALECTS["openai_chat"], "new"), "model"
    )
    assert known is not None
    assert known.splice(body) == expected


def test_a_splice_of_a_later_member_is_not_taken_for_the_first():
    body = b'{"x":{"model":"a"},"model":"a"}'
    spliced = with_model(body, UPSTREAM_DIALECTS["openai_chat"], "new")
    assert spliced == b'{"x":{"model":"a"},"model":"new"}'
    assert MemberSplice.of(body, spliced, "model") is None


def test_chunks_of_http_come_out_alike_at_any_split():
    rng = random.Random(7)
    for _ in range(200):
        chunks = [rng.randbytes(rng.choice((1, 2, 30, 300))) for _ in range(rng.randrange(8))]
        sizes = [
            f"{len(chunk):{rng.choice('xX')}}{rng.choice(('', ';a=b', ' '))}" for chunk in chunks
        ]
        body = b"".join(
            size.encode() + b"\r\n" + chunk + b"\r\n"
            for size, chunk in zip(sizes, chunks, strict=True)
        )
        head = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
        parser, got, is_end = ResponseParser("GET"), b"", False
        for piece in pieces(head + body + b"0\r\n\r\n", rng):
            chunk = parser.chunk(piece)
            if chunk is not None:
                got += chunk
                continue
            received = parser.feed(piece)
            got += b"".join(received.pieces)
            is_end = received.is_end
        assert (got, is_end, parser.keeps_alive) == (b"".join(chunks), True, True)


def body_of(pieces):
    """What a parser makes of an answer in these pieces: its body, and how it ended."""
    parser, body = ResponseParser("GET"), b""
    parser.feed(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
    try:
        for piece in pieces:
            chunk = parser.chunk(piece)
            if chunk is not None:
                body += chunk
                continue
            received = parser.feed(piece)
            body += b"".join(received.pieces)
            if received.is_end:
                return body, "whole"
    except WireError:
        return body, "broken"
    return body, "goes on"


ODD_SIZES = (
    "+5",
    "0x5",
    " 5",
    "5 ",
    "5_0",
    "",
    "\n5",
    "05",
    "000000005",
    "5;x=y",
    "g",
    "-5",
    "5\r",
)


def test_odd_chunks_of_http_are_judged_alike_whether_they_come_at_once_or_by_the_byte():
    rng = random.Random(8)
    verdicts = set()
    for _ in range(400):
        body = b""
        for _ in range(rng.randrange(1, 6)):
            chunk = rng.choice((b"hello", b"a\r\nb\n", b"5\r\nx\r\n", b"0\r\n\r\n", b"\r\n\r\n5"))
            size = rng.choice(ODD_SIZES) if rng.random() < 0.2 else f"{len(chunk):x}"
            body += b"%b\r\n%b%b" % (size.encode(), chunk, rng.choice((b"\r\n",) * 9 + (b"\n",)))
        body += rng.choice((b"0\r\n\r\n", b"0\r\nx: y\r\n\r\n", b"", b"5"))
        by_the_byte = body_of(body[at : at + 1] for at in range(len(body)))
        verdicts.add(by_the_byte[1])
        for got in (body_of([body]), body_of(pieces(body, rng))):
            # Of a broken answer the bytes before the break may be gone.
            assert got[1] == by_the_byte[1], body
            assert got[1] == "broken" or got[0] == by_the_byte[0], body
    assert verdicts == {"whole", "broken", "goes on"}


def test_every_client_dialect_is_relayed_by_an_observer_that_skims():
    for name in CLIENT_DIALECTS:
        dialect = UPSTREAM_DIALECTS[name]
        assert isinstance(dialect, RelayedDialect)
        observer = dialect.observer()
        observer.committed = True
        assert observer.skim([], 0) == 0
