"""Canonical messages → `messages` as every OpenAI-compatible upstream takes them.

Rules: tool results are `tool` messages directly after the assistant turn they answer, whatever else
the client put in between; a call without a result gets one that says so, a result without a call
becomes text; media inside a result, which upstreams refuse there, goes into the user message after
the results; one text is a string, several are a list of parts; an assistant turn is one message
with text before calls. What cannot be said is a loss named by its place.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
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
from uniapi.dialects.losses import REASONING_LOSS
from uniapi.dialects.quirk import Quirk
from uniapi.dialects.turn_repair import says_nothing

from .fit_turn_order import in_order
from .reasoning import details_of_parts
from .request_decode_members import DIALECT_NAME
from .request_encode_media import encode_media
from .request_encode_names import wire_call_id, wire_name

NO_RESULT = "(no result)"
_EMPTY_TURN = frozenset({"role", "content", "name"})


def encode_messages(request: Request, quirk: Quirk, losses: list[str]) -> list[dict[str, Any]]:
    """The `messages` of a body. Appends to `losses` what had to be left out."""
    writer = _MessageWriter(quirk=quirk, losses=losses)
    for index, message in enumerate(request.messages):
        writer.add(message, f"messages[{index}]")
    writer.close_turn()
    if not writer.messages and says_nothing(request):
        # Question as it was asked: a list of none is refused.
        return [{"role": "user", "content": ""}]
    return list(in_order(writer.messages, quirk))


@dataclass(slots=True)
class _MessageWriter:
    """Collects messages. `results` and `waiting` hold a user turn that is still growing: its tool
    results, and what must come after them.
    """

    quirk: Quirk
    losses: list[str]
    messages: list[dict[str, Any]] = field(default_factory=list)
    results: list[dict[str, Any]] = field(default_factory=list)
    attached: list[dict[str, Json]] = field(default_factory=list)
    waiting: list[dict[str, Any]] = field(default_factory=list)
    prefix: list[str] = field(default_factory=list)
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
        self.messages.extend(
            {"role": "tool", "tool_call_id": call_id, "content": NO_RESULT}
            for call_id in self.pending
        )
        self.pending.clear()
        if self.attached:
            content = _as_text(self.attached) if self.quirk.text_content_only else self.attached
            self.messages.append({"role": "user", "content": content})
        self.messages.extend(self.waiting)
        self.results, self.attached, self.waiting = [], [], []
        if self.prefix:
            self.messages.append({"role": "user", "content": "\n\n".join(self.prefix)})
            self.prefix = []

    def lose(self, name: str) -> None:
        if name not in self.losses:
            self.losses.append(name)

    def _system(self, message: Message, path: str) -> None:
        parts = [part for part in message.parts if not (isinstance(part, Text) and not part.text)]
        content = self._content(parts, path, joiner="\n\n", single=True)
        if content is None:
            return
        if self.quirk.system_role == "user":
            self.prefix.append(content if isinstance(content, str) else _as_text(content))
            return
        self.waiting.append(
            {
                "role": self.quirk.system_role,
                "content": content,
                **_name(message),
                **_members(message),
            }
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
        if self.prefix:
            content = _prefixed("\n\n".join(self.prefix), content)
            self.prefix = []
        self.waiting.append(
            {"role": "user", "content": content, **_name(message), **_members(message)}
        )

    def _tool_result(self, result: ToolResult, path: str) -> None:
        if not self.quirk.has_tools:
            self.lose("tools")
            return
        if result.is_error:
            self.lose("tool_result.is_error")
        texts: list[Text] = []
        for part in result.content:
            match part:
                case Text():
                    texts.append(part)
                case Media():
                    encoded = self._media(part, path)
                    if encoded is not None and encoded["type"] == "text":
                        texts.append(Text(text=encoded["text"]))
                    elif encoded is not None:
                        self.attached.append(encoded)
                case Unknown():
                    self.lose(f"{path}.{part.name}")
        text = "\n".join(text.text for text in texts)
        call_id = wire_call_id(result.call_id, self.quirk.tool_call_id_form)
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
        self._mark(
            message, next((text.cache for text in reversed(texts) if text.cache), result.cache)
        )
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
        if calls and not self.quirk.has_tools:
            self.lose("tools")
            calls = []
        if calls:
            encoded["tool_calls"] = calls
            self.pending.update((call["id"], None) for call in calls)
        replayed = self._replayed(reasoning)
        if reasoning and not replayed:
            self.lose(REASONING_LOSS)
        encoded.update(replayed)
        encoded.update(_members(message))
        if self.quirk.opaque_family == "gemini":
            encoded.update(_signed([part for part in message.parts if isinstance(part, Text)]))
        if content is None and not calls and "refusal" not in encoded and "audio" not in encoded:
            if message.parts and not encoded.keys() - _EMPTY_TURN:
                # Nothing in it can be said here, and an empty turn is refused by some
                # («Assistant message must have either content or tool_calls»).
                return
            encoded["content"] = ""
        self.messages.append(encoded)

    def _continue_assistant(self, message: Message, path: str) -> None:
        """A second assistant turn before any result of the first: one turn on the wire, since
        results must follow their calls at once.
        """
        first = self.messages.pop()
        before = len(self.messages)
        self._assistant(message, path)
        if len(self.messages) == before:
            self.messages.append(first)
            return
        second = self.messages.pop()
        joined = {
            **first,
            **second,
            "content": _joined_content(first["content"], second["content"]),
        }
        calls = [*first.get("tool_calls", ()), *second.get("tool_calls", ())]
        self.messages.append({**joined, "tool_calls": calls})

    def _call(self, call: ToolCall) -> dict[str, Any]:
        call_id = wire_call_id(call.call_id, self.quirk.tool_call_id_form)
        name = wire_name(call.name, call.namespace)
        encoded: dict[str, Any]
        if call.kind == "custom" and self.quirk.custom_tools:
            encoded = {
                "id": call_id,
                "type": "custom",
                "custom": {"name": name, "input": call.arguments},
            }
        elif call.kind == "custom":
            encoded = {
                "id": call_id,
                "type": "function",
                "function": {"name": name, "arguments": dump_text({"input": call.arguments})},
            }
        else:
            encoded = {
                "id": call_id,
                "type": "function",
                "function": {"name": name, "arguments": call.arguments or "{}"},
            }
        if self.quirk.opaque_family == "gemini":
            encoded.update(_signed([call]))
        self._mark(encoded, call.cache)
        return encoded

    def _replayed(self, reasoning: Sequence[Reasoning]) -> dict[str, Json]:
        """An assistant turn's reasoning in the member the upstream reads."""
        text = "\n".join(part.text for part in reasoning if part.text)
        match self.quirk.reasoning_replay:
            case "reasoning_content" | "reasoning" as member:
                return {member: text} if text else {}
            case "reasoning_details":
                details = details_of_parts(reasoning)
                if details:
                    return {"reasoning_details": details}
                return {"reasoning": text} if text else {}
            case _:
                return {}

    def _content(
        self, parts: Sequence[Part], path: str, *, joiner: str, single: bool = False
    ) -> str | list[dict[str, Json]] | None:
        """Content as a string or a list of parts; None when nothing is left. `single`: several
        texts without cache markers become one string.
        """
        parts = [part for part in parts if not _is_member(part) and self._can_say(part, path)]
        texts_only = all(isinstance(part, Text) for part in parts)
        has_cache = self.quirk.cache_control and any(getattr(part, "cache", None) for part in parts)
        if (
            texts_only
            and (single or self.quirk.text_content_only or len(parts) < 2)
            and not has_cache
        ):
            texts = [part.text for part in parts if isinstance(part, Text)]
            if any(getattr(part, "cache", None) for part in parts):
                self.lose("cache_control")
            return joiner.join(texts) if texts else None
        pieces = [piece for part in parts if (piece := self._piece(part, path)) is not None]
        if not pieces:
            return None
        if self.quirk.text_content_only:
            return _as_text(pieces) or None
        return pieces

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
            self._mark(piece, part.cache)
        return piece

    def _media(self, media: Media, path: str) -> dict[str, Json] | None:
        piece = encode_media(media)
        if (
            piece is not None
            and piece["type"] == "file"
            and self.quirk.document_part == "document_url"
            and "file_data" in piece["file"]
        ):
            piece = {
                "type": "document_url",
                "document_url": piece["file"]["file_data"],
                "document_name": piece["file"]["filename"],
            }
        is_text = piece is not None and piece["type"] == "text"
        if piece is None or (
            not is_text
            and (
                self.quirk.text_content_only
                or (media.kind == "image" and not self.quirk.has_images)
            )
        ):
            self.lose(f"{path}.{media.kind}")
            return None
        return piece

    def _mark(self, target: dict[str, Any], cache: CacheHint | None) -> None:
        if cache is None:
            return
        if self.quirk.cache_control:
            target["cache_control"] = encode_cache(cache)
        else:
            self.lose("cache_control")


def encode_cache(cache: CacheHint) -> dict[str, Json]:
    return {"type": "ephemeral"} if cache.ttl is None else {"type": "ephemeral", "ttl": cache.ttl}


def schema_instruction(schema: Mapping[str, Json]) -> str:
    """What tells a model its schema where the wire cannot; OpenAI's `json_object` mode also wants
    the word JSON to be said.
    """
    return (
        "Answer with one JSON object only, without any text around it. It must fit this JSON"
        f" Schema:\n{dump_text(schema)}"
    )


def dump_text(value: Json) -> str:
    """JSON as it stands inside a text member: arguments, an input."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


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


def _as_text(pieces: Sequence[Mapping[str, Json]]) -> str:
    return "\n".join(str(piece["text"]) for piece in pieces if piece.get("type") == "text")


def _joined_content(
    first: str | list[dict[str, Json]] | None, second: str | list[dict[str, Json]] | None
) -> str | list[dict[str, Json]] | None:
    if not first or not second:
        return first or second
    if isinstance(first, str) and isinstance(second, str):
        return f"{first}\n{second}"
    pieces = [
        [{"type": "text", "text": content}] if isinstance(content, str) else content
        for content in (first, second)
    ]
    return [*pieces[0], *pieces[1]]


def _prefixed(text: str, content: str | list[dict[str, Json]]) -> str | list[dict[str, Json]]:
    if isinstance(content, str):
        return f"{text}\n\n{content}"
    return [{"type": "text", "text": text}, *content]


def _signed(parts: Sequence[Text | ToolCall]) -> dict[str, Json]:
    """Google's carriage of a thought signature; Gemini 3 refuses a replayed call without
    its own.
    """
    for part in reversed(parts):
        if part.opaque is not None and part.opaque.family == "gemini":
            return {"extra_content": {"google": {"thought_signature": part.opaque.value}}}
    return {}
