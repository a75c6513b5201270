"""Calls and results as a Claude takes them: every call answered in the turn behind it, no result
without its call, and tool search only where it is known. Clients that were interrupted leave
histories of the other kind, and every later request of the session would be refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from uniapi.canonical import Json, ToolResult
from uniapi.dialects.fitting import TURN_OF, Body, Fitting, minds
from uniapi.dialects.function_tools import meant_object
from uniapi.dialects.turn_repair import NO_RESULT, orphan_label

from .fit_messages import each_block, with_messages
from .request_decode_tools import found_tools
from .vocabulary import member


@minds("calls_need_results", where=("tool_use", "tool_result"))
def answered_calls(body: Body, fitting: Fitting) -> Body:
    """«`tool_use` ids were found without `tool_result` blocks immediately after», «unexpected
    `tool_use_id` found in `tool_result` blocks» (github.com/anthropics/claude-code/issues/1237,
    13460; 2026-11-30).
    """
    return with_messages(body, _answered)


def _answered(messages: list[Json]) -> list[Json]:
    """The same list when every call has its result. What the last turn calls is still open.
    Neighbours of one role are one turn.
    """
    answered: list[Json] = []
    calls: list[str] = []
    for is_model, run in groupby(messages, key=_is_models):
        turns = list(run)
        if is_model:
            calls = [call for turn in turns for call in _ids(turn, "tool_use", "id")]
            answered += turns
            continue
        results = [one for turn in turns for one in _ids(turn, "tool_result", "tool_use_id")]
        if set(calls) != set(results):
            missing = _missing(calls, results)
            turns = [_called(turn, calls) for turn in turns]
            turns[0] = _with_blocks_before(turns[0], missing)
        answered += turns
        calls = []
    is_same = all(new is old for new, old in zip(answered, messages, strict=True))
    return messages if is_same else answered


def _is_models(message: Json) -> bool:
    return bool(member(message, "role") == "assistant")


def _ids(message: Json, kind: str, name: str) -> list[str]:
    """The ids in a turn's blocks of a kind."""
    content = member(message, "content")
    if not isinstance(content, list):
        return []
    return [str(member(block, name)) for block in content if member(block, "type") == kind]


def _missing(calls: list[str], results: list[str]) -> list[Json]:
    return [
        {"type": "tool_result", "tool_use_id": call, "content": NO_RESULT, "is_error": True}
        for call in dict.fromkeys(calls)
        if call not in results
    ]


def _with_blocks_before(message: Json, blocks: list[Json]) -> Json:
    content = member(message, "content")
    if not blocks or not isinstance(content, list | str):
        return message
    said = content if isinstance(content, list) else [{"type": "text", "text": content}]
    return {**message, "content": [*blocks, *said]}


def _called(message: Json, calls: list[str]) -> Json:
    """The turn with only those results as results that were called for."""
    content = member(message, "content")
    if not isinstance(content, list):
        return message
    told = [piece for block in content for piece in _as_called(block, calls)]
    is_same = len(told) == len(content)
    is_same = is_same and all(new is old for new, old in zip(told, content, strict=True))
    return message if is_same else {**message, "content": told}


def _as_called(block: Json, calls: list[str]) -> Iterator[Json]:
    """A result without its call is told as text."""
    if member(block, "type") != "tool_result" or str(block.get("tool_use_id")) in calls:
        yield block
        return
    label = orphan_label(ToolResult(call_id=str(block.get("tool_use_id"))))
    yield {"type": "text", "text": label}
    said = block.get("content")
    if isinstance(said, list):
        yield from said
    elif said:
        yield {"type": "text", "text": said}


@minds(always=True, where=("tool_use",))
def object_inputs(body: Body, fitting: Fitting) -> Body:
    """«tool_use.input: Input should be a valid dictionary», and a 500 of Zhipu's, whose own model
    writes lists and texts now and then (zai-org/zai-coding-plugins#14; 2026-11-30).
    """
    return with_messages(body, lambda messages: each_block(messages, _with_object))


def _with_object(block: Json) -> Json:
    if member(block, "type") != "tool_use" or isinstance(block.get("input"), dict):
        return block
    return {**block, "input": meant_object(block.get("input"))}


@minds(always=True, where=(TURN_OF["assistant"],))
def no_trailing_space(body: Body, fitting: Fitting) -> Body:
    """«final assistant content cannot end with trailing whitespace»
    (github.com/router-for-me/CLIProxyAPI/issues/551, 2026-11-30), from those who refuse empty ones.
    """
    if fitting.quirk.empty_turns:
        return body
    messages = body.get("messages")
    last = messages[-1] if isinstance(messages, list) and messages else None
    if not isinstance(last, dict) or last.get("role") != "assistant":
        return body
    content = last.get("content")
    *before, block = content if isinstance(content, list) and content else [None]
    text = content if isinstance(content, str) else member(block, "text")
    if not isinstance(text, str) or not text.strip() or text == text.rstrip():
        return body
    said = text.rstrip()
    blocks = [*before, {**block, "text": said}] if isinstance(block, dict) else said
    return {**body, "messages": [*_messages(body)[:-1], {**last, "content": blocks}]}


@minds("anthropic_tool_search", where=("tools", "tool_result", "tool_reference"))
def no_tool_search(body: Body, fitting: Fitting) -> Body:
    """Where deferred tools are unknown, what was found is said in words and offered, and the others
    are not (github.com/farion1231/cc-switch/issues/2941, 2026-11-30).
    """
    tools = body.get("tools")
    if isinstance(tools, list) and any(member(tool, "defer_loading") for tool in tools):
        found = frozenset(found_tools(_messages(body)))
        body = {**body, "tools": [_offered(tool) for tool in tools if _is_seen(tool, found)]}
    return with_messages(body, _in_words)


def _messages(body: Body) -> list[Json]:
    messages = body.get("messages")
    return messages if isinstance(messages, list) else []


def _is_seen(tool: Json, found: frozenset[str]) -> bool:
    return member(tool, "defer_loading") is not True or str(member(tool, "name")) in found


def _offered(tool: Json) -> Json:
    if member(tool, "defer_loading") is None:
        return tool
    return {name: value for name, value in tool.items() if name != "defer_loading"}


def _in_words(messages: list[Json]) -> list[Json]:
    told = [_message_in_words(message) for message in messages]
    is_same = all(new is old for new, old in zip(told, messages, strict=True))
    return messages if is_same else told


def _message_in_words(message: Json) -> Json:
    content = member(message, "content")
    if not isinstance(content, list):
        return message
    told = [_block_in_words(block) for block in content]
    is_same = all(new is old for new, old in zip(told, content, strict=True))
    return message if is_same else {**message, "content": told}


def _block_in_words(block: Json) -> Json:
    if member(block, "type") == "tool_reference":
        name = block.get("tool_name")
        return {"type": "text", "text": f"The tool `{name}` was found and can be called now."}
    if member(block, "type") != "tool_result":
        return block
    return _message_in_words(block)
