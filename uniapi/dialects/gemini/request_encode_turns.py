"""The order the API wants: turns of `user` and `model` alternate, and every call is answered by the
turn right after it, one result for each call.

Clients are looser: results come late, in another order, between texts, twice, or never. Results are
put where their calls need them; a call without one gets a result that says so, a result without a
call becomes text. https://ai.google.dev/gemini-api/docs/function-calling
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import Any, Literal

from uniapi.canonical import Json, Message, Part, Text, ToolCall, ToolResult
from uniapi.values import dataclass, field

_OPENING: dict[str, Json] = {"role": "user", "parts": [{"text": " "}]}
"""A conversation has to begin with the user, and a turn has to say something."""

NO_RESULT = "No result was given for this call."


@dataclass(slots=True, kw_only=True)
class Turn:
    """One turn; each part with the position of the message it came from, for the losses."""

    role: Literal["user", "model"]
    parts: list[tuple[int, Part]] = field(default_factory=list)


def arrange_turns(messages: tuple[Message, ...]) -> list[Turn]:
    """The conversation without its system turns, in the API's order."""
    turns = _merged(messages)
    results = _Results(turns)
    arranged: list[Turn] = []
    for turn in turns:
        pending = _unanswered(arranged)
        if turn.role == "model":
            if pending:
                arranged.append(Turn(role="user", parts=results.answers(pending)))
            arranged.append(turn)
        else:
            answers = results.answers(pending)
            arranged.append(Turn(role="user", parts=answers + results.remaining(turn.parts)))
    pending = _unanswered(arranged)
    if pending:
        arranged.append(Turn(role="user", parts=results.answers(pending)))
    return arranged


def begun_by_user(contents: list[Any]) -> list[Json]:
    """The turns, begun by the user when they are not; what is no turn is left for the vendor."""
    first = contents[0] if contents else None
    if contents and not (isinstance(first, dict) and first.get("role") == "model"):
        return contents
    return [_OPENING, *contents]


class _Results:
    """The conversation's tool results by call id, in order, each to be used once."""

    def __init__(self, turns: Iterable[Turn]) -> None:
        self._by_id: dict[str, deque[tuple[int, ToolResult]]] = {}
        self._used: set[int] = set()
        for turn in turns:
            for index, part in turn.parts:
                if isinstance(part, ToolResult) and turn.role == "user":
                    self._by_id.setdefault(part.call_id, deque()).append((index, part))

    def answers(self, calls: list[tuple[int, ToolCall]]) -> list[tuple[int, Part]]:
        """One result for each call."""
        return [self._answer(index, call) for index, call in calls]

    def _answer(self, index: int, call: ToolCall) -> tuple[int, Part]:
        waiting = self._by_id.get(call.call_id)
        if waiting:
            found = waiting.popleft()
            self._used.add(id(found[1]))
            return found
        return index, ToolResult(
            call_id=call.call_id, name=call.name, content=(Text(text=NO_RESULT),), is_error=True
        )

    def remaining(self, parts: list[tuple[int, Part]]) -> list[tuple[int, Part]]:
        """The parts of a user turn that are still to be said, results without a call as text."""
        remaining: list[tuple[int, Part]] = []
        for index, part in parts:
            if not isinstance(part, ToolResult):
                remaining.append((index, part))
            elif id(part) not in self._used:
                self._used.add(id(part))
                self._by_id[part.call_id].remove((index, part))
                named = part.name or part.call_id
                remaining += [
                    (index, Text(text=f"Result of {named}:")),
                    *((index, inner) for inner in part.content),
                ]
        return remaining


def _merged(messages: tuple[Message, ...]) -> list[Turn]:
    turns: list[Turn] = []
    for index, message in enumerate(messages):
        if message.role in ("system", "developer"):
            continue
        role: Literal["user", "model"] = "model" if message.role == "assistant" else "user"
        if not turns or turns[-1].role != role:
            turns.append(Turn(role=role))
        turns[-1].parts += [(index, part) for part in message.parts]
    return turns


def _unanswered(turns: list[Turn]) -> list[tuple[int, ToolCall]]:
    """The calls of the last turn, when it is the model's."""
    if not turns or turns[-1].role != "model":
        return []
    return [(index, part) for index, part in turns[-1].parts if isinstance(part, ToolCall)]
