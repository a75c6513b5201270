"""Mutated bytes for everything that cuts a stranger's bytes into frames or splices them, in this
process, tens of thousands a second: events, JSON arrays, AWS messages, HTTP answers, forms, text
templates, spliced members, JSON. Whatever comes out is the same for any split of the bytes, and
what is read the fast way is what is read in full. Nothing but a WireError may come out. No test.

    .venv/bin/python tests/endurance/fuzz_wire.py [--count 100000] [--seed 1]
"""

import argparse
import json
import random
import sys
import time
import traceback
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "endurance")]

from fuzz import CHAT, CLAUDE, FORM, GEMINI, RESPONSES, mutated  # noqa: E402
from ground import DIALECTS, RENDERERS, Reply, error, tell  # noqa: E402

from uniapi.errors import WireError  # noqa: E402
from uniapi.wire import (  # noqa: E402
    Alike,
    EventStreamDecoder,
    JsonArrayDecoder,
    Members,
    MemberSplice,
    MultipartScanner,
    ResponseParser,
    SseDecoder,
    decode_message,
    encode_message,
    insert_member,
    load_json,
    splice_member,
    splice_text,
)

MOST_SHOWN = 20


def corpus():
    """Answers of the six dialects, whole and streamed: (media type, bytes)."""
    calls = (("c1", "f", {"a": 1}),)
    replies = [Reply(text="all is well"), Reply(text="ö\n", calls=calls, reasoning="hm")]
    made = [
        RENDERERS[dialect](reply, streams)
        for dialect in DIALECTS
        for reply in replies
        for streams in (False, True)
    ]
    made += [error(dialect, status) for dialect in DIALECTS for status in (400, 429)]
    return [(one.content_type, b"".join(one.pieces)) for one in made]


CORPUS = corpus()
EVENTS = [data for _, data in CORPUS if b"data: " in data]
BODIES = [data for kind, data in CORPUS if kind.startswith("application/json")]
BODIES += [json.dumps(body).encode() for body in (CHAT, CLAUDE, GEMINI, RESPONSES)]
OBJECTS = [data for data in BODIES if data.startswith(b"{")]
ARRAYS = [b"[" + b"\r\n,\n".join(OBJECTS[at : at + 2]) + b"]\n" for at in range(len(OBJECTS) - 1)]
FRAMES = [
    line[6:] for data in EVENTS for line in data.split(b"\n") if line.startswith(b"data: {")
] + OBJECTS
MESSAGES = [
    encode_message({":event-type": "contentBlockDelta", ":message-type": "event", "n": 1}, frame)
    for frame in FRAMES[:12]
]
SEPARATORS = (b"\n\n", b"\r\n\r\n", b"\r\r", b"\n\r\n", b"\r\n\n", b"\n", b"\r", b": x\n\n")
MEMBERS = (b'"text"', b'"content"', b'"delta"', b'"id"', b'"model"')


PATTERNS = [
    (frame, member, alike)
    for frame in FRAMES
    for member in MEMBERS
    if (alike := Alike.of(b"data: %b\n\n" % frame, Members((member,)))) is not None
]
TWINS = (b'"model"', b'"mod\\u0065l"', b'"\\u0074ext"', b'"stream"', b'"i\\u0064"', b'"x"')
"""Names of members that stand twice, however they are spelled."""
LETTERS = (
    b"a",
    b" ",
    b"\\n",
    b"\\",
    b"\\u00e9",
    b"\\ud83d",
    b"\xc3\xa9",
    b"1",
    b"\xff",
    b"'",
    b"{}",
    b"-",
)


def nudged(data, rng):
    """Broken badly, or by one small thing in one place, which often still can be read."""
    if rng.random() < 0.4:
        return mutated(data, rng)
    at = rng.randrange(len(data) + 1)
    kept = rng.choice((0, 0, 1))
    return data[:at] + rng.choice(LETTERS) + data[at + kept :]


class Refused(Exception):
    """In any split, as it should be."""


def cut(rng, data):
    """In pieces, some of one byte."""
    pieces = []
    while data:
        size = rng.choice((1, 2, 7, 50, 5000))
        pieces.append(data[:size])
        data = data[size:]
    return pieces


def framed(framer, pieces):
    """(frames, what it raised)."""
    frames = []
    try:
        for piece in pieces:
            frames += framer.feed(piece)
        frames += framer.eof()
    except WireError:
        return frames, True
    return frames, False


def same_in_any_split(rng, make, data, *, is_sound=False):
    """The frames, which no split changes; all their bytes together are those that were read. What
    is sound is not refused.
    """
    frames, is_refused = framed(make(), [data])
    others, was_refused = framed(make(), cut(rng, data))
    assert is_refused == was_refused, f"whole {is_refused}, in pieces {was_refused}: {data!r}"
    if is_refused:
        assert not is_sound, f"{data!r} is refused"
        raise Refused
    assert frames == others, f"{frames} whole, {others} in pieces"
    assert b"".join(frame.raw for frame in frames) == data, f"bytes of {data!r} are gone"
    return frames


def events(rng):
    data = rng.choice(EVENTS)
    if rng.random() < 0.3:
        data = data.replace(b"\n\n", rng.choice(SEPARATORS[:5]))
    if rng.random() < 0.9:
        same_in_any_split(rng, SseDecoder, nudged(data, rng))
        return
    lines = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
    expected = [line[6:] for line in lines if line.startswith(b"data: ")]
    frames = same_in_any_split(rng, SseDecoder, data, is_sound=True)
    read = [frame.data for frame in frames if frame.data]
    assert read == expected, f"{read} of {data!r}"


def arrays(rng):
    if rng.random() < 0.9:
        same_in_any_split(rng, JsonArrayDecoder, nudged(rng.choice(ARRAYS), rng))
        return
    objects = rng.choices(OBJECTS, k=3)
    data = b"[" + rng.choice((b",", b"", b"\r\n,\n", b"\n")).join(objects) + b"]"
    frames = same_in_any_split(rng, JsonArrayDecoder, data, is_sound=True)
    read = [frame.data for frame in frames if frame.data]
    assert read == objects, f"{read} of {data!r}"


def messages(rng):
    """Of AWS, whose checksums find nearly every accident: half keep theirs."""
    data = b"".join(rng.choices(MESSAGES, k=rng.choice((1, 2, 3))))
    if rng.random() < 0.5:
        same_in_any_split(rng, EventStreamDecoder, nudged(data, rng))
        return
    frame = nudged(rng.choice(FRAMES), rng)
    name = rng.choice((":event-type", ":exception-type", "é", "x" * 100))
    data += encode_message({name: rng.choice((1, True, b"x", "text", -(2**40)))}, frame)
    *_, last = same_in_any_split(rng, EventStreamDecoder, data, is_sound=True)
    message = decode_message(last.raw)
    assert (message.payload, list(message.headers)) == (frame, [name]), f"{message} of {data!r}"


HEADS = (
    b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\nx: y\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n",
    b"HTTP/1.0 429 Too Many Requests\r\nretry-after: 1\r\nset-cookie: a\r\nset-cookie: b\r\n\r\n",
    b"HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n",
    b"HTTP/1.1 200\nconnection: keep-alive\ncontent-length: %d\n\n",
)


def http_answers(rng):
    content = rng.choice(FRAMES)[: rng.choice((0, 5, 100, 3000))]
    head = rng.choice(HEADS)
    if b"%d" in head:
        data = head % len(content) + content
    elif b"chunked" in head:
        sizes = [content[at : at + 90] for at in range(0, len(content), 90)]
        chunks = [b"%x\r\n%b\r\n" % (len(one), one) for one in sizes]
        data = head + b"".join(chunks) + b"0\r\n\r\n"
    else:
        data = head + content
    is_sound = rng.random() < 0.1
    data = data if is_sound else nudged(data, rng)
    whole, pieces = read_answer([data]), read_answer(cut(rng, data))
    assert whole == pieces, f"{whole} whole, {pieces} in pieces: {data!r}"
    if is_sound:
        expected = b"" if b" 204 " in head else content
        assert whole[1:] == (expected, True, False), f"{whole} of {data!r}"
    if whole[-1]:
        raise Refused


def read_answer(pieces):
    """(heads, body, whether it ended, whether it was refused). Of what is refused there is no
    body: how much of it came before depends on the split.
    """
    parser, heads, body = ResponseParser("POST"), [], []
    try:
        for piece in pieces:
            received = parser.feed(piece)
            heads += [received.head] if received.head is not None else []
            body += received.pieces
            if received.is_end:
                return heads, b"".join(body), True, False
        received = parser.eof()
        return heads, b"".join([*body, *received.pieces]), received.is_end, False
    except WireError:
        return [], b"", False, True


def forms(rng):
    is_sound = rng.random() < 0.05
    data = FORM if is_sound else nudged(FORM, rng)
    whole, pieces = read_form([data]), read_form(cut(rng, data))
    assert whole == pieces, f"{whole} whole, {pieces} in pieces: {data!r}"
    if is_sound:
        assert [part.name for part in whole.parts] == ["model", "file"], f"{whole} of {data!r}"
    if whole is None:
        raise Refused


def read_form(pieces):
    reader = MultipartScanner(b"b")
    try:
        for piece in pieces:
            reader.feed(piece)
        return reader.eof()
    except WireError:
        return None


def patterns(rng):
    """A frame that is alike another says what it says when it is read in full."""
    frame, member, alike = rng.choice(PATTERNS)
    text = rng.choice(("x", "\\u00e9\\n", "\\ud83d", "", 'a"b', "\\", "1", 'x" ', "\\u00e9/"))
    before = alike.run(b"data: %b\n\n" % frame)
    at = frame.index(b'"', frame.index(member) + len(member)) + 1
    other = frame[:at] + text.encode() + frame[at + len(before.texts[0]) :]
    other = nudged(other, rng) if rng.random() < 0.5 else other
    run = alike.run(b"data: %b\n\n" % other)
    if run is None or run.end < len(other):
        return
    value = json.loads(other)
    expected = [run.text] if run.text != before.text else []
    assert _strings_at(value, json.loads(frame)) == expected, f"{run.text!r} was read in {other!r}"


def _strings_at(value, before):
    """What in `value` differs from what stands there in `before`."""
    found = []
    pairs = [(value, before)]
    while pairs:
        one, other = pairs.pop()
        if isinstance(one, dict) and isinstance(other, dict) and list(one) == list(other):
            pairs += [(one[name], other[name]) for name in one]
        elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
            pairs += zip(one, other, strict=True)
        elif one != other:
            found.append(one)
    return found


def splices(rng):
    """A member that is replaced in the bytes is the member that is replaced in the value."""
    body = nudged(rng.choice(OBJECTS), rng) if rng.random() < 0.7 else rng.choice(OBJECTS)
    if rng.random() < 0.3:
        body = b"{" + twin(rng) + b"," + body[1:]
    elif rng.random() < 0.2:
        body = body[:-1] + b"," + twin(rng) + b"}"
    name, value = rng.choice(("model", "stream", "id", "text", "x")), rng.choice(("m", True, "é"))
    spliced = splice_member(body, (name,), value)
    told = parsed(body)
    if isinstance(told, dict) and told.get(name) is not None:
        expected = {**told, name: value}
        assert spliced is None or parsed(spliced) == expected, f"{body!r} became {spliced!r}"
        if isinstance(told[name], str) and isinstance(value, str):
            quick = splice_text(body, name, told[name], value)
            assert quick is None or parsed(quick) == expected, f"{body!r} became {quick!r}"
        if spliced is not None:
            _splice_again(rng, body, spliced, name, value)
    inserted = insert_member(body, "stream_options", {})
    if isinstance(told, dict) and inserted is not None:
        assert parsed(inserted) == {**told, "stream_options": {}}, f"{body!r} became {inserted!r}"


def twin(rng):
    return rng.choice(TWINS) + b':"x"'


def _splice_again(rng, body, spliced, name, value):
    again = MemberSplice.of(body, spliced, name)
    if again is None:
        return
    rest = body[len(again.head) :]
    other = again.head + (nudged(rest, rng) if rng.random() < 0.5 else b"," + twin(rng) + rest)
    done, told = again.splice(other), parsed(other)
    if done is None or not isinstance(told, dict):
        return
    expected = {**told, name: value}
    assert parsed(done) == expected, f"{other!r} became {done!r}"


def parsed(data):
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return None


def values(rng):
    load_json(nudged(rng.choice(BODIES), rng))


DOORS = (events, arrays, messages, http_answers, forms, patterns, splices, values)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    rng, began = random.Random(chosen.seed), time.monotonic()
    inputs, refused, spent, faults, slowest = Counter(), Counter(), Counter(), {}, 0.0
    for _ in range(chosen.count):
        door = rng.choice(DOORS)
        inputs[door.__name__] += 1
        start = time.process_time()
        try:
            door(rng)
        except (Refused, WireError):
            refused[door.__name__] += 1
        except Exception as fault:
            place = traceback.extract_tb(fault.__traceback__)[-1]
            name = f"{door.__name__}: {type(fault).__name__} at {place.filename}:{place.lineno}"
            if len(faults) < MOST_SHOWN:
                faults.setdefault(name, "".join(traceback.format_exception(fault))[-3000:])
        took = time.process_time() - start
        spent[door.__name__] += took
        slowest = max(slowest, took)
    figures = {
        "seconds": round(time.monotonic() - began),
        "seed": chosen.seed,
        "inputs": chosen.count,
        "doors": inputs,
        "refused": refused,
        "cpu_us": {name: round(spent[name] / inputs[name] * 1e6) for name in inputs},
        "slowest_s": round(slowest, 3),
    }
    return tell("fuzz_wire", figures, [f"{name}\n{text}" for name, text in faults.items()])


if __name__ == "__main__":
    sys.exit(main())
