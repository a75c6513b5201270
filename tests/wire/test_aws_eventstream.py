"""AWS's event stream: messages out of bytes in any split, checksums kept, every header type,
nothing kept for impossible lengths.
"""

from __future__ import annotations

import base64
import json
import struct
import uuid
import zlib

import pytest
from botocore.eventstream import EventStreamBuffer
from hypothesis import given, settings
from hypothesis import strategies as st

from uniapi.errors import WireError
from uniapi.wire import EventStreamDecoder, Frame, decode_message, encode_message, unwrap_chunk
from uniapi.wire.aws_eventstream import HeaderValue

EVENT = {
    ":event-type": "contentBlockDelta",
    ":content-type": "application/json",
    ":message-type": "event",
}
EVENTS = [
    encode_message({**EVENT, ":event-type": "messageStart"}, b'{"role":"assistant"}'),
    encode_message(EVENT, '{"contentBlockIndex":0,"delta":{"text":"ü"}}'.encode()),
    encode_message(EVENT, b""),
    encode_message(
        {":exception-type": "throttlingException", ":message-type": "exception"},
        b'{"message":"slow down"}',
    ),
]

header_values = st.one_of(
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.binary(max_size=30),
    st.text(max_size=30),
    st.uuids(),
)


def frames_of(stream: bytes) -> list[Frame]:
    decoder = EventStreamDecoder()
    return decoder.feed(stream) + decoder.eof()


def with_bytes(message: bytes, at: int, replacement: bytes) -> bytes:
    return message[:at] + replacement + message[at + len(replacement) :]


def with_good_checksums(message: bytes) -> bytes:
    prelude = message[:8] + struct.pack(">I", zlib.crc32(message[:8]))
    body = prelude + message[12:-4]
    return body + struct.pack(">I", zlib.crc32(body))


def raw_headers(block: bytes) -> bytes:
    """A message whose header block is `block`, checksums right."""
    return with_good_checksums(
        struct.pack(">II", 16 + len(block), len(block)) + b"\0\0\0\0" + block + b"\0\0\0\0"
    )


def test_frames_carry_name_payload_and_their_own_bytes() -> None:
    """Events by their type, exceptions behind a prefix; the raw bytes are the message."""
    frames = EventStreamDecoder().feed(b"".join(EVENTS))
    assert [frame.event for frame in frames] == [
        "messageStart",
        "contentBlockDelta",
        "contentBlockDelta",
        "exception:throttlingException",
    ]
    assert '{"contentBlockIndex":0,"delta":{"text":"ü"}}'.encode() == frames[1].data
    assert [frame.raw for frame in frames] == EVENTS


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(1, 40), max_size=30))
def test_any_split_gives_the_same_frames(sizes: list[int]) -> None:
    """Bytes may come in any pieces, single ones included."""
    stream = b"".join(EVENTS)
    decoder = EventStreamDecoder()
    frames = []
    at = 0
    for size in [*sizes, *[1] * 20, len(stream)]:
        frames += decoder.feed(stream[at : at + size])
        at += size
    assert EventStreamDecoder().feed(stream) == frames + decoder.eof()


@settings(max_examples=40, deadline=None)
@given(
    st.dictionaries(st.text(min_size=1, max_size=20), header_values, max_size=6),
    st.binary(max_size=60),
)
def test_a_message_survives_the_round_trip(headers: dict[str, HeaderValue], payload: bytes) -> None:
    """Every header value, whatever its type, comes back as it went."""
    message = decode_message(encode_message(headers, payload))
    assert (headers, payload) == (message.headers, message.payload)


def test_botocore_reads_what_we_write() -> None:
    """AWS's own reader finds the same headers and payload."""
    buffer = EventStreamBuffer()
    headers: dict[str, HeaderValue] = {
        ":event-type": "chunk",
        "count": 3,
        "yes": True,
        "no": False,
        "bytes": b"\x00\x01",
    }
    buffer.add_data(encode_message(headers, b"{}"))
    found = next(buffer)
    assert (headers, b"{}") == (found.headers, found.payload)


def test_every_header_type_of_the_format_is_read() -> None:
    """Narrow integers, timestamps and UUIDs too, though we do not write them."""
    identity = uuid.UUID("00112233-4455-6677-8899-aabbccddeeff")
    block = (
        b"\x01a\x00\x01b\x01"
        + (b"\x01c\x02" + struct.pack(">b", -5))
        + (b"\x01d\x03" + struct.pack(">h", -300))
        + (b"\x01e\x04" + struct.pack(">i", 70_000))
        + (b"\x01f\x05" + struct.pack(">q", -(2**40)))
        + b"\x01g\x06\x00\x02\xff\xfe"
        + b"\x01h\x07\x00\x02\xc3\xbc"
        + (b"\x01i\x08" + struct.pack(">q", 1_700_000_000_000))
        + (b"\x01j\x09" + identity.bytes)
    )
    expected = {
        "a": True,
        "b": False,
        "c": -5,
        "d": -300,
        "e": 70_000,
        "f": -(2**40),
        "g": b"\xff\xfe",
        "h": "ü",
        "i": 1_700_000_000_000,
        "j": identity,
    }
    assert expected == decode_message(raw_headers(block)).headers


def test_an_error_message_without_payload_says_its_text() -> None:
    """Unmodelled errors have their words in headers."""
    message = encode_message(
        {
            ":message-type": "error",
            ":error-code": "InternalError",
            ":error-message": "An internal server error occurred",
        },
        b"",
    )
    (frame,) = EventStreamDecoder().feed(message)
    assert (frame.event, frame.data) == (
        "error:InternalError",
        b"An internal server error occurred",
    )


@pytest.mark.parametrize(
    ("stream", "words"),
    [
        (with_bytes(EVENTS[1], 8, b"\0\0\0\0"), "checksum of an event-stream prelude"),
        (
            with_bytes(EVENTS[1], len(EVENTS[1]) - 4, b"\0\0\0\0"),
            "checksum of an event-stream message",
        ),
        (with_bytes(EVENTS[1], 20, b"\xff"), "checksum of an event-stream message"),
        (b'{"message":"The security token is invalid"}', "no AWS event stream"),
        (b"data: {}\n\ndata: {}\n\n", "no AWS event stream"),
        (with_good_checksums(struct.pack(">II", 15, 0) + bytes(8)), "of 15 bytes"),
        (with_good_checksums(struct.pack(">II", 2**32 - 1, 0) + bytes(8)), "of 4294967295 bytes"),
        (with_good_checksums(struct.pack(">II", 20, 5) + bytes(12)), "5 bytes of headers"),
        (raw_headers(b"\x05ab"), "malformed event-stream headers"),
        (raw_headers(b"\x01a\x0a"), "malformed event-stream headers"),
        (raw_headers(b"\x01a\x07\xff\xffab"), "malformed event-stream headers"),
        (raw_headers(b"\x01a\x07\x00\x01\xff"), "malformed event-stream headers"),
        (raw_headers(b"\x01a\x09abc"), "malformed event-stream headers"),
    ],
)
def test_what_is_no_event_stream_is_refused(stream: bytes, words: str) -> None:
    """Bad checksums, impossible lengths and malformed headers are WireErrors that say which."""
    with pytest.raises(WireError, match=words):
        EventStreamDecoder().feed(stream)


def test_an_impossible_length_is_refused_before_its_bytes_come() -> None:
    """The prelude alone decides; nothing is collected for it."""
    prelude = struct.pack(">II", 1 << 30, 0)
    with pytest.raises(WireError, match="of 1073741824 bytes"):
        EventStreamDecoder().feed(prelude + struct.pack(">I", zlib.crc32(prelude)))


def test_an_end_inside_a_message_is_refused() -> None:
    """A stream cut off is not a stream that ended."""
    decoder = EventStreamDecoder()
    assert decoder.feed(EVENTS[0][:-1]) == []
    with pytest.raises(WireError, match="ended inside a message"):
        decoder.eof()


@settings(max_examples=40, deadline=None)
@given(st.integers(0, len(EVENTS[1]) - 1), st.integers(1, 255))
def test_any_flipped_byte_is_noticed(at: int, flip: int) -> None:
    """No single spoilt byte passes the checksums."""
    spoilt = with_bytes(EVENTS[1], at, bytes([EVENTS[1][at] ^ flip]))
    with pytest.raises(WireError):
        frames_of(spoilt)


@settings(max_examples=40, deadline=None)
@given(st.binary(max_size=60))
def test_any_header_block_is_read_or_refused(block: bytes) -> None:
    """Hostile headers behind good checksums give headers or a WireError, nothing else."""
    try:
        headers = decode_message(raw_headers(block)).headers
    except WireError:
        return
    assert all(isinstance(name, str) for name in headers)


@pytest.mark.parametrize("headers", [{"": "x"}, {"n" * 256: "x"}, {"n": "x" * 40_000}])
def test_what_the_format_cannot_hold_is_not_written(headers: dict[str, HeaderValue]) -> None:
    """Names and values have their bounds."""
    with pytest.raises(ValueError, match="header"):
        encode_message(headers, b"")


def test_a_chunk_of_invoke_is_opened() -> None:
    """The payload of `InvokeModelWithResponseStream` wraps the model's own event in base64."""
    inner = b'{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hi"}}'
    assert inner == unwrap_chunk(
        json.dumps({"bytes": base64.b64encode(inner).decode(), "p": "abcdef"}).encode()
    )


@pytest.mark.parametrize(
    "data", [b"", b"[]", b'{"bytes":1}', b'{"bytes":"%%%"}', b'{"bytes":"abc"}', b"{"]
)
def test_what_is_no_chunk_is_refused(data: bytes) -> None:
    """Anything else is a WireError."""
    with pytest.raises(WireError):
        unwrap_chunk(data)
