"""How one model takes the wish to think: `thinking` and `output_config.effort` as it knows them,
and what may not stand beside them.

Three kinds of model
(https://platform.claude.com/docs/en/build-with-claude/thinking-troubleshooting, 2026-11-30): those
that think by a fixed budget, those that think adaptively and are steered by effort, and those that
do not think. A fixed budget excludes a forced tool, a prefilled answer, and a tool turn whose
thinking block is not there to be sent back; adaptive thinking minds none of these.
"""

from __future__ import annotations

from uniapi.canonical import Json, ReasoningSettings
from uniapi.dialects.efforts import nearest_effort
from uniapi.dialects.fitting import TURN_OF, Body, Fitting, minds
from uniapi.dialects.quirk import Quirk
from uniapi.dialects.turn_repair import REASONING_STAND_IN
from uniapi.values import dataclass, replace

from .fit_messages import THINKING, no_thinking, with_messages
from .request_encode_thinking import EFFORT_BUDGETS, budget_effort
from .vocabulary import is_forced_choice, member

SMALLEST_BUDGET = 1024
SMALLEST_THINKING_TOP_P = 0.95
_KINDS = ("enabled", "adaptive", "between_tools", "disabled")


@dataclass(frozen=True, slots=True, kw_only=True)
class Thinking:
    """`thinking` and `output_config.effort` of a body. `losses` are members that had to go."""

    config: dict[str, Json] | None = None
    effort: str | None = None
    losses: tuple[str, ...] = ()

    @property
    def is_on(self) -> bool:
        return self.config is not None and self.config.get("type") != "disabled"

    @property
    def budget(self) -> int:
        """0 unless it is fixed."""
        budget = self.config.get("budget_tokens") if self.config is not None else None
        return budget if isinstance(budget, int) else 0


def fitted_thinking(
    asked: Thinking, quirk: Quirk, settings: ReasoningSettings | None, *, excludes_budget: bool
) -> Thinking:
    """`asked` as this model takes it. `settings` may hold a budget that `asked` has no word for;
    `excludes_budget`: something else in the request makes the API refuse a fixed one.
    """
    fitted = asked
    kind = member(asked.config, "type")
    if kind == "disabled":
        fitted = _switched_off(asked, quirk)
    elif kind in _KINDS:
        fitted = _switched_on(asked, quirk, settings, excludes_budget=excludes_budget)
    return _with_known_effort(fitted, quirk)


def _switched_off(asked: Thinking, quirk: Quirk) -> Thinking:
    if quirk.anthropic_thinking == "none":
        return Thinking(effort=asked.effort)
    if quirk.anthropic_thinking_off:
        return asked
    return Thinking(effort=asked.effort or "low", losses=("thinking",))


def _switched_on(
    asked: Thinking, quirk: Quirk, settings: ReasoningSettings | None, *, excludes_budget: bool
) -> Thinking:
    is_fixed = member(asked.config, "type") == "enabled"
    match quirk.anthropic_thinking:
        case "none":
            return Thinking(losses=("thinking",))
        case "budget" if excludes_budget:
            return replace(asked, config={"type": "disabled"}, losses=("thinking",))
        case "budget" if not is_fixed:
            return _by_budget(asked, quirk, settings)
        case "adaptive" if is_fixed:
            return _adaptive(asked)
        case "either" if is_fixed and excludes_budget:
            return _adaptive(asked)
        case _:
            return asked


def _by_budget(asked: Thinking, quirk: Quirk, settings: ReasoningSettings | None) -> Thinking:
    """The effort word, where the model has none, goes into the budget."""
    wanted = settings.budget if settings is not None else None
    if wanted is None or wanted <= 0:
        wanted = EFFORT_BUDGETS.get(asked.effort or "high", EFFORT_BUDGETS["high"])
    config: dict[str, Json] = {
        "type": "enabled",
        "budget_tokens": max(SMALLEST_BUDGET, wanted),
    }
    if member(asked.config, "display") == "omitted":
        config["display"] = "omitted"
    return Thinking(config=config, effort=asked.effort if quirk.anthropic_effort else None)


def _adaptive(asked: Thinking) -> Thinking:
    """Adaptive models show nothing of their thinking unless asked, older ones a summary."""
    config = {
        name: value for name, value in (asked.config or {}).items() if name != "budget_tokens"
    }
    config = {**config, "type": "adaptive", "display": config.get("display", "summarized")}
    effort = asked.effort or (budget_effort(asked.budget) if asked.budget else None)
    return Thinking(config=config, effort=effort)


def _with_known_effort(fitted: Thinking, quirk: Quirk) -> Thinking:
    if fitted.effort is None:
        return fitted
    if quirk.anthropic_effort:
        return replace(fitted, effort=nearest_effort(fitted.effort, quirk.efforts))
    lost = () if fitted.losses else ("output_config.effort",)
    return replace(fitted, effort=None, losses=(*fitted.losses, *lost))


@minds(
    "anthropic_thinking",
    "anthropic_thinking_off",
    "anthropic_effort",
    "efforts",
    where=(*THINKING, "output_config", "tool_result"),
)
def thinking(body: Body, fitting: Fitting) -> Body:
    """A relayed wish in the words of another model, or a translated one."""
    if fitting.quirk.anthropic_thinking == "none":
        body = no_thinking(body, fitting)
    config, effort = body.get("thinking"), member(body.get("output_config"), "effort")
    asked = Thinking(
        config=config if isinstance(config, dict) else None,
        effort=effort if isinstance(effort, str) else None,
    )
    if asked == Thinking():
        return body
    fitted = fitted_thinking(
        asked, fitting.quirk, fitting.beside.reasoning, excludes_budget=_excludes_budget(body)
    )
    fitting.losses += fitted.losses
    return body if fitted == asked else _with_thinking(body, asked, fitted)


def _with_thinking(body: Body, asked: Thinking, fitted: Thinking) -> Body:
    changed = {**body, "thinking": fitted.config}
    if fitted.config is None:
        del changed["thinking"]
    if fitted.effort != asked.effort:
        config = {**(body.get("output_config") or {}), "effort": fitted.effort}
        if fitted.effort is None:
            del config["effort"]
        changed["output_config"] = config
        if not config:
            del changed["output_config"]
    limit = body.get("max_tokens")
    if fitted.budget > asked.budget and isinstance(limit, int) and limit <= fitted.budget:
        changed["max_tokens"] = limit + fitted.budget
    return changed


def _excludes_budget(body: Body) -> bool:
    messages = body.get("messages")
    return is_forced_choice(body.get("tool_choice")) or (
        isinstance(messages, list) and lacks_signed_thinking([_kinds(turn) for turn in messages])
    )


Kinds = tuple[Json, list[Json]]
"""A turn by its role and the types of its blocks, blank texts left out."""


def lacks_signed_thinking(turns: list[Kinds]) -> bool:
    """Whether a fixed budget would be refused because of the last assistant turn: it calls a tool,
    or is a prefill, and does not begin with thinking.

    https://platform.claude.com/docs/en/build-with-claude/extended-thinking#preserving-thinking-blocks
    """
    spoken = [turn for turn in turns if turn[0] in ("user", "assistant")]
    is_prefill = bool(spoken) and spoken[-1][0] == "assistant"
    while spoken and spoken[-1][0] == "user":
        spoken.pop()
    first = len(spoken)
    while first and spoken[first - 1][0] == "assistant":
        first -= 1
    written = [kind for _, kinds in spoken[first:] for kind in kinds]
    if not written or not (is_prefill or "tool_use" in written):
        return False
    return written[0] not in ("thinking", "redacted_thinking")


def _kinds(message: Json) -> Kinds:
    content = member(message, "content")
    blocks = content if isinstance(content, list) else [{"type": "text", "text": content}]
    kinds = [member(block, "type") for block in blocks if not _is_blank(block)]
    return member(message, "role"), kinds


def _is_blank(block: Json) -> bool:
    return member(block, "type") == "text" and not str(member(block, "text") or "").strip()


@minds("forced_tool_while_reasoning", "reasons_by_default", where=("tool_choice",))
def forced_tool(body: Body, fitting: Fitting) -> Body:
    """Where a tool may not be forced while the model thinks, it does not think for that call."""
    if fitting.quirk.forced_tool_while_reasoning or not is_forced_choice(body.get("tool_choice")):
        return body
    is_asked = body.get("thinking") is not None
    if not is_thinking(body, fitting.quirk):
        return body
    if is_asked:
        fitting.lose("thinking")
    return {**body, "thinking": {"type": "disabled"}}


def is_thinking(body: Body, quirk: Quirk) -> bool:
    config = body.get("thinking")
    if isinstance(config, dict):
        return config.get("type") != "disabled"
    return quirk.reasons_by_default


@minds("needs_reasoning", "reasoning_replay", where=(TURN_OF["assistant"],))
def no_missing_thinking(body: Body, fitting: Fitting) -> Body:
    """«The `content[].thinking` in the thinking mode must be passed back to the API.» (DeepSeek,
    of every turn: leookun/cursor-byok#276, QwenLM/qwen-code#3786), «reasoning_content is missing in
    assistant tool call message» (Kimi): a turn that another model said, or of which a client lost
    it, gets a stand-in while the model thinks. A text without tags is never refused.
    """
    quirk = fitting.quirk
    is_wanted = quirk.needs_reasoning != "no" and quirk.reasoning_replay != "think_tags"
    if not is_wanted or not is_thinking(body, quirk):
        return body
    every = quirk.needs_reasoning == "every_turn"

    def mend(message: Json) -> Json:
        content = member(message, "content")
        if isinstance(content, str):
            blocks = [{"type": "text", "text": content}] if content.strip() else []
        elif isinstance(content, list):
            blocks = content
        else:
            return message
        if member(message, "role") != "assistant":
            return message
        kinds = {member(block, "type") for block in blocks}
        if not kinds.isdisjoint(THINKING) or not (every or "tool_use" in kinds):
            return message
        return {**message, "content": [_STAND_IN, *blocks]}

    def mended(messages: list[Json]) -> list[Json]:
        told = [mend(message) for message in messages]
        is_same = all(new is old for new, old in zip(told, messages, strict=True))
        return messages if is_same else told

    return with_messages(body, mended)


_STAND_IN = {"type": "thinking", "thinking": REASONING_STAND_IN, "signature": ""}


@minds("sampling_while_reasoning", where=("temperature", "top_p", "top_k"))
def sampling_beside_thinking(body: Body, fitting: Fitting) -> Body:
    """While it thinks, Claude takes a temperature of 1, a top_p near it, and no top_k.

    https://platform.claude.com/docs/en/build-with-claude/extended-thinking#feature-compatibility
    """
    if fitting.quirk.sampling_while_reasoning or not is_thinking(body, fitting.quirk):
        return body
    refused = [name for name in ("temperature", "top_p", "top_k") if _is_refused(name, body)]
    return without(body, refused, fitting)


def _is_refused(name: str, body: Body) -> bool:
    value = body.get(name)
    if not isinstance(value, int | float):
        return False
    match name:
        case "temperature":
            return value != 1
        case "top_p":
            return not SMALLEST_THINKING_TOP_P <= value <= 1
        case _:
            return True


def without(body: Body, names: list[str], fitting: Fitting) -> Body:
    """`body` without those members, each a loss unless it said the API's default, 1."""
    if not names:
        return body
    fitting.losses += [name for name in names if name == "top_k" or body[name] != 1]
    return {name: value for name, value in body.items() if name not in names}
