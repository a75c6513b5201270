"""Tools and tool choice: `tools` and `toolConfig`. https://ai.google.dev/api/caching#Tool"""

from __future__ import annotations

from collections.abc import Mapping

from uniapi.canonical import HostedTool, Json, Request, Tool, ToolChoice
from uniapi.dialects.function_tools import FREEFORM_PARAMETERS, description_with_grammar

from .request_encode_names import ToolNames
from .request_encode_schema import function_parameters
from .request_encode_schema_draft import SchemaBudget
from .vocabulary import HOSTED_MEMBERS, NAME


def encode_tools(
    request: Request, names: ToolNames, losses: list[str], budget: SchemaBudget
) -> dict[str, Json]:
    """`tools` and `toolConfig`, as far as there is something to say."""
    if not request.tools:
        return {}
    choice = request.tool_choice
    offered = (
        set(choice.allowed)
        if choice is not None and choice.mode == "auto" and choice.allowed is not None
        else None
    )
    functions = [
        _declaration(name, tool, losses, budget)
        for name, tool in names.items()
        if offered is None or tool.name in offered
    ]
    config = dict(_extension(request, "toolConfig"))
    encoded: dict[str, Json] = {}
    tools = ([{"functionDeclarations": functions}] if functions else []) + _hosted(request, losses)
    if tools:
        encoded["tools"] = tools
    calling = _calling_config(choice, names)
    if calling and functions:
        config["functionCallingConfig"] = calling | {
            name: value
            for name, value in dict(config.get("functionCallingConfig") or {}).items()
            if name not in calling
        }
    elif choice is not None and choice.mode in ("required", "tool"):
        losses.append("tool_choice")
    if config:
        encoded["toolConfig"] = config
    return encoded


def _declaration(name: str, tool: Tool, losses: list[str], budget: SchemaBudget) -> dict[str, Json]:
    declaration: dict[str, Json] = {"name": name}
    description = tool.description or ""
    schema = tool.parameters
    if tool.kind == "custom":
        schema = FREEFORM_PARAMETERS
        description = description_with_grammar(tool)
    if description:
        declaration["description"] = description
    if tool.strict:
        losses.append(f"tools.{tool.name}.strict")
    if tool.dialect == NAME:
        declaration.update(tool.extras)
    elif tool.extras:
        losses += [f"tools.{member}" for member in tool.extras]
    parameters = function_parameters(schema, "json_schema", budget)
    if parameters is not None:
        declaration["parametersJsonSchema"] = parameters
    return declaration


def _hosted(request: Request, losses: list[str]) -> list[dict[str, Json]]:
    """Google's own tools, each in a Tool object of its own."""
    encoded: list[dict[str, Json]] = []
    for tool in request.tools:
        if not isinstance(tool, HostedTool):
            continue
        if tool.dialect == NAME:
            encoded.append(dict(tool.raw))
        elif tool.kind in HOSTED_MEMBERS:
            written: dict[str, Json] = {HOSTED_MEMBERS[tool.kind]: {}}
            if written not in encoded:
                encoded.append(written)
            restrictions = {
                "max_uses": tool.max_uses,
                "allowed_domains": tool.allowed_domains,
                "blocked_domains": tool.blocked_domains,
                "location": tool.location,
            }
            losses += [f"tools.{tool.kind}.{name}" for name, value in restrictions.items() if value]
        else:
            losses.append(f"tools.{tool.kind}")
    return encoded


def _calling_config(choice: ToolChoice | None, names: ToolNames) -> dict[str, Json]:
    """How tools are to be called; a tool that was not offered cannot be named."""
    if choice is None:
        return {}
    match choice.mode:
        case "none":
            return {"mode": "NONE"}
        case "auto":
            return {"mode": "AUTO"}
        case "tool" if not any(tool.name == choice.name for _, tool in names.items()):
            return {}
        case "tool" if choice.name is not None:
            return {"mode": "ANY", "allowedFunctionNames": [_wire_name(choice.name, names)]}
        case _:
            allowed = (
                {"allowedFunctionNames": [_wire_name(name, names) for name in choice.allowed]}
                if choice.allowed
                else {}
            )
            return {"mode": "ANY", **allowed}


def _wire_name(name: str, names: ToolNames) -> str:
    """A choice names a tool without its namespace."""
    return next((wire for wire, tool in names.items() if tool.name == name), names.wire(name))


def _extension(request: Request, member: str) -> Mapping[str, Json]:
    value = request.extensions.get(NAME, {}).get(member)
    return value if isinstance(value, Mapping) else {}
