"""Calls whose server counts them anew in every answer, and conversations that hold such calls."""

from __future__ import annotations

import json
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from uniapi.canonical import Message, Request, Text, Tool, ToolCall, ToolResult
from uniapi.dialects import PLAIN, UPSTREAM_DIALECTS, repeated_before, with_distinct_calls
from uniapi.dialects.call_ids import CallIds, with_own_ids

SEED = "0123456789abcdef01234567"


def turn(*ids, name="read"):
    parts = tuple(ToolCall(call_id=one, name=name, arguments="{}") for one in ids)
    return Message(role="assistant", parts=parts)


def results(*ids):
    parts = tuple(ToolResult(call_id=one, content=(Text(text=f"of {one}"),)) for one in ids)
    return Message(role="user", parts=parts)


def said(*messages):
    tools = (Tool(name="read"), Tool(name="write"))
    return Request(model="m", messages=messages, tools=tools)


def ids_of(request):
    kinds = (ToolCall, ToolResult)
    return [p.call_id for m in request.messages for p in m.parts if isinstance(p, kinds)]


def test_a_conversation_whose_ids_differ_is_the_very_same():
    request = said(turn("a", "b"), results("b", "a"), turn("c"), results("c"))
    assert with_distinct_calls(request) is request


def test_each_call_of_a_repeated_id_has_its_own_and_its_own_result():
    request = said(turn("call_0", "call_1"), results("call_0", "call_1"), turn("call_0"))
    request = with_distinct_calls(said(*request.messages, results("call_0")))
    assert ids_of(request) == [*("call_0", "call_1") * 2, *("call_0_2",) * 2]


def test_parallel_calls_of_one_id_are_answered_in_their_order():
    request = with_distinct_calls(said(turn("0", "0"), results("0", "0")))
    assert ids_of(request) == ["0", "0_2", "0", "0_2"]


def test_a_call_that_was_never_answered_takes_no_later_result():
    request = said(turn("0"), results("x"), turn("0"), results("0", "0"))
    assert ids_of(with_distinct_calls(request)) == ["0", "x", *("0_2",) * 3]


def test_what_stands_before_stays_as_it_was_when_more_is_said():
    history = [turn("0"), results("0")] * 5
    short = with_distinct_calls(said(*history[:6]))
    assert ids_of(with_distinct_calls(said(*history)))[:6] == ids_of(short)


@pytest.mark.parametrize("dialect", ["openai_chat", "openai_responses", "anthropic", "gemini"])
def test_no_upstream_is_told_of_two_calls_by_one_id(dialect):
    """Responses answers 400 («Duplicate function_call_output for call_id»); Gemini was told that
    the first result came from the tool which was called last.
    """
    history = (turn("0"), results("0"), turn("0", name="write"), results("0"))
    request = with_distinct_calls(said(Message(role="user", parts=(Text(text="go"),)), *history))
    body = json.dumps(UPSTREAM_DIALECTS[dialect].encode_request(request, PLAIN).body)
    for one in ("0", "0_2"):
        assert body.count(json.dumps(one)) == 2, body
    if dialect == "gemini":
        assert body.count('"read"') == 3, "its declaration, its call, its result"


@given(st.lists(st.sampled_from(["0", "1", "call_0", ""]), max_size=20))
def test_the_calls_of_one_answer_never_share_an_id_with_any_before(told):
    taken = {"0", "call_0"}
    ids = CallIds(set(taken), SEED)
    given = [ids.own(ToolCall(call_id=one, name="f")).call_id for one in told]
    named = [one for one in given if one]
    assert max(Counter(named).values(), default=1) == 1
    assert taken.isdisjoint(named)


CHAT = {"role": "assistant", "tool_calls": [{"id": "call_0", "type": "function", "function": {}}]}
MESSAGES = {"role": "assistant", "content": [{"type": "tool_use", "id": "call_0", "name": "f"}]}
RESPONSES = {"type": "function_call", "call_id": "call_0", "name": "f", "arguments": "{}"}


@pytest.mark.parametrize(
    ("member", "called"), [("messages", CHAT), ("messages", MESSAGES), ("input", RESPONSES)]
)
def test_a_relay_is_watched_where_an_id_may_come_again(member, called):
    user = {"role": "user", "content": "go"}
    found = repeated_before({member: [user, called, user]})
    assert found == {"call_0"}
    unique = json.loads(json.dumps(called).replace("call_0", "toolu_01ABCDEFGHJKLMNPQRS"))
    assert repeated_before({member: [user, unique]}) == set()
    ours = json.loads(json.dumps(called).replace("call_0", f"call_{SEED}00"))
    assert repeated_before({member: [called, user, ours]}) == {"call_0", f"call_{SEED}00"}
    assert repeated_before({member: [user, ours]}) == set()


@pytest.mark.parametrize(
    "counted", ["call_0", "0", "tool_12", "functions.read:0", "terminal:3", "toolu_1", "call-2"]
)
def test_what_servers_count_anew(counted):
    assert repeated_before({"messages": [{"role": "assistant", "tool_calls": [{"id": counted}]}]})


@pytest.mark.parametrize("body", [{}, {"messages": 1}, {"messages": [1, {"role": "assistant"}]}])
def test_any_body_is_asked(body):
    assert repeated_before(body) == set()


def test_only_ids_of_calls_are_replaced():
    ids = CallIds({"call_0"}, SEED)
    value = {
        "id": "call_0",
        "choices": [{"delta": {"tool_calls": [{"id": "call_0", "function": {"name": "call_0"}}]}}],
        "output": [{"id": "call_0", "type": "message"}, {"call_id": "call_0"}],
    }
    told = with_own_ids(value, ids)
    new = f"call_{SEED}00"
    assert told["id"] == "call_0"
    call = told["choices"][0]["delta"]["tool_calls"][0]
    assert call == {"id": new, "function": {"name": "call_0"}}
    assert told["output"] == [{"id": "call_0", "type": "message"}, {"call_id": new}]
    assert with_own_ids(told, ids) is told


@pytest.mark.parametrize("member", ["input", "arguments"])
def test_what_a_tool_is_called_with_is_left_alone(member):
    """A tool may well have an argument of the name under which Responses say a call's id."""
    given = {"call_id": "call_0", "calls": [{"type": "function", "id": "call_0"}]}
    call = {"type": "tool_use", "id": "call_0", "name": "look_up", member: given}
    told = with_own_ids({"content": [call]}, CallIds({"call_0"}, SEED))["content"][0]
    assert told["id"] != "call_0"
    assert told[member] == given


def test_what_is_nested_too_deep_stays_as_it_is():
    deep = "call_0"
    for _ in range(5000):
        deep = [deep]
    value = {"call_id": "call_0", "more": deep}
    assert with_own_ids(value, CallIds({"call_0"}, SEED)) is value
