"""A rule is passed over only where it would have had nothing to do: asked all the same, every rule
of every dialect gives the same body and the same losses.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

import pytest

from uniapi.canonical import Message, OutputFormat, Reasoning, ReasoningSettings, Text
from uniapi.dialects import NOTHING_BESIDE, PLAIN, Quirk
from uniapi.dialects.anthropic.fit import RULES as ANTHROPIC_RULES
from uniapi.dialects.anthropic.fit import fit as fit_anthropic
from uniapi.dialects.fit_learned import LEARNED_RULES
from uniapi.dialects.fitting import TURN_OF, Beside, Fit, FitRule, Fitting, fit_by, marks_of
from uniapi.dialects.gemini.fit import RULES as GEMINI_RULES
from uniapi.dialects.gemini.fit import fit as fit_gemini
from uniapi.dialects.openai_chat.fit import RULES as CHAT_RULES
from uniapi.dialects.openai_chat.fit import fit as fit_chat
from uniapi.dialects.openai_responses.fit import RULES as RESPONSES_RULES
from uniapi.dialects.openai_responses.fit import fit as fit_responses
from uniapi.engines.facts import ROWS
from uniapi.values import replace

DIALECTS: dict[str, tuple[Fit, Sequence[FitRule], str]] = {
    "openai_chat": (fit_chat, CHAT_RULES, "messages"),
    "openai_responses": (fit_responses, RESPONSES_RULES, "input"),
    "anthropic": (fit_anthropic, ANTHROPIC_RULES, "messages"),
    "gemini": (fit_gemini, GEMINI_RULES, "contents"),
}

LEARNED = {
    "learned_drops": frozenset({("seed",), ("messages", "[]", "reasoning_content")}),
    "learned_renames": frozenset({(("max_tokens",), "max_completion_tokens")}),
    "learned_choices": frozenset({(("reasoning_effort",), ("low", "medium"))}),
    "learned_limits": frozenset({(("max_tokens",), 5.0)}),
}
NONE_BUT_TEXT = {"text_content_only": True, "empty_turns": False}
QUIRKS = [
    *(Quirk(**row.changes) for row in ROWS),
    *(replace(Quirk(**row.changes), **LEARNED) for row in ROWS if "taken_members" in row.changes),
    *(replace(Quirk(**row.changes), **NONE_BUT_TEXT) for row in ROWS[::5]),
    *(
        Quirk(has_tools=False, has_images=False, keeps_cache_marks=False, system_role=role)
        for role in ("developer", "system", "user")
    ),
]
PLAIN_TURNS: list[Any] = [
    {"role": "user", "content": "hi"},
    {"role": "system", "content": "be kind"},
    {"role": "developer", "content": "be brief"},
    {"role": "assistant", "content": "hello "},
    {"role": "user", "content": " \n"},
    {"role": "assistant", "content": ""},
]
"""Of which the ordinary request is made, and two that say nothing."""
MARKED = {"type": "text", "text": "a", "cache_control": {"type": "ephemeral", "scope": "x"}}
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
    {"role": "user", "content": None},
    {"role": "user", "content": "hi", "name": "n", "foo": 1},
    {"role": "user", "content": [{"type": "tool_result", "content": [MARKED, MARKED, MARKED]}]},
    {"role": "assistant", "content": "x", "tool_calls": []},
    {"role": "system", "content": [MARKED, MARKED]},
    {"role": "tool", "content": "r"},
    {"content": "no role"},
    {"role": ["hostile"], "content": "said"},
    {"role": ["hostile"], "type": {"a": 1}, "content": {"type": "text"}},
    {"role": "user", "content": [None, 1, {"type": ["text"]}]},
    None,
    7,
]
MEMBERS: dict[str, list[Any]] = {
    "model": ["m"],
    "stream": [True, False],
    "system": [
        "be",
        [],
        [MARKED, {"type": "text", "text": " "}],
        [{"text": "x-anthropic-billing"}],
    ],
    "prompt": ["once"],
    "another_vendors": [1],
    "role": ["hostile"],
    "metadata": [{"user_id": "a b"}],
    "prediction": [None],
    "text": [{"verbosity": "low", "format": {"type": "json_schema", "schema": {}}}],
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


BESIDE = [
    NOTHING_BESIDE,
    NOTHING_BESIDE,
    Beside(),
    Beside(reasoning=ReasoningSettings(effort="high")),
    Beside(output_format=OutputFormat(kind="schema", schema={"type": "object"})),
]


def _body(rng: random.Random, turns_in: str) -> dict[str, Any]:
    names = rng.sample(sorted(MEMBERS), rng.choice((0, 1, 3)))
    body: dict[str, Any] = {name: rng.choice(MEMBERS[name]) for name in names}
    turns = rng.choice((TURNS, [*TURNS, *PLAIN_TURNS], PLAIN_TURNS))
    if rng.random() < 0.9:
        body[turns_in] = rng.choices(turns, k=rng.choice((0, 1, 2, 4)))
    elif rng.random() < 0.5:
        body[turns_in] = rng.choice(("a text", None, {}))
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
    for _ in range(12000):
        body, quirk, beside = _body(rng, turns_in), rng.choice(QUIRKS), rng.choice(BESIDE)
        expected = _asked_by_all((*rules, *LEARNED_RULES), body, quirk, beside)
        fitted, losses = fit(body, quirk, beside)
        assert (fitted, losses) == expected, (body, quirk, beside)
        assert (fitted is body) == (expected[0] is body)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_no_rule_alone_is_passed_over_where_it_acts(dialect: str) -> None:
    """Where others act before it, they might hide that its own marks lack something."""
    _, rules, turns_in = DIALECTS[dialect]
    fits = [(rule, fit_by((rule,), turns_in)) for rule in (*rules, *LEARNED_RULES)]
    rng = random.Random(dialect)
    for _ in range(40000):
        body, quirk, beside = _body(rng, turns_in), rng.choice(QUIRKS), rng.choice(BESIDE)
        rule, fit = rng.choice(fits)
        expected = _asked_by_all((rule,), body, quirk, beside)
        assert fit(body, quirk, beside) == expected, (rule.apply.__name__, body, quirk, beside)


def test_a_plain_turn_has_no_mark_but_its_roles() -> None:
    """`marks_of` looks no further into it."""
    for _, rules, _ in DIALECTS.values():
        for rule in rules:
            for quirk in (PLAIN, *QUIRKS):
                where = rule.marks(quirk) or frozenset()
                assert where.isdisjoint({"role", "content", *TURN_OF}), rule.apply.__name__


def test_every_role_takes_what_a_plain_turn_has() -> None:
    for quirk in QUIRKS:
        taken = quirk.taken_members
        if taken is not None:
            for names in (taken.system, taken.user, taken.assistant):
                assert names >= {"role", "content"}


def test_what_stands_beside_a_body_is_read_though_nothing_of_it_is_in_the_body() -> None:
    turn = Message(role="assistant", parts=(Reasoning(text="why"), Text(text="hi")))
    body = {"messages": [{"role": "assistant", "content": "hi"}]}
    _, losses = fit_chat(body, Quirk(reasoning_replay="none"), Beside(turns=[turn]))
    assert losses


def test_no_rule_is_asked_about_a_plain_body() -> None:
    turns = [{"role": "system", "content": "be"}, {"role": "user", "content": "hi"}]
    body = {"model": "m", "messages": turns, "temperature": 0.5, "max_tokens": 9}
    marks = marks_of(body, "messages")
    strict = [Quirk(**row.changes) for row in ROWS if "taken_members" in row.changes]
    for quirk in (replace(PLAIN, max_tokens_member="either"), *strict):
        either = replace(quirk, max_tokens_member="either")
        for rule in CHAT_RULES:
            where = rule.marks(either)
            knows = rule.knows(either) if rule.knows is not None else None
            if rule.concerns(either) and (knows is None or knows.issuperset(body)):
                assert where is not None, rule.apply.__name__
                assert where.isdisjoint(marks), rule.apply.__name__
