"""How much to think: a client's effort word, budget or `adaptive`, as the `thinking` and
`output_config.effort` this model takes.

Three kinds of model
(https://platform.claude.com/docs/en/build-with-claude/thinking-troubleshooting): those that think
by a fixed budget, those that think adaptively and are steered by effort, and those that do not
think. A fixed budget excludes a forced tool, a prefilled answer, and a tool turn whose thinking
block is not there to be sent back; adaptive thinking minds none of these.
"""

from __future__ import annotations

from dataclasses import dataclass

from uniapi.canonical import Json, ReasoningSettings
from uniapi.dialects.quirk import Quirk

SMALLEST_BUDGET = 1024
EFFORT_BUDGETS = {
    "minimal": 1024,
    "low": 1024,
    "medium": 4096,
    "high": 8192,
    "xhigh": 16384,
    "max": 16384,
}
_SCALE = ("minimal", "low", "medium", "high", "xhigh", "max")
_DISPLAYS = {"omitted": "omitted", "updates": "updates"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Thinking:
    """What goes on the wire.

    `budget` is 0 unless it is fixed; `is_lost`: the client asked to think and will not get it.
    """

    config: dict[str, Json] | None = None
    effort: str | None = None
    budget: int = 0
    is_lost: bool = False

    @property
    def is_on(self) -> bool:
        return self.config is not None and self.config["type"] != "disabled"


def plan_thinking(
    settings: ReasoningSettings | None, quirk: Quirk, *, excludes_budget: bool
) -> Thinking:
    """`excludes_budget`: something in the request (a forced tool, an unsigned tool turn, a prefill)
    makes the API refuse a fixed budget.
    """
    if settings is None:
        return Thinking()
    if quirk.anthropic_thinking == "none":
        return Thinking(is_lost=not settings.is_off)
    if settings.is_off:
        if quirk.anthropic_thinking_off:
            return Thinking(config={"type": "disabled"})
        return Thinking(effort=_effort("low", quirk), is_lost=True)
    if quirk.anthropic_thinking == "adaptive":
        config: dict[str, Json] = {
            "type": "adaptive",
            "display": _display(settings) or "summarized",
        }
        return Thinking(config=config, effort=_effort(_effort_word(settings), quirk))
    effort = _effort(settings.effort, quirk)
    if excludes_budget:
        return Thinking(config={"type": "disabled"}, effort=effort, is_lost=True)
    budget = _budget(settings)
    config = {"type": "enabled", "budget_tokens": budget}
    display = _display(settings)
    if display is not None:
        config["display"] = display
    return Thinking(config=config, effort=effort, budget=budget)


def _display(settings: ReasoningSettings) -> str | None:
    """What of the thinking is shown; newer models show nothing unless asked, so an adaptive request
    always says.
    """
    if settings.visibility is not None:
        return _DISPLAYS.get(settings.visibility, "summarized")
    if settings.include is not None:
        return "summarized" if settings.include else "omitted"
    return None


def _budget(settings: ReasoningSettings) -> int:
    if settings.budget is not None and settings.budget > 0:
        return max(SMALLEST_BUDGET, settings.budget)
    return EFFORT_BUDGETS[settings.effort if settings.effort in EFFORT_BUDGETS else "high"]


def _effort_word(settings: ReasoningSettings) -> str | None:
    """The stated effort, or the one whose budget is nearest to the stated budget."""
    if settings.effort is not None:
        return settings.effort
    budget = settings.budget
    if budget is None or budget < 0:
        return None
    return min(
        ("low", "medium", "high", "max"), key=lambda word: abs(EFFORT_BUDGETS[word] - budget)
    )


def _effort(word: str | None, quirk: Quirk) -> str | None:
    """The nearest word this model takes; the wire itself has no `minimal`."""
    if word is None or not quirk.anthropic_effort:
        return None
    known = [allowed for allowed in quirk.efforts if allowed in _SCALE] or list(_SCALE[1:])
    rank = _SCALE.index(word) if word in _SCALE else _SCALE.index("high")
    return min(known, key=lambda allowed: abs(_SCALE.index(allowed) - rank))
