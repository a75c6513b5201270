"""How much to think, in the plain dialect: adaptive, steered by an effort word.

https://platform.claude.com/docs/en/build-with-claude/adaptive-thinking (2026-11-30). A budget is
what older models take; `fit_thinking` finds the one the client named beside the body.
"""

from __future__ import annotations

from uniapi.canonical import Json, ReasoningSettings

EFFORT_BUDGETS = {
    "minimal": 1024,
    "low": 1024,
    "medium": 4096,
    "high": 8192,
    "xhigh": 16384,
    "max": 16384,
}
"""How many tokens of thinking an effort is, for models that are given a number."""
_DISPLAYS = {"omitted": "omitted", "updates": "updates"}


def plain_thinking(settings: ReasoningSettings | None) -> tuple[dict[str, Json] | None, str | None]:
    """`thinking` and `output_config.effort`, None where the client said nothing of it."""
    if settings is None:
        return None, None
    if settings.is_off:
        return {"type": "disabled"}, None
    config: dict[str, Json] = {"type": "adaptive", "display": _display(settings)}
    return config, _effort(settings)


def budget_effort(budget: int) -> str:
    """The effort whose budget is nearest."""
    words = ("low", "medium", "high", "max")
    return min(words, key=lambda word: abs(EFFORT_BUDGETS[word] - budget))


def _display(settings: ReasoningSettings) -> str:
    """What of the thinking is shown; newer models show nothing unless asked, so the request always
    says.
    """
    if settings.visibility is not None:
        return _DISPLAYS.get(settings.visibility, "summarized")
    return "omitted" if settings.include is False else "summarized"


def _effort(settings: ReasoningSettings) -> str | None:
    """The stated effort, or that of the stated budget; the wire itself has no `minimal`."""
    if settings.effort is not None:
        return "low" if settings.effort == "minimal" else settings.effort
    budget = settings.budget
    return None if budget is None or budget < 0 else budget_effort(budget)
