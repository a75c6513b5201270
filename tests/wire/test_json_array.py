"""A streamed JSON array cut into objects: any split, any filling, no byte lost."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from uniapi.errors import WireError
from uniapi.wire import Frame, JsonArrayDecoder, JsonArrayWriter
from uniapi.wire.frames import MAX_PLAIN_BYTES

STREAMS: list[tuple[bytes, list[bytes]]] = [
    (b'[{"a": 1},\n{"b": 2}]', [b'{"a": 1}', b'{"b": 2}']),
    (b'[{"a": 1}\n,\r\n{"b": 2}\n]\n', [b'{"a": 1}', b'{"b": 2}']),
    (b'[\n  {\n    "a": {"b": [1, {"c": 2}]}\n  }\n]', [b'{\n    "a": {"b": [1, {"c": 2}]}\n  }']),
    (b'{"error": {"code": 429}}', [b'{"error": {"code": 429}}']),
    (b'{"a": 1}\n{"b": 2}\n', [b'{"a": 1}', b'{"b": 2}']),
    (rb'[{"a": "} \" { \\"}, {"b": "\\\\"}]', [rb'{"a": "} \" { \\"}', rb'{"b": "\\\\"}']),
    ('[{"a": "é中"}]'.encode(), ['{"a": "é中"}'.encode()]),
    (b'\xef\xbb\xbf[{"a": 1}]', [b'{"a": 1}']),
    (b"[]", []),
    (b"", []),
]


def decoded(pieces: list[bytes]) -> list[Frame]:
    decoder = JsonArrayDecoder()
    frames = [frame for piece in pieces for frame in decoder.feed(piece)]
    return frames + decoder.eof()


@pytest.mark.parametrize("stream, expected", STREAMS)
def test_objects_do_not_depend_on_the_split(stream: bytes, expected: list[bytes]) -> None:
    """In one piece, byte by byte, and cut in two at every place, the objects are the same and every
    byte is in a frame.
    """
    splits = [[stream], [stream[index : index + 1] for index in range(len(stream))]]
    splits += [[stream[:cut], stream[cut:]] for cut in range(len(stream) + 1)]
    for pieces in splits:
        frames = decoded(pieces)
        assert expected == [frame.data for frame in frames if frame.data]
        assert stream == b"".join(frame.raw for frame in frames)


def test_an_object_is_given_as_soon_as_it_ends() -> None:
    """A client of a stream does not wait for the comma."""
    decoder = JsonArrayDecoder()
    assert decoder.feed(b'[{"a": 1') == []
    assert [frame.data for frame in decoder.feed(b"}")] == [b'{"a": 1}']


@pytest.mark.parametrize("stream", [b"<html>", b'["text"]', b"[1, 2]", b'[{"a": 1}, x]', b"}"])
def test_bytes_that_are_no_array_of_objects(stream: bytes) -> None:
    """What cannot begin an object is refused with a quote of it."""
    with pytest.raises(WireError, match="expected a JSON array of objects"):
        decoded([stream])


@pytest.mark.parametrize("stream", [b'[{"a": 1', b'[{"a": "x', b'[{"a": 1}, {', b'[{"a": "\\'])
def test_an_object_cut_off_by_the_end(stream: bytes) -> None:
    """A cut stream does not look whole."""
    with pytest.raises(WireError, match="ended inside an object"):
        decoded([stream])


def test_an_endless_object_is_bounded() -> None:
    """Memory is bounded by the largest frame allowed."""
    decoder = JsonArrayDecoder(max_frame_bytes=100)
    with pytest.raises(WireError, match="larger than 100 bytes"):
        decoder.feed(b'[{"a": "' + b"x" * 200)


def test_only_an_object_with_media_in_it_may_be_very_long() -> None:
    """A picture may; what is text, or a member without an end, may not."""
    data = b'[{"a": "' + b"A" * MAX_PLAIN_BYTES + b'"}'
    assert [len(frame.raw) for frame in JsonArrayDecoder().feed(data)] == [len(data)]
    assert JsonArrayDecoder().feed(data[:-2]) == []
    with pytest.raises(WireError, match=f"larger than {MAX_PLAIN_BYTES} bytes"):
        JsonArrayDecoder().feed(data.replace(b"AAAA", b"AA A")[:-2])


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3)
    ),
    max_leaves=8,
)


@settings(max_examples=40, deadline=None)
@given(
    objects=st.lists(st.dictionaries(st.text(max_size=4), VALUES, max_size=3), max_size=4),
    sizes=st.lists(st.integers(1, 9), min_size=1),
)
def test_what_the_writer_writes_the_decoder_reads(
    objects: list[dict[str, object]], sizes: list[int]
) -> None:
    """Written elements form one JSON array, and come out of any split as they went in."""
    writer = JsonArrayWriter()
    stream = b"".join(
        [*(writer.element(json.dumps(each).encode()) for each in objects), writer.close()]
    )
    assert objects == json.loads(stream)
    pieces, at = [], 0
    while at < len(stream):
        size = sizes[len(pieces) % len(sizes)]
        pieces.append(stream[at : at + size])
        at += size
    assert objects == [json.loads(frame.data) for frame in decoded(pieces) if frame.data]


def test_a_writer_that_joins_an_array_others_began() -> None:
    """The next element follows a comma, not a second bracket."""
    assert JsonArrayWriter(is_open=True).element(b'{"b": 2}') == b',\n{"b": 2}'
