"""Roles in the order that stricter upstreams take, for translated and for relayed bodies."""

from __future__ import annotations

from typing import Any

import pytest

from uniapi.canonical import Message, Request, Text, ToolCall, ToolResult
from uniapi.dialects import Quirk
from uniapi.dialects.openai_chat import UPSTREAM
from uniapi.dialects.openai_chat.fit_turn_order import BRIDGE


def in_order(messages: list[Any], quirk: Quirk) -> list[Any]:
    fitted: list[Any] = UPSTREAM.fit({"messages": messages}, quirk)[0]["messages"]
    return fitted


AFTER_TOOL = Quirk(turn_order="assistant_after_tool")
ALTERNATING = Quirk(turn_order="alternating")
PREFIX = Quirk(prefix_member=True)
CALL = {
    "role": "assistant",
    "content": None,
    "tool_calls": [{"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}],
}
RESULT = {"role": "tool", "tool_call_id": "c", "content": "1"}
PICTURE = {"type": "image_url", "image_url": {"url": "https://x.test/a"}}


def user(content: Any = "a") -> dict[str, Any]:
    return {"role": "user", "content": content}


def assistant(content: Any = "b", **members: Any) -> dict[str, Any]:
    return {"role": "assistant", "content": content, **members}


def system(content: str = "s") -> dict[str, Any]:
    return {"role": "system", "content": content}


CASES: list[tuple[str, list[Any], Quirk, list[Any]]] = [
    (
        "user after tool",
        [user(), CALL, RESULT, RESULT, user()],
        AFTER_TOOL,
        [user(), CALL, RESULT, RESULT, assistant(BRIDGE), user()],
    ),
    (
        "neighbours",
        [user("a"), user("b"), assistant("c"), assistant("d"), user("e")],
        ALTERNATING,
        [user("a\n\nb"), assistant("c\n\nd"), user("e")],
    ),
    (
        "pictures",
        [user("a"), user([PICTURE])],
        ALTERNATING,
        [user([{"type": "text", "text": "a"}, PICTURE])],
    ),
    (
        "late system",
        [user("a"), system("s"), user("b")],
        ALTERNATING,
        [system("s"), user("a\n\nb")],
    ),
    ("empty turn", [user("a"), user(None)], ALTERNATING, [user("a")]),
    ("prefill", [user(), assistant("So")], PREFIX, [user(), assistant("So", prefix=True)]),
]


@pytest.mark.parametrize(
    "messages, quirk, expected", [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_what_is_refused_is_put_in_order(
    messages: list[Any], quirk: Quirk, expected: list[Any]
) -> None:
    """The words stay; nothing is changed in place."""
    before = repr(messages)
    assert in_order(messages, quirk) == expected
    assert repr(messages) == before


@pytest.mark.parametrize("quirk", [Quirk(), AFTER_TOOL, ALTERNATING, PREFIX])
@pytest.mark.parametrize(
    "messages",
    [[], [system(), user(), CALL, RESULT, assistant("b"), user()], [user(), "no message"]],
)
def test_what_is_in_order_is_the_same_object(messages: list[Any], quirk: Quirk) -> None:
    """A relay must see that nothing changed."""
    assert in_order(messages, quirk) is messages


def test_both_ways_of_a_request_are_put_in_order() -> None:
    """Claude Code's result and words in one turn, and a chat client's own messages."""
    call = Message(role="assistant", parts=(ToolCall(call_id="c", name="f", arguments="{}"),))
    answer = Message(
        role="user", parts=(ToolResult(call_id="c", content=(Text(text="1"),)), Text(text="a"))
    )
    encoded = UPSTREAM.encode_request(Request(model="m", messages=(call, answer)), AFTER_TOOL)
    translated = UPSTREAM.fit(encoded.body, AFTER_TOOL, encoded.beside)[0]["messages"]
    relayed, losses = UPSTREAM.fit({"messages": [CALL, RESULT, user()]}, AFTER_TOOL)
    assert [CALL, RESULT, assistant(BRIDGE), user()] == translated == relayed["messages"]
    assert losses == ()
