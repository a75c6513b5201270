"""How much a model shall think, in the words of OpenAI's formats: the scale of efforts, what a
budget of tokens is on it, and the word of a model's own that is nearest to a wanted one.
"""

from __future__ import annotations

from collections.abc import Sequence

from uniapi.canonical import ReasoningSettings

from .quirk import Quirk

EFFORT_SCALE = ("none", "minimal", "low", "medium", "high", "xhigh", "max")
BUDGET_EFFORTS = ((0, "none"), (2048, "low"), (12288, "medium"))
"""A budget of at most so many tokens is that effort; more is `high`."""


def said_effort(settings: ReasoningSettings) -> str | None:
    """The effort the client named, or that of the budget it named; None when it left the measure to
    the model (adaptive, or a budget of -1).
    """
    if settings.effort is not None:
        return settings.effort
    budget = settings.budget
    if budget is None or budget < 0:
        return None
    return next((word for limit, word in BUDGET_EFFORTS if budget <= limit), "high")


def wants_reasoning(settings: ReasoningSettings) -> bool:
    """Whether thinking is asked for without saying how much: adaptive, a budget that the model may
    choose, or a bare wish for thoughts (Gemini's `includeThoughts`).
    """
    return (
        settings.is_adaptive
        or settings.budget is not None
        or (settings.include is True and settings.visibility is None)
    )


def nearest_effort(effort: str, words: Sequence[str]) -> str:
    """The one of `words` (weakest first; empty: all pass) that is nearest to the wanted effort.

    Who asks for thinking never gets `none`; `default` (Groq's Qwen) is every effort but `none`.
    A word that is on no scale passes: it is the vendor's to judge.
    """
    if effort in words or effort not in EFFORT_SCALE:
        return effort
    if effort != "none" and "default" in words:
        return "default"
    known = [word for word in words if word in EFFORT_SCALE and word != "none"]
    wanted = EFFORT_SCALE.index(effort)
    return min(known, key=lambda word: abs(EFFORT_SCALE.index(word) - wanted), default=effort)


def is_reasoning(effort: str | None, quirk: Quirk) -> bool:
    """Whether the model reasons when asked with this effort (None: with none at all)."""
    return quirk.reasons_by_default if effort is None else effort != "none"
