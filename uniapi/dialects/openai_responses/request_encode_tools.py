"""Canonical tools and tool choice → `tools` and `tool_choice`, and the item that brings some along.

https://platform.openai.com/docs/guides/function-calling. Tools of one namespace are written back as
a group.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from uniapi.canonical import HostedTool, Json, Request, Tool, ToolChoice
from uniapi.dialects.openai_chat.request_encode_names import wire_name
from uniapi.dialects.openai_chat.request_encode_schema import function_parameters

from .request_decode_tool_search import SEARCH
from .vocabulary import NAME


def encode_tools(
    tools: Iterable[Tool | HostedTool], losses: list[str], item: str | None = None
) -> list[dict[str, Json]]:
    """The tools that stand in `item` (None: in the request's `tools`), namespaces grouped in the
    order of their first tool.
    """
    encoded: list[dict[str, Json]] = []
    groups: dict[str, list[dict[str, Json]]] = {}
    for tool in tools:
        if isinstance(tool, HostedTool):
            if item is None and (hosted := _encoded_hosted(tool, losses)) is not None:
                encoded.append(hosted)
            continue
        origin = _origin(tool)
        if origin.get("item") != item:
            continue
        if SEARCH in origin:
            encoded.append(dict(origin[SEARCH]))
            continue
        flat = encode_tool(tool, losses)
        if tool.namespace is None:
            encoded.append(flat)
            continue
        if tool.namespace not in groups:
            groups[tool.namespace] = []
            description = origin.get("namespace_description")
            encoded.append(
                {
                    "type": "namespace",
                    "name": tool.namespace,
                    "description": description or "",
                    "tools": groups[tool.namespace],
                },
            )
        groups[tool.namespace].append(flat)
    return encoded


def encode_tool(tool: Tool, losses: list[str]) -> dict[str, Json]:
    """One function or freeform tool, flat.

    Chat, Anthropic and Gemini do not enforce a schema unless told to, this API does: `strict` is
    always said for their tools.
    """
    is_ours = tool.dialect == NAME
    if not is_ours:
        losses.extend(f"tools.{name}" for name in tool.extras if name != "function")
    encoded: dict[str, Json] = {"type": "function", "name": wire_name(tool.name)}
    if tool.description is not None:
        encoded["description"] = tool.description
    if tool.kind == "custom":
        encoded["type"] = "custom"
        if tool.grammar is not None:
            encoded["format"] = dict(tool.grammar)
    else:
        encoded["parameters"] = function_parameters(tool.parameters)
        if tool.strict is not None or not is_ours:
            encoded["strict"] = bool(tool.strict)
    if is_ours:
        encoded.update(tool.extras)
    return encoded


def _encoded_hosted(tool: HostedTool, losses: list[str]) -> dict[str, Json] | None:
    if tool.dialect == NAME:
        return dict(tool.raw)
    match tool.kind:
        case "web_search":
            return _web_search(tool, losses)
        case "code_execution":
            return {"type": "code_interpreter", "container": {"type": "auto"}}
        case "image_generation":
            return {"type": "image_generation"}
        case kind:
            losses.append(f"tools.{kind}")
            return None


def _web_search(tool: HostedTool, losses: list[str]) -> dict[str, Json]:
    encoded: dict[str, Json] = {"type": "web_search"}
    if tool.context_size in ("low", "medium", "high"):
        encoded["search_context_size"] = tool.context_size
    if tool.location:
        encoded["user_location"] = {"type": "approximate", **tool.location}
    if tool.allowed_domains:
        encoded["filters"] = {"allowed_domains": list(tool.allowed_domains)}
    losses.extend(
        f"tools.web_search.{name}"
        for name in ("max_uses", "blocked_domains")
        if getattr(tool, name)
    )
    return encoded


def encode_choice(choice: ToolChoice, request: Request) -> Json:
    """`tool_choice`; None when it names a tool that is not offered."""
    offered = {tool.name: tool for tool in request.tools if isinstance(tool, Tool)}
    if choice.mode == "tool":
        named = offered.get(choice.name or "")
        if named is not None:
            return _named(named)
        return _named_hosted(choice.name, request)
    if choice.allowed is None or choice.mode == "none":
        return choice.mode
    allowed = [_named(offered[name]) for name in choice.allowed if name in offered]
    if len(allowed) == 1 and choice.mode == "required":
        return allowed[0]
    return {"type": "allowed_tools", "mode": choice.mode, "tools": allowed} if allowed else None


def _named(tool: Tool) -> dict[str, Json]:
    return {"type": tool.kind, "name": wire_name(tool.name)}


def _named_hosted(name: str | None, request: Request) -> Json:
    """Anthropic forces a hosted tool by its name; where it is the only tool, `required` says the
    same.
    """
    hosted = [tool for tool in request.tools if isinstance(tool, HostedTool)]
    if len(request.tools) == 1 and hosted and name in (hosted[0].kind, hosted[0].raw.get("name")):
        return "required"
    return None


def _origin(tool: Tool) -> Mapping[str, Json]:
    return tool.origin if tool.dialect == NAME and tool.origin is not None else {}


def additional_tools_item(
    request: Request, losses: list[str]
) -> tuple[int, dict[str, Json]] | None:
    """The `additional_tools` item and its index in `input`, when the client brought tools
    that way.
    """
    origins = [
        tool.origin
        for tool in request.tools
        if isinstance(tool, Tool) and _origin(tool).get("item") == "additional_tools"
    ]
    first = origins[0] if origins else None
    if first is None:
        return None
    tools = encode_tools(request.tools, losses, "additional_tools")
    index = first.get("index")
    return index if isinstance(index, int) else 0, {
        "type": "additional_tools",
        "role": first.get("role") or "developer",
        "tools": tools,
    }
