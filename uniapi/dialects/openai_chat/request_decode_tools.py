"""Tools and tool choice of a client's chat body → canonical: functions (nested, flat or legacy),
freeform tools, and the hosted tools of many vendors.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from uniapi.canonical import HostedTool, Json, RequestRefused, Tool, ToolChoice
from uniapi.values import replace

from .request_decode_members import (
    DIALECT_NAME,
    at,
    decode_bool,
    decode_list,
    decode_object,
    decode_text,
    need_object,
    need_text,
    refused,
)
from .request_decode_parts import decode_cache

LEGACY_ORIGIN: Mapping[str, Json] = {"member": "functions"}
"""Marks a Tool that came from `functions`: its client reads answers in `function_call`."""

HOSTED_KINDS = {
    "web_search": "web_search",
    "web_search_preview": "web_search",
    "openrouter:web_search": "web_search",
    "browser_search": "web_search",
    "code_interpreter": "code_execution",
    "code_execution": "code_execution",
}
"""Vendors' types of hosted tools → the meaning shared between dialects; others keep their own name.
"""


def decode_tools(body: Mapping[str, Json]) -> tuple[Tool | HostedTool, ...]:
    """`tools`, the legacy `functions`, and web search, which is a member of its own."""
    tools: list[Tool | HostedTool] = []
    for index, item in enumerate(decode_list(body.get("tools"), "tools")):
        tools.append(_tool(need_object(item, f"tools[{index}]"), f"tools[{index}]"))
    for index, item in enumerate(decode_list(body.get("functions"), "functions")):
        tools.append(
            replace(
                _function(need_object(item, f"functions[{index}]"), {}, f"functions[{index}]"),
                origin=LEGACY_ORIGIN,
            )
        )
    options = decode_object(body.get("web_search_options"), "web_search_options")
    if options is not None:
        tools.append(_hosted("web_search", {"web_search_options": options}, options))
    return tuple(tools)


def _tool(tool: dict[str, Any], path: str) -> Tool | HostedTool:
    kind = tool.get("type")
    if kind == "custom" or (kind is None and "custom" in tool):
        return _custom(tool, path)
    nested = tool.get("function")
    if nested is not None:
        outer = {
            name: value
            for name, value in tool.items()
            if name not in ("type", "function", "cache_control")
        }
        return _function(
            need_object(nested, f"{path}.function"),
            outer,
            f"{path}.function",
            decode_cache(tool.get("cache_control")),
        )
    if kind == "function" or (kind is None and "name" in tool):
        return _function(tool, {}, path)
    if not isinstance(kind, str):
        raise refused(f"{path}.type", "`function`, `custom` or the name of a hosted tool", kind)
    return _hosted(
        HOSTED_KINDS.get(kind, kind),
        tool,
        at(tool, kind) if isinstance(at(tool, kind), dict) else at(tool, "parameters") or tool,
    )


def _function(
    function: Mapping[str, Json], outer: dict[str, Json], path: str, cache: Any = None
) -> Tool:
    """`function` may be the nested object, or the whole tool when it is spelled flat (Responses'
    way, or Anthropic's with `input_schema`).
    """
    parameters = (
        function.get("parameters")
        if function.get("parameters") is not None
        else function.get("input_schema")
    )
    known = ("type", "name", "description", "parameters", "input_schema", "strict", "cache_control")
    inner = {name: value for name, value in function.items() if name not in known}
    return Tool(
        name=need_text(function.get("name"), f"{path}.name"),
        description=decode_text(function.get("description"), f"{path}.description"),
        parameters=decode_object(parameters, f"{path}.parameters"),
        strict=decode_bool(function.get("strict"), f"{path}.strict"),
        cache=cache or decode_cache(function.get("cache_control")),
        extras={**outer, **({"function": inner} if inner else {})},
        dialect=DIALECT_NAME,
    )


def _custom(tool: Mapping[str, Json], path: str) -> Tool:
    custom = need_object(tool.get("custom", tool), f"{path}.custom")
    grammar = decode_object(custom.get("format"), f"{path}.custom.format")
    if grammar is not None and isinstance(grammar.get("grammar"), dict):
        # The canonical form is Responses' flat one; Chat nests syntax and definition once more.
        grammar = {"type": "grammar", **grammar["grammar"]}
    return Tool(
        name=need_text(custom.get("name"), f"{path}.custom.name"),
        description=decode_text(custom.get("description"), f"{path}.custom.description"),
        kind="custom",
        grammar=grammar,
        dialect=DIALECT_NAME,
    )


def _hosted(kind: str, raw: Mapping[str, Json], options: Json) -> HostedTool:
    location = at(options, "user_location", "approximate")
    location = location if isinstance(location, dict) else at(options, "user_location")
    size = at(options, "search_context_size")
    domains = at(options, "filters", "allowed_domains") or at(options, "allowed_domains")
    uses = at(options, "max_uses")
    return HostedTool(
        kind=kind,
        dialect=DIALECT_NAME,
        raw=raw,
        location={
            name: value
            for name, value in location.items()
            if isinstance(value, str) and name != "type"
        }
        if isinstance(location, dict)
        else None,
        context_size=size if isinstance(size, str) else None,
        allowed_domains=tuple(domain for domain in domains if isinstance(domain, str))
        if isinstance(domains, list)
        else (),
        max_uses=uses if isinstance(uses, int) and not isinstance(uses, bool) else None,
    )


def decode_tool_choice(body: Mapping[str, Json]) -> ToolChoice | None:
    """`tool_choice`, or the legacy `function_call`."""
    member = "tool_choice" if body.get("tool_choice") is not None else "function_call"
    value = body.get(member)
    if value is None:
        return None
    if isinstance(value, str):
        return _choice_word(value, member)
    choice = need_object(value, member)
    kind = choice.get("type")
    if kind == "allowed_tools":
        allowed = need_object(choice.get("allowed_tools", choice), f"{member}.allowed_tools")
        names = [
            at(tool, "function", "name") or at(tool, "custom", "name") or at(tool, "name")
            for tool in decode_list(allowed.get("tools"), f"{member}.allowed_tools.tools")
        ]
        return ToolChoice(
            mode="required" if allowed.get("mode") == "required" else "auto",
            allowed=tuple(name for name in names if isinstance(name, str)),
        )
    name = at(choice, "function", "name") or at(choice, "custom", "name") or choice.get("name")
    if isinstance(name, str):
        return ToolChoice(mode="tool", name=name)
    if isinstance(kind, str) and kind not in ("function", "custom", "tool"):
        return _choice_word(kind, f"{member}.type")
    raise refused(f"{member}.function.name", "the name of a tool", name)


def _choice_word(word: str, path: str) -> ToolChoice:
    match word.lower():
        case "auto":
            return ToolChoice(mode="auto")
        case "none":
            return ToolChoice(mode="none")
        case "required" | "any":
            return ToolChoice(mode="required")
        case kind if kind in HOSTED_KINDS:
            return ToolChoice(mode="required")
        case _:
            raise RequestRefused.bad_request(
                f"{path}: expected auto, none, required or a tool, found {word[:40]!r}", param=path
            )
