"""Server-sent events cut into frames: any split, any line end, no byte lost."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from uniapi.errors import WireError
from uniapi.wire import Frame, SseDecoder, encode_comment, encode_sse
from uniapi.wire.frames import MAX_PLAIN_BYTES

STREAMS: list[tuple[bytes, list[tuple[str | None, bytes]]]] = [
    (b"data: a\n\ndata: b\n\n", [(None, b"a"), (None, b"b")]),
    (b"data:a\n\n", [(None, b"a")]),
    (b"data:  two spaces\n\n", [(None, b" two spaces")]),
    (b"event: ping\ndata: {}\n\n", [("ping", b"{}")]),
    (b"data: one\ndata: two\n\n", [(None, b"one\ntwo")]),
    (b"data: one\ndata\ndata: two\n\n", [(None, b"one\n\ntwo")]),
    (b": a comment\n\n", [(None, b"")]),
    (b": a comment\ndata: a\nid: 7\nretry: 10\nunknown\n\n", [(None, b"a")]),
    (b"data: a\r\n\r\ndata: b\r\n\r\n", [(None, b"a"), (None, b"b")]),
    (b"data: a\r\rdata: b\r\r", [(None, b"a"), (None, b"b")]),
    (b"data: a\n\r\ndata: b\r\n\n", [(None, b"a"), (None, b"b")]),
    (b"event: x\rdata: a\r\n\r\n", [("x", b"a")]),
    (b"\xef\xbb\xbfdata: a\n\n", [(None, b"a")]),
    (b"data: a\n\n\n\ndata: b\n\n", [(None, b"a"), (None, b""), (None, b"b")]),
    (b"data: cut off", [(None, b"cut off")]),
    (b"data: a\n\ndata: cut\n", [(None, b"a"), (None, b"cut")]),
    (b"data: cut\r", [(None, b"cut")]),
    ("data: é中\n\n".encode(), [(None, "é中".encode())]),
    (b"", []),
]


def decoded(pieces: list[bytes]) -> list[Frame]:
    decoder = SseDecoder()
    frames = [frame for piece in pieces for frame in decoder.feed(piece)]
    return frames + decoder.eof()


@pytest.mark.parametrize("stream, expected", STREAMS)
def test_frames_of_a_stream_in_one_piece(
    stream: bytes, expected: list[tuple[str | None, bytes]]
) -> None:
    """Fields are read as the specification says; a last event without its blank line is given at
    the end.
    """
    assert expected == [(frame.event, frame.data) for frame in decoded([stream])]


@pytest.mark.parametrize("stream, expected", STREAMS)
def test_frames_do_not_depend_on_the_split(
    stream: bytes, expected: list[tuple[str | None, bytes]]
) -> None:
    """Byte by byte, and cut in two at every place, the frames are the same."""
    splits = [[stream[index : index + 1] for index in range(len(stream))]]
    splits += [[stream[:cut], stream[cut:]] for cut in range(len(stream) + 1)]
    for pieces in splits:
        assert expected == [(frame.event, frame.data) for frame in decoded(pieces)]


LINES = st.sampled_from(
    [
        b"data: x",
        b"data: y z",
        b"event: e",
        b": c",
        b"",
        b"",
        b"data:",
        b"\xff\xfe",
        b"data: \xe4\xb8",
    ]
)
ENDS = st.sampled_from([b"\n", b"\r", b"\r\n"])


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(LINES, ENDS), max_size=12), st.lists(st.integers(0, 60), max_size=8))
def test_no_byte_is_lost_at_any_split(lines: list[tuple[bytes, bytes]], cuts: list[int]) -> None:
    """The raws joined are the input, and the frames equal those of the undivided input, whatever
    the line ends.
    """
    stream = b"".join(line + end for line, end in lines)
    places = sorted({min(cut, len(stream)) for cut in cuts} | {0, len(stream)})
    frames = decoded([stream[start:stop] for start, stop in itertools.pairwise(places)])
    assert stream == b"".join(frame.raw for frame in frames)
    assert decoded([stream]) == frames


def test_a_carriage_return_at_the_end_waits_for_a_line_feed() -> None:
    """`\\r\\n` cut between its bytes is one line end, not two."""
    decoder = SseDecoder()
    assert decoder.feed(b"event: e\r") == []
    assert decoder.feed(b"\ndata: a\r\n\r") == []
    assert [Frame("e", b"a", b"event: e\r\ndata: a\r\n\r\n")] == decoder.feed(b"\n")


def test_an_endless_event_is_refused() -> None:
    """More bytes than the bound without an end is no stream of events."""
    decoder = SseDecoder(max_frame_bytes=100)
    with pytest.raises(WireError, match="100 bytes"):
        decoder.feed(b"data: " + b"x" * 200)


def test_encoded_frames_are_read_back() -> None:
    """What we write is what a reader sees; a comment is seen by nobody."""
    stream = (
        encode_sse(b'{"a":1}')
        + encode_sse(b"{}", "ping")
        + encode_comment()
        + encode_comment("alive")
    )
    assert [(frame.event, frame.data) for frame in decoded([stream])] == [
        (None, b'{"a":1}'),
        ("ping", b"{}"),
        (None, b""),
        (None, b""),
    ]


@pytest.mark.parametrize("end", [b"\n\n", b"\r\n\r\n", b"\r\r", b"\n\r\n", b"\r\n\n"])
@pytest.mark.parametrize("size", [1000, 65536, 300_000])
@pytest.mark.parametrize("tail", range(1, 7))
def test_a_long_event_is_read_like_a_short_one(end: bytes, size: int, tail: int) -> None:
    """A picture in base64, its end cut anywhere, with nothing in between: what is put aside is put
    together again.
    """
    long = b"event: picture\ndata: " + b"A" * 900_000 + b"\ndata: B" + end
    stream = long + b"data: next" + end
    cut = len(long) - tail
    pieces = [stream[start : min(start + size, cut)] for start in range(0, cut, size)]
    pieces += [b"", *(stream[index : index + 1] for index in range(cut, len(stream)))]
    decoder = SseDecoder()
    frames = [frame for piece in pieces for frame in decoder.feed(piece)] + decoder.eof()
    assert [(frame.event, len(frame.data), frame.data[-2:]) for frame in frames] == [
        ("picture", 900_002, b"\nB"),
        (None, 4, b"xt"),
    ]
    assert b"".join(frame.raw for frame in frames) == stream


def test_a_long_event_that_is_cut_off_is_given_at_the_end_and_an_endless_one_refused() -> None:
    """Also while its pieces are only put aside."""
    decoder = SseDecoder()
    for _ in range(10):
        assert decoder.feed(b"data: " + b"A" * 100_000) == []
    (frame,) = decoder.eof()
    assert len(frame.raw) == 1_000_060
    decoder = SseDecoder(max_frame_bytes=1_000_000)
    assert [decoder.feed(b"A" * 100_000) for _ in range(10)] == [[]] * 10
    with pytest.raises(WireError, match="larger than 1000000 bytes"):
        decoder.feed(b"A" * 100_000)


def test_only_an_event_with_media_in_it_may_be_very_long() -> None:
    """Text of 8 MB in one event is no answer; a picture is one."""
    piece = b'"' + b"A" * 100_000 + b'",'
    pieces = MAX_PLAIN_BYTES // len(piece) + 1
    decoder = SseDecoder()
    assert [decoder.feed(piece) for _ in range(pieces)] == [[]] * pieces
    (frame,) = decoder.feed(b"\n\n")
    assert len(frame.raw) > MAX_PLAIN_BYTES
    words = piece.replace(b"AAAA", b"AA A")
    assert [decoder.feed(words) for _ in range(pieces - 1)] == [[]] * (pieces - 1)
    with pytest.raises(WireError, match=f"larger than {MAX_PLAIN_BYTES} bytes"):
        decoder.feed(words)
