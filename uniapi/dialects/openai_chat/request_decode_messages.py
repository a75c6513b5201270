"""A client's `messages` → canonical messages.

Rules: a message becomes one Message, except that neighbouring `tool` and `function` messages join
into one user message of tool results. An assistant turn's parts are ordered reasoning, content,
refusal, audio and images, calls: the wire has no finer order. Members nobody knows become Unknown
parts whose `raw` is `{member: value}`, and our encoder writes them back.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import Any

from uniapi.canonical import (
    CacheHint,
    Json,
    Media,
    Message,
    Opaque,
    Part,
    Reasoning,
    Refusal,
    RequestRefused,
    Role,
    Text,
    ToolCall,
    ToolResult,
    Unknown,
)
from uniapi.values import replace

from .reasoning import merge_details, parts_of_details
from .request_decode_members import (
    DIALECT_NAME,
    at,
    decode_list,
    decode_text,
    need_object,
    need_text,
    refused,
)
from .request_decode_parts import (
    arguments_text,
    decode_cache,
    decode_content,
    decode_images,
    decode_thinking,
    result_content,
)

ROLES: dict[str, Role] = {
    "system": "system",
    "developer": "developer",
    "user": "user",
    "assistant": "assistant",
    "model": "assistant",
}
KNOWN_MEMBERS = frozenset(
    {
        "role",
        "content",
        "name",
        "tool_calls",
        "tool_call_id",
        "function_call",
        "refusal",
        "reasoning_content",
        "reasoning",
        "reasoning_details",
        "thinking_blocks",
        "extra_content",
        "audio",
        "images",
        "annotations",
        "cache_control",
    }
)


class _Calls:
    """The calls that wait for their results, so that results without an id (the legacy `function`
    role) still find theirs.
    """

    def __init__(self) -> None:
        self._ids: list[str] = []
        self._answered: set[int] = set()
        self._by_id: dict[str, deque[int]] = {}
        self._by_name: dict[str | None, deque[int]] = {None: deque()}

    def add(self, call: ToolCall) -> None:
        place = len(self._ids)
        self._ids.append(call.call_id)
        self._by_id.setdefault(call.call_id, deque()).append(place)
        self._by_name.setdefault(call.name, deque()).append(place)
        self._by_name[None].append(place)

    def answer(self, call_id: str | None, name: str | None) -> str:
        """The id of the call that a result answers: its own, else that of the oldest waiting call
        of its name, or of any where the result has no name either.
        """
        places = self._by_name.get(name) if call_id is None else self._by_id.get(call_id)
        while places:
            place = places.popleft()
            if place not in self._answered:
                self._answered.add(place)
                return self._ids[place]
        return call_id or ""


def decode_messages(value: Json) -> tuple[Message, ...]:
    """Raises RequestRefused naming `messages` when it is no list with something in it, or the
    member in it that is at fault.
    """
    if not isinstance(value, list) or not value:
        raise RequestRefused.bad_request(
            "messages: expected a list with at least one message"
            + ("" if value is None or value == [] else ", found something else"),
            param="messages",
        )
    calls: _Calls | None = None
    messages: list[Message] = []
    results: list[ToolResult] = []
    for index, item in enumerate(value):
        spoken = _spoken(item)
        if spoken is not None and not results:
            messages.append(spoken)
            continue
        if calls is None:
            calls = _Calls()
        path = f"messages[{index}]"
        message = need_object(item, path)
        role = message.get("role")
        if role in ("tool", "function"):
            results.append(_tool_result(message, path, calls))
            continue
        if results:
            messages.append(Message(role="user", parts=tuple(results)))
            results = []
        if not isinstance(role, str) or role not in ROLES:
            raise refused(f"{path}.role", "system, developer, user, assistant or tool", role)
        messages.append(_message(message, ROLES[role], path, index, calls))
    if results:
        messages.append(Message(role="user", parts=tuple(results)))
    return tuple(messages)


def _spoken(item: Json) -> Message | None:
    """Most turns: a role and a text; None for any other."""
    if type(item) is not dict or len(item) != 2:
        return None
    content, said = item.get("content"), item.get("role")
    role = ROLES.get(said) if type(said) is str else None
    if role is None or type(content) is not str:
        return None
    return Message(role=role, parts=(Text(text=content),) if content else ())


def _message(
    message: Mapping[str, Json], role: Role, path: str, index: int, calls: _Calls
) -> Message:
    name = decode_text(message.get("name"), f"{path}.name")
    content = decode_content(message.get("content"), f"{path}.content")
    parts: list[Part] = (
        _assistant_parts(message, content, path, index, calls) if role == "assistant" else content
    )
    parts.extend(_unknown_members(message))
    cache = decode_cache(message.get("cache_control"))
    if cache is not None:
        _mark_last(parts, cache)
    return Message(role=role, parts=tuple(parts), name=name)


def _assistant_parts(
    message: Mapping[str, Json], content: list[Part], path: str, index: int, calls: _Calls
) -> list[Part]:
    parts: list[Part] = [*decode_reasoning(message), *content]
    signature = google_signature(message)
    if signature is not None:
        _sign_last(parts, signature)
    refusal = decode_text(message.get("refusal"), f"{path}.refusal")
    if refusal:
        parts.append(Refusal(text=refusal))
    audio_id = at(message.get("audio"), "id")
    if isinstance(audio_id, str):
        parts.append(
            Media(kind="audio", file_id=audio_id, opaque=Opaque(family="openai", value=audio_id))
        )
    parts.extend(decode_images(message.get("images"), f"{path}.images"))
    for number, item in enumerate(decode_list(message.get("tool_calls"), f"{path}.tool_calls")):
        parts.append(
            decode_tool_call(
                need_object(item, f"{path}.tool_calls[{number}]"),
                f"{path}.tool_calls[{number}]",
                f"call_{index}_{number}",
            )
        )
    legacy = message.get("function_call")
    if legacy is not None:
        legacy = need_object(legacy, f"{path}.function_call")
        name = need_text(legacy.get("name"), f"{path}.function_call.name")
        parts.append(
            ToolCall(
                call_id=f"call_{index}_0",
                name=name,
                arguments=arguments_text(legacy.get("arguments")),
            )
        )
    for part in parts:
        if isinstance(part, ToolCall):
            calls.add(part)
    return parts


def decode_reasoning(message: Mapping[str, Json]) -> list[Reasoning]:
    """The reasoning a turn carries, from the richest member it has: blocks with signatures,
    details, plain text.
    """
    blocks = message.get("thinking_blocks")
    if isinstance(blocks, list) and blocks:
        return [decode_thinking(block) for block in blocks if isinstance(block, dict)]
    text = message.get("reasoning_content") or message.get("reasoning")
    text = text if isinstance(text, str) else None
    details = message.get("reasoning_details")
    return parts_of_details(merge_details(details if isinstance(details, list) else []), text)


def decode_tool_call(call: Mapping[str, Json], path: str, spare_id: str) -> ToolCall:
    """One of `tool_calls`: a function, a custom tool, or either spelled flat.

    `spare_id` serves when the wire names none.
    """
    call_id = decode_text(call.get("id"), f"{path}.id") or spare_id
    cache = decode_cache(call.get("cache_control"))
    signature = google_signature(call)
    opaque = Opaque(family="gemini", value=signature) if signature is not None else None
    if call.get("type") == "custom" or "custom" in call:
        custom = need_object(call.get("custom", call), f"{path}.custom")
        name = need_text(custom.get("name"), f"{path}.custom.name")
        return ToolCall(
            call_id=call_id,
            name=name,
            arguments=arguments_text(custom.get("input")),
            kind="custom",
            cache=cache,
            opaque=opaque,
        )
    function = need_object(call.get("function", call), f"{path}.function")
    name = need_text(function.get("name"), f"{path}.function.name")
    return ToolCall(
        call_id=call_id,
        name=name,
        arguments=arguments_text(function.get("arguments")),
        cache=cache,
        opaque=opaque,
    )


def google_signature(value: Mapping[str, Any]) -> str | None:
    """A Gemini thought signature as Google's OpenAI layer carries it
    (`extra_content.google.thought_signature`), or as LiteLLM does.
    """
    for found in (
        at(value, "extra_content", "google", "thought_signature"),
        at(value, "provider_specific_fields", "thought_signature"),
    ):
        if isinstance(found, str) and found:
            return found
    return None


def _tool_result(message: Mapping[str, Json], path: str, calls: _Calls) -> ToolResult:
    name = decode_text(message.get("name"), f"{path}.name")
    call_id = decode_text(message.get("tool_call_id"), f"{path}.tool_call_id") or None
    content = result_content(decode_content(message.get("content"), f"{path}.content"))
    return ToolResult(
        call_id=calls.answer(call_id, name),
        name=name,
        content=content,
        cache=decode_cache(message.get("cache_control")),
    )


def _unknown_members(message: Mapping[str, Json]) -> list[Unknown]:
    return [
        Unknown(dialect=DIALECT_NAME, name=member, raw={member: value})
        for member, value in message.items()
        if member not in KNOWN_MEMBERS and value is not None
    ]


def _mark_last(parts: list[Part], cache: CacheHint) -> None:
    """A marker on the message is one on its last part that can carry it."""
    for index in range(len(parts) - 1, -1, -1):
        part = parts[index]
        if isinstance(part, Text | Media | ToolCall | ToolResult):
            parts[index] = replace(part, cache=cache)
            return


def _sign_last(parts: list[Part], signature: str) -> None:
    opaque = Opaque(family="gemini", value=signature)
    for index in range(len(parts) - 1, -1, -1):
        part = parts[index]
        if isinstance(part, Text):
            parts[index] = replace(part, opaque=opaque)
            return
    parts.append(Text(text="", opaque=opaque))


def messages_of_input(value: Json) -> Json:
    """Responses-style `input` as chat messages, for the mixed bodies that Cursor sends to the chat
    path; items with no chat form are left to the reader's refusal.
    """
    if isinstance(value, str):
        return [{"role": "user", "content": value}]
    if not isinstance(value, list):
        return value
    return [message for item in value for message in _messages_of_item(item)]


def _messages_of_item(item: Json) -> list[Json]:
    """None for reasoning that only its maker can read: a client of this dialect is never given
    such, and cannot have it from here.
    """
    match at(item, "type"):
        case "function_call":
            function = {"name": item.get("name"), "arguments": item.get("arguments")}
            return [_calling({"id": item.get("call_id"), "type": "function", "function": function})]
        case "custom_tool_call":
            return [
                _calling(
                    {
                        "id": item.get("call_id"),
                        "type": "custom",
                        "custom": {"name": item.get("name"), "input": item.get("input")},
                    }
                )
            ]
        case "function_call_output" | "custom_tool_call_output":
            return [
                {"role": "tool", "tool_call_id": item.get("call_id"), "content": item.get("output")}
            ]
        case "reasoning":
            summary = item.get("summary")
            texts = [
                text
                for piece in (summary if isinstance(summary, list) else ())
                if isinstance(text := at(piece, "text"), str)
            ]
            return (
                [{"role": "assistant", "content": None, "reasoning_content": "\n\n".join(texts)}]
                if texts
                else []
            )
        case "message":
            return [
                {
                    name: value
                    for name, value in item.items()
                    if name not in ("type", "id", "status", "phase")
                }
            ]
        case _:
            return [item]


def _calling(call: Json) -> Json:
    return {"role": "assistant", "content": None, "tool_calls": [call]}
