"""A client's Messages body → canonical request. Types that routing or an encoder would trip over
are refused by path; what is unknown is carried.

https://platform.claude.com/docs/en/api/messages, both API versions (2023-06-01 and 2026-10-21),
beta members included.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from uniapi.canonical import (
    ChoiceMode,
    Effort,
    HostedTool,
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
    Tool,
    ToolChoice,
)

from .answer_decode_parts import text_of
from .request_decode_parts import PartReader
from .vocabulary import NAME, cache_hint

BILLING_BLOCK = "x-anthropic-billing-header:"
"""How Claude Code's attribution block begins.

It means nothing to another vendor and differs between conversations, which spoils prefix caches.
"""

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
_CHOICE_MODES: Mapping[str, ChoiceMode] = {
    "auto": "auto",
    "any": "required",
    "tool": "tool",
    "none": "none",
}
_HOSTED = ("web_search", "web_fetch", "code_execution")
"""Kinds that other vendors have too; of the rest the type itself is the kind."""
_TOOL_MEMBERS = frozenset(
    {"type", "name", "description", "input_schema", "strict", "cache_control"}
)


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
    choice, parallel = _tool_choice(body.get("tool_choice"))
    metadata = _object(body, "metadata") or {}
    other_metadata = {
        name: value for name, value in metadata.items() if name != "user_id" and value is not None
    }
    if other_metadata:
        extensions["metadata"] = other_metadata
    return Request(
        model=model,
        messages=(*_system(body.get("system")), *_messages(body)),
        tools=tuple(
            _tool(tool, f"tools[{number}]") for number, tool in enumerate(_list(body, "tools"))
        ),
        tool_choice=choice,
        parallel_tool_calls=parallel,
        sampling=Sampling(
            temperature=_number(body, "temperature"),
            top_p=_number(body, "top_p"),
            top_k=_whole(body, "top_k"),
            max_output_tokens=_whole(body, "max_tokens"),
            stop=tuple(_strings(body, "stop_sequences")),
        ),
        reasoning=reasoning,
        output_format=_output_format(body),
        stream=stream,
        user=_string(metadata, "user_id", "metadata.user_id"),
        service_tier=_string(body, "service_tier", "service_tier"),
        cache=cache_hint(body),
        extensions={NAME: extensions} if extensions else {},
    )


def _system(system: Json) -> list[Message]:
    if system is None or system == "" or system == []:
        return []
    parts = PartReader("system").text_content(system)
    kept = tuple(
        part
        for part in parts
        if not (isinstance(part, Text) and part.text.startswith(BILLING_BLOCK))
    )
    return [Message(role="system", parts=kept)] if kept else []


def _messages(body: Mapping[str, Json]) -> list[Message]:
    messages = body.get("messages")
    if not isinstance(messages, list):
        raise RequestRefused.bad_request(
            f"messages: expected a list, found {_named(messages)}", "messages"
        )
    decoded: list[Message] = []
    for number, message in enumerate(messages):
        where = f"messages[{number}]"
        if not isinstance(message, dict):
            raise RequestRefused.bad_request(
                f"{where}: expected an object, found {_named(message)}", where
            )
        role = message.get("role")
        if not isinstance(role, str) or role not in _ROLES:
            raise RequestRefused.bad_request(
                f'{where}.role: expected "user", "assistant" or "system", found {_named(role)}',
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
    thinking = _object(body, "thinking") or {}
    config = _object(body, "output_config") or {}
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
        _whole(thinking, "budget_tokens", "thinking.budget_tokens") if kind == "enabled" else None
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
    stated = (_object(body, "output_config") or {}).get("format")
    name = "output_config.format" if stated is not None else "output_format"
    stated = stated if stated is not None else body.get("output_format")
    if stated is None:
        return None
    if not isinstance(stated, dict):
        raise RequestRefused.bad_request(
            f"{name}: expected an object, found {_named(stated)}", name
        )
    schema = stated.get("schema")
    if not isinstance(schema, dict):
        raise RequestRefused.bad_request(
            f"{name}.schema: expected an object, found {_named(schema)}", f"{name}.schema"
        )
    return OutputFormat(kind="json_schema", schema=schema)


def _tool(tool: Json, where: str) -> Tool | HostedTool:
    if not isinstance(tool, dict):
        raise RequestRefused.bad_request(
            f"{where}: expected an object, found {_named(tool)}", where
        )
    kind = tool.get("type")
    if kind is not None and kind != "custom":
        return _hosted(tool, str(kind))
    name = tool.get("name")
    if not isinstance(name, str) or not name:
        raise RequestRefused.bad_request(
            f"{where}.name: expected a name, found {_named(name)}", f"{where}.name"
        )
    schema = tool.get("input_schema")
    if schema is not None and not isinstance(schema, dict):
        raise RequestRefused.bad_request(
            f"{where}.input_schema: expected an object, found {_named(schema)}",
            f"{where}.input_schema",
        )
    strict = tool.get("strict")
    return Tool(
        name=name,
        description=text_of(tool, "description") or None,
        parameters=schema,
        strict=strict if isinstance(strict, bool) else None,
        cache=cache_hint(tool),
        extras={
            key: value
            for key, value in tool.items()
            if key not in _TOOL_MEMBERS and value is not None
        },
        dialect=NAME,
    )


def _hosted(tool: dict[str, Any], kind: str) -> HostedTool:
    location = tool.get("user_location")
    uses = tool.get("max_uses")
    return HostedTool(
        kind=next((shared for shared in _HOSTED if kind.startswith(f"{shared}_")), kind),
        dialect=NAME,
        raw=tool,
        max_uses=uses if isinstance(uses, int) and not isinstance(uses, bool) else None,
        allowed_domains=_domains(tool.get("allowed_domains")),
        blocked_domains=_domains(tool.get("blocked_domains")),
        location=(
            {
                key: value
                for key, value in location.items()
                if key != "type" and isinstance(value, str)
            }
            if isinstance(location, dict)
            else None
        ),
    )


def _domains(value: Json) -> tuple[str, ...]:
    return (
        tuple(domain for domain in value if isinstance(domain, str))
        if isinstance(value, list)
        else ()
    )


def _tool_choice(choice: Json) -> tuple[ToolChoice | None, bool | None]:
    """The choice, and what it says of parallel calls."""
    if choice is None:
        return None, None
    kind = choice.get("type") if isinstance(choice, dict) else choice
    mode = _CHOICE_MODES.get(kind) if isinstance(kind, str) else None
    if not isinstance(choice, dict) or mode is None:
        raise RequestRefused.bad_request(
            f"tool_choice.type: expected auto, any, tool or none, found {_named(kind)}",
            "tool_choice.type",
        )
    disabled = choice.get("disable_parallel_tool_use")
    parallel = not disabled if isinstance(disabled, bool) else None
    if kind == "tool":
        name = choice.get("name")
        if not isinstance(name, str) or not name:
            raise RequestRefused.bad_request(
                f"tool_choice.name: expected a tool's name, found {_named(name)}",
                "tool_choice.name",
            )
        return ToolChoice(mode="tool", name=name), parallel
    return ToolChoice(mode=mode), parallel


def _object(holder: Mapping[str, Json], name: str) -> dict[str, Json] | None:
    value = holder.get(name)
    if value is not None and not isinstance(value, dict):
        raise RequestRefused.bad_request(f"{name}: expected an object, found {_named(value)}", name)
    return value


def _list(holder: Mapping[str, Json], name: str) -> list[Json]:
    value = holder.get(name)
    if value is not None and not isinstance(value, list):
        raise RequestRefused.bad_request(f"{name}: expected a list, found {_named(value)}", name)
    return value or []


def _strings(holder: Mapping[str, Json], name: str) -> list[str]:
    values = _list(holder, name)
    for number, value in enumerate(values):
        if not isinstance(value, str):
            raise RequestRefused.bad_request(
                f"{name}[{number}]: expected text, found {_named(value)}", f"{name}[{number}]"
            )
    return values


def _string(holder: Mapping[str, Json], name: str, where: str) -> str | None:
    value = holder.get(name)
    if value is not None and not isinstance(value, str):
        raise RequestRefused.bad_request(f"{where}: expected text, found {_named(value)}", where)
    return value


def _number(holder: Mapping[str, Json], name: str) -> float | None:
    value = holder.get(name)
    if value is not None and (isinstance(value, bool) or not isinstance(value, int | float)):
        raise RequestRefused.bad_request(f"{name}: expected a number, found {_named(value)}", name)
    return value


def _whole(holder: Mapping[str, Json], name: str, where: str | None = None) -> int | None:
    value = holder.get(name)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if value is not None and (isinstance(value, bool) or not isinstance(value, int)):
        raise RequestRefused.bad_request(
            f"{where or name}: expected a whole number, found {_named(value)}", where or name
        )
    return value


def _named(value: Json) -> str:
    """A wrong value for a message: short scalars as they are, anything else by its kind."""
    if value is None:
        return "nothing"
    if isinstance(value, str):
        return f'"{value[:40]}"'
    if isinstance(value, bool | int | float):
        return str(value).lower()
    return "a list" if isinstance(value, list) else "an object"
