"""The pipes that hand on an answer that is no generation: JSON, and bytes (sound, transcripts as
text); which of them, and of those in `operation_events`, its type says.

They keep the contract of `pipe`. What they answer with stands in `report.content_type`. An answer
in bytes cannot say that it broke off: then `report.is_cut` is set, and the client's connection is
closed without the proper end.
"""

from __future__ import annotations

from collections.abc import Mapping

from uniapi.canonical import Failure, FailureKind, Json, Operation
from uniapi.errors import WireError
from uniapi.operations import (
    SERVICES,
    TEXT_FORMATS,
    as_json,
    as_text,
    decode_usage,
    error_message,
    events_of,
    fit_answer,
    is_empty,
    is_page_or_json,
    is_true,
    sound_in,
    sound_type,
)
from uniapi.values import dataclass, field
from uniapi.wire import ResponseHead, dump_long_json, load_json, splice_text

from .operation_events import EVENTS, Classify, RelayEvents
from .pipe import Collecting, Pipe, Report


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
            return RelayBytes(self, head.headers.get("content-type", "application/octet-stream"))
        if SERVICES[self.operation].answer == "sound":
            return SoundInJson(self)
        may_be_text = self._is_transcript and kind != "text/html"
        return RelayJson(
            self, head.headers.get("content-type", "application/json"), may_be_text=may_be_text
        )

    @property
    def is_text_wanted(self) -> bool:
        return self._is_transcript and self.response_format in TEXT_FORMATS

    def _is_opaque(self, kind: str) -> bool:
        """Sound, or a transcript as text where that was asked for.

        An HTML page is neither: it goes the way of JSON, and fails there.
        """
        if "json" in kind or kind == "text/html":
            return False
        is_sound = SERVICES[self.operation].answer == "sound"
        return is_sound or (self.is_text_wanted and kind.startswith("text/"))


class RelayJson(Collecting):
    """A whole JSON answer, looked at for errors and usage, and handed on as it came, or in the form
    that was asked for: text, events.

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
            return self._text(body, error)
        fitted = self._fitted(value, body)
        if report.failure is not None:
            return []
        report.usage = decode_usage(operation, fitted)
        report.committed = report.is_whole = True
        made = self._in_other_form(fitted)
        if made is not None:
            return [made]
        written = body if fitted is value else dump_long_json(fitted)
        return [self._with_model(written, fitted)]

    def _text(self, body: bytes, error: WireError) -> list[bytes]:
        """A transcript that is no JSON."""
        report, choice = self.report, self._choice
        is_text = self._may_be_text and (choice.is_text_wanted or bool(body.strip()))
        if not is_text or is_page_or_json(body):
            report.failure = Failure.cut(str(error))
            return []
        report.committed = report.is_whole = True
        if choice.is_text_wanted:
            return [body]
        report.content_type = "application/json"
        return [as_json(body)]

    def _in_other_form(self, value: Json) -> bytes | None:
        """What was asked for where its server answered in JSON; None where that is right."""
        choice, report = self._choice, self.report
        text = as_text(choice.response_format, value) if choice.is_text_wanted else None
        if text is not None:
            report.content_type = "text/plain; charset=utf-8"
            return text
        events = events_of(choice.operation, value) if is_true(choice.asked.get("stream")) else None
        if events is not None:
            report.content_type = EVENTS
        return events

    def _fitted(self, value: Json, body: bytes) -> Json:
        """The answer as the client reads it, or `report.failure`."""
        report, choice = self.report, self._choice
        if error_message(value) is not None:
            report.failure = choice.classify(200, {}, body)
            return value
        try:
            fitted = fit_answer(choice.operation, choice.asked, value)
        except WireError as error:
            report.failure = Failure.cut(str(error))
            return value
        if is_empty(choice.operation, fitted) and not choice.is_text_wanted:
            report.failure = Failure(
                kind=FailureKind.EMPTY, message="the upstream answered with nothing in it"
            )
        return fitted

    def _with_model(self, body: bytes, value: Json) -> bytes:
        model = self._choice.model
        said = value.get("model") if isinstance(value, dict) else None
        if (
            model is None
            or not SERVICES[self._choice.operation].answer_names_model
            or not isinstance(said, str)
        ):
            return body
        return splice_text(body, "model", said, model) or body


class SoundInJson(Collecting):
    """A JSON answer where sound was asked for: what it holds of that, or a failure."""

    def __init__(self, choice: RelayChoice) -> None:
        super().__init__()
        self.report.content_type = sound_type(choice.asked)
        self._choice = choice

    def eof(self) -> list[bytes]:
        report = self.report
        if report.failure is not None:
            return []
        body = b"".join(self._pieces)
        try:
            value = load_json(body)
            sound = b"" if error_message(value) is not None else sound_in(value)
        except WireError as error:
            report.failure = Failure.cut(str(error))
            return []
        if not sound:
            report.failure = self._choice.classify(200, {}, body)
            return []
        report.usage = decode_usage(self._choice.operation, value)
        report.committed = report.is_whole = True
        return [sound]


class RelayBytes:
    """Bytes as they arrive. The first one commits, unless it begins what is no sound."""

    streams = True
    may_end = False
    held = 0

    def __init__(self, choice: RelayChoice, content_type: str) -> None:
        self.report = Report(content_type=content_type)
        self.is_over = False
        self._choice = choice
        self._may_be_empty = SERVICES[choice.operation].answer == "transcript"

    def feed(self, data: bytes) -> list[bytes]:
        if not self.report.committed and not self._may_be_empty and is_page_or_json(data):
            self.report.failure = _told_in(data, self._choice)
            self.is_over = True
            return []
        self.report.committed = self.report.committed or bool(data)
        return [data]

    def eof(self) -> list[bytes]:
        report = self.report
        if report.failure is not None:
            return []
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


def _told_in(beginning: bytes, choice: RelayChoice) -> Failure:
    """What is said where sound was expected: an error where it is one, and came whole."""
    try:
        if error_message(load_json(beginning)) is not None:
            return choice.classify(200, {}, beginning)
    except WireError:
        pass
    return Failure.cut(f"expected sound, found {beginning[:80].decode('utf-8', 'replace')!r}")
