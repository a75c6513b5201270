"""Effort words, budgets and adaptive thinking, by what the model takes."""

from __future__ import annotations

from typing import Any

import pytest
from anthropic_road import fitted

from uniapi.canonical import (
    Message,
    Opaque,
    Part,
    Reasoning,
    ReasoningSettings,
    Request,
    Role,
    Sampling,
    Text,
    Tool,
    ToolCall,
    ToolChoice,
    ToolResult,
)
from uniapi.dialects import Quirk
from uniapi.dialects.anthropic import UPSTREAM

BUDGET = Quirk(anthropic_thinking="budget", anthropic_effort=False, sampling_while_reasoning=False)
ADAPTIVE = Quirk(anthropic_thinking="adaptive")


def turn(role: Role, *parts: Part) -> Message:
    return Message(role=role, parts=parts)


HELLO = turn("user", Text(text="hi"))


def encode(
    settings: ReasoningSettings | None, quirk: Quirk, *messages: Message, **members: Any
) -> tuple[dict[str, Any], tuple[str, ...]]:
    encoded = fitted(
        Request(model="m", messages=messages or (HELLO,), reasoning=settings, **members), quirk
    )
    return encoded.body, encoded.losses


@pytest.mark.parametrize(
    "settings, thinking",
    [
        (None, None),
        (ReasoningSettings(effort="none"), {"type": "disabled"}),
        (ReasoningSettings(budget=0), {"type": "disabled"}),
        (ReasoningSettings(effort="minimal"), {"type": "enabled", "budget_tokens": 1024}),
        (ReasoningSettings(effort="medium"), {"type": "enabled", "budget_tokens": 4096}),
        (ReasoningSettings(effort="max"), {"type": "enabled", "budget_tokens": 16384}),
        (ReasoningSettings(budget=20), {"type": "enabled", "budget_tokens": 1024}),
        (ReasoningSettings(budget=-1), {"type": "enabled", "budget_tokens": 8192}),
        (
            ReasoningSettings(is_adaptive=True, visibility="omitted"),
            {"type": "enabled", "budget_tokens": 8192, "display": "omitted"},
        ),
    ],
)
def test_a_budget_model_gets_a_budget(
    settings: ReasoningSettings | None, thinking: dict[str, Any] | None
) -> None:
    """And a limit above it, so that there is room to answer."""
    body, losses = encode(settings, BUDGET)
    assert thinking == body.get("thinking")
    assert body["max_tokens"] > body.get("thinking", {}).get("budget_tokens", 0)
    assert losses == ()


def test_the_answer_keeps_its_room_beside_the_budget() -> None:
    """A limit that the budget would swallow comes on top of it."""
    body, _ = encode(
        ReasoningSettings(budget=5000), BUDGET, sampling=Sampling(max_output_tokens=100)
    )
    assert body["max_tokens"] == 5100


@pytest.mark.parametrize(
    "settings, effort",
    [
        (ReasoningSettings(effort="minimal"), "low"),
        (ReasoningSettings(effort="xhigh"), "xhigh"),
        (ReasoningSettings(budget=1500), "low"),
        (ReasoningSettings(budget=10000), "high"),
        (ReasoningSettings(budget=31999), "max"),
        (ReasoningSettings(budget=-1), None),
        (ReasoningSettings(is_adaptive=True), None),
    ],
)
def test_an_adaptive_model_gets_the_nearest_effort(
    settings: ReasoningSettings, effort: str | None
) -> None:
    """A fixed budget is refused by such a model; the thinking is shown unless the client says
    otherwise.
    """
    body, losses = encode(settings, ADAPTIVE)
    assert body["thinking"] == {"type": "adaptive", "display": "summarized"}
    assert effort == body.get("output_config", {}).get("effort")
    assert losses == ()


def test_effort_words_are_those_of_the_model() -> None:
    """`quirk.efforts` names them; the nearest one is sent."""
    body, _ = encode(ReasoningSettings(effort="max"), Quirk(efforts=("low", "medium", "high")))
    assert body["output_config"] == {"effort": "high"}


def test_a_model_that_always_thinks_is_asked_for_little() -> None:
    """`disabled` is refused by it."""
    body, losses = encode(ReasoningSettings(effort="none"), Quirk(anthropic_thinking_off=False))
    assert ("thinking" not in body, {"effort": "low"}, ("thinking",)) == (
        True,
        body["output_config"],
        losses,
    )


def test_a_model_that_cannot_think_says_so() -> None:
    """Only what was wanted is a loss."""
    quirk = Quirk(anthropic_thinking="none")
    assert [encode(ReasoningSettings(effort=word), quirk)[1] for word in ("high", "none")] == [
        ("thinking",),
        (),
    ]


SIGNED = Reasoning(text="x", opaque=Opaque(family="anthropic", value="Es"))
CALL = ToolCall(call_id="a", name="f", arguments="{}")
RESULT = turn("user", ToolResult(call_id="a", content=(Text(text="1"),)))


@pytest.mark.parametrize(
    "messages, members, also_lost",
    [
        ((HELLO,), {"tools": (Tool(name="f"),), "tool_choice": ToolChoice(mode="required")}, ()),
        ((HELLO, turn("assistant", CALL), RESULT), {}, ()),
        (
            (HELLO, turn("assistant", Reasoning(text="y"), CALL), RESULT),
            {},
            ("messages.reasoning",),
        ),
        ((HELLO, turn("assistant", Text(text="so"))), {}, ()),
    ],
)
def test_a_budget_gives_way_to_what_excludes_it(
    messages: tuple[Message, ...], members: dict[str, Any], also_lost: tuple[str, ...]
) -> None:
    """A forced tool, a tool turn whose thinking is gone, a prefill: the API refuses each beside a
    fixed budget, none beside adaptive thinking.
    """
    body, losses = encode(ReasoningSettings(effort="high"), BUDGET, *messages, **members)
    assert (body["thinking"], losses) == ({"type": "disabled"}, (*also_lost, "thinking"))
    body, losses = encode(ReasoningSettings(effort="high"), ADAPTIVE, *messages, **members)
    assert (body["thinking"]["type"], losses) == ("adaptive", also_lost)


@pytest.mark.parametrize(
    "messages",
    [
        (HELLO, turn("assistant", SIGNED, CALL), RESULT),
        (HELLO, turn("assistant", SIGNED), turn("assistant", CALL), RESULT),
        (HELLO, turn("assistant", CALL), RESULT, turn("assistant", Text(text="so")), HELLO),
    ],
)
def test_a_budget_stays_where_the_last_tool_turn_is_signed_or_over(
    messages: tuple[Message, ...],
) -> None:
    """Only the last assistant turn counts."""
    assert (
        encode(ReasoningSettings(effort="high"), BUDGET, *messages)[0]["thinking"]["type"]
        == "enabled"
    )


def test_sampling_beside_thinking() -> None:
    """temperature only 1, top_p close to 1, no top_k."""
    body, losses = encode(
        ReasoningSettings(effort="low"),
        BUDGET,
        sampling=Sampling(temperature=0.2, top_p=0.5, top_k=3),
    )
    assert {"temperature", "top_p", "top_k"} == set(losses)
    body, losses = encode(
        ReasoningSettings(effort="low"), BUDGET, sampling=Sampling(temperature=1, top_p=0.97)
    )
    assert (body["temperature"], body["top_p"], losses) == (1, 0.97, ())


CALL = {"type": "tool_use", "id": "c", "name": "f", "input": {}}
SAID = {"type": "text", "text": "so"}
HAS = {"type": "thinking", "thinking": "t", "signature": "s"}


@pytest.mark.parametrize(
    "needs, content, is_mended",
    [
        ("every_turn", "so", True),
        ("every_turn", [SAID], True),
        ("tool_turns", [SAID], False),
        ("tool_turns", [SAID, CALL], True),
        ("tool_turns", [HAS, CALL], False),
        ("no", [CALL], False),
    ],
)
def test_a_turn_without_the_thinking_that_must_come_back_gets_a_stand_in(needs, content, is_mended):
    quirk = Quirk(needs_reasoning=needs)
    body = {"max_tokens": 9, "messages": [{"role": "assistant", "content": content}]}
    (told,) = UPSTREAM.fit(body, quirk)[0]["messages"]
    first = told["content"][0]
    assert (first not in (SAID, HAS, CALL, "s")) == is_mended
    if is_mended:
        assert first["type"] == "thinking"
        assert first["thinking"].strip()
        assert told["content"][1:] == ([SAID] if content == "so" else content)
    for silent in (
        Quirk(needs_reasoning=needs, reasons_by_default=False),
        Quirk(needs_reasoning=needs, reasoning_replay="think_tags"),
    ):
        assert UPSTREAM.fit(body, silent)[0]["messages"] is body["messages"]
