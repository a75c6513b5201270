"""Rules about tools: those offered, in `tools` and in the items that bring some along, the choice
among them, and the calls of earlier turns.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from uniapi.canonical import Json
from uniapi.dialects.fitting import Body, Fitting, minds
from uniapi.dialects.function_tools import (
    FREEFORM_PARAMETERS,
    object_text,
    with_grammar_in_words,
)
from uniapi.dialects.openai_chat.request_decode_members import at
from uniapi.dialects.openai_chat.request_encode_schema import function_parameters

from .fit_input import Item, with_items

_MEMBERS = ("tools", "tool_choice", "parallel_tool_calls")
_ITEMS = frozenset(
    {
        "function_call",
        "function_call_output",
        "custom_tool_call",
        "custom_tool_call_output",
        "additional_tools",
        "tool_search_call",
        "tool_search_output",
    }
)


@minds("has_tools")
def tools(body: Body, fitting: Fitting) -> Body:
    """`tools: false`: none are offered, and no earlier turn called any."""
    if any(body.get(name) for name in _MEMBERS):
        fitting.lose("tools")
    if any(name in body for name in _MEMBERS):
        body = {name: body[name] for name in body if name not in _MEMBERS}
    return with_items(body, lambda item, path: _without_calls(item, fitting))


def _without_calls(item: Item, fitting: Fitting) -> Item | None:
    if str(item.get("type")) not in _ITEMS:
        return item
    fitting.lose("tools")
    return None


@minds("allowed_tools", where=("tool_choice",))
def allowed_tools(body: Body, fitting: Fitting) -> Body:
    """Where a choice among several is unknown, only those are offered."""
    choice = body.get("tool_choice")
    if not isinstance(choice, dict) or choice.get("type") != "allowed_tools":
        return body
    listed = choice.get("tools")
    named = [entry for entry in listed if isinstance(entry, dict)] if listed else []
    allowed = {(entry.get("type"), entry.get("name")) for entry in named}
    kept = _with_tools(body, lambda tool: tool if _is_among(tool, allowed) else None)
    return {**kept, "tool_choice": choice.get("mode") or "auto"}


def _is_among(tool: Item, allowed: set[tuple[Json, Json]]) -> bool:
    """By type and name, or by the type alone for a hosted tool."""
    kind = tool.get("type")
    return (kind, tool.get("name")) in allowed or (kind, None) in allowed


def has_custom_tools(body: Mapping[str, Json]) -> bool:
    """Whether a freeform (`custom`) tool is offered, in any of the places for tools."""
    given = dict(body)
    return _with_tools(given, lambda tool: None if _is_custom(tool) else tool) is not given


@minds("custom_tools")
def custom_tools(body: Body, fitting: Fitting) -> Body:
    """Freeform tools as functions of one text, in the offer, the choice and the history."""
    body = with_items(_with_tools(body, _as_function), lambda item, path: _as_function_call(item))
    choice = body.get("tool_choice")
    if not isinstance(choice, dict):
        return body
    if choice.get("type") == "custom":
        return {**body, "tool_choice": {**choice, "type": "function"}}
    listed = choice.get("tools")
    if not isinstance(listed, list) or not any(_is_custom(entry) for entry in listed):
        return body
    named = [{**entry, "type": "function"} if _is_custom(entry) else entry for entry in listed]
    return {**body, "tool_choice": {**choice, "tools": named}}


def _is_custom(tool: Json) -> bool:
    return isinstance(tool, dict) and tool.get("type") == "custom"


def _as_function(tool: Item) -> Item:
    if not _is_custom(tool):
        return tool
    rest = {name: value for name, value in tool.items() if name not in ("format", "description")}
    definition = at(tool.get("format"), "definition")
    words = with_grammar_in_words(str(tool.get("description") or ""), definition)
    said = {"description": words} if words else {}
    return {
        **rest,
        **said,
        "type": "function",
        "parameters": FREEFORM_PARAMETERS,
        "strict": False,
    }


def _as_function_call(item: Item) -> Item:
    match item.get("type"):
        case "custom_tool_call":
            rest = {name: value for name, value in item.items() if name not in ("input", "id")}
            arguments = json.dumps({"input": item.get("input")}, ensure_ascii=False)
            return {**rest, "type": "function_call", "arguments": arguments}
        case "custom_tool_call_output":
            return {**item, "type": "function_call_output"}
        case _:
            return item


@minds(always=True, where=("arguments",))
def arguments_of_objects(body: Body, fitting: Fitting) -> Body:
    """What models wrote, or a client cut off, as the object it means: servers that render history
    by a template read it, and refuse what is none.
    """
    return with_items(body, lambda item, path: _with_arguments_of_objects(item))


def _with_arguments_of_objects(item: Item) -> Item:
    said = item.get("arguments")
    if item.get("type") != "function_call" or not isinstance(said, str):
        return item
    text = object_text(said)
    return item if text == said else {**item, "arguments": text}


@minds("checks_schemas", where=("tools",))
def schemas(body: Body, fitting: Fitting) -> Body:
    """«Invalid schema for function …»: parameters that OpenAI's validator refuses are mended; a
    translated body's have been already.
    """
    return _with_tools(body, _with_valid_parameters)


def _with_valid_parameters(tool: Item) -> Item:
    parameters = tool.get("parameters")
    if tool.get("type") != "function" or not isinstance(parameters, dict):
        return tool
    mended = function_parameters(parameters)
    return tool if mended == parameters else {**tool, "parameters": mended}


@minds("parallel_tool_calls_member", where=("parallel_tool_calls",))
def parallel_tool_calls(body: Body, fitting: Fitting) -> Body:
    if "parallel_tool_calls" not in body:
        return body
    if body["parallel_tool_calls"] is False:
        fitting.lose("parallel_tool_calls")
    return {name: body[name] for name in body if name != "parallel_tool_calls"}


_Change = Callable[[Item], Item | None]


def _with_tools(body: Body, change: _Change) -> Body:
    """`body` with every tool as `change` gives it, None taken out: in `tools`, in namespaces, and
    in the items that bring tools along; the very body when nothing is another object.
    """
    body = with_items(body, lambda item, path: _changed_offer(item, change))
    changed = _changed_offer(body, change)
    return body if changed is body else dict(changed)


def _changed_offer(holder: Mapping[str, Any], change: _Change) -> Mapping[str, Any]:
    """`holder` with the tools in its member `tools` changed."""
    offered = holder.get("tools")
    if not isinstance(offered, list):
        return holder
    changed = [_changed_tool(tool, change) if isinstance(tool, dict) else tool for tool in offered]
    if all(new is old for new, old in zip(changed, offered, strict=True)):
        return holder
    return {**holder, "tools": [tool for tool in changed if tool is not None]}


def _changed_tool(tool: Item, change: _Change) -> Item | None:
    if tool.get("type") != "namespace":
        return change(tool)
    changed = _changed_offer(tool, change)
    return changed if changed.get("tools") else None
