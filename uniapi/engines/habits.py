"""Habits of the predecessor's users: what the end of an alias asks for.
`gemini-3.8-flash: gemini-3.8-flash-think-8000-search` thinks with a budget and searches.

An ending counts only when the provider's own name of the model does not have it:
`kimi-k2-thinking-high` as the upstream's name is a name. `-high` and `-low` count only for models
that reason, so that an alias like `team-low` for an ordinary model stays an alias.
"""

from __future__ import annotations

import re
from functools import lru_cache

from uniapi.canonical import Effort, HostedTool, ReasoningSettings, Request
from uniapi.dialects import Quirk
from uniapi.values import dataclass, replace

DEFAULT_THINK_BUDGET = 4096
"""What `-think` means for a model that must be given a number."""

_ENDING = re.compile(
    r"-(?:(?P<search>search)|think(?P<ing>ing)?(?:-(?P<budget>\d{1,7}))?|(?P<effort>minimal|low|medium|high|xhigh))\Z",
    re.IGNORECASE,
)

_EFFORTS: dict[str, Effort] = {
    "minimal": "minimal",
    "low": "low",
    "medium": "medium",
    "high": "high",
    "xhigh": "xhigh",
}

_EFFORT_MODELS = re.compile(
    r"(?<![a-z0-9])(?:o[134](?![a-z0-9])|gpt-(?:[5-9]|oss)|codex|grok-(?:3-mini|[4-9])|claude-(?:opus|sonnet|haiku|fable|mythos)-(?:4|5)|gemini-(?:2[.-]5|[3-9])"
    r"|deepseek-(?:v[4-9]|flash|pro)|glm-[5-9]|magistral|nova-2|sonar-(?:reasoning|deep))"
)
"""Models with a dial for reasoning."""

_THINKING_MODELS = re.compile(r"claude|gemini")
"""Where the predecessor took `-thinking` for `-think`; elsewhere it is a part of many models'
names.
"""

_SEARCH_ENGINES = frozenset(
    {"gemini", "vertex", "vertex-gemini", "vertex-claude", "claude", "responses"}
)
"""Engines whose dialect has a web search of its own; elsewhere `-search` counts for Gemini models,
whatever they are served by.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Habit:
    """What an alias asks for beyond its model.

    `thinks`: `-think`, with the budget it named, if any.
    """

    thinks: bool = False
    budget: int | None = None
    effort: Effort | None = None
    searches: bool = False

    def apply(self, request: Request, quirk: Quirk) -> Request:
        """`request` with what the alias asks for; it outranks what the client said, because naming
        the alias is saying it.
        """
        reasoning = self._reasoning(quirk)
        if reasoning is not None:
            request = replace(request, reasoning=reasoning)
        if self.searches and not any(
            isinstance(tool, HostedTool) and tool.kind == "web_search" for tool in request.tools
        ):
            request = replace(
                request, tools=(*request.tools, HostedTool(kind="web_search", dialect="", raw={}))
            )
        return request

    def _reasoning(self, quirk: Quirk) -> ReasoningSettings | None:
        if self.effort is not None:
            return ReasoningSettings(effort=self.effort)
        if not self.thinks:
            return None
        if self.budget is not None:
            return ReasoningSettings(budget=self.budget, include=self.budget > 0)
        if quirk.anthropic_thinking == "budget":
            return ReasoningSettings(budget=DEFAULT_THINK_BUDGET, include=True)
        return ReasoningSettings(is_adaptive=True, budget=-1, include=True)


@lru_cache(maxsize=1024)
def find_habit(engine: str, alias: str, upstream_model: str) -> Habit | None:
    """The habit in `alias`, None when it has none."""
    if alias == upstream_model:
        return None
    habit = Habit()
    rest, upstream = alias, upstream_model.lower()
    while (ending := _ENDING.search(rest)) is not None:
        word = ending.group(0).lower()
        if upstream.endswith(word) or not _counts(ending, engine, upstream):
            break
        habit = _with_ending(habit, ending)
        rest = rest[: ending.start()]
    return habit if habit != Habit() else None


def _counts(ending: re.Match[str], engine: str, upstream: str) -> bool:
    if ending["search"]:
        return engine in _SEARCH_ENGINES or "gemini" in upstream
    if ending["effort"]:
        return _EFFORT_MODELS.search(upstream) is not None
    return not ending["ing"] or (
        "think" not in upstream and _THINKING_MODELS.search(upstream) is not None
    )


def _with_ending(habit: Habit, ending: re.Match[str]) -> Habit:
    if ending["search"]:
        return replace(habit, searches=True)
    if ending["effort"]:
        return replace(habit, effort=_EFFORTS[ending["effort"].lower()])
    return replace(habit, thinks=True, budget=int(ending["budget"]) if ending["budget"] else None)
