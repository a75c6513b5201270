"""How a request body becomes what one upstream takes: rules, each a small function that names the
facts it minds, run over every body that leaves, translated or relayed.

An encoder writes its plain dialect and knows no vendor; a client's own body is relayed as it came.
Both go through the `fit` of the upstream's dialect, so that a fact is minded once. A body that no
rule touches stays the very object, and a relay keeps its bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from uniapi.canonical import Json, Message, OutputFormat, ReasoningSettings
from uniapi.values import dataclass, field

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
    kept for it, and whatever comes back encrypted is welcome. `is_marked`: the client marked pieces
    for a prompt cache, and a Responses body has them as breakpoints; `marked_system`: the pieces of
    its instructions, which are a string, where one is marked. Everything is empty for a relayed
    body, which says it all itself, but for `remembered`: call id → the turn that it was made in, as
    the model said it, where the client brought it back without its reasoning or its signature.
    """

    reasoning: ReasoningSettings | None = None
    turns: Sequence[Message | None] | None = None
    output_format: OutputFormat | None = None
    keeps_reasoning: bool = False
    is_marked: bool = False
    marked_system: Sequence[Json] = ()
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
Marks = Sequence[str] | Callable[[Quirk], Sequence[str]]


@dataclass(frozen=True, slots=True)
class FitRule:
    """One rule. `apply` never changes the body it is given, nor anything in it: it returns another
    one, or the same object when it has nothing to do; members of an unexpected shape it leaves
    alone. `facts`: the names of the Quirk's members it minds. It runs where one of them is not what
    the plain dialect has, or everywhere when `is_constant`: what no upstream of this dialect takes.
    `where`: marks (see `marks_of`) without any of which a body gives it nothing to do, so that it
    need not be asked, or what names them for the facts; None: it has to look for itself.
    `reads_beside`: where something stands beside the body it is asked all the same.
    """

    apply: Apply
    facts: tuple[str, ...]
    is_constant: bool = False
    where: Marks | None = None
    reads_beside: bool = False

    def concerns(self, quirk: Quirk) -> bool:
        if self.is_constant:
            return True
        return any(getattr(quirk, name) != getattr(PLAIN, name) for name in self.facts)

    def marks(self, quirk: Quirk) -> frozenset[str] | None:
        """`where`, for these facts."""
        where = self.where(quirk) if callable(self.where) else self.where
        return None if where is None else frozenset(where)


def minds(
    *facts: str,
    always: bool = False,
    where: Marks | None = None,
    reads_beside: bool = False,
) -> Callable[[Apply], FitRule]:
    """Makes a function a rule that minds `facts`; `always`: also where they are plain."""
    return lambda apply: FitRule(apply, facts, always, where, reads_beside)


def marks_of(body: Body, turns_in: str) -> set[str]:
    """What tells most rules that a body gives them nothing to do, in one walk: the names of its
    members; of each turn in the member `turns_in`, and of each part of its content, the names of
    their members, the role and the type.
    """
    marks = set(body)
    turns = body.get(turns_in)
    for turn in turns if type(turns) is list else ():
        if type(turn) is not dict:
            continue
        marks.update(turn)
        role, kind = turn.get("role"), turn.get("type")
        if type(role) is str:
            marks.add(role)
        if type(kind) is str:
            marks.add(kind)
        parts = turn.get("content") or turn.get("parts")
        if type(parts) is not list:
            continue
        for part in parts:
            if type(part) is dict:
                marks.update(part)
                kind = part.get("type")
                if type(kind) is str:
                    marks.add(kind)
    return marks


Fit = Callable[[Body, Quirk, Beside], tuple[Body, tuple[str, ...]]]
"""(body, facts, what stands beside it) → the body as this upstream takes it, and the losses."""
MOST_KNOWN = 2048


class _Concerning(NamedTuple):
    """The rules that concern one upstream, each with its marks. `where`: marks without any of which
    none of them has anything to do; None: one of them looks for itself.
    """

    quirk: Quirk
    rules: tuple[tuple[FitRule, frozenset[str] | None], ...]
    where: frozenset[str] | None


def _concerning(rules: Sequence[FitRule], quirk: Quirk) -> _Concerning:
    found = tuple((rule, rule.marks(quirk)) for rule in rules if rule.concerns(quirk))
    marks = [where for _, where in found if where is not None]
    where = frozenset().union(*marks) if len(marks) == len(found) else None
    return _Concerning(quirk, found, where)


def fit_by(rules: Sequence[FitRule], turns_in: str = "messages") -> Fit:
    """The `fit` of a dialect whose turns stand in the member `turns_in`: its rules, in order."""

    # By identity: to hash all the facts would cost more than most bodies do. What is kept keeps
    # its quirk, so that its id names nothing else meanwhile.
    known: dict[int, _Concerning] = {}

    def concerning(quirk: Quirk) -> _Concerning:
        if len(known) >= MOST_KNOWN:
            known.clear()
        found = known[id(quirk)] = _concerning(rules, quirk)
        return found

    def fit(
        body: Body, quirk: Quirk, beside: Beside = NOTHING_BESIDE
    ) -> tuple[Body, tuple[str, ...]]:
        concerned, is_alone = known.get(id(quirk)), beside is NOTHING_BESIDE
        if concerned is None:
            concerned = concerning(quirk)
        marks = marks_of(body, turns_in)
        if is_alone and concerned.where is not None and concerned.where.isdisjoint(marks):
            return body, ()
        fitting = Fitting(quirk=quirk, beside=beside)
        marked = body
        for rule, where in concerned.rules:
            if where is not None and (is_alone or not rule.reads_beside):
                if marked is not body:
                    # Most changes are beside the turns. What a rule took away keeps its mark then,
                    # for which the others are asked in vain.
                    if body.get(turns_in) is marked.get(turns_in):
                        marks.update(body)
                    else:
                        marks = marks_of(body, turns_in)
                    marked = body
                if where.isdisjoint(marks):
                    continue
            body = rule.apply(body, fitting)
        return body, tuple(dict.fromkeys(fitting.losses))

    return fit
