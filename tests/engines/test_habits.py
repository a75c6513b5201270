"""What the end of an alias asks for: `-think`, `-think-N`, `-search`, `-high` and the like."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from uniapi.canonical import HostedTool, Message, ReasoningSettings, Request, Text
from uniapi.engines import Target, engine_for

GEMINI = "https://generativelanguage.googleapis.com/v1beta"
CLAUDE = "https://api.anthropic.com"
CHAT = "https://h.example/v1"

REQUEST = Request(
    model="a",
    messages=(Message(role="user", parts=(Text(text="hi"),)),),
    reasoning=ReasoningSettings(effort="low"),
)


@pytest.mark.parametrize(
    ("base_url", "upstream", "alias", "reasoning"),
    [
        (
            GEMINI,
            "gemini-2.5-flash",
            "gemini-2.5-flash-think-8000",
            ReasoningSettings(budget=8000, include=True),
        ),
        (
            GEMINI,
            "gemini-2.5-flash",
            "gemini-2.5-flash-think-0",
            ReasoningSettings(budget=0, include=False),
        ),
        (
            GEMINI,
            "gemini-2.5-flash",
            "gemini-2.5-flash-think",
            ReasoningSettings(is_adaptive=True, budget=-1, include=True),
        ),
        (
            GEMINI,
            "gemini-2.5-flash",
            "flash-think-512-search",
            ReasoningSettings(budget=512, include=True),
        ),
        (
            GEMINI,
            "gemini-2.5-flash",
            "flash-search-think-512",
            ReasoningSettings(budget=512, include=True),
        ),
        (
            CLAUDE,
            "claude-sonnet-4-5",
            "claude-sonnet-4-5-think",
            ReasoningSettings(budget=4096, include=True),
        ),
        (
            CLAUDE,
            "claude-sonnet-4-5-20250929",
            "sonnet-thinking",
            ReasoningSettings(budget=4096, include=True),
        ),
        (
            CLAUDE,
            "claude-sonnet-5",
            "claude-sonnet-5-think",
            ReasoningSettings(is_adaptive=True, budget=-1, include=True),
        ),
        (CLAUDE, "claude-opus-4-6", "claude-opus-4-6-high", ReasoningSettings(effort="high")),
        (CHAT, "o3-mini", "o3-mini-high", ReasoningSettings(effort="high")),
        (CHAT, "gpt-5", "gpt-5-low", ReasoningSettings(effort="low")),
        (CHAT, "gpt-5.4", "GPT-5.4-Medium", ReasoningSettings(effort="medium")),
        (CHAT, "openai/gpt-oss-120b", "gpt-oss-120b-high", ReasoningSettings(effort="high")),
        (CHAT, "grok-3-mini", "grok-3-mini-low", ReasoningSettings(effort="low")),
    ],
)
def test_an_alias_sets_how_much_is_thought(
    target: Callable[..., Target],
    base_url: str,
    upstream: str,
    alias: str,
    reasoning: ReasoningSettings,
) -> None:
    """It outranks what the client said: naming the alias is saying it."""
    place = target(upstream, alias, base_url=base_url)
    engine = engine_for(place.provider)
    assert engine.has_habit(place)
    assert reasoning == engine.adjust(place, REQUEST).reasoning


@pytest.mark.parametrize(
    ("base_url", "upstream", "alias"),
    [
        (GEMINI, "gemini-2.5-flash", "gemini-2.5-flash-search"),
        (CLAUDE, "claude-sonnet-5", "sonnet-search"),
        (CHAT, "google/gemini-2.5-pro", "gemini-search"),
    ],
)
def test_search_adds_a_web_search_once(
    target: Callable[..., Target], base_url: str, upstream: str, alias: str
) -> None:
    """A hosted tool without a dialect of its own, so that each dialect writes its own; one the
    client brought stays alone.
    """
    place = target(upstream, alias, base_url=base_url)
    adjusted = engine_for(place.provider).adjust(place, REQUEST)
    assert [HostedTool(kind="web_search", dialect="", raw={})] == list(adjusted.tools)
    assert adjusted == engine_for(place.provider).adjust(place, adjusted)


@pytest.mark.parametrize(
    ("base_url", "upstream", "alias"),
    [
        (CHAT, "gpt-oss-high", "gpt-oss-high"),
        (CHAT, "vendor/gpt-oss-high", "my-high"),
        (CHAT, "gpt-4o", "team-low"),
        (CHAT, "llama-3.3-70b", "llama-high"),
        (CHAT, "kimi-k2-thinking", "kimi-thinking"),
        (CHAT, "deepseek-r1", "r1-thinking"),
        (CHAT, "sonar", "perplexity-search"),
        (CHAT, "gpt-4o-search-preview", "gpt-4o-search-preview"),
        (GEMINI, "gemini-2.5-flash", "gemini-2.5-flash"),
        (GEMINI, "gemini-2.5-flash", "research"),
        (GEMINI, "gemini-2.5-flash", "think"),
    ],
)
def test_a_name_is_only_a_name(
    target: Callable[..., Target], base_url: str, upstream: str, alias: str
) -> None:
    """A literal upstream name, an ending the upstream's name has too, or a word that means nothing
    for the model: nothing changes and a relay is allowed.
    """
    place = target(upstream, alias, base_url=base_url)
    engine = engine_for(place.provider)
    assert not engine.has_habit(place)
    assert REQUEST is engine.adjust(place, REQUEST)
