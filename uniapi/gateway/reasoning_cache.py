"""What a model signed in its answers, remembered for clients that cannot carry it: Anthropic's
thinking signatures, Gemini's thought signatures, encrypted reasoning.

A chat client drops them, and the model's own family then refuses the next turn or thinks worse. So
a translated answer's signed parts are kept for an hour, in memory, bounded by size, under the
client key and the id of each tool call (or a hash of the reasoning text); when a later request of
that client key brings the turn back without them, they are put back before it is encoded for the
same family. Never for another family, never for another client key, and what the client did carry
is left alone.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Iterator

from uniapi.canonical import Message, Part, Reasoning, Request, ToolCall
from uniapi.clock import Monotonic
from uniapi.pipes import SignedTurn, is_signed_by
from uniapi.values import replace

from .expiring_map import ExpiringMap

MAX_BYTES = 32 * 1024 * 1024


class ReasoningCache:
    """The turns, by client key, family and name."""

    def __init__(self, max_bytes: int = MAX_BYTES) -> None:
        self._kept: ExpiringMap[SignedTurn] = ExpiringMap(max_bytes)

    def __len__(self) -> int:
        return len(self._kept)

    def remember(self, owner: str, turn: SignedTurn, now: Monotonic) -> None:
        """Keep a turn for a client key, under every name it may come back by."""
        for name in {
            *(_call_name(call.call_id) for call in turn.calls),
            *(_text_name(part.text) for part in turn.reasoning if part.text),
        }:
            self._kept.put((owner, turn.family, name), turn, turn.size, now)

    def turns_of(
        self, owner: str, families: Collection[str], calls: Iterable[ToolCall], now: Monotonic
    ) -> dict[str, Message]:
        """Call id → the turn in which one of `families` made it, for those that are known."""
        if not self._kept:
            return {}
        found: dict[str, Message] = {}
        for call in calls:
            turns = (self._find(owner, family, call, now) for family in families)
            turn = next((turn for turn in turns if turn is not None), None)
            if turn is not None:
                parts: tuple[Part, ...] = (*turn.reasoning, *turn.calls)
                found[call.call_id] = Message(role="assistant", parts=parts)
        return found

    def restore(self, owner: str, family: str, request: Request, now: Monotonic) -> Request:
        """`request` with what `family` signed put back where the client lost it; the same object
        when there is nothing to do.
        """
        if not self._kept:
            return request
        messages = list(request.messages)
        changed = False
        for start, end in _assistant_runs(request.messages):
            run = self._restored(owner, family, request.messages[start:end], now)
            if run is not None:
                messages[start:end] = run
                changed = True
        return replace(request, messages=tuple(messages)) if changed else request

    def _restored(
        self, owner: str, family: str, run: tuple[Message, ...], now: Monotonic
    ) -> list[Message] | None:
        """One turn (neighbouring assistant messages) with what was lost, None when nothing was."""
        is_signed = any(
            isinstance(part, Reasoning) and is_signed_by(part.opaque, family)
            for message in run
            for part in message.parts
        )
        restored: list[Message] = []
        has_changed = False
        for message in run:
            parts = [self._signed_call(owner, family, part, now) for part in message.parts]
            if not is_signed:
                reasoned = self._with_reasoning(owner, family, parts, now)
                is_signed = reasoned is not parts
                parts = reasoned
            has_changed = (
                has_changed
                or any(new is not old for new, old in zip(parts, message.parts, strict=False))
                or len(parts) != len(message.parts)
            )
            restored.append(replace(message, parts=tuple(parts)))
        return restored if has_changed else None

    def _signed_call(self, owner: str, family: str, part: Part, now: Monotonic) -> Part:
        if not isinstance(part, ToolCall) or is_signed_by(part.opaque, family):
            return part
        turn = self._find(owner, family, part, now)
        known = (
            next((call for call in turn.calls if call.call_id == part.call_id), None)
            if turn is not None
            else None
        )
        return (
            replace(part, opaque=known.opaque)
            if known is not None and is_signed_by(known.opaque, family)
            else part
        )

    def _with_reasoning(
        self, owner: str, family: str, parts: list[Part], now: Monotonic
    ) -> list[Part]:
        """The reasoning of the turn that a call in `parts` belongs to, in place of the client's
        unsigned copy; else signatures for texts that are known. The same list: nothing found.
        """
        calls = (part for part in parts if isinstance(part, ToolCall))
        turn = next(
            (
                found
                for call in calls
                if (found := self._find(owner, family, call, now)) is not None
            ),
            None,
        )
        if turn is not None:
            told = {part.text for part in turn.reasoning}
            rest = [part for part in parts if not _is_copy(part, told)]
            return [*turn.reasoning, *rest] if turn.reasoning else parts
        signed = [self._signed_text(owner, family, part, now) for part in parts]
        return (
            signed if any(new is not old for new, old in zip(signed, parts, strict=True)) else parts
        )

    def _signed_text(self, owner: str, family: str, part: Part, now: Monotonic) -> Part:
        if not isinstance(part, Reasoning) or not part.text or part.opaque is not None:
            return part
        turn = self._kept.get((owner, family, _text_name(part.text)), now)
        known = (
            next((one for one in turn.reasoning if one.text == part.text), None)
            if turn is not None
            else None
        )
        return replace(part, opaque=known.opaque) if known is not None else part

    def _find(self, owner: str, family: str, call: ToolCall, now: Monotonic) -> SignedTurn | None:
        """The turn in which this very call was made: some models number their calls anew in each
        conversation, so name and arguments have to agree.
        """
        turn = self._kept.get((owner, family, _call_name(call.call_id)), now)
        if turn is None or not any(_is_same(call, known) for known in turn.calls):
            return None
        return turn


def _is_copy(part: Part, told: Collection[str]) -> bool:
    """Whether a client's reasoning is a copy of what was told: unsigned, or the same text with no
    more than the id that the answer gave it (Codex).
    """
    return isinstance(part, Reasoning) and (part.opaque is None or part.text in told)


def _assistant_runs(messages: tuple[Message, ...]) -> Iterator[tuple[int, int]]:
    start: int | None = None
    for index, message in enumerate(messages):
        if message.role == "assistant":
            start = index if start is None else start
        elif start is not None:
            yield start, index
            start = None
    if start is not None:
        yield start, len(messages)


def _is_same(one: ToolCall, other: ToolCall) -> bool:
    return (
        one.call_id == other.call_id
        and one.name == other.name
        and _same_arguments(one.arguments, other.arguments)
    )


def _same_arguments(one: str, other: str) -> bool:
    """Clients parse arguments and write them again, so their spelling may differ; none at all is an
    empty object.
    """
    if one == other:
        return True
    try:
        return bool(json.loads(one or "{}") == json.loads(other or "{}"))
    except (ValueError, RecursionError):
        return False


def _call_name(call_id: str) -> str:
    return f"call {call_id}"


def _text_name(text: str) -> str:
    return f"text {hashlib.sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()}"
