"""Rules over how reasoning is asked for: OpenAI's `reasoning_effort`, or a vendor's own member, and
the sampling that is refused beside it.

A body of ours says `reasoning_effort` and leaves the client's settings beside it; a client's own
body is read by the same word. What it says in the vendor's own member stays as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import get_args

from uniapi.canonical import Effort, Json, ReasoningSettings
from uniapi.dialects.efforts import is_reasoning, nearest_effort, said_effort, wants_reasoning
from uniapi.dialects.fitting import Body, Fitting, minds
from uniapi.dialects.quirk import Quirk

from .fit_members import without
from .request_decode_members import at

EFFORT = "reasoning_effort"
_OWN_MEMBERS = {
    "openrouter": "reasoning",
    "thinking": "thinking",
    "enable_thinking": "enable_thinking",
}


@minds(
    "reasoning_request",
    "efforts",
    "can_stop_reasoning",
    where=(EFFORT, "reasoning"),
    reads_beside=True,
)
def ask_for_reasoning(body: Body, fitting: Fitting) -> Body:
    settings = fitting.beside.reasoning or _settings_in(body, fitting.quirk)
    if settings is None:
        return _with_known_words(body, fitting.quirk)
    if settings.is_off and not fitting.quirk.can_stop_reasoning:
        settings = ReasoningSettings(effort="minimal")
    return _ASK[fitting.quirk.reasoning_request](body, settings, fitting)


def _settings_in(body: Body, quirk: Quirk) -> ReasoningSettings | None:
    """What a client's own body says by `reasoning_effort`, where that is not the vendor's member;
    OpenRouter reads the word as well as its own.
    """
    own = _OWN_MEMBERS.get(quirk.reasoning_request)
    if own == "reasoning" or own in body:
        return None
    word = body.get(EFFORT)
    return next(
        (ReasoningSettings(effort=effort) for effort in get_args(Effort) if word == effort), None
    )


def _with_known_words(body: Body, quirk: Quirk) -> Body:
    """The vendor's own member, or a word on no scale, as the client wrote it: only an effort is
    brought to one that the model takes.
    """
    changed = body
    word, nested = body.get(EFFORT), at(body, "reasoning", "effort")
    if quirk.reasoning_request == "openrouter" and word is not None and "reasoning" in body:
        # «Only one of "reasoning" and "reasoning_effort" may be provided»
        # (github.com/danny-avila/LibreChat/issues/6076, 2026-11-30)
        changed, word = without(body, EFFORT), None
    if isinstance(word, str) and nearest_effort(word, quirk.efforts) != word:
        changed = {**changed, EFFORT: nearest_effort(word, quirk.efforts)}
    if isinstance(nested, str) and nearest_effort(nested, quirk.efforts) != nested:
        known = {**body["reasoning"], "effort": nearest_effort(nested, quirk.efforts)}
        changed = {**changed, "reasoning": known}
    return changed


def _effort_word(settings: ReasoningSettings, quirk: Quirk) -> str | None:
    """The effort to ask for, None to leave it to the model (adaptive, or a budget of -1): one that
    also takes `none` may not think at all unless it is told to (GPT-5.1 to 5.4, Mistral Small), and
    gets `medium`.
    """
    effort = said_effort(settings)
    if effort is None and "none" in quirk.efforts and wants_reasoning(settings):
        effort = "medium"
    return nearest_effort(effort, quirk.efforts) if effort is not None else None


def _ask_by_effort(body: Body, settings: ReasoningSettings, fitting: Fitting) -> Body:
    word = _effort_word(settings, fitting.quirk)
    if word == body.get(EFFORT):
        return body
    return without(body, EFFORT) if word is None else {**body, EFFORT: word}


def _ask_openrouter(body: Body, settings: ReasoningSettings, fitting: Fitting) -> Body:
    """https://openrouter.ai/docs/use-cases/reasoning-tokens: effort and max_tokens exclude each
    other.
    """
    reasoning: dict[str, Json]
    if settings.is_off:
        reasoning = {"enabled": False}
    elif settings.effort is not None:
        reasoning = {"effort": _effort_word(settings, fitting.quirk)}
    elif settings.budget is not None and settings.budget > 0:
        reasoning = {"max_tokens": settings.budget}
    else:
        reasoning = {"enabled": True}
    if settings.include is False:
        reasoning["exclude"] = True
    return {**without(body, EFFORT), "reasoning": reasoning}


def _ask_by_thinking(body: Body, settings: ReasoningSettings, fitting: Fitting) -> Body:
    kind = "disabled" if settings.is_off else "enabled"
    changed = {**without(body, EFFORT), "thinking": {"type": kind}}
    word = _effort_word(settings, fitting.quirk)
    if word is not None and not settings.is_off:
        if fitting.quirk.efforts:
            changed[EFFORT] = word
        elif settings.effort is not None:
            fitting.lose(EFFORT)
    return changed


def _ask_by_switch(body: Body, settings: ReasoningSettings, fitting: Fitting) -> Body:
    changed = {**without(body, EFFORT), "enable_thinking": not settings.is_off}
    if settings.budget is not None and settings.budget > 0:
        changed["thinking_budget"] = settings.budget
    return changed


def _ask_nothing(body: Body, settings: ReasoningSettings, fitting: Fitting) -> Body:
    if not settings.is_off:
        fitting.lose(EFFORT)
    return without(body, EFFORT) if EFFORT in body else body


_ASK: Mapping[str, Callable[[Body, ReasoningSettings, Fitting], Body]] = {
    "effort": _ask_by_effort,
    "openrouter": _ask_openrouter,
    "thinking": _ask_by_thinking,
    "enable_thinking": _ask_by_switch,
    "none": _ask_nothing,
}
"""By `Quirk.reasoning_request`."""


@minds("forced_tool_while_reasoning", where=("tool_choice",))
def no_reasoning_beside_forced_tool(body: Body, fitting: Fitting) -> Body:
    """Reasoning is off for this call, by name where the model reasons by itself: a forced call is
    what the client needs, and SDKs ask for structured output by one.
    """
    return _without_reasoning(body, fitting) if _forces_tool(body.get("tool_choice")) else body


@minds("json_while_reasoning", where=("response_format",))
def no_reasoning_beside_json(body: Body, fitting: Fitting) -> Body:
    kind = at(body.get("response_format"), "type")
    return _without_reasoning(body, fitting) if kind in ("json_object", "json_schema") else body


def _forces_tool(choice: Json) -> bool:
    words = (choice, at(choice, "type"), at(choice, "allowed_tools", "mode"))
    return any(word in ("required", "any", "function", "custom") for word in words)


def _without_reasoning(body: Body, fitting: Fitting) -> Body:
    """The body with reasoning switched off, a loss when it was asked for; the same object where
    it is off, or cannot be.
    """
    quirk = fitting.quirk
    member, off = _SWITCHED_OFF.get(quirk.reasoning_request, (EFFORT, "none"))
    is_word = member == EFFORT
    if not quirk.can_stop_reasoning or (is_word and "none" not in quirk.efforts):
        return body
    if not reasons(body, quirk):
        return body
    if _is_asked(body):
        fitting.lose(EFFORT)
    return {**without(body, EFFORT, "thinking_budget"), member: off}


_SWITCHED_OFF: Mapping[str, tuple[str, Json]] = {
    "openrouter": ("reasoning", {"enabled": False}),
    "thinking": ("thinking", {"type": "disabled"}),
    "enable_thinking": ("enable_thinking", False),
}
"""The member and its value that switch reasoning off, by `Quirk.reasoning_request`."""


def reasons(body: Body, quirk: Quirk) -> bool:
    """Whether the model reasons over a body as it leaves."""
    return _is_asked(body) or (quirk.reasons_by_default and not _is_off(body))


def _is_asked(body: Body) -> bool:
    return (
        body.get(EFFORT) not in (None, "none")
        or at(body, "thinking", "type") in ("enabled", "adaptive", "auto")
        or body.get("enable_thinking") is True
        or any(at(body, "reasoning", name) for name in ("effort", "enabled", "max_tokens"))
    )


def _is_off(body: Body) -> bool:
    return (
        body.get(EFFORT) == "none"
        or at(body, "thinking", "type") == "disabled"
        or body.get("enable_thinking") is False
        or at(body, "reasoning", "enabled") is False
    )


_SAYS_NOTHING = {"temperature": 1, "top_p": 1, "logprobs": False, "top_logprobs": 0}
"""What is refused while the model reasons, and the value of each that asks for nothing: that is no
loss.
"""


@minds("sampling_while_reasoning", "reasons_by_default", where=tuple(_SAYS_NOTHING))
def no_sampling_beside_reasoning(body: Body, fitting: Fitting) -> Body:
    quirk, effort = fitting.quirk, body.get(EFFORT)
    word = effort if isinstance(effort, str) else None
    if quirk.sampling_while_reasoning or not is_reasoning(word, quirk):
        return body
    refused = [name for name in _SAYS_NOTHING if name in body]
    for name in refused:
        if body[name] not in (None, _SAYS_NOTHING[name]):
            fitting.lose(name)
    return without(body, *refused) if refused else body
