"""An operation's server-sent events as they arrive, and how such a stream says that it failed."""

from __future__ import annotations

from collections.abc import Callable

from uniapi.canonical import Failure, FailureKind, Operation, broken_off, client_error
from uniapi.dialects import CLIENT_DIALECTS
from uniapi.errors import WireError
from uniapi.operations import decode_usage, error_message
from uniapi.wire import Frame, SseDecoder, dump_json, encode_sse, load_json

from .pipe import FRAME_ENDS, Report

Classify = Callable[[int, "dict[str, str]", bytes], Failure]
"""What an error object means that came with a status of success."""


EVENTS = "text/event-stream"


_GOES_ON = (".delta", ".partial_image", ".segment")
"""How the types of OpenAI's events end that are never the last ones."""


class RelayEvents:
    """Server-sent events as they arrive (streamed pictures, transcripts, speech). The first one
    that is no error commits; an error after it goes on to the client.

    A stream that ends with an event after which another has to come was cut off. What other vendors
    call their events is not known, so theirs may end with any.
    """

    streams = True
    may_end = False

    def __init__(
        self, operation: Operation, classify: Classify, content_type: str, provider: str = ""
    ) -> None:
        self.report = Report(content_type=content_type)
        self.is_over = False
        self._operation = operation
        self._classify = classify
        self._provider = provider
        self._framer = SseDecoder()
        self._ends_clean = True
        self._last: Frame | None = None

    @property
    def held(self) -> int:
        return self._framer.held

    def feed(self, data: bytes) -> list[bytes]:
        try:
            frames = self._framer.feed(data)
        except WireError as error:
            return self.abort(Failure.cut(str(error)))
        for frame in frames:
            self._observe(frame)
        self.report.note_frames(frames)
        if data:
            self._ends_clean = data.endswith(FRAME_ENDS)
        return [data]

    def eof(self) -> list[bytes]:
        try:
            frames = self._framer.eof()
        except WireError as error:
            return self.abort(Failure.cut(str(error)))
        for frame in frames:
            self._observe(frame)
        report = self.report
        if report.failure is not None:
            return []
        if not report.committed:
            report.failure = Failure(
                kind=FailureKind.EMPTY, message="the upstream's stream held no event"
            )
            return []
        if self._last is not None and _type_of(self._last).endswith(_GOES_ON):
            return self.abort(Failure.cut("the upstream's answer was cut off"))
        report.is_whole = True
        return []

    def abort(self, failure: Failure) -> list[bytes]:
        self.report.failure = failure
        self.is_over = True
        return [*([] if self._ends_clean else [b"\n\n"]), error_event(failure, self._provider)]

    def _observe(self, frame: Frame) -> None:
        report, data = self.report, frame.data
        self._last = frame if data.strip() else self._last
        is_first = not report.committed
        if not data.strip() or (not is_first and b'"usage"' not in data and b'"error"' not in data):
            return
        try:
            value = load_json(data)
        except WireError:
            report.committed = report.committed or data.strip() != b"[DONE]"
            return
        if error_message(value) is not None:
            report.failure = report.failure or self._classify(200, {}, data)
            return
        report.committed = True
        report.usage = decode_usage(self._operation, value) or report.usage


def _type_of(frame: Frame) -> str:
    """The type an event states, or the name it came under; empty when it has none."""
    try:
        value = load_json(frame.data)
    except WireError:
        return frame.event or ""
    stated = value.get("type") if isinstance(value, dict) else None
    return stated if isinstance(stated, str) else frame.event or ""


def error_event(failure: Failure, provider: str) -> bytes:
    encode = CLIENT_DIALECTS["openai_chat"].encode_error
    assert encode is not None
    return encode_sse(dump_json(encode(client_error(broken_off(failure, provider)))), "error")
