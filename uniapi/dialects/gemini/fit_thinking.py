"""How much to think, in the model's own terms. https://ai.google.dev/gemini-api/docs/thinking

Gemini 3 takes a level of those its model knows, Gemini 2.5 a budget in tokens within its range,
others nothing.
"""

from __future__ import annotations

from uniapi.canonical import ReasoningSettings
from uniapi.dialects.fitting import Body, Fitting, minds
from uniapi.dialects.quirk import Quirk

from .fit_members import generation_config, with_config, with_member, without
from .request_decode import decode_thinking
from .vocabulary import EFFORT_BUDGETS, EFFORT_ORDER, int_member, object_member, text_member

DYNAMIC = -1
"""The budget that leaves it to the model."""


@minds(
    "gemini_thinking",
    "thinking_levels",
    "thinking_budget_range",
    "smallest_thinking_budget",
    always=True,
)
def fit_thinking(body: Body, fitting: Fitting) -> Body:
    """The client's own budget is taken from beside the body where the encoder could only write a
    level.
    """
    config = generation_config(body)
    said = object_member(config, "thinkingConfig")
    settings = fitting.beside.reasoning or decode_thinking(said)
    if settings is None:
        return body
    match fitting.quirk.gemini_thinking:
        case "level":
            written = _by_level(said, fitting.quirk)
        case "budget":
            written = _by_budget(said, settings, fitting.quirk)
        case "none":
            written = {}
            if not settings.is_off:
                fitting.lose("reasoning")
    if written == said:
        return body
    return with_config(
        body,
        with_member(config, "thinkingConfig", written)
        if written
        else without(config, "thinkingConfig"),
    )


def _by_level(said: Body, quirk: Quirk) -> Body:
    """Budgets are taken too, but 0 only where a model can all but stop thinking."""
    level = text_member(said, "thinkingLevel").lower()
    levels = quirk.thinking_levels
    if int_member(said, "thinkingBudget") == 0 and "minimal" not in levels:
        said, level = without(said, "thinkingBudget"), "minimal"
    if level in levels or level not in EFFORT_ORDER:
        return said
    return with_member(said, "thinkingLevel", _nearest_level(level, levels))


def _nearest_level(effort: str, levels: tuple[str, ...]) -> str:
    """The next stronger one, else the strongest: who asked for thinking is never given less than
    the model can.
    """
    rank = EFFORT_ORDER.index(effort)
    stronger = [level for level in levels if EFFORT_ORDER.index(level) > rank]
    return stronger[0] if stronger else levels[-1]


def _by_budget(said: Body, settings: ReasoningSettings, quirk: Quirk) -> Body:
    budget = _budget_of(settings, quirk)
    levelless = without(said, "thinkingLevel")
    if budget is None or budget == int_member(levelless, "thinkingBudget"):
        return levelless
    return with_member(levelless, "thinkingBudget", budget)


def _budget_of(settings: ReasoningSettings, quirk: Quirk) -> int | None:
    smallest, largest = quirk.thinking_budget_range
    if settings.is_off:
        return smallest
    budget = settings.budget
    if budget is None and settings.effort is not None:
        budget = EFFORT_BUDGETS.get(settings.effort, largest)
    if budget is None:
        return DYNAMIC if settings.is_adaptive else None
    if budget < 0:
        return DYNAMIC
    return max(smallest, quirk.smallest_thinking_budget, min(budget, largest))
