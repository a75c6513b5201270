"""Ids of tool calls, each once in a conversation.

Some servers count their calls anew in every answer: `call_0` again and again (grok behind xAI's
chat), `terminal:0` (Kimi behind routers), the function's name. Clients match a result to its call
by the id alone, so Claude Code takes the second `call_0` for one that is answered, and asks in
circles (NVIDIA-NeMo/Switchyard#502); the Messages API answers 400 («`tool_use` ids must be
unique»), Responses as well («Duplicate function_call_output for call_id»,
NousResearch/hermes-agent#111443; all of 2026-12-01).

What is decided here: an id that the conversation has never had is left alone, whatever it looks
like. One that it has is replaced by one of our own, which the upstream is sent in the next request
as any other: servers look at nothing but that call and result agree.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator, Mapping

from uniapi.canonical import (
    Json,
    Message,
    Part,
    PartStart,
    Request,
    Response,
    ToolCall,
    ToolResult,
)
from uniapi.values import dataclass, field, replace

_COUNTED = re.compile(r"(?:(?:call|tool|toolu|tooluse|fc|func|function)[-_]?)?\d{1,4}")
"""An id that a server may give in every answer: `call_0`, `0`, `tool_12`."""
_NAMED = re.compile(r"[\w.-]{1,128}:\d{1,4}")
"""Kimi's form, the tool's name and a number: `functions.read:0`."""
_OURS = re.compile(r"call_[0-9a-f]{16,}\d{2,}")
"""What stands in place of a repeated one."""


@dataclass(slots=True)
class CallIds:
    """The ids of the calls in one answer. `taken`: those of the conversation so far. `seed` is
    random hex, new for every answer.
    """

    taken: set[str]
    seed: str
    _made: int = 0
    _instead: dict[str, str] = field(default_factory=dict)

    def own(self, call: ToolCall) -> ToolCall:
        """The call under an id that no other has."""
        if not call.call_id or call.call_id not in self.taken:
            self.taken.add(call.call_id)
            return call
        return replace(call, call_id=self._new())

    def instead_of(self, call_id: str) -> str:
        """The same where a stream may name a call more than once: always the same for one id."""
        if call_id in self._instead:
            return self._instead[call_id]
        if call_id not in self.taken:
            return call_id
        new = self._new()
        self._instead |= {call_id: new, new: new}
        return new

    def in_response(self, response: Response) -> Response:
        """A whole answer with every call under its own id; the same object when they are."""
        choices = []
        for choice in response.choices:
            parts = tuple(map(self._own_part, choice.parts))
            is_same = all(new is old for new, old in zip(parts, choice.parts, strict=True))
            choices.append(choice if is_same else replace(choice, parts=parts))
        is_same = all(new is old for new, old in zip(choices, response.choices, strict=True))
        return response if is_same else replace(response, choices=tuple(choices))

    def _own_part(self, part: Part) -> Part:
        return self.own(part) if isinstance(part, ToolCall) else part

    def of_event(self, event: PartStart) -> PartStart:
        """`own`, of what begins in a stream."""
        part = event.part
        own = self.own(part) if isinstance(part, ToolCall) else part
        return event if own is part else replace(event, part=own)

    def _new(self) -> str:
        made = ""
        while not made or made in self.taken:
            made = f"call_{self.seed}{self._made:02d}"
            self._made += 1
        self.taken.add(made)
        return made


def called_in(request: Request) -> set[str]:
    """The ids of all calls in a conversation."""
    return {
        part.call_id
        for message in request.messages
        if message.role == "assistant"
        for part in message.parts
        if isinstance(part, ToolCall)
    }


def with_distinct_calls(request: Request) -> Request:
    """The request with every call and its result under an id of their own; the same object when
    they are, as in most.

    The first of the same keeps its id, and the others get a number that depends on nothing but what
    stands before, so that the prefix of a conversation stays what it was for prompt caches.
    """
    calls = [
        part.call_id
        for message in request.messages
        for part in message.parts
        if isinstance(part, ToolCall)
    ]
    if len(set(calls)) == len(calls):
        return request
    renaming = _Renaming()
    return replace(request, messages=tuple(map(renaming.message, request.messages)))


class _Renaming:
    """Gives results to calls of the same id in their order; a call that got none before the next
    turn with calls will get none.
    """

    def __init__(self) -> None:
        # Few histories need it.
        from .numbered_names import NumberedNames

        self._ids = NumberedNames()
        self._open: dict[str, deque[str]] = {}
        self._last: dict[str, str] = {}
        self._is_answered = True

    def message(self, message: Message) -> Message:
        parts = tuple(map(self._part, message.parts))
        is_same = all(new is old for new, old in zip(parts, message.parts, strict=True))
        return message if is_same else replace(message, parts=parts)

    def _part(self, part: Part) -> Part:
        match part:
            case ToolCall(call_id=call_id):
                if self._is_answered:
                    self._open.clear()
                    self._is_answered = False
                wire_id = self._last[call_id] = self._ids.next(call_id)
                self._open.setdefault(call_id, deque()).append(wire_id)
            case ToolResult(call_id=call_id):
                self._is_answered = True
                waiting = self._open.get(call_id)
                wire_id = waiting.popleft() if waiting else self._last.get(call_id, call_id)
            case _:
                return part
        return part if wire_id == call_id else replace(part, call_id=wire_id)


def repeated_before(body: Mapping[str, Json]) -> set[str]:
    """The ids of all calls in the body of a request, where its upstream may give them again: none
    for the others, whose answers a relay leaves alone. Total.

    The newest turn with calls tells, so that most requests are not walked.
    """
    turns = body.get("messages") or body.get("input")
    if not isinstance(turns, list):
        return set()
    newest = next((ids for turn in reversed(turns) if (ids := list(_calls(turn)))), [])
    if not any(map(_may_come_again, newest)):
        return set()
    called = [call_id for turn in turns for call_id in _calls(turn)]
    return set(called) if any(map(_is_counted, called)) else set()


def with_own_ids(value: Json, ids: CallIds) -> Json:
    """An answer, or an event of one, with its calls under ids of their own; the same object when
    nothing changes. Total: what is nested too deep for Python stays as it is.
    """
    try:
        return _renamed(value, ids)
    except RecursionError:
        return value


_ARGUMENTS = frozenset({"input", "arguments"})
"""What a tool is called with: whatever stands in it is the model's, and names no call."""


def _renamed(value: Json, ids: CallIds) -> Json:
    if isinstance(value, list):
        items = [_renamed(item, ids) for item in value]
        is_same = all(new is old for new, old in zip(items, value, strict=True))
        return value if is_same else items
    if not isinstance(value, dict):
        return value
    changed: dict[str, Json] = {}
    for name, member in value.items():
        if isinstance(member, dict | list) and name not in _ARGUMENTS:
            new = _renamed(member, ids)
        elif isinstance(member, str) and _names_a_call(name, value):
            new = ids.instead_of(member)
        else:
            continue
        if new is not member and new != member:
            changed[name] = new
    return {**value, **changed} if changed else value


def _names_a_call(name: str, holder: Mapping[str, Json]) -> bool:
    if name == "call_id":
        return True
    return name == "id" and (
        holder.get("type") in ("tool_use", "function", "custom")
        or isinstance(holder.get("function"), dict)
    )


_CALLS_IN = (("tool_calls", ("function", "custom")), ("content", ("tool_use",)))


def _calls(turn: Json) -> Iterator[str]:
    """The ids of the calls in a turn of a chat or of Messages, or in an item of Responses."""
    if not isinstance(turn, dict):
        return
    if turn.get("role") == "assistant":
        for name, kinds in _CALLS_IN:
            held = turn.get(name)
            for call in held if isinstance(held, list) else ():
                if isinstance(call, dict) and call.get("type", "function") in kinds:
                    yield from _text(call.get("id"))
    elif turn.get("type") in ("function_call", "custom_tool_call"):
        yield from _text(turn.get("call_id"))


def _text(value: Json) -> Iterator[str]:
    if isinstance(value, str):
        yield value


def _is_counted(call_id: str) -> bool:
    return bool(_COUNTED.fullmatch(call_id) or _NAMED.fullmatch(call_id))


def _may_come_again(call_id: str) -> bool:
    """Whether it is one of those, or stands for one."""
    return _is_counted(call_id) or bool(_OURS.fullmatch(call_id))
