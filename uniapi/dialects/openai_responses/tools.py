"""Tools and tool choice of the Responses API ↔ canonical: flat functions, freeform (`custom`)
tools, namespaces that group them, hosted tools.

https://platform.openai.com/docs/guides/function-calling. A namespace is flattened into its tools,
each with its `namespace`, and written back as a group.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from uniapi.canonical import HostedTool, Json, Request, Tool, ToolChoice
from uniapi.dialects.function_tools import FREEFORM_PARAMETERS, description_with_grammar
from uniapi.dialects.openai_chat.request_decode_members import (
    at,
    need_object,
    need_text,
    read_bool,
    read_list,
    read_object,
    read_text,
    refused,
)
from uniapi.dialects.openai_chat.request_encode_names import wire_name
from uniapi.dialects.openai_chat.request_encode_schema import function_parameters
from uniapi.dialects.quirk import Quirk

from .vocabulary import HOSTED_KINDS, NAME

_FUNCTION_MEMBERS = frozenset({"type", "name", "description", "parameters", "strict", "function"})
_CUSTOM_MEMBERS = frozenset({"type", "name", "description", "format"})
_LOCATION_MEMBERS = ("country", "region", "city", "timezone")
_OWN_TYPES = (None, "function", "custom")


# Decoding


def decode_tools(
    value: Json, path: str, origin: Mapping[str, Json] | None = None
) -> list[Tool | HostedTool]:
    """A list of tools; `origin` says which item brought them, None for the request's own `tools`.

    Raises RequestRefused naming the tool.
    """
    tools: list[Tool | HostedTool] = []
    for index, entry in enumerate(read_list(value, path)):
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
    description = read_text(group.get("description"), f"{path}.description")
    inner = {**(origin or {}), "namespace_description": description}
    entries = read_list(group.get("tools"), f"{path}.tools")
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
            description=read_text(tool.get("description"), f"{path}.description"),
            kind="custom",
            grammar=read_object(tool.get("format"), f"{path}.format"),
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
            description=read_text(function.get("description"), f"{path}.description"),
            parameters=read_object(function.get("parameters"), f"{path}.parameters"),
            strict=read_bool(function.get("strict"), f"{path}.strict"),
            namespace=namespace,
            extras={name: value for name, value in tool.items() if name not in _FUNCTION_MEMBERS},
            dialect=NAME,
            origin=origin,
        )
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
            for tool in read_list(entries, "tool_choice.tools")
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


# Encoding


def encode_tools(
    tools: Iterable[Tool | HostedTool], quirk: Quirk, losses: list[str], item: str | None = None
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
        flat = encode_tool(tool, quirk, losses)
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


def encode_tool(tool: Tool, quirk: Quirk, losses: list[str]) -> dict[str, Json]:
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
    if tool.kind == "custom" and quirk.custom_tools:
        encoded["type"] = "custom"
        if tool.grammar is not None:
            encoded["format"] = dict(tool.grammar)
    elif tool.kind == "custom":
        if tool.grammar is not None and (description := description_with_grammar(tool)):
            encoded["description"] = description
        encoded.update(parameters=FREEFORM_PARAMETERS, strict=False)
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


def encode_choice(choice: ToolChoice, request: Request, quirk: Quirk) -> Json:
    """`tool_choice`; None when it names a tool that is not offered."""
    offered = {tool.name: tool for tool in request.tools if isinstance(tool, Tool)}
    if choice.mode == "tool":
        named = offered.get(choice.name or "")
        if named is not None:
            return _named(named, quirk)
        return _named_hosted(choice.name, request)
    if choice.allowed is None or choice.mode == "none":
        return choice.mode
    allowed = [_named(offered[name], quirk) for name in choice.allowed if name in offered]
    if len(allowed) == 1 and choice.mode == "required":
        return allowed[0]
    return {"type": "allowed_tools", "mode": choice.mode, "tools": allowed} if allowed else None


def _named(tool: Tool, quirk: Quirk) -> dict[str, Json]:
    return {
        "type": "custom" if tool.kind == "custom" and quirk.custom_tools else "function",
        "name": wire_name(tool.name),
    }


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
    request: Request, quirk: Quirk, losses: list[str]
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
    tools = encode_tools(request.tools, quirk, losses, "additional_tools")
    index = first.get("index")
    return index if isinstance(index, int) else 0, {
        "type": "additional_tools",
        "role": first.get("role") or "developer",
        "tools": tools,
    }


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


class ToolLookup:
    """The client's tools by the names a model may use: its own, with its namespace joined on, or as
    the wire made it.

    Codex answers "unsupported custom tool call" to a call that does not carry exactly the name,
    namespace and kind it offered.
    """

    def __init__(self, request: Request | None) -> None:
        self._tools: dict[str, Tool] = {}
        self._exact: dict[tuple[str | None, str], Tool] = {}
        for tool in request.tools if request is not None else ():
            if not isinstance(tool, Tool):
                continue
            self._exact.setdefault((tool.namespace, tool.name), tool)
            for name in (tool.name, wire_name(tool.name), wire_name(tool.name, tool.namespace)):
                self._tools.setdefault(name, tool)

    def find(self, name: str, namespace: str | None) -> Tool | None:
        exact = self._exact.get((namespace, name))
        if exact is not None or namespace is not None:
            return exact
        return self._tools.get(name)


def _texts(value: Json) -> tuple[str, ...]:
    return tuple(text for text in value if isinstance(text, str)) if isinstance(value, list) else ()
