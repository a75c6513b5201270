"""Rules over tools: what is offered, what may be chosen, and the turns that used some."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from uniapi.canonical import Json
from uniapi.dialects.fitting import Body, Fitting, minds
from uniapi.dialects.function_tools import (
    FREEFORM_PARAMETERS,
    object_text,
    with_grammar_in_words,
)
from uniapi.dialects.moonshot_schema import moonshot_parameters, moonshot_schema
from uniapi.dialects.object_schema import without_constraints
from uniapi.dialects.turn_repair import call_in_words

from .fit_members import has_type, without
from .fit_messages import Turn, with_calls, with_messages
from .fit_system import with_system_words
from .request_decode_members import at
from .request_encode_schema import function_parameters

TOOL_MEMBERS = ("tools", "tool_choice", "functions", "function_call", "parallel_tool_calls")
_CALLS = ("tool_calls", "function_call")


@minds("has_tools", where=(*TOOL_MEMBERS, *_CALLS, "tool", "function"))
def no_tools(body: Body, fitting: Fitting) -> Body:
    """Neither tools nor the turns that used some."""

    def mend(message: Turn, path: str) -> Turn | None:
        if message.get("role") in ("tool", "function"):
            fitting.lose("tools")
            return None
        if not any(message.get(name) for name in _CALLS):
            return message
        fitting.lose("tools")
        kept = without(message, *_CALLS)
        return kept if kept.get("content") else None

    if any(body.get(name) for name in ("tools", "functions")):
        fitting.lose("tools")
    changed = with_messages(body, mend)
    members = [name for name in TOOL_MEMBERS if name in body]
    return without(changed, *members) if members else changed


def has_freeform_tools(body: Mapping[str, Json]) -> bool:
    """Whether a freeform (`custom`) tool is offered."""
    tools = body.get("tools")
    return isinstance(tools, list) and any(has_type(tool, "custom") for tool in tools)


def has_longer_names(body: Mapping[str, Json], longest: int) -> bool:
    """Whether a tool has a name of more characters (an MCP server's stands before it)."""
    tools = body.get("tools")
    names = [at(tool, "function", "name") for tool in tools] if isinstance(tools, list) else []
    return any(isinstance(name, str) and len(name) > longest for name in names)


@minds(always=True, where=("tool_calls",))
def arguments_of_objects(body: Body, fitting: Fitting) -> Body:
    """The templates of local servers parse what earlier calls said, and one that was cut off would
    end the session.
    """

    def mend(call: Json) -> Json:
        said = at(call, "function", "arguments")
        if not isinstance(said, str) or (text := object_text(said)) == said:
            return call
        return {**call, "function": {**call["function"], "arguments": text}}

    return with_messages(body, lambda message, path: with_calls(message, mend))


@minds("custom_tools", where=("tools", "tool_choice", "tool_calls"))
def freeform_tools_as_functions(body: Body, fitting: Fitting) -> Body:
    """A freeform tool as a function of one text, `input`, and its earlier calls likewise."""
    changed = with_messages(body, lambda message, path: with_calls(message, _call_of_function))
    if has_freeform_tools(body):
        changed = {**changed, "tools": [_tool_of_function(tool) for tool in body["tools"]]}
    choice = body.get("tool_choice")
    if isinstance(choice, dict):
        changed = {**changed, "tool_choice": _choice_of_functions(choice)}
    return changed


def _tool_of_function(tool: Json) -> Json:
    if not has_type(tool, "custom"):
        return tool
    grammar = at(tool, "custom", "format")
    definition = at(grammar, "grammar", "definition") or at(grammar, "definition")
    described = str(at(tool, "custom", "description") or "")
    function: dict[str, Json] = {"name": at(tool, "custom", "name") or at(tool, "name")}
    if words := with_grammar_in_words(described, definition):
        function["description"] = words
    function["parameters"] = FREEFORM_PARAMETERS
    return {**without(tool, "custom"), "type": "function", "function": function}


def _call_of_function(call: Json) -> Json:
    if not has_type(call, "custom"):
        return call
    said = {"input": at(call, "custom", "input") or ""}
    arguments = json.dumps(said, ensure_ascii=False, separators=(",", ":"))
    function = {"name": at(call, "custom", "name"), "arguments": arguments}
    return {**without(call, "custom"), "type": "function", "function": function}


def _choice_of_functions(choice: dict[str, Any]) -> dict[str, Any]:
    if has_type(choice, "custom"):
        return {"type": "function", "function": choice.get("custom")}
    tools = at(choice, "allowed_tools", "tools")
    if not isinstance(tools, list):
        return choice
    functions = [_choice_of_functions(tool) if isinstance(tool, dict) else tool for tool in tools]
    return {**choice, "allowed_tools": {**choice["allowed_tools"], "tools": functions}}


@minds("allowed_tools", where=("tool_choice",))
def only_allowed_tools(body: Body, fitting: Fitting) -> Body:
    """A choice among several tools: the others are not offered, and the choice is a plain word."""
    choice, tools = body.get("tool_choice"), body.get("tools")
    if not has_type(choice, "allowed_tools") or not isinstance(tools, list):
        return body
    allowed = at(choice, "allowed_tools") or choice
    listed = at(allowed, "tools")
    names = {_name_of(tool) for tool in (listed if isinstance(listed, list) else ())}
    kept = [tool for tool in tools if _name_of(tool) is None or _name_of(tool) in names]
    return {**body, "tools": kept, "tool_choice": at(allowed, "mode") or "auto"}


@minds("tool_choices", where=("tool_choice",))
def known_tool_choice(body: Body, fitting: Fitting) -> Body:
    """A choice that is refused becomes the nearest one that is not: the tool alone and `required`,
    the one tool there is by its name, else words that ask for a call.
    """
    choice, tools = body.get("tool_choice"), body.get("tools")
    if choice in (None, "auto", "none") or not isinstance(tools, list):
        return body
    name = _name_of(choice)
    match fitting.quirk.tool_choices:
        case "words" if name is not None:
            kept = [tool for tool in tools if _name_of(tool) == name]
            return {**body, "tools": kept, "tool_choice": "required"}
        case "no_required" if name is None and len(tools) == 1 and _name_of(tools[0]):
            named = {"name": _name_of(tools[0])}
            return {**body, "tool_choice": {"type": "function", "function": named}}
        case "no_required" if name is None:
            return _asked_in_words(body, None, fitting)
        case "auto":
            return _asked_in_words(body, name, fitting)
    return body


def _asked_in_words(body: Body, name: str | None, fitting: Fitting) -> Body:
    fitting.lose("tool_choice")
    messages = body.get("messages")
    changed = {**body, "tool_choice": "auto"}
    if isinstance(messages, list):
        changed["messages"] = with_system_words(messages, call_in_words(name))
    return changed


def _name_of(tool: Json) -> str | None:
    name = at(tool, "function", "name") or at(tool, "custom", "name")
    return name if isinstance(name, str) else None


@minds("schema_constraints", where=("tools",))
def no_constraints(body: Body, fitting: Fitting) -> Body:
    tools = body.get("tools")
    if not isinstance(tools, list):
        return body
    bare = [_without_constraints(tool) for tool in tools]
    is_same = all(new is old for new, old in zip(bare, tools, strict=True))
    return body if is_same else {**body, "tools": bare}


def _without_constraints(tool: Json) -> Json:
    parameters = at(tool, "function", "parameters")
    bare = without_constraints(parameters)
    if bare is parameters:
        return tool
    return {**tool, "function": {**tool["function"], "parameters": bare}}


@minds("checks_schemas", where=("tools",))
def mended_schemas(body: Body, fitting: Fitting) -> Body:
    """Tools keep their object unless OpenAI's validator would refuse their schema."""
    tools = body.get("tools")
    if not isinstance(tools, list):
        return body
    mended = [_with_mended_schema(tool) for tool in tools]
    if all(new is old for new, old in zip(mended, tools, strict=True)):
        return body
    return {**body, "tools": mended}


def _with_mended_schema(tool: Json) -> Json:
    parameters = at(tool, "function", "parameters")
    if not isinstance(parameters, dict):
        return tool
    mended = function_parameters(parameters)
    if mended == parameters:
        return tool
    return {**tool, "function": {**tool["function"], "parameters": mended}}


@minds("moonshot_schemas", where=("tools", "response_format"))
def moonshots_schemas(body: Body, fitting: Fitting) -> Body:
    """Of tools and of the answer: «Must conform to the MFJS specification; non-conforming schemas
    will return errors» (platform.kimi.ai/docs/api, `response_format.json_schema`, 2026-11-30).
    """
    told: Body = {}
    tools, wanted = body.get("tools"), body.get("response_format")
    if isinstance(tools, list):
        told["tools"] = [_tool_in_flavour(tool) for tool in tools]
    if wanted is not None:
        told["response_format"] = _answer_in_flavour(wanted)
    is_same = all(value == body[name] for name, value in told.items())
    return body if is_same else {**body, **told}


def _tool_in_flavour(tool: Json) -> Json:
    parameters = at(tool, "function", "parameters")
    if not isinstance(parameters, dict):
        return tool
    return {**tool, "function": {**tool["function"], "parameters": moonshot_parameters(parameters)}}


def _answer_in_flavour(wanted: Json) -> Json:
    named = at(wanted, "json_schema")
    schema = at(named, "schema")
    if not isinstance(wanted, dict) or not isinstance(named, dict) or not isinstance(schema, dict):
        return wanted
    return {**wanted, "json_schema": {**named, "schema": moonshot_schema(schema)}}
