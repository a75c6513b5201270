"""What decides in which dialect an upstream is asked is read from the body of any client."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from uniapi.canonical import NO_NEEDS, DialectNeeds
from uniapi.dialects import CLIENT_DIALECTS

CASES: list[tuple[str, dict[str, Any], DialectNeeds]] = [
    ("openai_chat", {"messages": []}, NO_NEEDS),
    (
        "openai_chat",
        {"tools": [{"type": "function", "function": {}}], "reasoning_effort": "HIGH"},
        DialectNeeds(has_functions=True, effort="high"),
    ),
    ("openai_chat", {"functions": [{"name": "f"}]}, DialectNeeds(has_functions=True)),
    ("openai_chat", {"tools": [{"type": "custom", "custom": {}}]}, NO_NEEDS),
    ("openai_chat", {"tools": []}, NO_NEEDS),
    ("openai_chat", {"web_search_options": {}}, DialectNeeds(searches=True)),
    (
        "openai_chat",
        {"input": "x", "tools": [{"name": "f"}], "reasoning": {"effort": "low"}},
        DialectNeeds(has_functions=True, effort="low"),
    ),
    ("openai_responses", {"tools": [{"type": "function", "name": "f"}]}, NO_NEEDS),
    (
        "openai_responses",
        {"tools": [{"type": "namespace", "name": "mcp"}]},
        DialectNeeds(groups_tools=True),
    ),
    (
        "openai_responses",
        {"input": [{"type": "message"}, {"type": "additional_tools", "tools": []}]},
        DialectNeeds(groups_tools=True),
    ),
    ("anthropic", {"tools": [{"name": "f"}]}, DialectNeeds(has_functions=True)),
    ("anthropic", {"tools": [{"type": "custom"}]}, DialectNeeds(has_functions=True)),
    ("anthropic", {"tools": [{"type": "web_search_20250305"}]}, DialectNeeds(searches=True)),
    ("anthropic", {"tools": [{"type": "bash_20250124"}]}, NO_NEEDS),
    ("anthropic", {"thinking": {"type": "adaptive"}}, DialectNeeds(effort="medium")),
    (
        "anthropic",
        {"thinking": {"type": "enabled"}, "output_config": {"effort": "max"}},
        DialectNeeds(effort="max"),
    ),
    (
        "anthropic",
        {"thinking": {"type": "disabled"}, "output_config": {"effort": "max"}},
        DialectNeeds(effort="none"),
    ),
    ("anthropic", {"output_config": {"effort": "low"}}, DialectNeeds(effort="low")),
    (
        "gemini",
        {"tools": [{"functionDeclarations": [{}]}, {"google_search": {}}]},
        DialectNeeds(has_functions=True, searches=True),
    ),
    ("gemini", {"tools": [{"function_declarations": [{}]}]}, DialectNeeds(has_functions=True)),
    (
        "gemini",
        {"generationConfig": {"thinkingConfig": {"thinkingLevel": "HIGH"}}},
        DialectNeeds(effort="high"),
    ),
    (
        "gemini",
        {"generation_config": {"thinking_config": {"thinking_budget": 0}}},
        DialectNeeds(effort="none"),
    ),
    (
        "gemini",
        {"generationConfig": {"thinkingConfig": {"includeThoughts": True}}},
        DialectNeeds(effort="medium"),
    ),
    ("gemini", {"generationConfig": {"thinkingConfig": {}}}, NO_NEEDS),
]


@pytest.mark.parametrize(("dialect", "body", "needs"), CASES)
def test_needs(dialect: str, body: dict[str, Any], needs: DialectNeeds) -> None:
    """Functions, the effort (`medium` where thinking is asked for without a measure), a search."""
    assert CLIENT_DIALECTS[dialect].needs(body) == needs


ODD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.sampled_from(["type", "effort", "thinkingConfig"]), inner, max_size=2)
    ),
    max_leaves=6,
)
MEMBERS = ("tools", "reasoning", "thinking", "output_config", "generationConfig", "functions")


@settings(max_examples=40, deadline=None)
@given(
    st.sampled_from(sorted(CLIENT_DIALECTS)),
    st.dictionaries(st.sampled_from(MEMBERS), ODD, max_size=4),
)
def test_any_body_is_read(dialect: str, body: dict[str, Any]) -> None:
    """Validation is another's matter."""
    assert isinstance(CLIENT_DIALECTS[dialect].needs(body), DialectNeeds)
