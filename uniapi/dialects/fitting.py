"""How a request body becomes what one upstream takes: rules, each a small function that names the
facts it minds, run over every body that leaves, translated or relayed.

An encoder writes its plain dialect and knows no vendor; a client's own body is relayed as it came.
Both go through the `fit` of the upstream's dialect, so that a fact is minded once. A body that no
rule touches stays the very object, and a relay keeps its bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from uniapi.canonical import Json, Message, OutputFormat, ReasoningSettings

from .quirk import PLAIN, Quirk

Body = dict[str, Json]


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """What an encoder could not say in the plain dialect though some vendor has a member for it.

    `reasoning`: the client's settings as they were decoded (a budget, say, where the plain dialect
    knows words only). `turns`: for each message of a chat body, in order, the assistant's turn it
    was encoded from (None: another's message), for the signatures that only some vendor reads.
    `output_format`: the schema as the client wrote it, where the plain dialect takes a part of JSON
    Schema only. `keeps_reasoning`: the client cannot keep what the model thought, so that it is
    kept for it, and whatever comes back encrypted is welcome. Everything is empty for a relayed
    body, which says it all itself, but for `remembered`: call id → the turn that it was made in, as
    the model said it, where the client brought it back without its reasoning or its signature.
    """

    reasoning: ReasoningSettings | None = None
    turns: Sequence[Message | None] | None = None
    output_format: OutputFormat | None = None
    keeps_reasoning: bool = False
    remembered: Mapping[str, Message] = field(default_factory=dict)


NOTHING_BESIDE = Beside()


@dataclass(slots=True, kw_only=True)
class Fitting:
    """One body on its way to one upstream: the facts, what its encoder left beside it, and what
    gets lost on the way, by the members' names or paths.
    """

    quirk: Quirk
    beside: Beside = NOTHING_BESIDE
    losses: list[str] = field(default_factory=list)

    def lose(self, name: str) -> None:
        self.losses.append(name)


Apply = Callable[[Body, Fitting], Body]


@dataclass(frozen=True, slots=True)
class FitRule:
    """One rule. `apply` never changes the body it is given, nor anything in it: it returns another
    one, or the same object when it has nothing to do; members of an unexpected shape it leaves
    alone. `facts`: the names of the Quirk's members it minds. It runs where one of them is not what
    the plain dialect has, or everywhere when `is_constant`: what no upstream of this dialect takes.
    """

    apply: Apply
    facts: tuple[str, ...]
    is_constant: bool = False

    def concerns(self, quirk: Quirk) -> bool:
        if self.is_constant:
            return True
        return any(getattr(quirk, name) != getattr(PLAIN, name) for name in self.facts)


def minds(*facts: str, always: bool = False) -> Callable[[Apply], FitRule]:
    """Makes a function a rule that minds `facts`; `always`: also where they are plain."""
    return lambda apply: FitRule(apply, facts, always)


Fit = Callable[[Body, Quirk, Beside], tuple[Body, tuple[str, ...]]]
"""(body, facts, what stands beside it) → the body as this upstream takes it, and the losses."""


def fit_by(rules: Sequence[FitRule]) -> Fit:
    """The `fit` of a dialect: its rules, in order."""

    @lru_cache(maxsize=2048)
    def concerning(quirk: Quirk) -> tuple[FitRule, ...]:
        return tuple(rule for rule in rules if rule.concerns(quirk))

    def fit(
        body: Body, quirk: Quirk, beside: Beside = NOTHING_BESIDE
    ) -> tuple[Body, tuple[str, ...]]:
        fitting = Fitting(quirk=quirk, beside=beside)
        for rule in concerning(quirk):
            body = rule.apply(body, fitting)
        return body, tuple(dict.fromkeys(fitting.losses))

    return fit
