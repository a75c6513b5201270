"""Claude by `InvokeModelWithResponseStream`: Anthropic's own events, each in base64 inside one of
AWS's messages, as the frames Anthropic would have sent.

The model's JSON is handed on byte for byte; only the framing is another. An exception of AWS's
becomes Anthropic's error event. Format:
https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_InvokeModelWithResponseStream.html.
"""

from __future__ import annotations

from collections.abc import Mapping

from uniapi.wire import (
    ERROR_PREFIX,
    EXCEPTION_PREFIX,
    EventStreamDecoder,
    Frame,
    dump_json,
    encode_sse,
    load_json,
    unwrap_chunk,
)

from .error import decode_exception

_ERROR_TYPES: Mapping[str, str] = {
    "throttlingexception": "rate_limit_error",
    "serviceunavailableexception": "overloaded_error",
    "modelnotreadyexception": "overloaded_error",
    "modeltimeoutexception": "timeout_error",
    "validationexception": "invalid_request_error",
    "accessdeniedexception": "permission_error",
    "resourcenotfoundexception": "not_found_error",
}
"""https://platform.claude.com/docs/en/api/errors; any other is an `api_error`."""

_TYPE_FIRST = b'{"type":"'


class InvokeFramer:
    """AWS's bytes in any split → Anthropic's frames.

    `raw` is the frame as Anthropic writes it (SSE), so that a relay may pass it on. Raises as
    EventStreamDecoder does.
    """

    def __init__(self) -> None:
        self._decoder = EventStreamDecoder()

    @property
    def held(self) -> int:
        return self._decoder.held

    def feed(self, data: bytes) -> list[Frame]:
        return [
            frame for found in self._decoder.feed(data) if (frame := _reframed(found)) is not None
        ]

    def eof(self) -> list[Frame]:
        return [frame for found in self._decoder.eof() if (frame := _reframed(found)) is not None]


def _reframed(frame: Frame) -> Frame | None:
    """The frame inside, None for AWS's own signals that hold none."""
    event = frame.event or ""
    if event == "chunk":
        data = unwrap_chunk(frame.data)
        name = _type_of(data)
        return Frame(name, data, encode_sse(data, name))
    if not event.startswith((EXCEPTION_PREFIX, ERROR_PREFIX)):
        return None
    failure = decode_exception(event, frame.data)
    kind = _ERROR_TYPES.get((failure.code or "").lower(), "api_error")
    data = dump_json({"type": "error", "error": {"type": kind, "message": failure.message}})
    return Frame("error", data, encode_sse(data, "error"))


def _type_of(data: bytes) -> str | None:
    """The event's name, which Anthropic also writes in front of its data."""
    if data.startswith(_TYPE_FIRST):
        return data[len(_TYPE_FIRST) : data.find(b'"', len(_TYPE_FIRST))].decode("utf-8", "replace")
    body = load_json(data)
    name = body.get("type") if isinstance(body, dict) else None
    return name if isinstance(name, str) else None
