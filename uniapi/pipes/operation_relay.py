"""The pipes that hand on an answer that is no generation: JSON, and bytes (sound, transcripts as
text); which of them, and of those in `operation_events`, its type says.

They keep the contract of `pipe`. What they answer with stands in `report.content_type`. An answer
in bytes cannot say that it broke off: then `report.is_cut` is set, and the client's connection is
closed without the proper end.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from uniapi.canonical import Failure, FailureKind, Json, Operation
from uniapi.errors import WireError
from uniapi.operations import SERVICES, decode_usage, error_message, fit_answer, is_empty
from uniapi.values import dataclass
from uniapi.wire import ResponseHead, dump_long_json, load_json, splice_text

from .operation_events import EVENTS, Classify, RelayEvents
from .pipe import Collecting, Pipe, Report

_TEXT_FORMATS = frozenset({"text", "srt", "vtt"})


@dataclass(frozen=True, slots=True, kw_only=True)
class RelayChoice:
    """Which pipe relays an answer, by what it says it is.

    `model` is the name to put in place of the upstream's, None: none; `response_format` what the
    upstream was asked for; `asked` the members of the client's request; `provider` who is named
    where a stream breaks off.
    """

    operation: Operation
    classify: Classify
    model: str | None = None
    response_format: str | None = None
    asked: Mapping[str, Json] = field(default_factory=dict)
    provider: str = ""

    @property
    def _is_transcript(self) -> bool:
        return SERVICES[self.operation].answer == "transcript"

    def __call__(self, head: ResponseHead) -> Pipe:
        kind = head.content_type
        if kind == EVENTS:
            return RelayEvents(
                self.operation, self.classify, head.headers["content-type"], self.provider
            )
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
        body = b"".join(self._pieces)
        self._pieces.clear()
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
        report.usage = decode_usage(operation, value)
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
    held = 0

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
