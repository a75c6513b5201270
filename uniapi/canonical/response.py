"""A whole answer, and its equivalence with a stream: `fold` and `unfold`.

Whole and streamed answers cannot disagree because one is computed from the other: an upstream that
only streams is folded for a client that wants a whole reply, and the reverse.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from uniapi.values import dataclass, field, replace

from .events import (
    Event,
    Finish,
    PartDelta,
    PartEnd,
    PartStart,
    ResponseEnd,
    ResponseFailed,
    ResponseStart,
    UsageReport,
)
from .failure import Failure
from .parts import Json, Media, Part, Reasoning, Refusal, Text, ToolCall
from .usage import Usage


@dataclass(slots=True, kw_only=True)  # a value; freezing it would triple what it costs each call
class Choice:
    """One of the answers: its parts in order and how it ended."""

    parts: tuple[Part, ...]
    finish: Finish


@dataclass(slots=True, kw_only=True)  # a value; freezing it would triple what it costs each call
class Response:
    """`extensions`: unknown members of the envelope, by dialect."""

    choices: tuple[Choice, ...]
    response_id: str | None = None
    model: str | None = None
    created_s: int | None = None
    usage: Usage | None = None
    extensions: Mapping[str, Mapping[str, Json]] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """All text of the first choice."""
        return (
            "".join(part.text for part in self.choices[0].parts if isinstance(part, Text))
            if self.choices
            else ""
        )


class FoldError(Exception):
    """The stream ended in a failure, so there is no whole answer; `failure` says why."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


class EventFold:
    """Collects events into a Response: `feed` each, then `response()`. A failed stream raises
    FoldError from `response()`.
    """

    def __init__(self) -> None:
        self._start = ResponseStart()
        self._parts: dict[int, tuple[int, Part]] = {}
        self._pieces: dict[int, list[str]] = {}
        self._usage: Usage | None = None
        self._end: ResponseEnd | None = None
        self._failure: Failure | None = None

    def feed(self, event: Event) -> None:
        match event:
            case ResponseStart():
                self._start = event
                self._usage = event.usage
            case PartStart(index=index, part=part, choice=choice):
                self._parts[index] = (choice, part)
                self._pieces[index] = []
            case PartDelta(index=index):
                if event.text:
                    self._pieces[index].append(event.text)
                if event.citations or event.logprobs or event.opaque is not None:
                    choice, part = self._parts[index]
                    self._parts[index] = (choice, _decorated(part, event))
            case PartEnd():
                pass
            case UsageReport(usage=usage):
                self._usage = usage if self._usage is None else self._usage.updated(usage)
            case ResponseEnd():
                self._end = event
            case ResponseFailed(failure=failure):
                self._failure = failure

    def response(self) -> Response:
        if self._failure is not None:
            raise FoldError(self._failure)
        if self._end is None:
            raise FoldError(Failure.cut("the answer ended before it was whole"))
        by_choice: dict[int, list[Part]] = {}
        for index in sorted(self._parts):
            choice, part = self._parts[index]
            by_choice.setdefault(choice, []).append(_extended(part, "".join(self._pieces[index])))
        choices = tuple(
            Choice(parts=tuple(by_choice.get(number, ())), finish=finish)
            for number, finish in enumerate(self._end.finishes)
        )
        extensions = {
            dialect: {
                **self._start.extensions.get(dialect, {}),
                **self._end.extensions.get(dialect, {}),
            }
            for dialect in {*self._start.extensions, *self._end.extensions}
        }
        return Response(
            choices=choices,
            response_id=self._start.response_id,
            model=self._start.model,
            created_s=self._start.created_s,
            usage=self._usage,
            extensions=extensions,
        )


def fold(events: Iterable[Event]) -> Response:
    """The whole answer that a stream tells. Raises FoldError when it failed or stopped short."""
    folder = EventFold()
    for event in events:
        folder.feed(event)
    return folder.response()


def unfold(response: Response) -> list[Event]:
    """The shortest stream that tells this answer: each part in one start, at most one delta, one
    end.
    """
    events: list[Event] = [
        ResponseStart(
            response_id=response.response_id,
            model=response.model,
            created_s=response.created_s,
            extensions=response.extensions,
        )
    ]
    index = 0
    for number, choice in enumerate(response.choices):
        for part in choice.parts:
            opening, delta = _split(part)
            events.append(PartStart(index=index, part=opening, choice=number))
            if delta is not None:
                events.append(replace(delta, index=index))
            events.append(PartEnd(index=index))
            index += 1
    if response.usage is not None:
        events.append(UsageReport(usage=response.usage))
    events.append(ResponseEnd(finishes=tuple(choice.finish for choice in response.choices)))
    return events


def _decorated(part: Part, delta: PartDelta) -> Part:
    if isinstance(part, Text):
        return replace(
            part,
            citations=part.citations + delta.citations,
            logprobs=part.logprobs + delta.logprobs,
            opaque=delta.opaque or part.opaque,
        )
    if isinstance(part, Reasoning | ToolCall | Media):
        return replace(part, opaque=delta.opaque or part.opaque)
    return part


def _extended(part: Part, text: str) -> Part:
    if not text:
        return part
    match part:
        case Text() | Reasoning() | Refusal():
            return replace(part, text=part.text + text)
        case ToolCall():
            return replace(part, arguments=part.arguments + text)
        case Media():
            return replace(part, data=(part.data or "") + text)
        case _:
            return part


def _split(part: Part) -> tuple[Part, PartDelta | None]:
    """An opening part with its growing member empty, and the delta that fills it."""
    match part:
        case Text():
            return Text(text="", cache=part.cache), PartDelta(
                index=0,
                text=part.text,
                citations=part.citations,
                logprobs=part.logprobs,
                opaque=part.opaque,
            )
        case Refusal():
            return Refusal(text=""), PartDelta(index=0, text=part.text)
        case Reasoning(is_redacted=False):
            return replace(part, text="", opaque=None), PartDelta(
                index=0, text=part.text, opaque=part.opaque
            )
        case ToolCall():
            return replace(part, arguments=""), PartDelta(index=0, text=part.arguments)
        case _:
            return part, None
