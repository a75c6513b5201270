"""How much to think, as the members this model takes: Claude's `thinking`, Nova's
`reasoningConfig`, gpt-oss's `reasoning_effort`.

https://docs.aws.amazon.com/bedrock/latest/userguide/claude-messages-extended-thinking.html,
https://docs.aws.amazon.com/nova/latest/nova2-userguide/extended-thinking.html
"""

from __future__ import annotations

from collections.abc import Mapping

from uniapi.canonical import Json, ReasoningSettings, Request
from uniapi.dialects.anthropic.fit_thinking import (
    Kinds,
    Thinking,
    fitted_thinking,
    lacks_signed_thinking,
)
from uniapi.dialects.anthropic.request_encode_thinking import plain_thinking
from uniapi.dialects.quirk import Quirk
from uniapi.values import dataclass, field, replace

_THREE_EFFORTS = {
    "minimal": "low",
    "low": "low",
    "medium": "medium",
    "high": "high",
    "xhigh": "high",
    "max": "high",
}
_LOW_BUDGET = 2048
_MEDIUM_BUDGET = 8192


@dataclass(frozen=True, slots=True, kw_only=True)
class ReasoningFields:
    """`fields` go into `additionalModelRequestFields`, `effort` into `outputConfig`; `budget`
    tokens come on top of the client's limit.

    `refuses`: members of `inferenceConfig` that may not be sent beside it. `is_lost`: the client
    asked to think and will not get it.
    """

    fields: dict[str, Json] = field(default_factory=dict)
    effort: str | None = None
    budget: int = 0
    is_on: bool = False
    refuses: tuple[str, ...] = ()
    is_lost: bool = False


def plan_reasoning(
    request: Request, turns: list[dict[str, Json]], quirk: Quirk, *, is_tool_forced: bool
) -> ReasoningFields:
    """`turns` are the encoded ones: Claude's budget depends on what stands in the last."""
    settings = request.reasoning
    if settings is None:
        return ReasoningFields()
    if quirk.reasoning_request == "none":
        return ReasoningFields(is_lost=not settings.is_off)
    match quirk.converse_fields:
        case "claude":
            return _claude(settings, turns, quirk, is_tool_forced=is_tool_forced)
        case "nova":
            return _nova(settings)
        case "openai":
            word = _three_words(settings)
            return (
                ReasoningFields(is_lost=True)
                if settings.is_off
                else ReasoningFields(fields={"reasoning_effort": word}, is_on=True)
            )
        case "none":
            return ReasoningFields(is_lost=not settings.is_off)


def _claude(
    settings: ReasoningSettings,
    turns: list[dict[str, Json]],
    quirk: Quirk,
    *,
    is_tool_forced: bool,
) -> ReasoningFields:
    config, effort = plain_thinking(settings)
    thinking = fitted_thinking(
        Thinking(config=config, effort=effort),
        quirk,
        settings,
        excludes_budget=is_tool_forced or lacks_signed_thinking([_kinds(turn) for turn in turns]),
    )
    if thinking.is_on and is_tool_forced and not quirk.forced_tool_while_reasoning:
        thinking = replace(thinking, config={"type": "disabled"}, losses=("thinking",))
    return ReasoningFields(
        fields={} if thinking.config is None else {"thinking": thinking.config},
        effort=thinking.effort,
        budget=thinking.budget,
        is_on=thinking.is_on,
        is_lost=bool(thinking.losses),
    )


_KINDS = {"reasoningContent": "thinking", "toolUse": "tool_use"}


def _kinds(turn: Mapping[str, Json]) -> Kinds:
    return turn["role"], [_KINDS.get(name, name) for block in turn["content"] for name in block]


def _nova(settings: ReasoningSettings) -> ReasoningFields:
    """ReasoningFields is off unless asked for; at high effort the model sets its own sampling and
    limit.
    """
    if settings.is_off:
        return ReasoningFields()
    word = _three_words(settings)
    refuses = ("temperature", "topP", "maxTokens") if word == "high" else ()
    return ReasoningFields(
        fields={"reasoningConfig": {"type": "enabled", "maxReasoningEffort": word}},
        is_on=True,
        refuses=refuses,
    )


def _three_words(settings: ReasoningSettings) -> str:
    """low, medium or high: the nearest to a stated effort or budget, medium when the model is to
    decide.
    """
    if settings.effort is not None:
        return _THREE_EFFORTS.get(settings.effort, "medium")
    budget = settings.budget
    if budget is None or budget < 0:
        return "medium"
    if budget <= _LOW_BUDGET:
        return "low"
    return "medium" if budget <= _MEDIUM_BUDGET else "high"
