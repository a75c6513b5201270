"""How a request body becomes what one upstream takes: rules, each a small function that names the
facts it minds, run over every body that leaves, translated or relayed.

An encoder writes its plain dialect and knows no vendor; a client's own body is relayed as it came.
Both go through the `fit` of the upstream's dialect, so that a fact is minded once. A body that no
rule touches stays the very object, and a relay keeps its bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
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


@dataclass(slots=True)
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
Marks = Sequence[str] | Callable[[Quirk], Iterable[str]]
Knows = Callable[[Quirk], frozenset[str] | None]


@dataclass(frozen=True, slots=True)
class FitRule:
    """One rule. `apply` never changes the body it is given, nor anything in it: it returns another
    one, or the same object when it has nothing to do; members of an unexpected shape it leaves
    alone. `facts`: the names of the Quirk's members it minds. It runs where one of them is not what
    the plain dialect has, or everywhere when `is_constant`: what no upstream of this dialect takes.
    `where`: marks (see `marks_of`) without any of which a body gives it nothing to do, so that it
    need not be asked, or what names them for the facts; None: it has to look for itself.
    `reads_beside`: where something stands beside the body it is asked all the same. `knows`: the
    names a body's members may have; any other one gives it something to do besides.
    """

    apply: Apply
    facts: tuple[str, ...]
    is_constant: bool = False
    where: Marks | None = None
    reads_beside: bool = False
    knows: Knows | None = None

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
    knows: Knows | None = None,
) -> Callable[[Apply], FitRule]:
    """Makes a function a rule that minds `facts`; `always`: also where they are plain."""
    return lambda apply: FitRule(apply, facts, always, where, reads_beside, knows)


TURN_OF: Mapping[str, str] = {
    role: f"{role} turn" for role in ("system", "developer", "user", "assistant")
}
"""The mark of a turn in each of these roles."""
ODD_TURN = "odd turn"
"""The mark of a body that says something else, or in another way, than by turns in these roles with
a text in which something stands: parts, calls, results, nothing at all, or instructions in parts.
"""


def marks_of(body: Body, turns_in: str) -> set[str]:
    """What tells most rules that a body gives them nothing to do, in one walk: the names of its
    members, and what its turns are, which stand in the member `turns_in`. Of a turn that is odd
    (see ODD_TURN), and of each part of its content, also the names of their members and the type;
    and any other role.
    """
    marks = set(body)
    turns, system = body.get(turns_in), body.get("system")
    if type(turns) is not list:
        marks.add(ODD_TURN)
        turns = ()
    for turn in turns:
        if type(turn) is not dict:
            marks.add(ODD_TURN)
            continue
        role, said = turn.get("role"), turn.get("content")
        if type(role) is str:
            told = TURN_OF.get(role)
            marks.add(told or role)
            is_text = len(turn) == 2 and type(said) is str
            if told and is_text and said and not said.isspace():
                continue
        marks.add(ODD_TURN)
        marks.update(turn)
        kind = turn.get("type")
        if type(kind) is str:
            marks.add(kind)
        parts = said or turn.get("parts")
        if type(parts) is list:
            _add_marks_of_parts(marks, parts)
    if type(system) is list:
        marks.add(ODD_TURN)
        _add_marks_of_parts(marks, system)
    return marks


def _add_marks_of_parts(marks: set[str], parts: list[Json]) -> None:
    for part in parts:
        if type(part) is dict:
            marks.update(part)
            kind = part.get("type")
            if type(kind) is str:
                marks.add(kind)


Fit = Callable[[Body, Quirk, Beside], tuple[Body, tuple[str, ...]]]
"""(body, facts, what stands beside it) → the body as this upstream takes it, and the losses."""
MOST_KNOWN = 2048


class _Asked(NamedTuple):
    """A rule for one upstream, with its marks, and the names it knows."""

    apply: Apply
    where: frozenset[str] | None
    knows: frozenset[str] | None
    reads_beside: bool


Looking = tuple[tuple[int, Apply], ...]
"""Rules, and the place of each among all."""


@dataclass(frozen=True, slots=True)
class _Concerning:
    """The rules that concern one upstream. `where` and `knows`: those of all together, without the
    rules that look for themselves, which are `looking`. `looking_beside`: those that are asked
    besides where something stands beside the body.
    """

    quirk: Quirk
    rules: tuple[_Asked, ...]
    where: frozenset[str]
    knows: frozenset[str] | None
    looking: Looking
    looking_beside: Looking

    @classmethod
    def of(cls, rules: Sequence[FitRule], quirk: Quirk) -> _Concerning:
        asked = tuple(
            _Asked(
                rule.apply,
                rule.marks(quirk),
                None if rule.knows is None else rule.knows(quirk),
                rule.reads_beside,
            )
            for rule in rules
            if rule.concerns(quirk)
        )
        where = [one.where for one in asked if one.where is not None]
        known = [one.knows for one in asked if one.knows is not None]
        places = list(enumerate(asked))
        return cls(
            quirk,
            asked,
            frozenset().union(*where),
            known[0].intersection(*known) if known else None,
            tuple((place, one.apply) for place, one in places if one.where is None),
            tuple(
                (place, one.apply) for place, one in places if one.where is None or one.reads_beside
            ),
        )


def fit_by(rules: Sequence[FitRule], turns_in: str = "messages") -> Fit:
    """The `fit` of a dialect whose turns stand in the member `turns_in`: its rules, in order."""

    # By identity: to hash all the facts would cost more than most bodies do. What is kept keeps
    # its quirk, so that its id names nothing else meanwhile.
    known: dict[int, _Concerning] = {}

    def concerning(quirk: Quirk) -> _Concerning:
        if len(known) >= MOST_KNOWN:
            known.clear()
        found = known[id(quirk)] = _Concerning.of(rules, quirk)
        return found

    def fit(
        body: Body, quirk: Quirk, beside: Beside = NOTHING_BESIDE
    ) -> tuple[Body, tuple[str, ...]]:
        concerned = known.get(id(quirk)) or concerning(quirk)
        marks, names = marks_of(body, turns_in), concerned.knows
        is_usual = concerned.where.isdisjoint(marks) and (names is None or names.issuperset(body))
        if is_usual and beside is NOTHING_BESIDE and not concerned.looking:
            return body, ()
        fitting = Fitting(quirk, beside)
        if is_usual:
            body = _looked(concerned, body, fitting, turns_in)
        else:
            body = _asked(concerned.rules, body, fitting, marks, turns_in)
        return body, tuple(dict.fromkeys(fitting.losses)) if fitting.losses else ()

    return fit


def _looked(concerned: _Concerning, body: Body, fitting: Fitting, turns_in: str) -> Body:
    """`body`, whose marks give no rule anything to do, by those that look for themselves. Once one
    of them has changed it, the rules behind that one are asked by its new marks.
    """
    is_alone = fitting.beside is NOTHING_BESIDE
    for place, apply in concerned.looking if is_alone else concerned.looking_beside:
        changed = apply(body, fitting)
        if changed is not body:
            rest, marks = concerned.rules[place + 1 :], marks_of(changed, turns_in)
            return _asked(rest, changed, fitting, marks, turns_in)
    return body


def _asked(
    rules: Sequence[_Asked], body: Body, fitting: Fitting, marks: set[str], turns_in: str
) -> Body:
    """`body` as these rules make it, each of which is asked unless it can have nothing to do."""
    is_alone, marked = fitting.beside is NOTHING_BESIDE, body
    for apply, where, knows, reads_beside in rules:
        if where is not None and (is_alone or not reads_beside):
            if marked is not body:
                # Most changes are beside what is said. What a rule took away keeps its mark then,
                # for which the others are asked in vain.
                if body.get(turns_in) is marked.get(turns_in) and "system" not in body:
                    marks.update(body)
                else:
                    marks = marks_of(body, turns_in)
                marked = body
            if where.isdisjoint(marks) and (knows is None or knows.issuperset(body)):
                continue
        body = apply(body, fitting)
    return body
