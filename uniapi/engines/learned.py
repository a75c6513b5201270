"""What refusals have taught about one upstream model: facts laid over the rows, kept as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from uniapi.canonical import Json
from uniapi.dialects import Quirk
from uniapi.values import dataclass, field, replace
from uniapi.wire import ITEM, Path

MAX_LESSONS = 24
"""Of each kind for one model; a liar teaches no more than that."""
MOST_INPUTS = ("input", ITEM)
"""Where the largest number of texts that are embedded at a time stands among `limits`."""
IMAGE_FORM = ("response_format", "b64_json")
"""Among `drops`: the form of a picture. A chat's `response_format`, or a transcript's, of the same
model is another matter, and has no such place.
"""

BETAS = "anthropic-beta"
"""Among `drops`, before a name: the header's, of which no body holds anything."""
EVERY_BETA = "*"

_FACTS: Mapping[str, frozenset[Any]] = {
    "system_turns": frozenset({"after_user", "first"}),
    "empty_turns": frozenset({False}),
    "forced_tool_while_reasoning": frozenset({False}),
    "turn_order": frozenset({"assistant_after_tool", "alternating"}),
    "anthropic_thinking": frozenset({"budget", "adaptive", "none"}),
    "anthropic_effort": frozenset({False}),
    "anthropic_prefill": frozenset({False}),
    "anthropic_forced_tool": frozenset({False}),
    "anthropic_structured": frozenset({False}),
    "anthropic_sampling_pair": frozenset({False}),
    "anthropic_tool_search": frozenset({False}),
    "tool_call_id_form": frozenset({"alnum9", "max40"}),
    "needs_reasoning": frozenset({"tool_turns", "every_turn"}),
    "result_media": frozenset({False}),
    "tool_choices": frozenset({"words", "auto"}),
    "calls_need_results": frozenset({True}),
    "system_role": frozenset({"user"}),
    "streams_only": frozenset({True}),
    "text_content_only": frozenset({True}),
    "moonshot_schemas": frozenset({True}),
    "agent_messages": frozenset({False}),
    "schema_constraints": frozenset({False}),
    "past_images": frozenset({False}),
    "anthropic_billing_block": frozenset({False}),
}
"""The facts that a refusal may teach, with the values it may teach."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Learned:
    """`drops`, `renames`, `choices` and `limits` are patterns of places in the body
    (`wire.body_paths`), the last with the largest number that may stand there; `facts` are members
    of the Quirk; `dialect` is the one to ask in, None: as the rows say.
    """

    drops: frozenset[Path] = frozenset()
    renames: Mapping[Path, str] = field(default_factory=dict)
    choices: Mapping[Path, tuple[str, ...]] = field(default_factory=dict)
    limits: Mapping[Path, float] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)
    dialect: str | None = None

    def __bool__(self) -> bool:
        said = (self.drops, self.renames, self.choices, self.limits, self.facts)
        return any(said) or self.dialect is not None

    def over(self, quirk: Quirk) -> Quirk:
        """The rows' facts with these laid over them."""
        if not self:
            return quirk
        return replace(
            quirk,
            learned_drops=quirk.learned_drops | self.drops,
            learned_renames=quirk.learned_renames | frozenset(self.renames.items()),
            learned_choices=quirk.learned_choices | frozenset(self.choices.items()),
            learned_limits=quirk.learned_limits | frozenset(self.limits.items()),
            **self.facts,
        )

    def joined(self, other: Learned) -> Learned:
        """Both together; where they differ the newer, `other`, holds."""
        return Learned(
            drops=frozenset(sorted(self.drops | other.drops)[:MAX_LESSONS]),
            renames=_bounded({**self.renames, **other.renames}),
            choices=_bounded({**self.choices, **other.choices}),
            limits=_bounded({**self.limits, **other.limits}),
            facts={**self.facts, **other.facts},
            dialect=other.dialect or self.dialect,
        )

    def lessons(self) -> list[str]:
        """Each in a few words, for people."""
        words = [f"without {shown(path)}" for path in sorted(self.drops)]
        words += [f"{shown(path)} as {name}" for path, name in sorted(self.renames.items())]
        words += [f"{shown(path)}: {', '.join(one)}" for path, one in sorted(self.choices.items())]
        words += [f"{shown(path)} at most {most:g}" for path, most in sorted(self.limits.items())]
        words += [f"{name} = {value}" for name, value in sorted(self.facts.items())]
        return words + ([f"asked as {self.dialect}"] if self.dialect is not None else [])

    def dump(self) -> dict[str, Json]:
        return {
            "drops": [list(path) for path in sorted(self.drops)],
            "renames": [[list(path), name] for path, name in sorted(self.renames.items())],
            "choices": [[list(path), list(one)] for path, one in sorted(self.choices.items())],
            "limits": [[list(path), most] for path, most in sorted(self.limits.items())],
            "facts": dict(self.facts),
            "dialect": self.dialect,
        }


def load_learned(value: Json) -> Learned:
    """What `dump` wrote; what makes no sense, or may not be taught, is left out."""
    if not isinstance(value, dict):
        return Learned()
    drops = (_words(one) for one in _list(value.get("drops")))
    renames = {path: name for path, name in _pairs(value.get("renames")) if isinstance(name, str)}
    choices = {path: words for path, one in _pairs(value.get("choices")) if (words := _words(one))}
    limits = {path: one for path, one in _pairs(value.get("limits")) if is_limit(one)}
    facts = value.get("facts")
    dialect = value.get("dialect")
    return Learned(
        drops=frozenset(path for path in drops if path),
        renames=renames,
        choices=choices,
        limits=limits,
        facts=teachable(facts) if isinstance(facts, dict) else {},
        dialect=dialect if dialect in ("openai_chat", "openai_responses") else None,
    )


def is_limit(value: Json) -> bool:
    """Whether it is a number that others may be kept within."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return is_number and 0 < value < 1e12


def teachable(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Those of `facts` that a refusal may teach."""
    return {
        name: value
        for name, value in facts.items()
        if isinstance(value, str | bool) and value in _FACTS.get(name, ())
    }


def shown(path: Path) -> str:
    """`messages[].reasoning_content`"""
    return ".".join(path).replace(".[]", "[]")


def _bounded(lessons: dict[Path, Any]) -> dict[Path, Any]:
    return dict(list(lessons.items())[-MAX_LESSONS:])


def _words(value: Json) -> tuple[str, ...]:
    """A list of texts; empty for anything else."""
    is_words = isinstance(value, list) and all(isinstance(word, str) for word in value)
    return tuple(value) if is_words else ()


def _list(value: Json) -> list[Json]:
    return value if isinstance(value, list) else []


def _pairs(value: Json) -> list[tuple[Path, Json]]:
    pairs = [pair for pair in _list(value) if isinstance(pair, list) and len(pair) == 2]
    return [(path, second) for first, second in pairs if (path := _words(first))]


def taken_headers(headers: Mapping[str, str], quirk: Quirk) -> Mapping[str, str]:
    """A request's own `headers` without the betas that this model has refused."""
    refused = {path[1] for path in quirk.learned_drops if path[0] == BETAS and len(path) == 2}
    if not refused or BETAS not in headers:
        return headers
    named = [beta.strip() for beta in headers[BETAS].split(",")]
    kept = [beta for beta in named if beta not in refused and EVERY_BETA not in refused]
    others = {name: value for name, value in headers.items() if name != BETAS}
    return {**others, BETAS: ",".join(kept)} if kept else others
