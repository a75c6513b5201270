"""Every fact is minded once: by exactly one rule of each dialect that can meet it, or it is listed
here with the reason why that dialect has none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields

import pytest

from uniapi.dialects import Quirk
from uniapi.dialects.fitting import FitRule
from uniapi.dialects.openai_chat.fit import RULES as CHAT_RULES

FACTS = [field.name for field in fields(Quirk) if not field.name.startswith("learned_")]
"""All but the lessons of refusals, which every dialect's last rules mind (test_fit_learned)."""

TABLES: Mapping[str, Sequence[FitRule]] = {"openai_chat": CHAT_RULES}

OF_OTHERS: Mapping[str, tuple[str, ...]] = {
    "openai_chat": ("anthropic_", "gemini_", "converse_", "thinking_"),
}
"""How the facts begin that are of other dialects alone."""

UNMINDED: Mapping[str, Mapping[str, str]] = {
    "openai_chat": {
        "image_urls": "read before encoding: media are fetched (`needs_inline`)",
        "think_tags": "read by the decoder of answers",
        "streams_only": "read by the route: a whole answer is asked for streamed, and folded",
        "think_tag_is_open": "read by the decoder of answers",
        "default_max_tokens": "the wire needs no limit, and no row of a chat engine names one",
        "encrypted_reasoning": "Responses only: the wire has no encrypted content to ask for",
        "reasoning_items": "Responses only",
        "reasoning_summary": "Responses only",
        "smallest_thinking_budget": "Gemini only",
        "safety_threshold": "Gemini only",
        "function_call_ids": "Gemini only",
        "result_media": "Gemini only",
        "call_signatures": "Gemini only",
        "json_schema_members": "Gemini only",
        "json_with_tools": "Gemini only",
        "hosted_with_functions": "Gemini only",
    },
}


@pytest.mark.parametrize("dialect", TABLES)
def test_every_fact_is_minded_once(dialect: str) -> None:
    """Twice would be two truths, never a fault that somebody meets."""
    minded = [name for rule in TABLES[dialect] for name in rule.facts]
    expected = [
        name
        for name in FACTS
        if not name.startswith(OF_OTHERS[dialect]) and name not in UNMINDED[dialect]
    ]
    assert sorted(expected) == sorted(minded)


@pytest.mark.parametrize("dialect", UNMINDED)
def test_reasons_are_given_for_facts_that_exist(dialect: str) -> None:
    """A fact that was renamed, or is minded by now, needs no reason any more."""
    minded = {name for rule in TABLES[dialect] for name in rule.facts}
    assert set(UNMINDED[dialect]) <= set(FACTS) - minded
    assert all(UNMINDED[dialect].values())
