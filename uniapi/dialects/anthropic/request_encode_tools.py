"""Tools and tool choice of a request, as the API takes them."""

from __future__ import annotations

from uniapi.canonical import HostedTool, Json, Request, Tool, ToolChoice
from uniapi.dialects.cache_marks import ephemeral
from uniapi.dialects.function_tools import FREEFORM_PARAMETERS, description_with_grammar
from uniapi.dialects.object_schema import input_schema

from .request_encode_names import ToolNames
from .request_encode_schema import is_within_subset
from .vocabulary import NAME

MAX_STRICT_TOOLS = 20
"""https://platform.claude.com/docs/en/build-with-claude/structured-outputs: more strict tools in
one request are refused.
"""
WEB_SEARCH = "web_search_20250305"
"""The version every model and every host of Claude that searches at all takes."""


def encode_tools(request: Request, names: ToolNames, losses: list[str]) -> list[dict[str, Json]]:
    """The tools in order, names unique."""
    tools: list[dict[str, Json]] = []
    taken: set[str] = set()
    strict_left = MAX_STRICT_TOOLS
    allowed = request.tool_choice.allowed if request.tool_choice is not None else None
    for tool in request.tools:
        if allowed is not None and isinstance(tool, Tool) and tool.name not in allowed:
            continue
        encoded = (
            _function(tool, names, losses, strict_left)
            if isinstance(tool, Tool)
            else _hosted(tool, losses)
        )
        if encoded is None:
            continue
        name = encoded.get("name", encoded.get("mcp_server_name"))
        if isinstance(name, str) and name in taken:
            losses.append(f"tools.{name}")
            continue
        taken.add(str(name))
        strict_left -= encoded.get("strict") is True
        tools.append(encoded)
    return tools


def encode_tool_choice(
    request: Request, names: ToolNames, tools: list[dict[str, Json]], losses: list[str]
) -> dict[str, Json] | None:
    """The choice, None when the API's default says the same. A choice without tools, or of a tool
    that is not there, is refused upstream.
    """
    choice = request.tool_choice
    if not tools:
        if is_forced(choice):
            losses.append("tool_choice")
        return None
    mode = choice.mode if choice is not None else "auto"
    if choice is None and request.parallel_tool_calls is not False:
        return None
    if mode == "none":
        return {"type": "none"}
    if choice is not None and mode == "tool":
        wanted = _wire_name(choice, request, names)
        if wanted in (tool.get("name") for tool in tools):
            return _with_parallel({"type": "tool", "name": wanted}, request)
        losses.append("tool_choice")
        if request.parallel_tool_calls is not False:
            return None
    return _with_parallel({"type": "any" if mode == "required" else "auto"}, request)


def is_forced(choice: ToolChoice | None) -> bool:
    """Whether the model must call a tool."""
    return choice is not None and choice.mode in ("required", "tool")


def _wire_name(choice: ToolChoice, request: Request, names: ToolNames) -> str:
    """The name sent for the chosen tool; a choice does not say the namespace, the tool does."""
    chosen = (tool for tool in request.tools if isinstance(tool, Tool) and tool.name == choice.name)
    namespace = next((tool.namespace for tool in chosen), None)
    return names.wire(choice.name or "", namespace)


def _with_parallel(choice: dict[str, Json], request: Request) -> dict[str, Json]:
    if request.parallel_tool_calls is False:
        choice["disable_parallel_tool_use"] = True
    return choice


def _function(tool: Tool, names: ToolNames, losses: list[str], strict_left: int) -> dict[str, Json]:
    name = names.wire(tool.name, tool.namespace)
    encoded: dict[str, Json] = {"name": name}
    if tool.kind == "custom":
        described = description_with_grammar(tool)
        if described:
            encoded["description"] = described
        encoded["input_schema"] = dict(FREEFORM_PARAMETERS)
        return _marked(encoded, tool)
    if tool.description is not None:
        encoded["description"] = tool.description
    encoded["input_schema"] = schema = input_schema(tool.parameters)
    if tool.strict:
        if strict_left > 0 and is_within_subset(schema):
            encoded["strict"] = True
        else:
            losses.append(f"tools.{tool.name}.strict")
    if tool.extras:
        if tool.dialect == NAME:
            encoded.update({key: value for key, value in tool.extras.items() if key not in encoded})
        else:
            losses += [f"tools.{tool.name}.{key}" for key in tool.extras]
    return _marked(encoded, tool)


def _hosted(tool: HostedTool, losses: list[str]) -> dict[str, Json] | None:
    if tool.dialect == NAME:
        return dict(tool.raw)
    if tool.kind != "web_search":
        losses.append(f"tools.{tool.kind}")
        return None
    encoded: dict[str, Json] = {"type": WEB_SEARCH, "name": "web_search"}
    if tool.max_uses is not None:
        encoded["max_uses"] = tool.max_uses
    if tool.allowed_domains:
        encoded["allowed_domains"] = list(tool.allowed_domains)
        if tool.blocked_domains:
            losses.append("tools.web_search.blocked_domains")
    elif tool.blocked_domains:
        encoded["blocked_domains"] = list(tool.blocked_domains)
    location = {
        key: tool.location[key]
        for key in ("city", "region", "country", "timezone")
        if tool.location and tool.location.get(key)
    }
    if location:
        encoded["user_location"] = {"type": "approximate", **location}
    if tool.context_size is not None:
        losses.append("tools.web_search.search_context_size")
    return encoded


def _marked(encoded: dict[str, Json], tool: Tool) -> dict[str, Json]:
    if tool.cache is not None:
        encoded["cache_control"] = ephemeral(tool.cache)
    return encoded
