"""A rule is passed over only where it would have had nothing to do: asked all the same, every rule
of every dialect gives the same body and the same losses.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

import pytest

from uniapi.canonical import Message, Reasoning, Text
from uniapi.dialects import Quirk
from uniapi.dialects.anthropic.fit import RULES as ANTHROPIC_RULES
from uniapi.dialects.anthropic.fit import fit as fit_anthropic
from uniapi.dialects.fitting import Beside, Fit, FitRule, Fitting
from uniapi.dialects.gemini.fit import RULES as GEMINI_RULES
from uniapi.dialects.gemini.fit import fit as fit_gemini
from uniapi.dialects.openai_chat.fit import RULES as CHAT_RULES
from uniapi.dialects.openai_chat.fit import fit as fit_chat
from uniapi.dialects.openai_responses.fit import RULES as RESPONSES_RULES
from uniapi.dialects.openai_responses.fit import fit as fit_responses
from uniapi.engines.facts import ROWS

DIALECTS: dict[str, tuple[Fit, Sequence[FitRule], str]] = {
    "openai_chat": (fit_chat, CHAT_RULES, "messages"),
    "openai_responses": (fit_responses, RESPONSES_RULES, "input"),
    "anthropic": (fit_anthropic, ANTHROPIC_RULES, "messages"),
    "gemini": (fit_gemini, GEMINI_RULES, "contents"),
}

QUIRKS = [Quirk(**row.changes) for row in ROWS]
BREAKPOINT = {"prompt_cache_breakpoint": {"mode": "explicit"}}
TURNS: list[Any] = [
    {"role": "user", "content": "hi"},
    {"role": "system", "content": "be kind"},
    {"role": "developer", "content": [{"type": "text", "text": "x"}]},
    {"role": "assistant", "content": "", "reasoning_content": "thought"},
    {"role": "assistant", "reasoning_details": [{"type": "reasoning.text", "text": "t"}]},
    {
        "role": "assistant",
        "content": None,
        "tool_calls": [
            {
                "id": "call 1/" + "x" * 70,
                "type": "function",
                "function": {"name": "f", "arguments": '{"a":'},
                "extra_content": {"google": {"thought_signature": "s"}},
                "cache_control": {"type": "ephemeral"},
            },
            {"id": "c", "type": "custom", "custom": {"name": "g", "input": "x"}},
        ],
    },
    {"role": "tool", "tool_call_id": "call 1/", "content": "r"},
    {
        "role": "user",
        "content": [
            {"type": "text", "text": "", "cache_control": {"type": "ephemeral"}},
            {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA"}},
            {"type": "file", "file": {"file_data": "data:application/pdf;base64,AA"}},
        ],
    },
    {
        "role": "assistant",
        "content": [
            {"type": "thinking", "thinking": "t", "signature": "x"},
            {"type": "redacted_thinking", "data": "uniapi.x"},
            {"type": "server_tool_use", "id": "srvtoolu_uniapi_1", "name": "web_search"},
            {"type": "web_search_tool_result", "tool_use_id": "srvtoolu_uniapi_1", "content": []},
            {"type": "tool_use", "id": "a b", "name": "f", "input": {}},
        ],
    },
    {
        "role": "user",
        "content": [
            {
                "type": "tool_result",
                "tool_use_id": "a b",
                "content": [{"type": "image", "source": {"type": "url", "url": "https://x"}}],
            }
        ],
    },
    {"role": "user", "content": [{"type": "text", "text": "a", **BREAKPOINT}], **BREAKPOINT},
    {"type": "function_call_output", "call_id": "c", "output": [{"text": "b", **BREAKPOINT}]},
    {"type": "message", "id": "x1", "role": "assistant", "content": []},
    {"type": "reasoning", "id": "uniapi_1", "encrypted_content": "gAAAAx"},
    {"type": "reasoning", "id": "rs_1", "encrypted_content": "other"},
    {"type": "function_call", "id": "x", "call_id": "c" * 70, "name": "f", "arguments": "{"},
    {"type": "function_call_output", "call_id": "c" * 70, "output": [{"type": "input_image"}]},
    {"role": "model", "parts": [{"functionCall": {"id": "1", "name": "f", "args": {}}}]},
    {"role": "user", "parts": [{"functionResponse": {"id": "1", "name": "f", "response": {}}}]},
    {"role": "user", "parts": [{"function_response": {"id": "1", "name": "f", "response": {}}}]},
    {"role": "user", "parts": [{"inlineData": {"mimeType": "image/png", "data": "AA"}}]},
    {"role": ["hostile"], "type": {"a": 1}, "content": {"type": "text"}},
    {"role": "user", "content": [None, 1, {"type": ["text"]}]},
    None,
    7,
]
MEMBERS: dict[str, list[Any]] = {
    "max_tokens": [10, "x"],
    "max_completion_tokens": [10],
    "seed": [1],
    "stop": [["a", "b", "c", "d", "e", "f"], "a"],
    "temperature": [0.5, 1],
    "top_p": [0.5],
    "top_k": [3],
    "verbosity": ["low"],
    "service_tier": ["flex", "auto"],
    "stream_options": [{"include_usage": True}],
    "parallel_tool_calls": [False, True],
    "reasoning_effort": ["high", "none"],
    "reasoning": [{"effort": "high", "summary": "auto"}],
    "thinking": [{"type": "enabled", "budget_tokens": 2000}],
    "output_config": [{"effort": "max"}],
    "cache_control": [{"type": "ephemeral"}],
    "include": [["reasoning.encrypted_content"]],
    "store": [False],
    "tool_choice": [
        "required",
        {"type": "any"},
        {"type": "custom", "custom": {"name": "g"}},
        {"type": "allowed_tools", "allowed_tools": {"mode": "auto", "tools": []}, "tools": []},
    ],
    "tools": [
        [
            {"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}},
            {"type": "custom", "custom": {"name": "g"}, "cache_control": {"type": "ephemeral"}},
            {"type": "function", "name": "f", "parameters": {"type": "string"}},
            {"name": "f", "input_schema": {}},
        ],
        [{"functionDeclarations": [{"name": "f"}]}, {"googleSearch": {}}],
    ],
    "functions": [[{"name": "f"}]],
    "response_format": [{"type": "json_schema", "json_schema": {"schema": {"type": "object"}}}],
    "generationConfig": [{"thinkingConfig": {"thinkingBudget": 1}}],
}


def _body(rng: random.Random, turns_in: str) -> dict[str, Any]:
    names = rng.sample(sorted(MEMBERS), rng.choice((0, 1, 3)))
    body: dict[str, Any] = {name: rng.choice(MEMBERS[name]) for name in names}
    if rng.random() < 0.9:
        body[turns_in] = rng.choices(TURNS, k=rng.choice((0, 1, 2, 4)))
    return body


def _asked_by_all(
    rules: Sequence[FitRule], body: dict[str, Any], quirk: Quirk, beside: Beside
) -> tuple[dict[str, Any], tuple[str, ...]]:
    fitting = Fitting(quirk=quirk, beside=beside)
    for rule in rules:
        if rule.concerns(quirk):
            body = rule.apply(body, fitting)
    return body, tuple(dict.fromkeys(fitting.losses))


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_rule_that_is_passed_over_had_nothing_to_do(dialect: str) -> None:
    fit, rules, turns_in = DIALECTS[dialect]
    rng = random.Random(dialect)
    for _ in range(6000):
        body, quirk = _body(rng, turns_in), rng.choice(QUIRKS)
        expected = _asked_by_all(rules, body, quirk, Beside())
        fitted, losses = fit(body, quirk, Beside())
        assert (fitted, losses) == expected, (body, quirk)
        assert (fitted is body) == (expected[0] is body)


def test_what_stands_beside_a_body_is_read_though_nothing_of_it_is_in_the_body() -> None:
    turn = Message(role="assistant", parts=(Reasoning(text="why"), Text(text="hi")))
    body = {"messages": [{"role": "assistant", "content": "hi"}]}
    _, losses = fit_chat(body, Quirk(reasoning_replay="none"), Beside(turns=[turn]))
    assert losses


def test_most_rules_are_passed_over_for_a_plain_body() -> None:
    asked = []
    for rule in CHAT_RULES:
        where = rule.marks(Quirk())
        marks = {"model", "messages", "temperature", "role", "content", "system", "user"}
        if rule.concerns(Quirk()) and (where is None or not where.isdisjoint(marks)):
            asked.append(rule.apply.__name__)
    assert asked == []
