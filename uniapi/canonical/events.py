"""The stream events, and the grammar every decoder's output obeys.

    start   := ResponseStart
    body    := (PartStart | PartDelta | PartEnd | UsageReport)*
    end     := ResponseEnd | ResponseFailed
    stream  := start body end            or, when nothing could be read at all,   ResponseFailed

 1. One ResponseStart, first.
 2. PartStart opens an index; each index is opened once, counting 0, 1, 2 … over the whole stream.
 3. PartDelta only goes to an open part; PartEnd closes it. Several parts may be open at once
    (parallel tool calls).
 4. Exactly one terminal; nothing after it. Before ResponseEnd every part has been closed.
    ResponseFailed may leave parts open.

`Grammar` checks this; decoder tests and debug mode run every stream through it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Literal, TypeAlias

from uniapi.values import dataclass, field

from .failure import Failure
from .parts import (
    Citation,
    Json,
    Media,
    Opaque,
    Part,
    Reasoning,
    Refusal,
    Text,
    TokenLogprob,
    ToolCall,
)
from .usage import Usage

FinishReason: TypeAlias = Literal["stop", "length", "tool_calls", "content_filter", "error"]


@dataclass(slots=True, kw_only=True)  # a value; freezing it would triple what it costs each call
class Finish:
    """How one choice ended.

    `native` is the vendor's own word, written back to `dialect`; `stop_sequence` the one that was
    hit.
    """

    reason: FinishReason
    native: str | None = None
    dialect: str | None = None
    stop_sequence: str | None = None
    message: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponseStart:
    """`usage` holds what the vendor says at the start (Anthropic's input tokens).

    `extensions`: unknown members of the envelope by dialect.
    """

    response_id: str | None = None
    model: str | None = None
    created_s: int | None = None
    usage: Usage | None = None
    extensions: Mapping[str, Mapping[str, Json]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class PartStart:
    """Opens part `index` of `choice`. `part` is the part as far as it is known: a kind and ids,
    usually with empty text.

    A part that arrives whole (Media, Unknown, redacted reasoning) is complete here and has no
    deltas.
    """

    index: int
    part: Part
    choice: int = 0


@dataclass(slots=True, kw_only=True)  # a value; freezing it would triple what it costs each call
class PartDelta:
    """More of part `index`: `text` is appended to its text, arguments or base64 data; the rest is
    added to or set on the part.
    """

    index: int
    text: str = ""
    citations: tuple[Citation, ...] = ()
    logprobs: tuple[TokenLogprob, ...] = ()
    opaque: Opaque | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PartEnd:
    index: int


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageReport:
    """Counts so far; each figure it states replaces the one before (`Usage.updated`)."""

    usage: Usage


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponseEnd:
    """The answer is whole. `finishes` holds one Finish for each choice, by index.

    `extensions`: late members of the envelope.
    """

    finishes: tuple[Finish, ...]
    extensions: Mapping[str, Mapping[str, Json]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponseFailed:
    """The answer will not become whole; what was said before stands."""

    failure: Failure


Event: TypeAlias = (
    ResponseStart | PartStart | PartDelta | PartEnd | UsageReport | ResponseEnd | ResponseFailed
)


class GrammarError(AssertionError):
    """A decoder broke the event grammar: a bug of ours, never the upstream's fault."""


class Grammar:
    """Checks a stream event by event: `check(event)` gives it back, or raises GrammarError naming
    the rule.
    """

    def __init__(self) -> None:
        self._state: Literal["new", "body", "done"] = "new"
        self._opened = 0
        self._open: set[int] = set()

    def check(self, event: Event) -> Event:
        if self._state == "done":
            raise GrammarError(f"rule 4: {event!r} after the terminal event")
        if self._state == "new" and not isinstance(event, ResponseStart | ResponseFailed):
            raise GrammarError(f"rule 1: the stream begins with {event!r}")
        match event:
            case ResponseStart():
                if self._state != "new":
                    raise GrammarError("rule 1: a second ResponseStart")
                self._state = "body"
            case PartStart(index=index):
                if index != self._opened:
                    raise GrammarError(f"rule 2: part {index} opened, {self._opened} was next")
                self._opened += 1
                self._open.add(index)
            case PartDelta(index=index):
                if index not in self._open:
                    raise GrammarError(f"rule 3: a delta for part {index}, which is not open")
            case PartEnd(index=index):
                if index not in self._open:
                    raise GrammarError(f"rule 3: part {index} closed, but it is not open")
                self._open.remove(index)
            case ResponseEnd():
                if self._open:
                    raise GrammarError(
                        f"rule 4: parts {sorted(self._open)} are still open at the end"
                    )
                self._state = "done"
            case ResponseFailed():
                self._state = "done"
            case UsageReport():
                pass
        return event

    def finish(self) -> None:
        """The input is over: there must have been a terminal event."""
        if self._state != "done":
            raise GrammarError("rule 4: the stream has no terminal event")


def checked(events: Iterable[Event]) -> Iterator[Event]:
    """The same events, each checked; raises GrammarError at the first offence, a missing terminal
    included.
    """
    grammar = Grammar()
    for event in events:
        yield grammar.check(event)
    grammar.finish()


def is_commit(event: Event) -> bool:
    """Whether `event` is the first real output of an answer: text, reasoning (signed but empty
    counts), a tool call's start, media, a refusal, a server-tool item.
    """
    match event:
        case PartStart(part=Text(text=text)) | PartStart(part=Refusal(text=text)):
            return bool(text)
        case PartStart(part=Reasoning(text=text, opaque=opaque)):
            return bool(text) or opaque is not None
        case PartStart(part=ToolCall()):
            return True
        case PartStart(part=Media()):
            return True
        case PartStart():
            return True
        case PartDelta(text=text, opaque=opaque):
            return bool(text) or opaque is not None
        case _:
            return False
