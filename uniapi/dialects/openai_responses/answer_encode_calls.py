"""A call of the answer → its item, under the name, namespace and kind that the client offered."""

from __future__ import annotations

from typing import Literal

from uniapi.canonical import Json, Tool, ToolCall
from uniapi.dialects.function_tools import call_object, freeform_input

from .opaque import own_members
from .request_decode_tool_search import is_search
from .vocabulary import FAMILY

CallType = Literal["function_call", "custom_tool_call", "tool_search_call"]


def call_type(call: ToolCall, tool: Tool | None) -> CallType:
    """Of the item. `tool` is the one that the call names, None when it was not offered."""
    if is_search(tool):
        return "tool_search_call"
    kind = call.kind if tool is None else tool.kind
    return "custom_tool_call" if kind == "custom" else "function_call"


def call_item(
    item_id: str, call: ToolCall, tool: Tool | None, status: str = "completed"
) -> dict[str, Json]:
    """A call, finished or as it begins. Codex answers "unsupported custom tool call" to one of
    another kind than it offered.
    """
    item: dict[str, Json] = {
        "id": item_id,
        "type": call_type(call, tool),
        "status": status,
        "call_id": call.call_id,
    }
    match item["type"]:
        case "tool_search_call":
            return {**item, "execution": "client", "arguments": call_object(call)}
        case "custom_tool_call":
            item.update(name=_name(call, tool), input=freeform_text(call))
        case _:
            item.update(name=_name(call, tool), arguments=call.arguments)
    namespace = call.namespace if tool is None else tool.namespace
    if namespace is not None:
        item["namespace"] = namespace
    kept = own_members(call.opaque, FAMILY)
    return {**item, **{name: kept[name] for name in kept if name != "id"}}


def _name(call: ToolCall, tool: Tool | None) -> str:
    return call.name if tool is None else tool.name


def freeform_text(call: ToolCall) -> str:
    """A freeform call's text, taken out of the function's that stood in for it."""
    if call.kind == "custom":
        return call.arguments
    return freeform_input(call.arguments, call.name)
