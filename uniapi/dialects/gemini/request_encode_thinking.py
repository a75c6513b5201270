"""How much to think, and whether to show it: `thinkingConfig` with a level, as Gemini 3 takes it.
https://ai.google.dev/gemini-api/docs/thinking
"""

from __future__ import annotations

from uniapi.canonical import Effort, Json, ReasoningSettings

from .vocabulary import EFFORT_BUDGETS, EFFORT_ORDER


def encode_thinking(reasoning: ReasoningSettings | None) -> dict[str, Json]:
    """`thinkingConfig`, empty when there is nothing to say. The level is the client's own word for
    the effort, which `fit` puts into one that the model knows.
    """
    if reasoning is None:
        return {}
    if reasoning.is_off:
        return {"thinkingLevel": EFFORT_ORDER[0]}
    effort = reasoning.effort
    if effort is None and reasoning.budget is not None and reasoning.budget > 0:
        effort = _effort_of(reasoning.budget)
    config: dict[str, Json] = {} if effort is None else {"thinkingLevel": effort}
    is_shown = (
        reasoning.include if reasoning.include is not None else reasoning.visibility != "omitted"
    )
    return {**config, "includeThoughts": True} if is_shown else config


def _effort_of(budget: int) -> Effort:
    """The strongest effort whose budget is within `budget`."""
    fitting = [effort for effort, least in EFFORT_BUDGETS.items() if least <= budget]
    return fitting[-1] if fitting else "minimal"
