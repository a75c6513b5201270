"""Requests and answers cost work in proportion to their size, whatever stands in them: counted in
calls of functions and in lines run, at one, two and four times as much.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest

from uniapi.canonical import Request
from uniapi.dialects import CLIENT_DIALECTS, UPSTREAM_DIALECTS, Quirk, UpstreamContext
from uniapi.wire import Frame

SIZES = (40, 80, 160)


def work(action: Callable[[], Any]) -> int:
    """The lines that run in `action`, comprehensions by their rounds, and the calls it makes."""
    count = 0

    def lines(frame: FrameType, event: str, argument: Any) -> Any:
        nonlocal count
        count += 1
        return lines

    def calls(frame: FrameType, event: str, argument: Any) -> None:
        nonlocal count
        count += 1

    before = sys.gettrace(), sys.getprofile()
    sys.settrace(lines)
    sys.setprofile(calls)
    try:
        action()
    finally:
        sys.settrace(before[0])
        sys.setprofile(before[1])
    return count


def grows_too_fast(make: Callable[[int], Callable[[], Any]]) -> list[int] | None:
    make(2)()
    counts = [work(make(size)) for size in SIZES]
    first, second = counts[1] - counts[0], counts[2] - counts[1]
    return counts if second > 2.15 * first + 200 else None


def chat_call(call_id: str) -> dict[str, Any]:
    function = {"name": "look", "arguments": "{}"}
    return {"id": call_id, "type": "function", "function": function}


def chat_result(call_id: str) -> dict[str, Any]:
    return {"role": "tool", "tool_call_id": call_id, "content": "seen"}


def chat_history(kind: str, size: int) -> dict[str, Any]:
    calls = [chat_call("same" if kind == "repeated ids" else f"c{one}") for one in range(size)]
    results = [chat_result(call["id"]) for call in calls]
    asked = {"role": "user", "content": "go"}
    if kind == "one turn":
        turns = [{"role": "assistant", "tool_calls": calls}, *results]
    elif kind == "results only":
        turns = [*results, *results]
    elif kind == "calls only":
        turns = [{"role": "assistant", "tool_calls": [call]} for call in calls]
    elif kind == "late results":
        turns = [{"role": "assistant", "tool_calls": calls}, asked, *reversed(results)]
    elif kind == "systems":
        turns = [{"role": "system", "content": f"{one}"} for one in range(size)]
    else:
        turns = [
            turn
            for call, result in zip(calls, results, strict=True)
            for turn in ({"role": "assistant", "tool_calls": [call]}, result)
        ]
    offered = [
        {"type": "function", "function": {"name": "same.tool" if one % 2 else f"t.{one}"}}
        for one in range(size)
    ]
    return {"messages": [asked, *turns], "tools": offered if kind == "tools" else offered[:1]}


def responses_history(kind: str, size: int) -> dict[str, Any]:
    def each(one: int) -> list[dict[str, Any]]:
        call_id = "same" if kind == "repeated ids" else f"c{one}"
        call = {"type": "function_call", "call_id": call_id, "name": "look", "arguments": "{}"}
        result = {"type": "function_call_output", "call_id": call_id, "output": "seen"}
        thought = {"type": "reasoning", "id": f"r{one}", "summary": []}
        return {
            "results only": [result],
            "calls only": [call],
            "reasoning": [thought],
        }.get(kind, [thought, call, result])

    items = [item for one in range(size) for item in each(one)]
    if kind == "one turn":
        items.sort(key=lambda item: item["type"] == "function_call_output")
    return {"input": items}


def claude_history(kind: str, size: int) -> dict[str, Any]:
    ids = ["same" if kind == "repeated ids" else f"c{one}" for one in range(size)]
    calls = [{"type": "tool_use", "id": one, "name": "look", "input": {}} for one in ids]
    results = [{"type": "tool_result", "tool_use_id": one, "content": "seen"} for one in ids]
    if kind in ("one turn", "repeated ids"):
        turns = [("assistant", calls), ("user", results)]
    elif kind == "results only":
        turns = [("user", [result]) for result in results]
    else:
        pairs = zip(calls, results, strict=True)
        turns = [turn for a, b in pairs for turn in (("assistant", [a]), ("user", [b]))]
    spoken = [{"role": role, "content": content} for role, content in [("user", "go"), *turns]]
    return {"max_tokens": 9, "messages": spoken}


def gemini_history(kind: str, size: int) -> dict[str, Any]:
    named = [{"name": "look" if kind == "repeated ids" else f"l{one}"} for one in range(size)]
    calls = [{"functionCall": {**one, "args": {}}} for one in named]
    results = [{"functionResponse": {**one, "response": {}}} for one in named]
    if kind == "late results":
        results.reverse()
    if kind in ("one turn", "repeated ids", "late results"):
        turns = [("model", calls), ("user", results)]
    elif kind == "results only":
        turns = [("user", [result]) for result in results]
    else:
        pairs = zip(calls, results, strict=True)
        turns = [turn for a, b in pairs for turn in (("model", [a]), ("user", [b]))]
    said = [("user", [{"text": "go"}]), *turns]
    return {"contents": [{"role": role, "parts": parts} for role, parts in said]}


HISTORIES = {
    "openai_chat": chat_history,
    "openai_responses": responses_history,
    "anthropic": claude_history,
    "gemini": gemini_history,
}
KINDS = (
    "pairs",
    "one turn",
    "repeated ids",
    "results only",
    "calls only",
    "late results",
    "systems",
    "tools",
    "reasoning",
)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("client", HISTORIES)
def test_a_history_is_read_and_written_in_proportion(client: str, kind: str) -> None:
    def decode(size: int) -> Request:
        return CLIENT_DIALECTS[client].decode_request(HISTORIES[client](kind, size), "m", False)

    assert grows_too_fast(lambda size: lambda: decode(size)) is None
    requests = {size: decode(size) for size in (2, *SIZES)}
    for name, upstream in UPSTREAM_DIALECTS.items():

        def make(size: int, encode: Any = upstream.encode_request) -> Callable[[], Any]:
            return lambda: encode(requests[size], Quirk())

        assert grows_too_fast(make) is None, name


def chat_chunk(delta: dict[str, Any]) -> dict[str, Any]:
    return {"choices": [{"index": 0, "delta": delta, "finish_reason": None}]}


def call_piece(kind: str, one: int) -> dict[str, Any]:
    function: dict[str, Any] = {"name": "look", "arguments": "{}"}
    piece: dict[str, Any] = {"index": one, "id": f"c{one}", "function": function}
    if kind == "unfinished":
        function["arguments"] = '{"a":'
    elif kind == "one index":
        piece["index"] = 0
    elif kind == "no names":
        del piece["id"], function["name"]
    elif kind == "name again":
        piece = {"function": {"name": "look", "arguments": "{" * 20}}
    return piece


@pytest.mark.parametrize("kind", ["whole", "unfinished", "one index", "no names", "name again"])
def test_calls_of_a_chat_stream_are_read_in_proportion(kind: str) -> None:
    def make(size: int) -> Callable[[], Any]:
        chunks = [chat_chunk({"tool_calls": [call_piece(kind, one)]}) for one in range(size)]
        return lambda: _read("openai_chat", chunks)

    assert grows_too_fast(make) is None


def item_events(kind: str, one: int) -> list[dict[str, Any]]:
    item = {"type": "function_call", "id": f"i{one}", "call_id": f"c{one}", "name": "look"}
    begun = {"type": "response.output_item.added", "output_index": one, "item": item}
    ended = {"type": "response.output_item.done", "output_index": one, "item": item}
    return {"begun": [begun], "ended": [ended], "both": [begun, ended]}[kind]


@pytest.mark.parametrize("kind", ["begun", "ended", "both"])
def test_items_of_a_responses_stream_are_read_in_proportion(kind: str) -> None:
    def make(size: int) -> Callable[[], Any]:
        events = [event for one in range(size) for event in item_events(kind, one)]
        items = [event["item"] for event in events]
        over = {"type": "response.completed", "response": {"status": "completed", "output": items}}
        return lambda: _read("openai_responses", [*events, over])

    assert grows_too_fast(make) is None


@pytest.mark.parametrize("is_ended", [False, True])
def test_blocks_of_a_claude_stream_are_read_in_proportion(is_ended: bool) -> None:
    def make(size: int) -> Callable[[], Any]:
        events: list[dict[str, Any]] = [{"type": "message_start", "message": {"id": "m"}}]
        for one in range(size):
            block = {"type": "tool_use", "id": f"c{one}", "name": "look", "input": {}}
            events.append({"type": "content_block_start", "index": one, "content_block": block})
            if is_ended:
                events.append({"type": "content_block_stop", "index": one})
        return lambda: _read("anthropic", events)

    assert grows_too_fast(make) is None


def test_parts_of_a_gemini_stream_are_read_in_proportion() -> None:
    def make(size: int) -> Callable[[], Any]:
        part = {"functionCall": {"name": "look", "args": {}}}
        chunk = {"candidates": [{"content": {"parts": [part]}, "index": 0}]}
        return lambda: _read("gemini", [chunk] * size)

    assert grows_too_fast(make) is None


def _read(dialect: str, events: list[dict[str, Any]]) -> None:
    upstream = UPSTREAM_DIALECTS[dialect]
    decoder = upstream.stream_decoder(UpstreamContext(quirk=Quirk(), id_seed="s"))
    for event in events:
        decoder.feed(Frame(event.get("type"), json.dumps(event).encode(), b""))
    decoder.eof()
