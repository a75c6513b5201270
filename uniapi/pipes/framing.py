"""How an upstream's answer is cut into frames, and how a relay writes those frames in the framing
its client reads.

Same dialect does not mean same framing: Claude on Bedrock comes in AWS's messages, Gemini's stream
is one JSON array unless `alt=sse` was asked for. A relay then writes every payload as it came
inside the other framing. A writer changes nothing else but the model's name and the usage chunk,
and what it cannot read it keeps.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from uniapi.canonical import Json
from uniapi.dialects import CallIds, RelayedDialect, UpstreamDialect, with_own_ids
from uniapi.errors import WireError
from uniapi.values import replace
from uniapi.wire import (
    Frame,
    Framer,
    JsonArrayDecoder,
    JsonArrayWriter,
    MemberSplice,
    ResponseHead,
    SseDecoder,
    dump_json,
    encode_sse,
    load_json,
    media_type,
    splice_member,
    splice_text,
)

_EVENT_STREAM = "application/vnd.amazon.eventstream"
_SSE = "text/event-stream"
_SSE_STARTS = (b"data:", b"event:", b"id:", b"retry:", b":")
_TEXTS = frozenset({"", "application/json", "text/plain", "text/html", "application/octet-stream"})
"""Labels under which a stream of events may come all the same."""


class FrameWriter(Protocol):
    """Spells frames for the client; `close` gives what ends the stream, whole or failed."""

    def frames(self, frames: Sequence[Frame]) -> list[bytes]: ...

    def close(self) -> bytes: ...


def labelled(head: ResponseHead, start: bytes) -> ResponseHead:
    """The head with the content type that the first bytes of the body show: a stream of events
    under another label, or JSON under that of events. Pictures and sounds are what they are called.
    """
    stated = head.headers.get("content-type", "")
    if start.startswith(b"{") and stated.startswith("application/json"):
        # Most whole answers.
        return head
    start = start.lstrip(b"\xef\xbb\xbf \t\r\n")
    content_type = media_type(stated)
    if content_type in _TEXTS and start.startswith(_SSE_STARTS):
        return replace(head, headers={**head.headers, "content-type": _SSE})
    if content_type == _SSE and start.startswith((b"{", b"[")):
        return replace(head, headers={**head.headers, "content-type": "application/json"})
    return head


def framing_of(
    head: ResponseHead, dialect: UpstreamDialect, asked_stream: bool
) -> Callable[[], Framer] | None:
    """Makes what cuts this answer into frames; None for a whole answer. The content type decides,
    because upstreams do not always do as they are asked.
    """
    stated = head.headers.get("content-type", "")
    if stated == "application/json" and not asked_stream:
        # Most whole answers.
        return None
    match media_type(stated):
        case content_type if content_type == _SSE:
            return SseDecoder
        case content_type if content_type == _EVENT_STREAM:
            return _aws_framing(dialect)
        case "application/json" if asked_stream and dialect.name == "gemini":
            return JsonArrayDecoder
        case "" | "text/plain" | "application/octet-stream" if asked_stream:
            return _aws_framing(dialect) if dialect.framing == "aws_eventstream" else SseDecoder
        case _:
            return None


def _aws_framing(dialect: UpstreamDialect) -> Callable[[], Framer]:
    """Converse has events of its own; every other dialect travels inside AWS's messages
    (InvokeModelWithResponseStream).
    """
    if dialect.framing == "aws_eventstream":
        from uniapi.wire import EventStreamDecoder

        return EventStreamDecoder
    from uniapi.dialects import InvokeFramer

    return InvokeFramer


def frame_writer(
    framer: Framer,
    dialect: RelayedDialect,
    *,
    client_array: bool,
    model: str | None,
    drops_usage: bool,
    ids: CallIds | None = None,
) -> FrameWriter | None:
    """The writer a relay needs; None when the bytes may go on as they are. `model`: the name to put
    in place of the upstream's; `client_array`: the client reads a JSON array; `ids`: gives calls
    ids that the conversation has not had, where the upstream repeats them.
    """
    upstream_array = isinstance(framer, JsonArrayDecoder)
    if client_array:
        return _ArrayWriter(dialect, model, is_reframed=not upstream_array)
    if isinstance(framer, SseDecoder) and model is None and not drops_usage and ids is None:
        return None
    writer = _SseWriter(dialect, model, drops_usage=drops_usage, is_reframed=upstream_array)
    return writer if ids is None else _CallWriter(writer, ids)


_PLAIN_FRAMING = len(b"data: \n\n")


class _SseWriter:
    """Server-sent events: the frame's own bytes unless something in it has to change, or it came in
    an array.
    """

    __slots__ = (
        "_alike",
        "_dialect",
        "_drops_usage",
        "_is_reframed",
        "_model",
    )

    def __init__(
        self, dialect: RelayedDialect, model: str | None, *, drops_usage: bool, is_reframed: bool
    ) -> None:
        self._dialect = dialect
        self._model = model
        self._drops_usage = drops_usage
        self._is_reframed = is_reframed
        self._alike: MemberSplice | None = None

    def frames(self, frames: Sequence[Frame]) -> list[bytes]:
        out = []
        for frame in frames:
            data, alike = frame.data, None
            is_plain = len(frame.raw) == len(data) + _PLAIN_FRAMING
            may_be_dropped = self._drops_usage and data.find(b'"usage"') >= 0
            if is_plain and self._alike is not None and not may_be_dropped:
                alike = self._alike.splice(data)
            if alike is not None:
                out.append(b"data: %b\n\n" % alike)
            elif written := self._frame(frame):
                out.append(written)
        return out

    def _frame(self, frame: Frame) -> bytes:
        if self._drops_usage and self._dialect.usage_frame_only(frame):
            return b""
        data = with_model(frame.data, self._dialect, self._model)
        if data is not frame.data and not self._is_reframed:
            self._alike = MemberSplice.of(frame.data, data, self._dialect.model_paths[0][-1])
        if self._is_reframed:
            return encode_sse(_on_one_line(data)) if data else b""
        return frame.raw if data is frame.data else encode_sse(_on_one_line(data), frame.event)

    def close(self) -> bytes:
        return b""


_CALL_MARKS = (b'"tool_calls"', b'"tool_use"', b'"call_id"')


class _CallWriter:
    """Gives the calls in a stream ids that the conversation has not had, then `writer` writes."""

    def __init__(self, writer: FrameWriter, ids: CallIds) -> None:
        self._writer = writer
        self._ids = ids

    def frames(self, frames: Sequence[Frame]) -> list[bytes]:
        return self._writer.frames([self._renamed(frame) for frame in frames])

    def close(self) -> bytes:
        return self._writer.close()

    def _renamed(self, frame: Frame) -> Frame:
        data = frame.data
        if not any(mark in data for mark in _CALL_MARKS):
            return frame
        try:
            value = load_json(data)
            renamed = with_own_ids(value, self._ids)
        except (WireError, RecursionError):
            return frame
        if renamed is value:
            return frame
        data = dump_json(renamed)
        return frame._replace(data=data, raw=encode_sse(data, frame.event))


class _ArrayWriter:
    """One JSON array. Only whole elements are written, so that the array can be closed wherever the
    upstream stops.
    """

    def __init__(self, dialect: RelayedDialect, model: str | None, *, is_reframed: bool) -> None:
        self._dialect = dialect
        self._model = model
        self._array = JsonArrayWriter() if is_reframed else None

    def frames(self, frames: Sequence[Frame]) -> list[bytes]:
        return [out for frame in frames if (out := self._frame(frame))]

    def _frame(self, frame: Frame) -> bytes:
        data = with_model(frame.data, self._dialect, self._model)
        if self._array is None:
            return frame.raw[: len(frame.raw) - len(frame.data)] + data
        return self._array.element(data) if _is_json(data) else b""

    def close(self) -> bytes:
        return b"" if self._array is None else self._array.close()


def with_model(data: bytes, dialect: RelayedDialect, model: str | None) -> bytes:
    """A JSON object with the model it names replaced, wherever the dialect keeps the name; the same
    bytes object when nothing changes.
    """
    if model is None or not data.startswith(b"{"):
        return data
    for path in dialect.model_paths:
        if b'"' + path[-1].encode() + b'"' in data:
            changed = splice_member(data, path, model)
            if changed is not None:
                return changed
    return data


def with_stated_model(body: bytes, value: Json, dialect: RelayedDialect, model: str) -> bytes:
    """The same of a whole answer that was read: where it names its model is known."""
    body = body.lstrip()
    name = dialect.model_paths[0][-1]
    said = value.get(name) if isinstance(value, dict) else None
    if isinstance(said, str):
        return splice_text(body, name, said, model) or body
    return with_model(body, dialect, model)


def _is_json(data: bytes) -> bool:
    """Whether this is an element: not a comment, not an end mark, not what the network left of a
    last event.
    """
    if not data.startswith(b"{"):
        return False
    try:
        load_json(data)
    except WireError:
        return False
    return True


def _on_one_line(data: bytes) -> bytes:
    """JSON without line breaks, which an event's `data` must not hold; in valid JSON they only
    stand between tokens.
    """
    return b" ".join(data.splitlines()) if b"\n" in data or b"\r" in data else data
