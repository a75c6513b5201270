"""Codex searches for its tools itself: the search is a function elsewhere, what it found is offered
and told in words, and its calls come back as the items that Codex waits for.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from uniapi.canonical import (
    Choice,
    Event,
    Finish,
    Request,
    Response,
    Text,
    Tool,
    ToolCall,
    ToolResult,
    offered,
    unfold,
)
from uniapi.dialects import Quirk, ReplyContext
from uniapi.dialects.openai_responses import CLIENT, UPSTREAM

SEARCH = {
    "type": "tool_search",
    "execution": "client",
    "description": "Search tools",
    "parameters": {"type": "object", "properties": {"query": {"type": "string"}}},
}
BY_THE_API = {"type": "tool_search"}
OPENS = {"type": "function", "name": "open_pr", "parameters": {"type": "object", "properties": {}}}
DEFERRED = {**OPENS, "defer_loading": True}
GROUP = {"type": "namespace", "name": "mcp__git", "description": "Git", "tools": [DEFERRED]}
HELLO = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "hi"}]}
ASKED = {
    "type": "tool_search_call",
    "call_id": "s1",
    "execution": "client",
    "status": "completed",
    "arguments": {"query": "git"},
}


def found(*tools: dict[str, Any], call_id: str = "s1") -> dict[str, Any]:
    return {
        "type": "tool_search_output",
        "call_id": call_id,
        "execution": "client",
        "status": "completed",
        "tools": list(tools),
    }


def decode(tools: list[dict[str, Any]], *items: dict[str, Any]) -> Request:
    return CLIENT.decode_request({"input": [HELLO, *items], "tools": tools}, "m", False)


@pytest.mark.parametrize(
    ("tools", "items", "seen"),
    [
        ([SEARCH], [], [(None, "tool_search")]),
        ([SEARCH, DEFERRED], [], [(None, "tool_search")]),
        ([SEARCH, DEFERRED], [ASKED, found(OPENS)], [(None, "tool_search"), (None, "open_pr")]),
        ([SEARCH], [ASKED, found(DEFERRED)], [(None, "tool_search"), (None, "open_pr")]),
        ([SEARCH], [ASKED, found(GROUP)], [(None, "tool_search"), ("mcp__git", "open_pr")]),
        (
            [SEARCH],
            [ASKED, found(GROUP), {**ASKED, "call_id": "s2"}, found(GROUP, call_id="s2")],
            [(None, "tool_search"), ("mcp__git", "open_pr")],
        ),
        (
            [SEARCH, GROUP],
            [{"type": "function_call", "call_id": "c", "name": "open_pr", "namespace": "mcp__git"}],
            [(None, "tool_search"), ("mcp__git", "open_pr")],
        ),
        ([BY_THE_API, DEFERRED], [], [(None, "open_pr")]),
        ([SEARCH, BY_THE_API, DEFERRED], [], [(None, "tool_search"), (None, "open_pr")]),
        ([DEFERRED], [], [(None, "open_pr")]),
    ],
)
def test_another_dialect_is_offered_what_was_found(
    tools: list[dict[str, Any]],
    items: list[dict[str, Any]],
    seen: list[tuple[str | None, str]],
) -> None:
    """Each once, and what only the API itself could find is not kept out of reach."""
    request = offered(decode(tools, *items), "openai_chat")
    names = {(tool.namespace, tool.name) for tool in request.tools if isinstance(tool, Tool)}
    assert len(request.tools) == len(seen)
    assert names == set(seen)


def test_the_search_is_a_function_with_a_result_in_words() -> None:
    """Call and output are turns like any other tool's."""
    request = decode([SEARCH], ASKED, found(GROUP))
    parts = [part for message in request.messages for part in message.parts]
    call, result = parts[1:]
    assert isinstance(call, ToolCall)
    assert (call.call_id, call.name, call.arguments) == ("s1", "tool_search", '{"query": "git"}')
    assert isinstance(result, ToolResult)
    words = "The tool `mcp__git__open_pr` was found and can be called now."
    assert (result.call_id, result.content) == ("s1", (Text(text=words),))
    nothing = decode([SEARCH], ASKED, found()).messages[-1].parts[0]
    assert isinstance(nothing, ToolResult)
    assert nothing.content == (Text(text="No tool was found."),)


def test_its_own_api_gets_the_items_back() -> None:
    """As they came, the tool too, and nothing is offered twice."""
    tools = [SEARCH, GROUP]
    items = [ASKED, found(OPENS)]
    body = UPSTREAM.encode_request(decode(tools, *items), Quirk()).body
    assert body["input"] == [HELLO, *items]
    assert body["tools"] == tools


SAID = ToolCall(call_id="c1", name="tool_search", arguments='{"query":"git"}')
ITEM = {
    "id": "tsc_ab0000",
    "type": "tool_search_call",
    "status": "completed",
    "call_id": "c1",
    "execution": "client",
    "arguments": {"query": "git"},
}


def context(*tools: dict[str, Any]) -> ReplyContext:
    return ReplyContext(requested_model="m", id_seed="ab", created_s=1, request=decode(list(tools)))


def answer(call: ToolCall) -> Response:
    return Response(choices=(Choice(parts=(call,), finish=Finish(reason="tool_calls")),))


def test_a_search_comes_back_as_its_item() -> None:
    """Whole; a function that a client named so itself stays one."""
    body: Any = CLIENT.encode_response(answer(SAID), context(SEARCH)).body
    assert body["output"] == [ITEM]
    plain = {"type": "function", "name": "tool_search", "parameters": {"type": "object"}}
    body = CLIENT.encode_response(answer(SAID), context(plain)).body
    assert body["output"][0]["type"] == "function_call"


def test_a_search_is_streamed_as_its_item() -> None:
    """Begun without arguments, told when they are whole: they are an object on this wire."""
    encoder = CLIENT.stream_encoder(context(SEARCH))
    events: list[Event] = list(unfold(answer(SAID)))
    frames = [frame for event in events for frame in encoder.feed(event)] + encoder.eof()
    told = [json.loads(frame.decode().split("\ndata: ")[1]) for frame in frames]
    assert [event["type"] for event in told[2:]] == [
        "response.output_item.added",
        "response.output_item.done",
        "response.completed",
    ]
    assert told[2]["item"] == {**ITEM, "status": "in_progress", "arguments": {}}
    assert told[3]["item"] == ITEM
    assert told[4]["response"]["output"] == [ITEM]


@pytest.mark.parametrize("arguments", ["", "{", "git", '["git"]'])
def test_arguments_are_an_object_whatever_was_written(arguments: str) -> None:
    """Codex reads nothing else."""
    call = ToolCall(call_id="c1", name="tool_search", arguments=arguments)
    body: Any = CLIENT.encode_response(answer(call), context(SEARCH)).body
    assert isinstance(body["output"][0]["arguments"], dict)
