"""AWS's binary event stream (`application/vnd.amazon.eventstream`), incrementally: what Bedrock
frames its streamed answers in.

A message is a 12-byte prelude (total length, headers length, CRC32 of these eight bytes), headers,
payload, and the CRC32 of all before it, integers big-endian:
https://docs.aws.amazon.com/AmazonS3/latest/API/RESTSelectObjectAppendix.html and
https://smithy.io/2.0/aws/amazon-eventstream.html. Rules: both checksums are verified; lengths are
bounded before anything is kept for them; nothing is guessed after a bad byte, since without its
length a message has no end.
"""

from __future__ import annotations

import base64
import binascii
import struct
import zlib
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, NamedTuple, TypeAlias, Union

from uniapi.errors import WireError

from .frames import Frame, load_json

if TYPE_CHECKING:
    from uuid import UUID

HeaderValue: TypeAlias = Union[bool, int, bytes, str, "UUID"]

MAX_MESSAGE_BYTES = 8 * 1024 * 1024
"""As any other event; AWS itself would send 16 MiB."""
MAX_HEADERS_BYTES = 128 * 1024

_PRELUDE_BYTES = 12
_CRC_BYTES = 4
_OVERHEAD = _PRELUDE_BYTES + _CRC_BYTES

EXCEPTION_PREFIX = "exception:"
"""A modelled exception's frame is named `exception:throttlingException`."""
ERROR_PREFIX = "error:"
"""An unmodelled error's frame is named `error:InternalError`; its message, when there is no
payload, becomes one.
"""


class EventStreamMessage(NamedTuple):
    """One message as it stands on the wire."""

    headers: dict[str, HeaderValue]
    payload: bytes


class EventStreamDecoder:
    """Bytes in any split → frames: `event` is the `:event-type`, or the exception's or error's type
    behind its prefix; `data` the payload.

    Concatenating every `raw` gives the input back. Raises WireError on a bad checksum, an
    impossible length, or a message cut off by the end.
    """

    def __init__(self, max_message_bytes: int = MAX_MESSAGE_BYTES) -> None:
        self._rest = bytearray()
        self._max_message_bytes = max_message_bytes

    @property
    def held(self) -> int:
        return len(self._rest)

    def feed(self, data: bytes) -> list[Frame]:
        rest = self._rest
        rest += data
        frames: list[Frame] = []
        start = 0
        while len(rest) - start >= _PRELUDE_BYTES:
            total = self._message_length(rest, start)
            if len(rest) - start < total:
                break
            frames.append(_as_frame(bytes(rest[start : start + total])))
            start += total
        del rest[:start]
        return frames

    def eof(self) -> list[Frame]:
        if self._rest:
            found = len(self._rest)
            self._rest.clear()
            raise WireError(
                f"the event stream ended inside a message, {found} bytes after its beginning"
            )
        return []

    def _message_length(self, rest: bytearray, start: int) -> int:
        """The length the prelude at `start` announces; checked before a byte more is waited for."""
        total, headers, checksum = struct.unpack_from(">III", rest, start)
        if zlib.crc32(rest[start : start + 8]) != checksum:
            raise WireError(
                "bad checksum of an event-stream prelude: these bytes are no AWS event stream"
            )
        if not _OVERHEAD <= total <= self._max_message_bytes:
            raise WireError(
                f"an event-stream message of {total} bytes, expected {_OVERHEAD} to"
                f" {self._max_message_bytes}"
            )
        if headers > min(total - _OVERHEAD, MAX_HEADERS_BYTES):
            raise WireError(f"{headers} bytes of headers in an event-stream message of {total}")
        return int(total)


def decode_message(raw: bytes) -> EventStreamMessage:
    """One whole message whose prelude has been checked; raises WireError on a bad checksum or
    malformed headers.
    """
    (checksum,) = struct.unpack_from(">I", raw, len(raw) - _CRC_BYTES)
    if zlib.crc32(raw[:-_CRC_BYTES]) != checksum:
        raise WireError("bad checksum of an event-stream message")
    (headers_length,) = struct.unpack_from(">I", raw, 4)
    payload_start = _PRELUDE_BYTES + headers_length
    return EventStreamMessage(
        _decode_headers(raw[_PRELUDE_BYTES:payload_start]), raw[payload_start:-_CRC_BYTES]
    )


def encode_message(headers: Mapping[str, HeaderValue], payload: bytes) -> bytes:
    """One message. Integers go out as `long`; raises ValueError on a name, value or message too
    long for the format.
    """
    block = b"".join(_encode_header(name, value) for name, value in headers.items())
    total = _OVERHEAD + len(block) + len(payload)
    if len(block) > MAX_HEADERS_BYTES or total > MAX_MESSAGE_BYTES:
        raise ValueError(
            f"a message of {total} bytes with {len(block)} bytes of headers is too large"
        )
    prelude = struct.pack(">II", total, len(block))
    prelude += struct.pack(">I", zlib.crc32(prelude))
    message = prelude + block + payload
    return message + struct.pack(">I", zlib.crc32(message))


def unwrap_chunk(data: bytes) -> bytes:
    """The model's own JSON inside a payload `{"bytes": base64}` of `InvokeModelWithResponseStream`;
    raises WireError when it is none.
    """
    body = load_json(data)
    inner = body.get("bytes") if isinstance(body, dict) else None
    if not isinstance(inner, str):
        raise WireError(f'expected a payload {{"bytes": base64}}, found {data[:80]!r}')
    try:
        return base64.b64decode(inner, validate=True)
    except (binascii.Error, ValueError) as error:
        raise WireError(f"expected base64 in `bytes` ({error})") from None


def _as_frame(raw: bytes) -> Frame:
    headers, payload = decode_message(raw)
    kind = headers.get(":message-type")
    if kind == "exception":
        return Frame(
            EXCEPTION_PREFIX + str(headers.get(":exception-type", "unknown")), payload, raw
        )
    if kind == "error":
        event = ERROR_PREFIX + str(headers.get(":error-code", "unknown"))
        return Frame(
            event, payload or str(headers.get(":error-message", "")).encode("utf-8", "replace"), raw
        )
    event_type = headers.get(":event-type")
    return Frame(None if event_type is None else str(event_type), payload, raw)


def _fixed(layout: str) -> Callable[[bytes, int], tuple[HeaderValue, int]]:
    size = struct.calcsize(layout)
    return lambda block, at: (int(struct.unpack_from(layout, block, at)[0]), at + size)


def _sized(block: bytes, at: int) -> tuple[bytes, int]:
    (length,) = struct.unpack_from(">H", block, at)
    end = at + 2 + length
    if end > len(block):
        raise ValueError(f"a value of {length} bytes runs over the end of the headers")
    return block[at + 2 : end], end


def _text(block: bytes, at: int) -> tuple[HeaderValue, int]:
    value, end = _sized(block, at)
    return value.decode("utf-8"), end


def _uuid(block: bytes, at: int) -> tuple[HeaderValue, int]:
    from uuid import UUID  # which looks at the system when imported, and none is ever met

    return UUID(bytes=block[at : at + 16]), at + 16


_READERS: tuple[Callable[[bytes, int], tuple[HeaderValue, int]], ...] = (
    lambda block, at: (True, at),
    lambda block, at: (False, at),
    _fixed(">b"),
    _fixed(">h"),
    _fixed(">i"),
    _fixed(">q"),
    _sized,
    _text,
    _fixed(">q"),
    _uuid,
)
"""By the type byte: true, false, byte, short, int, long, byte array, string, timestamp
(milliseconds since the epoch), UUID.
"""


def _decode_headers(block: bytes) -> dict[str, HeaderValue]:
    headers: dict[str, HeaderValue] = {}
    at = 0
    try:
        while at < len(block):
            name_end = at + 1 + block[at]
            name = block[at + 1 : name_end].decode("utf-8")
            headers[name], at = _READERS[block[name_end]](block, name_end + 1)
    except (struct.error, IndexError, ValueError) as error:
        raise WireError(f"malformed event-stream headers: {error}") from None
    return headers


def _encode_header(name: str, value: HeaderValue) -> bytes:
    encoded_name = name.encode()
    if not 0 < len(encoded_name) < 256:
        raise ValueError(f"a header name of {len(encoded_name)} bytes")
    return bytes([len(encoded_name)]) + encoded_name + _encode_value(value)


def _encode_value(value: HeaderValue) -> bytes:
    if isinstance(value, bool):
        return b"\x00" if value else b"\x01"
    if isinstance(value, int):
        return b"\x05" + struct.pack(">q", value)
    if not isinstance(value, (bytes, str)):
        return b"\x09" + value.bytes
    kind, content = (b"\x06", value) if isinstance(value, bytes) else (b"\x07", value.encode())
    if len(content) >= 1 << 15:
        raise ValueError(f"a header value of {len(content)} bytes")
    return kind + struct.pack(">H", len(content)) + content
