"""The pipes for answers that are no generations: JSON that is handed on, bytes (sound, transcripts
as text), server-sent events, and what a codec translates.

They keep the contract of `pipes`. What they answer with stands in `report.content_type`. An answer
in bytes cannot say that it broke off: then `report.is_cut` is set, and the client's connection is
closed without the proper end.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from uniapi.canonical import (
    Failure,
    FailureKind,
    Json,
    Operation,
    RequestRefused,
    Usage,
    client_error,
)
from uniapi.dialects import CLIENT_DIALECTS
from uniapi.errors import WireError
from uniapi.operations import (
    SERVICES,
    OperationCodec,
    OperationRequest,
    OperationStream,
    error_message,
    fit_answer,
    is_empty,
    read_usage,
    usage_of_headers,
)
from uniapi.wire import (
    LARGE_BYTES,
    Answers,
    Frame,
    ResponseHead,
    SseDecoder,
    dump_json,
    dump_long_json,
    encode_sse,
    load_json,
    splice_text,
)

from .pipe import FRAME_ENDS, Collecting, Pipe, Report

Classify = Callable[[int, "dict[str, str]", bytes], Failure]
"""What an error object means that came with a status of success."""

EVENTS = "text/event-stream"
_TEXT_FORMATS = frozenset({"text", "srt", "vtt"})


@dataclass(frozen=True, slots=True, kw_only=True)
class RelayChoice:
    """Which pipe relays an answer, by what it says it is.

    `model` is the name to put in place of the upstream's, None: none; `response_format` what the
    upstream was asked for; `asked` the members of the client's request.
    """

    operation: Operation
    classify: Classify
    model: str | None = None
    response_format: str | None = None
    asked: Mapping[str, Json] = field(default_factory=dict)

    @property
    def _is_transcript(self) -> bool:
        return SERVICES[self.operation].answer == "transcript"

    def __call__(self, head: ResponseHead) -> Pipe:
        kind = head.content_type
        if kind == EVENTS:
            return RelayEvents(self.operation, self.classify, head.headers["content-type"])
        if self._is_opaque(kind):
            return RelayBytes(
                head.headers.get("content-type", "application/octet-stream"),
                may_be_empty=self._is_transcript,
            )
        may_be_text = (
            self._is_transcript and self.response_format in _TEXT_FORMATS and kind != "text/html"
        )
        return RelayJson(
            self, head.headers.get("content-type", "application/json"), may_be_text=may_be_text
        )

    def _is_opaque(self, kind: str) -> bool:
        """Sound, or a transcript as text.

        An HTML page is neither: it goes the way of JSON, and fails there.
        """
        if "json" in kind or kind == "text/html":
            return False
        is_sound = SERVICES[self.operation].answer == "sound"
        return is_sound or (self._is_transcript and kind.startswith("text/"))


class RelayJson(Collecting):
    """A whole JSON answer, looked at for errors and usage, and handed on as it came.

    `may_be_text`: it need not be JSON, whatever its type says.
    """

    def __init__(
        self, choice: RelayChoice, content_type: str, *, may_be_text: bool = False
    ) -> None:
        super().__init__()
        self.report.content_type = content_type
        self._choice = choice
        self._may_be_text = may_be_text

    def eof(self) -> list[bytes]:
        report, operation = self.report, self._choice.operation
        if report.failure is not None:
            return []
        body = self._body()
        try:
            value = load_json(body)
        except WireError as error:
            if not self._may_be_text:
                report.failure = Failure.cut(str(error))
                return []
            report.committed = report.is_whole = True
            return [body]
        if error_message(value) is not None:
            report.failure = self._choice.classify(200, {}, body)
        elif is_empty(operation, value) and not self._may_be_text:
            report.failure = Failure(
                kind=FailureKind.EMPTY, message="the upstream answered with nothing in it"
            )
        if report.failure is not None:
            return []
        report.usage = read_usage(operation, value)
        report.committed = report.is_whole = True
        fitted = fit_answer(operation, self._choice.asked, value)
        written = body if fitted is value else dump_long_json(fitted)
        return [self._with_model(written, fitted)]

    def _with_model(self, body: bytes, value: Json) -> bytes:
        model = self._choice.model
        if (
            model is None
            or not SERVICES[self._choice.operation].answer_names_model
            or not isinstance(value, dict)
            or not isinstance(value.get("model"), str)
        ):
            return body
        return splice_text(body, "model", model) or body


class RelayBytes:
    """Bytes as they arrive. The first one commits."""

    streams = True
    may_end = False

    def __init__(self, content_type: str, *, may_be_empty: bool) -> None:
        self.report = Report(content_type=content_type)
        self.is_over = False
        self._may_be_empty = may_be_empty

    def feed(self, data: bytes) -> list[bytes]:
        self.report.committed = self.report.committed or bool(data)
        return [data]

    def eof(self) -> list[bytes]:
        report = self.report
        if report.committed or self._may_be_empty:
            report.committed = report.is_whole = True
        else:
            report.failure = Failure(
                kind=FailureKind.EMPTY, message="the upstream answered with nothing in it"
            )
        return []

    def abort(self, failure: Failure) -> list[bytes]:
        self.report.failure = failure
        self.report.is_cut = self.is_over = True
        return []


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

    def __init__(self, operation: Operation, classify: Classify, content_type: str) -> None:
        self.report = Report(content_type=content_type)
        self.is_over = False
        self._operation = operation
        self._classify = classify
        self._framer = SseDecoder()
        self._ends_clean = True
        self._last: Frame | None = None

    def feed(self, data: bytes) -> list[bytes]:
        try:
            frames = self._framer.feed(data)
        except WireError as error:
            return self.abort(Failure.cut(str(error)))
        for frame in frames:
            self._observe(frame)
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
        return [*([] if self._ends_clean else [b"\n\n"]), _error_event(failure)]

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
        report.usage = read_usage(self._operation, value) or report.usage


class TranslateAnswer(Collecting):
    """What a codec makes of a whole answer, and of those before it where the client's request
    became several.
    """

    def __init__(
        self, codec: OperationCodec, request: OperationRequest, head: ResponseHead, earlier: Answers
    ) -> None:
        super().__init__()
        self.report.content_type = "application/json"
        self._codec = codec
        self._request = request
        self._head = head
        self._earlier = earlier

    @property
    def is_large(self) -> bool:
        return self._size + sum(len(body) for _, body in self._earlier) > LARGE_BYTES

    def eof(self) -> list[bytes]:
        report = self.report
        if report.failure is not None:
            return []
        header_usage = _usage_of_heads([*(head for head, _ in self._earlier), self._head])
        try:
            answer = self._codec.decode_response(
                replace(self._request, header_usage=header_usage),
                [*(body for _, body in self._earlier), self._body()],
            )
        except (WireError, RequestRefused) as error:
            report.failure = _failure_of(error)
            return []
        report.usage = answer.usage or header_usage
        report.content_type = answer.content_type
        if not answer.body:
            report.failure = Failure(
                kind=FailureKind.EMPTY, message="the upstream answered with nothing in it"
            )
            return []
        report.committed = report.is_whole = True
        return [answer.body]


class TranslateEvents:
    """What a codec makes of a streamed answer, as it comes."""

    streams = True
    may_end = False

    def __init__(self, stream: OperationStream, classify: Classify) -> None:
        self.report = Report(content_type=stream.content_type)
        self._stream = stream
        self._classify = classify
        self._framer = SseDecoder()

    @property
    def is_over(self) -> bool:
        return self.report.failure is not None

    def feed(self, data: bytes) -> list[bytes]:
        try:
            return self._passed(self._framer.feed(data))
        except (WireError, RequestRefused) as error:
            return self.abort(_failure_of(error))

    def eof(self) -> list[bytes]:
        report = self.report
        try:
            out = self._passed(self._framer.eof())
            if report.failure is None:
                out.append(self._stream.eof())
        except (WireError, RequestRefused) as error:
            return self.abort(_failure_of(error))
        report.is_whole = report.failure is None
        return out

    def abort(self, failure: Failure) -> list[bytes]:
        self.report.failure = failure
        if self._stream.content_type == EVENTS:
            return [_error_event(failure)]
        self.report.is_cut = True
        return []

    def _passed(self, frames: list[Frame]) -> list[bytes]:
        report = self.report
        out: list[bytes] = []
        for frame in frames:
            if b'"error"' in frame.data and error_message(load_json(frame.data)) is not None:
                return [*out, *self.abort(self._classify(200, {}, frame.data))]
            made = self._stream.feed(frame.data)
            if made:
                report.committed = True
                out.append(made)
        report.usage = self._stream.usage
        return out


def _failure_of(error: WireError | RequestRefused) -> Failure:
    if isinstance(error, RequestRefused):
        told = error.error
        return Failure(
            kind=FailureKind.BAD_REQUEST,
            message=told.message,
            status=told.status,
            code=told.code,
            type=told.type,
            param=told.param,
        )
    return Failure.cut(str(error))


def _type_of(frame: Frame) -> str:
    """The type an event states, or the name it came under; empty when it has none."""
    try:
        value = load_json(frame.data)
    except WireError:
        return frame.event or ""
    stated = value.get("type") if isinstance(value, dict) else None
    return stated if isinstance(stated, str) else frame.event or ""


def _error_event(failure: Failure) -> bytes:
    encode = CLIENT_DIALECTS["openai_chat"].encode_error
    assert encode is not None
    return encode_sse(dump_json(encode(client_error(failure))), "error")


def _usage_of_heads(heads: list[ResponseHead]) -> Usage | None:
    """The sum of what the answers' headers state; None when one states nothing."""
    stated = [usage_of_headers(head.headers) for head in heads]
    usages = [usage for usage in stated if usage is not None]
    if len(usages) < len(heads):
        return None
    return Usage(
        input_tokens=sum(usage.input_tokens or 0 for usage in usages),
        output_tokens=sum(usage.output_tokens or 0 for usage in usages),
    )
