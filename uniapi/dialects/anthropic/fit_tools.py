"""Tools, the choice among them and structured output, as one model takes them."""

from __future__ import annotations

from collections.abc import Callable

from uniapi.canonical import Json, OutputFormat
from uniapi.dialects.fitting import Body, Fitting, minds
from uniapi.dialects.function_tools import ANSWER_TOOL, answer_description, answer_parameters
from uniapi.dialects.moonshot_schema import moonshot_parameters
from uniapi.dialects.object_schema import input_schema, without_constraints
from uniapi.dialects.quirk import Quirk

from .fit_messages import has_block, without_blocks
from .request_encode_turns import plain_or_blocks
from .vocabulary import is_forced_choice, member

_TOOL_MEMBERS = ("tools", "tool_choice")
_TOOL_BLOCKS = ("tool_use", "tool_result")


@minds("has_tools", where=(*_TOOL_MEMBERS, *_TOOL_BLOCKS))
def no_tools(body: Body, fitting: Fitting) -> Body:
    """`tools: false` of a provider: what is not offered was never called either."""
    kept = {name: value for name, value in body.items() if name not in _TOOL_MEMBERS}
    fitted = without_blocks(kept, lambda block: member(block, "type") in _TOOL_BLOCKS)
    if fitted is kept and len(kept) == len(body):
        return body
    fitting.lose("tools")
    return fitted


@minds("anthropic_structured", where=("tools",), reads_beside=True)
def structured_output(body: Body, fitting: Fitting) -> Body:
    """Where the model has no structured output, no tool is strict and a tool that must be called
    carries the answer. A relayed body never comes here for the latter (`needs_translation`).
    """
    body = _without_strict(body, fitting)
    wanted = fitting.beside.output_format
    config = body.get("output_config")
    if wanted is None or wanted.schema is None or not isinstance(config, dict):
        return body
    rest = {name: value for name, value in config.items() if name != "format"}
    changed = {**body, "output_config": rest}
    if not rest:
        del changed["output_config"]
    return _with_stand_in(changed, wanted, fitting)


def needs_translation(body: Json, quirk: Quirk) -> bool:
    """Whether the answer must be read as that of the tool that stands in for structured output, or
    media by address must be fetched first.
    """
    asked = member(member(body, "output_config"), "format") or member(body, "output_format")
    if not quirk.anthropic_structured and isinstance(asked, dict):
        return True
    return not quirk.image_urls and has_block(
        body, lambda block: member(member(block, "source"), "type") == "url"
    )


def _without_strict(body: Body, fitting: Fitting) -> Body:
    tools = body.get("tools")
    if not isinstance(tools, list):
        return body
    strict = [tool for tool in tools if member(tool, "strict") is not None]
    if not strict:
        return body
    fitting.losses += [f"tools.{tool.get('name')}.strict" for tool in strict if tool["strict"]]
    bare = [
        {name: value for name, value in tool.items() if name != "strict"}
        if isinstance(tool, dict)
        else tool
        for tool in tools
    ]
    return {**body, "tools": bare}


def _with_stand_in(body: Body, wanted: OutputFormat, fitting: Fitting) -> Body:
    stand_in = {
        "name": ANSWER_TOOL,
        "description": answer_description(wanted),
        "input_schema": input_schema(answer_parameters(wanted)),
    }
    given = body.get("tools") or []
    tools = [tool for tool in given if member(tool, "name") != ANSWER_TOOL]
    if len(tools) < len(given):
        fitting.lose(f"tools.{ANSWER_TOOL}")
    choice = body.get("tool_choice") or {"type": "auto"}
    if not tools or choice["type"] == "none":
        choice = {"type": "tool", "name": ANSWER_TOOL}
    elif choice["type"] == "auto":
        choice = {**choice, "type": "any"}
    return {**body, "tools": [*tools, stand_in], "tool_choice": choice}


@minds(always=True, where=("tool_choice",))
def no_choice_alone(body: Body, fitting: Fitting) -> Body:
    """«tool_choice may only be specified while providing tools.» (trycua/cua#347, 2026-11-30)"""
    if "tool_choice" not in body or body.get("tools"):
        return body
    return {name: value for name, value in body.items() if name != "tool_choice"}


@minds(always=True, where=("tools",))
def distinct_tools(body: Body, fitting: Fitting) -> Body:
    """«tools: Tool names must be unique.», as after an MCP server was connected anew
    (anthropics/claude-code#14199, winfunc/opcode#351; 2026-11-30): the first of a name is offered.
    """
    tools = body.get("tools")
    if not isinstance(tools, list):
        return body
    names = [member(tool, "name") for tool in tools]
    told = [name for name in names if isinstance(name, str)]
    if len(set(told)) == len(told):
        return body
    seen: set[str] = set()
    kept = []
    for tool, name in zip(tools, names, strict=True):
        if name in seen:
            fitting.lose(f"tools.{name}")
            continue
        kept.append(tool)
        if isinstance(name, str):
            seen.add(name)
    return {**body, "tools": kept}


EAGER, EAGER_BETA = "eager_input_streaming", "fine-grained-tool-streaming-2025-05-14"


@minds("anthropic_eager_tools", where=("tools",))
def eager_by_beta(body: Body, fitting: Fitting) -> Body:
    """One tool that streams its input as it comes has all of them do so."""
    tools = body.get("tools")
    if not isinstance(tools, list):
        return body
    wishes = [tool[EAGER] for tool in tools if isinstance(tool, dict) and EAGER in tool]
    if not wishes:
        return body
    bare = [
        {name: value for name, value in tool.items() if name != EAGER}
        if isinstance(tool, dict)
        else tool
        for tool in tools
    ]
    if True not in wishes:
        return {**body, "tools": bare}
    written = body.get("anthropic_beta")
    betas = dict.fromkeys([*(written if isinstance(written, list) else ()), EAGER_BETA])
    return {**body, "tools": bare, "anthropic_beta": list(betas)}


@minds("moonshot_schemas", where=("tools",))
def moonshots_schemas(body: Body, fitting: Fitting) -> Body:
    """What Kimi's Messages take for a tool's input is Moonshot's flavour of JSON Schema too."""
    return _with_schemas(body, moonshot_parameters)


@minds("schema_constraints", where=("tools",))
def no_constraints(body: Body, fitting: Fitting) -> Body:
    return _with_schemas(body, without_constraints)


def _with_schemas(body: Body, change: Callable[[dict[str, Json]], Json]) -> Body:
    """`body` with every tool's input as `change` tells it; the very body where none is another."""
    tools = body.get("tools")
    if not isinstance(tools, list):
        return body
    told = [_with_schema(tool, change) for tool in tools]
    is_same = all(new is old for new, old in zip(told, tools, strict=True))
    return body if is_same else {**body, "tools": told}


def _with_schema(tool: Json, change: Callable[[dict[str, Json]], Json]) -> Json:
    schema = member(tool, "input_schema")
    if not isinstance(tool, dict) or not isinstance(schema, dict):
        return tool
    told = change(schema)
    return tool if told == schema else {**tool, "input_schema": told}


@minds("anthropic_forced_tool", where=("tool_choice",))
def unforced_choice(body: Body, fitting: Fitting) -> Body:
    """A model that may not be forced to call a tool is asked to, behind the caller's system text.

    Like everything that stands in one request only, this changes the prefix that signatures of
    later thinking are bound to; it is done where the request would be refused otherwise.
    """
    choice = body.get("tool_choice")
    if not isinstance(choice, dict) or not is_forced_choice(choice):
        return body
    fitting.lose("tool_choice")
    asked = {"type": "text", "text": _words(choice)}
    changed = {**body, "system": plain_or_blocks([*_system_blocks(body), asked])}
    del changed["tool_choice"]
    if choice.get("disable_parallel_tool_use"):
        changed["tool_choice"] = {"type": "auto", "disable_parallel_tool_use": True}
    return changed


def _words(choice: Body) -> str:
    named = choice.get("name")
    if isinstance(named, str):
        return f"Answer by calling the tool `{named}`, not with text."
    return "Answer by calling one of the tools, not with text."


def _system_blocks(body: Body) -> list[Json]:
    system = body.get("system")
    if isinstance(system, str):
        return [{"type": "text", "text": system}] if system else []
    return system if isinstance(system, list) else []
