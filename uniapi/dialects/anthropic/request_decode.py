"""A client's Messages body → canonical request. Types that routing or an encoder would trip over
are refused by path; what is unknown is carried.

https://platform.claude.com/docs/en/api/messages, both API versions (2023-06-01 and 2026-10-21),
beta members included.
"""

from __future__ import annotations

from collections.abc import Mapping

from uniapi.canonical import (
    Effort,
    Json,
    Message,
    OutputFormat,
    Part,
    ReasoningSettings,
    Request,
    RequestRefused,
    Role,
    Sampling,
    Text,
)

from .request_decode_members import (
    decode_list,
    decode_number,
    decode_object,
    decode_string,
    decode_strings,
    decode_whole,
    named,
)
from .request_decode_parts import PartReader
from .request_decode_tools import decode_tool_choice, decode_tools
from .vocabulary import NAME, cache_hint, is_billing_block

_KNOWN = frozenset(
    {
        "model",
        "messages",
        "system",
        "max_tokens",
        "temperature",
        "top_p",
        "top_k",
        "stop_sequences",
        "stream",
        "tools",
        "tool_choice",
        "thinking",
        "output_config",
        "output_format",
        "metadata",
        "service_tier",
        "cache_control",
    }
)
_ROLES: Mapping[str, Role] = {"user": "user", "assistant": "assistant", "system": "system"}
_EFFORTS: Mapping[str, Effort] = {
    "low": "low",
    "medium": "medium",
    "high": "high",
    "xhigh": "xhigh",
    "max": "max",
}


def decode_request(body: Mapping[str, Json], model: str, stream: bool) -> Request:
    """Raises RequestRefused naming the member."""
    try:
        return _decode(body, model, stream)
    except RecursionError:
        raise RequestRefused.bad_request("the request is nested too deep") from None


def _decode(body: Mapping[str, Json], model: str, stream: bool) -> Request:
    extensions = {
        name: value for name, value in body.items() if name not in _KNOWN and value is not None
    }
    reasoning = _reasoning(body, extensions)
    choice, parallel = decode_tool_choice(body.get("tool_choice"))
    metadata = decode_object(body, "metadata") or {}
    other_metadata = {
        name: value for name, value in metadata.items() if name != "user_id" and value is not None
    }
    if other_metadata:
        extensions["metadata"] = other_metadata
    return Request(
        model=model,
        messages=(*_system(body.get("system")), *_messages(body)),
        tools=decode_tools(decode_list(body, "tools"), body["messages"]),
        tool_choice=choice,
        parallel_tool_calls=parallel,
        sampling=Sampling(
            temperature=decode_number(body, "temperature"),
            top_p=decode_number(body, "top_p"),
            top_k=decode_whole(body, "top_k"),
            max_output_tokens=decode_whole(body, "max_tokens"),
            stop=tuple(decode_strings(body, "stop_sequences")),
        ),
        reasoning=reasoning,
        output_format=_output_format(body),
        stream=stream,
        user=decode_string(metadata, "user_id", "metadata.user_id"),
        service_tier=decode_string(body, "service_tier", "service_tier"),
        cache=cache_hint(body),
        extensions={NAME: extensions} if extensions else {},
    )


def _system(system: Json) -> list[Message]:
    if system is None or system == "" or system == []:
        return []
    parts = PartReader("system").text_content(system)
    kept = tuple(
        part for part in parts if not (isinstance(part, Text) and is_billing_block(part.text))
    )
    return [Message(role="system", parts=kept)] if kept else []


def _messages(body: Mapping[str, Json]) -> list[Message]:
    messages = body.get("messages")
    if not isinstance(messages, list):
        raise RequestRefused.bad_request(
            f"messages: expected a list, found {named(messages)}", "messages"
        )
    decoded: list[Message] = []
    for number, message in enumerate(messages):
        where = f"messages[{number}]"
        if not isinstance(message, dict):
            raise RequestRefused.bad_request(
                f"{where}: expected an object, found {named(message)}", where
            )
        role = message.get("role")
        if not isinstance(role, str) or role not in _ROLES:
            raise RequestRefused.bad_request(
                f'{where}.role: expected "user", "assistant" or "system", found {named(role)}',
                f"{where}.role",
            )
        reader = PartReader(f"{where}.content")
        content = message.get("content")
        parts: tuple[Part, ...] = (
            reader.text_content(content) if role == "system" else reader.content(content)
        )
        decoded.append(Message(role=_ROLES[role], parts=parts))
    return decoded


def _reasoning(body: Mapping[str, Json], extensions: dict[str, Json]) -> ReasoningSettings | None:
    """`thinking` and `output_config.effort` together; members of either that have no canonical
    place go to `extensions`.
    """
    thinking = decode_object(body, "thinking") or {}
    config = decode_object(body, "output_config") or {}
    kind = thinking.get("type")
    others = {
        name: value
        for name, value in thinking.items()
        if name not in ("type", "budget_tokens", "display") and value is not None
    }
    if kind not in (None, "enabled", "adaptive", "disabled"):
        others["type"] = kind
    if others:
        extensions["thinking"] = others
    word = config.get("effort")
    effort = _EFFORTS.get(word) if isinstance(word, str) else None
    rest = {
        name: value
        for name, value in config.items()
        if name not in ("effort", "format") and value is not None
    }
    if effort is not None and kind == "disabled":
        # No thinking, yet an effort for the answer itself: only this vendor tells the two apart.
        rest["effort"] = word
    if rest:
        extensions["output_config"] = rest
    if kind == "disabled":
        return ReasoningSettings(effort="none")
    display = thinking.get("display")
    budget = (
        decode_whole(thinking, "budget_tokens", "thinking.budget_tokens")
        if kind == "enabled"
        else None
    )
    if effort is None and budget is None and kind not in ("enabled", "adaptive"):
        return None
    return ReasoningSettings(
        effort=effort,
        budget=-1 if kind == "enabled" and budget is None else budget,
        is_adaptive=kind == "adaptive",
        visibility=display if isinstance(display, str) else None,
    )


def _output_format(body: Mapping[str, Json]) -> OutputFormat | None:
    stated = (decode_object(body, "output_config") or {}).get("format")
    name = "output_config.format" if stated is not None else "output_format"
    stated = stated if stated is not None else body.get("output_format")
    if stated is None:
        return None
    if not isinstance(stated, dict):
        raise RequestRefused.bad_request(f"{name}: expected an object, found {named(stated)}", name)
    schema = stated.get("schema")
    if not isinstance(schema, dict):
        raise RequestRefused.bad_request(
            f"{name}.schema: expected an object, found {named(schema)}", f"{name}.schema"
        )
    return OutputFormat(kind="json_schema", schema=schema)
