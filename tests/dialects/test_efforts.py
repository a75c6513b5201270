"""A wanted effort becomes a word that the model knows, and never the word for not thinking."""

from __future__ import annotations

import pytest

from uniapi.canonical import ReasoningSettings
from uniapi.dialects.efforts import nearest_effort, said_effort


@pytest.mark.parametrize(
    "effort, words, nearest",
    [
        ("max", (), "max"),
        ("xhigh", ("low", "medium", "high"), "high"),
        ("minimal", ("none", "low", "medium", "high"), "low"),
        ("low", ("none", "high"), "high"),
        ("none", ("low", "high", "max"), "low"),
        ("none", ("none", "default"), "none"),
        ("high", ("none", "default"), "default"),
        ("ultra", ("low", "high"), "ultra"),
        ("low", ("none",), "low"),
    ],
)
def test_the_nearest_word(effort: str, words: tuple[str, ...], nearest: str) -> None:
    """Ties and gaps never end at `none` for someone who asked for thinking."""
    assert nearest_effort(effort, words) == nearest


@pytest.mark.parametrize(
    "settings, effort",
    [
        (ReasoningSettings(effort="xhigh", budget=10), "xhigh"),
        (ReasoningSettings(budget=0), "none"),
        (ReasoningSettings(budget=2048), "low"),
        (ReasoningSettings(budget=2049), "medium"),
        (ReasoningSettings(budget=12289), "high"),
        (ReasoningSettings(budget=-1), None),
        (ReasoningSettings(is_adaptive=True), None),
    ],
)
def test_what_the_client_said(settings: ReasoningSettings, effort: str | None) -> None:
    """A budget is an effort; a measure left to the model is none."""
    assert said_effort(settings) == effort
