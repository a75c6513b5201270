"""Tools of a client's request and its choice among them; which of those it defers a search has
found already.

Claude Code searches by itself: a result of its search holds `tool_reference` blocks. The API's own
search is a server tool
(https://platform.claude.com/docs/en/agents-and-tools/tool-use/tool-search-tool, 2026-11-30).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from uniapi.canonical import (
    TOOL_SEARCH,
    ChoiceMode,
    HostedTool,
    Json,
    RequestRefused,
    Tool,
    ToolChoice,
)
from uniapi.values import replace

from .answer_decode_parts import text_of
from .request_decode_members import named
from .vocabulary import NAME, cache_hint, member

_CHOICE_MODES: Mapping[str, ChoiceMode] = {
    "auto": "auto",
    "any": "required",
    "tool": "tool",
    "none": "none",
}
_HOSTED = ("web_search", "web_fetch", "code_execution", TOOL_SEARCH)
"""Kinds that other vendors have too; of the rest the type itself is the kind."""
_TOOL_MEMBERS = frozenset(
    {"type", "name", "description", "input_schema", "strict", "cache_control"}
)


def decode_tools(tools: Sequence[Json], messages: Sequence[Json]) -> tuple[Tool | HostedTool, ...]:
    """The tools in order. A deferred one stays out of sight as long as a tool of the client's own
    can still find it: what the API's search would find is within reach of that API alone.
    """
    decoded = tuple(_tool(tool, f"tools[{number}]") for number, tool in enumerate(tools))
    visible = [tool for tool in decoded if not (isinstance(tool, Tool) and tool.is_deferred)]
    if len(visible) == len(decoded):
        return decoded
    is_found_by_client = any(isinstance(tool, Tool) for tool in visible) and not any(
        isinstance(tool, HostedTool) and tool.kind == TOOL_SEARCH for tool in visible
    )
    found = set(found_tools(messages))
    return tuple(
        tool
        if isinstance(tool, HostedTool) or (is_found_by_client and tool.name not in found)
        else replace(tool, is_deferred=False)
        for tool in decoded
    )


def found_tools(messages: Sequence[Json]) -> Iterator[str]:
    """The names that searches found, and those of tools that were called."""
    for message in messages:
        content = member(message, "content")
        for block in content if isinstance(content, list) else ():
            if member(block, "type") == "tool_use":
                yield str(member(block, "name"))
            yield from _referenced(member(block, "content"))


def _referenced(content: Json) -> Iterator[str]:
    """The client's search gives a list of references, the API's one that lies in an object."""
    listed = member(content, "tool_references") if isinstance(content, dict) else content
    for block in listed if isinstance(listed, list) else ():
        if member(block, "type") == "tool_reference":
            yield str(member(block, "tool_name"))


def _tool(tool: Json, where: str) -> Tool | HostedTool:
    if not isinstance(tool, dict):
        raise RequestRefused.bad_request(f"{where}: expected an object, found {named(tool)}", where)
    kind = tool.get("type")
    if kind is not None and kind != "custom":
        return _hosted(tool, str(kind))
    name = tool.get("name")
    if not isinstance(name, str) or not name:
        raise RequestRefused.bad_request(
            f"{where}.name: expected a name, found {named(name)}", f"{where}.name"
        )
    schema = tool.get("input_schema")
    if schema is not None and not isinstance(schema, dict):
        raise RequestRefused.bad_request(
            f"{where}.input_schema: expected an object, found {named(schema)}",
            f"{where}.input_schema",
        )
    strict = tool.get("strict")
    return Tool(
        name=name,
        description=text_of(tool, "description") or None,
        parameters=schema,
        strict=strict if isinstance(strict, bool) else None,
        cache=cache_hint(tool),
        is_deferred=tool.get("defer_loading") is True,
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


def decode_tool_choice(choice: Json) -> tuple[ToolChoice | None, bool | None]:
    """The choice, and what it says of parallel calls."""
    if choice is None:
        return None, None
    kind = choice.get("type") if isinstance(choice, dict) else choice
    mode = _CHOICE_MODES.get(kind) if isinstance(kind, str) else None
    if not isinstance(choice, dict) or mode is None:
        raise RequestRefused.bad_request(
            f"tool_choice.type: expected auto, any, tool or none, found {named(kind)}",
            "tool_choice.type",
        )
    disabled = choice.get("disable_parallel_tool_use")
    parallel = not disabled if isinstance(disabled, bool) else None
    if kind == "tool":
        name = choice.get("name")
        if not isinstance(name, str) or not name:
            raise RequestRefused.bad_request(
                f"tool_choice.name: expected a tool's name, found {named(name)}",
                "tool_choice.name",
            )
        return ToolChoice(mode="tool", name=name), parallel
    return ToolChoice(mode=mode), parallel
