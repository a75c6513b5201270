"""How much to think, and whether to show it: `thinkingConfig`.

Gemini 2.5 takes a budget in tokens, Gemini 3 a level; what the client said is put into the model's
own terms by one table of budgets. https://ai.google.dev/gemini-api/docs/thinking
"""

from __future__ import annotations

from uniapi.canonical import Effort, Json, ReasoningSettings
from uniapi.dialects.quirk import Quirk

from .vocabulary import EFFORT_BUDGETS

DYNAMIC = -1
"""The budget that leaves it to the model."""
_ORDER: tuple[Effort, ...] = ("minimal", "low", "medium", "high", "xhigh", "max")


def is_generation_3(quirk: Quirk) -> bool:
    """Gemini 3 and later: thinking by level came with mandatory signatures on calls and with media
    inside function responses.
    """
    return quirk.gemini_thinking == "level"


def encode_thinking(
    reasoning: ReasoningSettings | None, quirk: Quirk, losses: list[str]
) -> dict[str, Json]:
    """`thinkingConfig`, empty when there is nothing to say."""
    if reasoning is None:
        return {}
    if quirk.gemini_thinking == "none":
        if not reasoning.is_off:
            losses.append("reasoning")
        return {}
    config = (
        _by_level(reasoning, quirk)
        if quirk.gemini_thinking == "level"
        else _by_budget(reasoning, quirk)
    )
    is_shown = (
        reasoning.include if reasoning.include is not None else reasoning.visibility != "omitted"
    )
    if is_shown and not reasoning.is_off:
        config["includeThoughts"] = True
    return config


def _by_level(reasoning: ReasoningSettings, quirk: Quirk) -> dict[str, Json]:
    if reasoning.is_off:
        return {"thinkingLevel": quirk.thinking_levels[0]} if quirk.thinking_levels else {}
    effort = reasoning.effort
    if effort is None:
        if reasoning.budget is None or reasoning.budget < 0:
            return {}
        effort = _effort_of(reasoning.budget)
    level = _nearest_level(effort, quirk.thinking_levels)
    return {"thinkingLevel": level} if level is not None else {}


def _by_budget(reasoning: ReasoningSettings, quirk: Quirk) -> dict[str, Json]:
    smallest, largest = quirk.thinking_budget_range
    if reasoning.is_off:
        return {"thinkingBudget": smallest}
    budget = reasoning.budget
    if budget is None and reasoning.effort is not None:
        budget = EFFORT_BUDGETS.get(reasoning.effort, largest)
    if budget is None:
        return {"thinkingBudget": DYNAMIC} if reasoning.is_adaptive else {}
    if budget < 0:
        return {"thinkingBudget": DYNAMIC}
    return {"thinkingBudget": max(smallest, quirk.smallest_thinking_budget, min(budget, largest))}


def _effort_of(budget: int) -> Effort:
    """The strongest effort whose budget is within `budget`."""
    fitting = [effort for effort, least in EFFORT_BUDGETS.items() if least <= budget]
    return fitting[-1] if fitting else "minimal"


def _nearest_level(effort: Effort, levels: tuple[str, ...]) -> str | None:
    """The level of that name, else the next stronger one, else the strongest."""
    if effort in levels or not levels:
        return effort if levels else None
    ranks: dict[str, int] = {name: rank for rank, name in enumerate(_ORDER)}
    stronger = [level for level in levels if ranks.get(level, len(_ORDER)) > ranks.get(effort, 0)]
    return stronger[0] if stronger else levels[-1]
