"""`<think>…</think>` in the text of an answer → reasoning, for models whose server does not part
the two (`Quirk.think_tags`).

A filter over canonical events, so that every dialect has it and a whole answer and a stream go
through the same code. Only a tag that opens a choice's text counts (after white space); a tag cut
anywhere between two deltas is still found. The white space between the closing tag and the answer
belongs to neither.

Some templates open the tag in the prompt, so that the answer holds the closing one alone. What
stands before it is reasoning when both come in one piece, as in a whole answer; and in a stream of
a model whose template does that (`Quirk.think_tag_is_open`), unless reasoning came by its own
member.

A model sometimes opens the tag, answers, and never closes it. What came was told as reasoning by
then; when the choice ends by `stop` with nothing else said, it is told once more as the text it
was, so that a client which only shows text is not left with an empty answer.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from uniapi.canonical import (
    Citation,
    Event,
    Opaque,
    PartDelta,
    PartEnd,
    PartStart,
    Reasoning,
    Response,
    ResponseEnd,
    ResponseFailed,
    Text,
    TokenLogprob,
    ToolCall,
    fold,
    unfold,
)
from uniapi.values import dataclass, field, replace

OPENING, CLOSING = "<think>", "</think>"


@dataclass(slots=True)
class _Choice:
    """How far the text of one choice is read. `held` may yet turn out to be (part of) a tag."""

    state: Literal["start", "inside", "after", "text"] = "start"
    is_open: bool = False
    """Whether the text begins inside a tag that the prompt opened."""
    held: str = ""
    unclosed: list[str] = field(default_factory=list)
    """The text since a tag that is not closed yet, as it came."""
    has_calls: bool = False

    def split(self, text: str) -> list[tuple[bool, str]]:
        """(is reasoning, text) pieces, none empty."""
        held, self.held = self.held + text, ""
        if self.state == "inside":
            self.unclosed.append(text)
        if self.state == "start":
            stripped = held.lstrip()
            if stripped.startswith(OPENING):
                self.unclosed.append(held)
                self.state, held = "inside", stripped[len(OPENING) :]
            elif OPENING.startswith(stripped):
                self.held = held
                return []
            elif self.is_open or _closes_alone(held):
                self.unclosed.append(held)
                self.state = "inside"
            else:
                self.state = "text"
        pieces: list[tuple[bool, str]] = []
        if self.state == "inside":
            end = held.find(CLOSING)
            if end < 0:
                kept = _overlap(held, CLOSING)
                self.held = held[len(held) - kept :]
                inner = held[: len(held) - kept]
                return [(True, inner)] if inner else []
            self.unclosed.clear()
            pieces.append((True, held[:end]))
            self.state, held = "after", held[end + len(CLOSING) :]
        if self.state == "after":
            held = held.lstrip()
            if held:
                self.state = "text"
        pieces.append((False, held))
        return [piece for piece in pieces if piece[1]]

    def rest(self) -> list[tuple[bool, str]]:
        """What was held back, at the end of a part: no tag will come of it any more.

        White space alone decides nothing about the next part.
        """
        held, self.held = self.held, ""
        if self.state == "start" and held.strip():
            self.state = "text"
        return [(self.state == "inside", held)] if held else []


@dataclass(slots=True)
class _Part:
    """A text part of the decoder's, told as a reasoning part, a text part, or one after the other;
    `index` is that of the one that is open.

    `pending` holds what belongs to the text and came before it began.
    """

    choice: int
    opening: Text
    index: int | None = None
    kind: Literal["none", "reasoning", "text"] = "none"
    taken: int = 0
    """Characters read before the text began."""
    citations: tuple[Citation, ...] = ()
    logprobs: tuple[TokenLogprob, ...] = ()
    opaque: Opaque | None = None


@dataclass(slots=True)
class ThinkTagFilter:
    """Events in, events out, in the same grammar; parts are numbered anew, because one text may
    become two parts.
    """

    is_open: bool = False
    """Whether the model's template opens the tag in the prompt."""
    _choices: dict[int, _Choice] = field(default_factory=dict)
    _texts: dict[int, _Part] = field(default_factory=dict)
    """By the decoder's index: texts of a choice in which a tag is possible."""
    _indexes: dict[int, int] = field(default_factory=dict)
    """The decoder's index → ours, of the other open parts."""
    _opened: int = 0

    def feed(self, events: Iterable[Event]) -> list[Event]:
        out: list[Event] = []
        events = list(events)
        if self.is_open and not self._choices and _is_whole(events):
            # All of it is here: a closing tag in it would be seen without the template's help.
            self.is_open = False
        for event in events:
            match event:
                case PartDelta():
                    self._on_delta(event, out)
                case PartStart():
                    self._on_start(event, out)
                case PartEnd():
                    self._on_end(event, out)
                case ResponseFailed():
                    for part in self._texts.values():
                        self._write(part, self._choices[part.choice].rest(), out)
                    out.append(event)
                case ResponseEnd():
                    self._tell_unclosed(event, out)
                    out.append(event)
                case _:
                    out.append(event)
        return out

    def _on_start(self, event: PartStart, out: list[Event]) -> None:
        part = event.part
        choice = self._choices.setdefault(event.choice, _Choice(is_open=self.is_open))
        choice.is_open = choice.is_open and not isinstance(part, Reasoning)
        choice.has_calls = choice.has_calls or isinstance(part, ToolCall)
        if not isinstance(part, Text) or choice.state == "text":
            self._indexes[event.index] = self._next_index()
            out.append(replace(event, index=self._indexes[event.index]))
            return
        text = self._texts[event.index] = _Part(
            choice=event.choice,
            opening=replace(part, text="", citations=(), logprobs=()),
            taken=len(part.text),
            citations=part.citations,
            logprobs=part.logprobs,
        )
        self._write(text, choice.split(part.text) if part.text else [], out)

    def _on_delta(self, event: PartDelta, out: list[Event]) -> None:
        index = self._indexes.get(event.index)
        if index is not None:
            out.append(event if index == event.index else replace(event, index=index))
            return
        part = self._texts[event.index]
        pieces = self._choices[part.choice].split(event.text) if event.text else []
        if part.kind == "text":
            assert part.index is not None
            out.append(replace(event, index=part.index, text="".join(text for _, text in pieces)))
            return
        part.taken += len(event.text)
        part.citations += event.citations
        part.logprobs += event.logprobs
        part.opaque = event.opaque or part.opaque
        self._write(part, pieces, out)

    def _on_end(self, event: PartEnd, out: list[Event]) -> None:
        index = self._indexes.pop(event.index, None)
        if index is not None:
            out.append(PartEnd(index=index))
            return
        part = self._texts.pop(event.index)
        self._write(part, self._choices[part.choice].rest(), out)
        if part.kind == "none" or (
            part.kind == "reasoning"
            and (part.citations or part.opaque is not None or part.opening.opaque is not None)
        ):
            self._open_text(part, out)
        assert part.index is not None
        out.append(PartEnd(index=part.index))

    def _tell_unclosed(self, event: ResponseEnd, out: list[Event]) -> None:
        for number, choice in self._choices.items():
            text = "".join(choice.unclosed)
            if (
                text
                and not choice.has_calls
                and number < len(event.finishes)
                and event.finishes[number].reason == "stop"
            ):
                index = self._next_index()
                out += [
                    PartStart(index=index, part=Text(text=""), choice=number),
                    PartDelta(index=index, text=text),
                    PartEnd(index=index),
                ]

    def _write(self, part: _Part, pieces: list[tuple[bool, str]], out: list[Event]) -> None:
        for is_reasoning, text in pieces:
            if is_reasoning and part.kind == "none":
                part.index, part.kind = self._next_index(), "reasoning"
                out.append(PartStart(index=part.index, part=Reasoning(), choice=part.choice))
            elif not is_reasoning and part.kind != "text":
                self._open_text(part, out, before=part.taken - len(text))
            assert part.index is not None
            out.append(PartDelta(index=part.index, text=text))

    def _open_text(self, part: _Part, out: list[Event], before: int = 0) -> None:
        """`before`: how many characters of the decoder's text are not in ours, and so neither their
        tokens.
        """
        if part.index is not None:
            out.append(PartEnd(index=part.index))
        part.index, part.kind = self._next_index(), "text"
        out.append(PartStart(index=part.index, part=part.opening, choice=part.choice))
        logprobs = _tokens_after(part.logprobs, before)
        if part.citations or logprobs or part.opaque is not None:
            out.append(
                PartDelta(
                    index=part.index,
                    citations=part.citations,
                    logprobs=logprobs,
                    opaque=part.opaque,
                )
            )

    def _next_index(self) -> int:
        index = self._opened
        self._opened += 1
        return index


def _closes_alone(text: str) -> bool:
    before, tag, _ = text.partition(CLOSING)
    return bool(tag) and OPENING not in before


def _is_whole(events: list[Event]) -> bool:
    return bool(events) and isinstance(events[-1], ResponseEnd)


def without_think_tags(response: Response) -> Response:
    """A whole answer with its tags told apart, by way of the stream that tells it."""
    return fold(ThinkTagFilter().feed(unfold(response)))


def _tokens_after(logprobs: tuple[TokenLogprob, ...], length: int) -> tuple[TokenLogprob, ...]:
    """Those that reach beyond the first `length` characters."""
    end = 0
    for number, entry in enumerate(logprobs):
        end += len(entry.token)
        if end > length:
            return logprobs[number:]
    return () if length else logprobs


def _overlap(text: str, tag: str) -> int:
    """How many characters at the end of `text` may be the beginning of `tag`."""
    for size in range(min(len(tag) - 1, len(text)), 0, -1):
        if text.endswith(tag[:size]):
            return size
    return 0
