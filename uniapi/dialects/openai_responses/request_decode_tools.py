"""A client's tools and `tool_choice` → canonical: functions and freeform tools, namespaces of them,
hosted tools.

https://platform.openai.com/docs/guides/function-calling. A namespace is flattened into its tools,
each with its `namespace`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from uniapi.canonical import HostedTool, Json, Tool, ToolChoice
from uniapi.dialects.openai_chat.request_decode_members import (
    at,
    decode_bool,
    decode_list,
    decode_object,
    decode_text,
    need_object,
    need_text,
    refused,
)

from .request_decode_tool_search import SEARCH, decode_search_tool
from .vocabulary import HOSTED_KINDS, NAME

_FUNCTION_MEMBERS = frozenset({"type", "name", "description", "parameters", "strict", "function"})
_CUSTOM_MEMBERS = frozenset({"type", "name", "description", "format"})
_LOCATION_MEMBERS = ("country", "region", "city", "timezone")
_OWN_TYPES = (None, "function", "custom")


def decode_tools(
    value: Json, path: str, origin: Mapping[str, Json] | None = None
) -> list[Tool | HostedTool]:
    """A list of tools; `origin` says which item brought them, None for the request's own `tools`.

    Raises RequestRefused naming the tool.
    """
    tools: list[Tool | HostedTool] = []
    for index, entry in enumerate(decode_list(value, path)):
        place = f"{path}[{index}]"
        tool = need_object(entry, place)
        if tool.get("type") == "namespace":
            tools.extend(_namespace(tool, place, origin))
        else:
            tools.append(_tool(tool, place, None, origin))
    return tools


def _namespace(
    group: Mapping[str, Json], path: str, origin: Mapping[str, Json] | None
) -> list[Tool | HostedTool]:
    name = need_text(group.get("name"), f"{path}.name")
    description = decode_text(group.get("description"), f"{path}.description")
    inner = {**(origin or {}), "namespace_description": description}
    entries = decode_list(group.get("tools"), f"{path}.tools")
    return [
        _tool(need_object(entry, f"{path}.tools[{index}]"), f"{path}.tools[{index}]", name, inner)
        for index, entry in enumerate(entries)
    ]


def _tool(
    tool: dict[str, Any], path: str, namespace: str | None, origin: Mapping[str, Json] | None
) -> Tool | HostedTool:
    kind = tool.get("type")
    if kind == "custom":
        return Tool(
            name=need_text(tool.get("name"), f"{path}.name"),
            description=decode_text(tool.get("description"), f"{path}.description"),
            kind="custom",
            grammar=decode_object(tool.get("format"), f"{path}.format"),
            is_deferred=tool.get("defer_loading") is True,
            namespace=namespace,
            extras={name: value for name, value in tool.items() if name not in _CUSTOM_MEMBERS},
            dialect=NAME,
            origin=origin,
        )
    if kind == "function" or (kind is None and ("name" in tool or "function" in tool)):
        # Chat's nesting is forgiven: several clients send it here.
        nested = tool.get("function")
        function = need_object(nested, f"{path}.function") if nested is not None else tool
        return Tool(
            name=need_text(function.get("name"), f"{path}.name"),
            description=decode_text(function.get("description"), f"{path}.description"),
            parameters=decode_object(function.get("parameters"), f"{path}.parameters"),
            strict=decode_bool(function.get("strict"), f"{path}.strict"),
            is_deferred=tool.get("defer_loading") is True,
            namespace=namespace,
            extras={name: value for name, value in tool.items() if name not in _FUNCTION_MEMBERS},
            dialect=NAME,
            origin=origin,
        )
    if kind == SEARCH:
        return decode_search_tool(tool, path)
    if not isinstance(kind, str):
        raise refused(
            f"{path}.type", "`function`, `custom`, `namespace` or the type of a hosted tool", kind
        )
    return _hosted(kind, tool)


def _hosted(kind: str, tool: Mapping[str, Json]) -> HostedTool:
    location, size = tool.get("user_location"), tool.get("search_context_size")
    return HostedTool(
        kind=HOSTED_KINDS.get(kind, kind),
        dialect=NAME,
        raw=tool,
        allowed_domains=_texts(at(tool.get("filters"), "allowed_domains")),
        blocked_domains=_texts(at(tool.get("filters"), "blocked_domains")),
        location=(
            {
                name: location[name]
                for name in _LOCATION_MEMBERS
                if isinstance(location.get(name), str)
            }
            if isinstance(location, dict)
            else None
        ),
        context_size=size if isinstance(size, str) else None,
    )


def decode_choice(value: Json) -> ToolChoice | None:
    """`tool_choice`. A hosted tool that is forced becomes `required`: no other dialect names it so;
    the caller keeps the member itself for our own dialect.
    """
    if value is None:
        return None
    if isinstance(value, str):
        match value:
            case "auto":
                return ToolChoice(mode="auto")
            case "none":
                return ToolChoice(mode="none")
            case "required" | "any":
                return ToolChoice(mode="required")
            case _:
                raise refused("tool_choice", "auto, none, required or an object", value)
    choice = need_object(value, "tool_choice")
    kind = choice.get("type")
    if kind == "allowed_tools":
        entries = (
            choice.get("tools")
            if choice.get("tools") is not None
            else at(choice.get("allowed_tools"), "tools")
        )
        names = [
            at(tool, "name") or at(tool, "function", "name")
            for tool in decode_list(entries, "tool_choice.tools")
        ]
        mode = choice.get("mode") or at(choice.get("allowed_tools"), "mode")
        return ToolChoice(
            mode="required" if mode == "required" else "auto",
            allowed=tuple(name for name in names if isinstance(name, str)),
        )
    if kind in ("function", "custom") or (kind is None and "name" in choice):
        name = (
            choice.get("name")
            or at(choice.get("function"), "name")
            or at(choice.get("custom"), "name")
        )
        return ToolChoice(mode="tool", name=need_text(name, "tool_choice.name"))
    if isinstance(kind, str):
        return (
            decode_choice(kind)
            if kind in ("auto", "none", "required")
            else ToolChoice(mode="required")
        )
    raise refused(
        "tool_choice.type", "allowed_tools, function, custom or the type of a hosted tool", kind
    )


def is_hosted_choice(value: Json) -> bool:
    """Whether `tool_choice` names hosted tools, which ToolChoice cannot say exactly."""
    if not isinstance(value, dict):
        return False
    if value.get("type") == "allowed_tools":
        listed = value.get("tools")
        return isinstance(listed, list) and any(
            at(tool, "type") not in _OWN_TYPES for tool in listed
        )
    return value.get("type") not in (*_OWN_TYPES, "auto", "none", "required")


def own_namespace(namespace: Json, name: str, tools: Iterable[Tool | HostedTool]) -> str | None:
    """The namespace of a call as its client knows it: None where the tool was offered without one.
    The API puts a deferred tool that its search found into a namespace named after the tool; a
    client of another dialect never heard of it.
    """
    if not isinstance(namespace, str):
        return None
    offered = {(tool.namespace, tool.name) for tool in tools if isinstance(tool, Tool)}
    is_given = (namespace, name) not in offered and ((None, name) in offered or namespace == name)
    return None if is_given else namespace


def _texts(value: Json) -> tuple[str, ...]:
    return tuple(text for text in value if isinstance(text, str)) if isinstance(value, list) else ()
