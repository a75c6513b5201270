"""The pipes for what a codec makes of an answer that is no generation, whole or streamed."""

from __future__ import annotations

from uniapi.canonical import Failure, FailureKind, RequestRefused, Usage
from uniapi.errors import WireError
from uniapi.operations import (
    OperationCodec,
    OperationRequest,
    OperationStream,
    error_message,
    usage_of_headers,
)
from uniapi.values import replace
from uniapi.wire import Answers, Frame, ResponseHead, SseDecoder, load_json

from .operation_events import EVENTS, Classify, error_event
from .pipe import Collecting, Report


class TranslateAnswer(Collecting):
    """What a codec makes of a whole answer, and of those before it where the client's request
    became several.
    """

    def __init__(
        self, codec: OperationCodec, request: OperationRequest, head: ResponseHead, earlier: Answers
    ) -> None:
        super().__init__(sum(len(body) for _, body in earlier))
        self.report.content_type = "application/json"
        self._codec = codec
        self._request = request
        self._head = head
        self._earlier = earlier

    def eof(self) -> list[bytes]:
        report = self.report
        if report.failure is not None:
            return []
        header_usage = _usage_of_heads([*(head for head, _ in self._earlier), self._head])
        try:
            answer = self._codec.decode_response(
                replace(self._request, header_usage=header_usage),
                [*(body for _, body in self._earlier), b"".join(self._pieces)],
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

    def __init__(self, stream: OperationStream, classify: Classify, provider: str = "") -> None:
        self.report = Report(content_type=stream.content_type)
        self._stream = stream
        self._classify = classify
        self._provider = provider
        self._framer = SseDecoder()

    @property
    def held(self) -> int:
        return self._framer.held

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
            return [error_event(failure, self._provider)]
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
        if not report.committed:
            report.note_frames(frames)
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
