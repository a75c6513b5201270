"""What a model signed in an answer, read from its events while they pass: thinking signatures,
thought signatures, encrypted reasoning; and the plain reasoning of a turn with calls, where its
vendor wants that back.
"""

from __future__ import annotations

import json

from uniapi.canonical import (
    Event,
    Opaque,
    Part,
    PartDelta,
    PartEnd,
    PartStart,
    Reasoning,
    Response,
    ToolCall,
    unfold,
)
from uniapi.values import dataclass, replace

UNSIGNED_FAMILY = "unsigned"
"""The family of reasoning that nobody signed: good wherever plain reasoning is wanted back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedTurn:
    """One answer's reasoning and tool calls, with the family that signed them.

    `calls` holds every call, signed or not, so that an id met again can be checked.
    """

    family: str
    reasoning: tuple[Reasoning, ...]
    calls: tuple[ToolCall, ...]

    @property
    def size(self) -> int:
        """Bytes in memory, roughly."""
        texts = sum(len(part.text) + _weight(part.opaque) for part in self.reasoning)
        return texts + sum(len(call.arguments) + _weight(call.opaque) for call in self.calls)


class TurnReader:
    """Listens to the events of an answer and keeps what is signed in its first choice.

    Everything but reasoning and calls passes by at the price of a look-up. `keeps_unsigned`:
    whether the vendor wants the reasoning of a turn with calls back though it signs nothing.
    """

    def __init__(self, keeps_unsigned: bool = False) -> None:
        self._keeps_unsigned = keeps_unsigned
        self.open: dict[int, Part] = {}
        """The parts that are listened to, by their index."""
        self._pieces: dict[int, list[str]] = {}
        self._parts: list[tuple[int, Part]] = []

    def note(self, event: Event) -> None:
        match event:
            case PartDelta(index=index):
                pieces = self._pieces.get(index)
                if pieces is None:
                    return
                if event.text:
                    pieces.append(event.text)
                part = self.open[index]
                if event.opaque is not None and isinstance(part, Reasoning | ToolCall):
                    self.open[index] = replace(part, opaque=event.opaque)
            case PartStart(index=index, part=Reasoning() | ToolCall() as part, choice=0):
                self.open[index] = part
                self._pieces[index] = []
            case PartEnd(index=index):
                self._close(index)
            case _:
                pass

    def read(self, response: Response) -> None:
        """A whole answer, as `note` takes its events; most hold nothing that is kept."""
        parts = response.choices[0].parts if response.choices else ()
        for part in parts:
            if isinstance(part, Reasoning | ToolCall):
                for event in unfold(response):
                    self.note(event)
                return

    def _close(self, index: int) -> None:
        part = self.open.pop(index, None)
        text = "".join(self._pieces.pop(index, ()))
        if isinstance(part, Reasoning):
            self._parts.append((index, replace(part, text=part.text + text)))
        elif isinstance(part, ToolCall):
            self._parts.append((index, replace(part, arguments=part.arguments + text)))

    def turn(self) -> SignedTurn | None:
        """What was signed, None when nothing was.

        A turn has one family, because one model said it.
        """
        if not self._parts:
            return None
        parts = [part for _, part in sorted(self._parts, key=lambda entry: entry[0])]
        families = [
            part.opaque.family
            for part in parts
            if isinstance(part, Reasoning | ToolCall) and part.opaque is not None
        ]
        if not families:
            return _unsigned_turn(parts) if self._keeps_unsigned else None
        family = families[0]
        return SignedTurn(
            family=family,
            reasoning=tuple(
                part
                for part in parts
                if isinstance(part, Reasoning) and is_signed_by(part.opaque, family)
            ),
            calls=tuple(part for part in parts if isinstance(part, ToolCall)),
        )


def _unsigned_turn(parts: list[Part]) -> SignedTurn | None:
    reasoning = tuple(part for part in parts if isinstance(part, Reasoning) and part.text)
    calls = tuple(part for part in parts if isinstance(part, ToolCall))
    if not reasoning or not calls:
        return None
    return SignedTurn(family=UNSIGNED_FAMILY, reasoning=reasoning, calls=calls)


def _weight(opaque: Opaque | None) -> int:
    if opaque is None:
        return 0
    return len(opaque.value) if isinstance(opaque.value, str) else len(json.dumps(opaque.value))


def is_signed_by(opaque: Opaque | None, family: str) -> bool:
    """Whether `family` signed what carries this token."""
    return opaque is not None and opaque.family == family
