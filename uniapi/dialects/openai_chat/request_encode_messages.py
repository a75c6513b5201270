"""Canonical messages → `messages` of a plain chat body.

Rules: tool results are `tool` messages directly after the assistant turn they answer, whatever else
the client put in between; a call without a result gets one that says so, a result without a call
becomes text; media inside a result, which upstreams refuse there, goes into the user message after
the results; one text is a string, several are a list of parts; an assistant turn is one message
with text before calls. What cannot be said is a loss named by its place.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from uniapi.canonical import (
    CacheHint,
    Json,
    Media,
    Message,
    Part,
    Reasoning,
    Refusal,
    Request,
    Text,
    ToolCall,
    ToolResult,
    Unknown,
)
from uniapi.dialects.cache_marks import BREAKPOINT_LIFETIMES, breakpoint_of, ephemeral
from uniapi.dialects.turn_repair import behind_label, behind_note, says_nothing
from uniapi.values import dataclass, field, replace

from .request_decode_members import DIALECT_NAME
from .request_encode_media import encode_media
from .request_encode_names import wire_name

NO_RESULT = "(no result)"
_CONTENTS = frozenset({"tool_calls", "refusal", "audio"})
"""What stands in place of an assistant's content."""
_EMPTY_TURN = frozenset({"role", "content", "name"})


def encode_messages(
    request: Request, losses: list[str]
) -> tuple[list[dict[str, Any]], list[Message | None]]:
    """The `messages` of a body, and for each the assistant's turn behind it (None: another's).
    Appends to `losses` what had to be left out.
    """
    writer = _MessageWriter(losses=losses)
    for index, message in enumerate(request.messages):
        writer.add(message, f"messages[{index}]")
    writer.close_turn()
    if not writer.messages and says_nothing(request):
        # Question as it was asked: a list of none is refused.
        return [{"role": "user", "content": ""}], [None]
    return writer.messages, [writer.turns.get(index) for index in range(len(writer.messages))]


@dataclass(slots=True)
class _MessageWriter:
    """Collects messages. `results` and `waiting` hold a user turn that is still growing: its tool
    results, and what must come after them.
    """

    losses: list[str]
    messages: list[dict[str, Any]] = field(default_factory=list)
    turns: dict[int, Message] = field(default_factory=dict)
    """The assistant's turns, by the place of their message."""
    results: list[dict[str, Any]] = field(default_factory=list)
    attached: list[dict[str, Json]] = field(default_factory=list)
    waiting: list[dict[str, Any]] = field(default_factory=list)
    pending: dict[str, None] = field(default_factory=dict)
    """Calls of the last assistant turn that have no result yet, by wire id, in order."""

    def add(self, message: Message, path: str) -> None:
        match message.role:
            case "system" | "developer":
                self._system(message, path)
            case "user":
                self._user(message, path)
            case "assistant":
                if self.pending and not self.results and not self.waiting:
                    self._continue_assistant(message, path)
                    return
                self.close_turn()
                self._assistant(message, path)

    def close_turn(self) -> None:
        """Write what stands between two assistant turns: results first, then their media, then the
        rest.
        """
        self.messages.extend(self.results)
        for call_id in self.pending:
            self.messages.append({"role": "tool", "tool_call_id": call_id, "content": NO_RESULT})
        self.pending.clear()
        if self.attached:
            self.messages.append({"role": "user", "content": self.attached})
        self.messages.extend(self.waiting)
        self.results, self.attached, self.waiting = [], [], []

    def lose(self, name: str) -> None:
        if name not in self.losses:
            self.losses.append(name)

    def _system(self, message: Message, path: str) -> None:
        parts = [part for part in message.parts if not (isinstance(part, Text) and not part.text)]
        content = self._content(parts, path, joiner="\n\n", single=True)
        if content is None:
            return
        self.waiting.append(
            {"role": "developer", "content": content, **_name(message), **_members(message)}
        )

    def _user(self, message: Message, path: str) -> None:
        rest: list[Part] = []
        for part in message.parts:
            if isinstance(part, ToolResult):
                self._tool_result(part, path)
            else:
                rest.append(part)
        content = self._content(rest, path, joiner="\n")
        if content is None:
            return
        self.waiting.append(
            {"role": "user", "content": content, **_name(message), **_members(message)}
        )

    def _tool_result(self, result: ToolResult, path: str) -> None:
        if result.is_error:
            self.lose("tool_result.is_error")
        texts: list[Text] = []
        attached: list[dict[str, Json]] = []
        for part in result.content:
            match part:
                case Text():
                    texts.append(part)
                case Media():
                    encoded = self._media(part, path)
                    if encoded is not None and encoded["type"] == "text":
                        texts.append(Text(text=encoded["text"]))
                    elif encoded is not None:
                        attached.append(encoded)
                case Unknown():
                    self.lose(f"{path}.{part.name}")
        call_id = result.call_id
        if attached:
            # The model must be able to tell whose they are, and a result without text reads as
            # one of nothing.
            texts.append(Text(text=behind_note(call_id)))
            label = {"type": "text", "text": behind_label(call_id)}
            self.attached += [label, *attached]
        text = "\n".join(text.text for text in texts)
        if call_id not in self.pending:
            self.attached.append(
                {
                    "type": "text",
                    "text": f"Result of the tool {result.name or result.call_id}:\n{text}",
                }
            )
            return
        del self.pending[call_id]
        message: dict[str, Any] = {"role": "tool", "tool_call_id": call_id, "content": text}
        _mark(message, next((text.cache for text in reversed(texts) if text.cache), result.cache))
        self.results.append(message)

    def _assistant(self, message: Message, path: str) -> None:
        texts: list[Part] = []
        reasoning: list[Reasoning] = []
        encoded: dict[str, Any] = {"role": "assistant", "content": None, **_name(message)}
        calls: list[dict[str, Any]] = []
        for part in message.parts:
            match part:
                case Text() | Unknown():
                    texts.append(part)
                case Reasoning():
                    reasoning.append(part)
                case ToolCall():
                    calls.append(self._call(part))
                case Refusal(text=text):
                    encoded["refusal"] = encoded.get("refusal", "") + text
                case Media(kind="audio", file_id=str(audio_id)):
                    encoded["audio"] = {"id": audio_id}
                case Media(kind=kind):
                    self.lose(f"{path}.{kind}")
                case ToolResult():
                    self.lose(f"{path}.tool_result")
        content = self._content(texts, path, joiner="", single=True)
        encoded["content"] = content
        if calls:
            encoded["tool_calls"] = calls
            self.pending.update((call["id"], None) for call in calls)
        text = "\n".join(part.text for part in reasoning if part.text)
        if text:
            encoded["reasoning_content"] = text
        encoded.update(_members(message))
        if content is None and not encoded.keys() & _CONTENTS:
            if message.parts and not reasoning and not encoded.keys() - _EMPTY_TURN:
                # Nothing in it can be said here, and an empty turn is refused by some
                # («Assistant message must have either content or tool_calls»).
                return
            encoded["content"] = ""
        self.turns[len(self.messages)] = message
        self.messages.append(encoded)

    def _continue_assistant(self, message: Message, path: str) -> None:
        """A second assistant turn before any result of the first: one turn on the wire, since
        results must follow their calls at once.
        """
        first = self.messages.pop()
        place = len(self.messages)
        turn = self.turns[place]
        self._assistant(message, path)
        if len(self.messages) == place:
            self.messages.append(first)
            self.turns[place] = turn
            return
        second = self.messages.pop()
        joined = {
            **first,
            **second,
            "content": _joined_content(first["content"], second["content"]),
        }
        calls = [*first.get("tool_calls", ()), *second.get("tool_calls", ())]
        self.messages.append({**joined, "tool_calls": calls})
        self.turns[place] = replace(turn, parts=(*turn.parts, *message.parts))

    def _call(self, call: ToolCall) -> dict[str, Any]:
        name = wire_name(call.name, call.namespace)
        said = (
            {"name": name, "input": call.arguments}
            if call.kind == "custom"
            else {"name": name, "arguments": call.arguments}
        )
        encoded: dict[str, Any] = {"id": call.call_id, "type": call.kind, call.kind: said}
        _mark(encoded, call.cache)
        return encoded

    def _content(
        self, parts: Sequence[Part], path: str, *, joiner: str, single: bool = False
    ) -> str | list[dict[str, Json]] | None:
        """Content as a string or a list of parts; None when nothing is left. `single`: several
        texts without cache marks become one string.
        """
        said: list[Part] = []
        texts: list[str] = []
        for part in parts:
            if isinstance(part, Text):
                said.append(part)
                if part.cache is None:
                    texts.append(part.text)
            elif not _is_member(part) and self._can_say(part, path):
                said.append(part)
        if len(texts) == len(said) and (single or len(said) < 2):
            return joiner.join(texts) if texts else None
        pieces = [piece for part in said if (piece := self._piece(part, path)) is not None]
        return pieces or None

    def _can_say(self, part: Part, path: str) -> bool:
        """Whether `part` is no unknown of another dialect, which is a loss."""
        if not isinstance(part, Unknown) or part.dialect == DIALECT_NAME:
            return True
        self.lose(f"{path}.{part.name}")
        return False

    def _piece(self, part: Part, path: str) -> dict[str, Json] | None:
        match part:
            case Text():
                piece: dict[str, Json] | None = (
                    {"type": "text", "text": part.text} if part.text else None
                )
            case Media():
                piece = self._media(part, path)
            case Unknown() if part.dialect == DIALECT_NAME and isinstance(part.raw, dict):
                return dict(part.raw)
            case Unknown():
                self.lose(f"{path}.{part.name}")
                return None
            case Reasoning() | Refusal():
                piece = {"type": "text", "text": part.text} if part.text else None
            case _:
                self.lose(f"{path}.{type(part).__name__}")
                return None
        if piece is not None and not isinstance(part, Refusal):
            _mark(piece, part.cache)
        return piece

    def _media(self, media: Media, path: str) -> dict[str, Json] | None:
        piece = encode_media(media)
        if piece is None:
            self.lose(f"{path}.{media.kind}")
        return piece


def _mark(target: dict[str, Any], cache: CacheHint | None) -> None:
    """OpenAI's own lifetimes as its own kind of mark."""
    if cache is not None and cache.ttl in BREAKPOINT_LIFETIMES:
        target.update(breakpoint_of(cache))
    elif cache is not None:
        target["cache_control"] = ephemeral(cache)


def _is_member(part: Part) -> bool:
    return (
        isinstance(part, Unknown)
        and part.dialect == DIALECT_NAME
        and isinstance(part.raw, dict)
        and list(part.raw) == [part.name]
    )


def _members(message: Message) -> dict[str, Json]:
    """Message members nobody knows, back where they came from."""
    members: dict[str, Json] = {}
    for part in message.parts:
        if isinstance(part, Unknown) and _is_member(part):
            members.update(part.raw)
    return members


def _name(message: Message) -> dict[str, Json]:
    return {"name": message.name} if message.name else {}


def _joined_content(
    first: str | list[dict[str, Json]] | None, second: str | list[dict[str, Json]] | None
) -> str | list[dict[str, Json]] | None:
    if not first or not second:
        return first or second or None
    if isinstance(first, str) and isinstance(second, str):
        return f"{first}\n{second}"
    pieces = [
        [{"type": "text", "text": content}] if isinstance(content, str) else content
        for content in (first, second)
    ]
    return [*pieces[0], *pieces[1]]
