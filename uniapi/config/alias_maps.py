"""`aliases` (a client's name → a model) and `fallback` (a model → those that stand in for it)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from .client_schema import ClientKey
from .levels import Form
from .nodes import Node, ProblemList
from .values import named, text, texts, wrong

MOST_FALLBACKS = 8
"""Models that stand in for one, those of theirs included."""


def _aliases(node: Node, report: ProblemList) -> Mapping[str, str] | None:
    if node.kind != "map":
        wrong(node, report, "a map of name to model, such as `claude-haiku-*: deepseek-v4-flash`")
        return None
    found = {}
    for name, member in named(node):
        model = text(member.value, report)
        if model and "*" in model:
            report.error(member.value, f"`{model}` must be one model: `*` stands in the name")
        elif model:
            found[name] = model
    return found


def _fallback(node: Node, report: ProblemList) -> Mapping[str, tuple[str, ...]] | None:
    if node.kind != "map":
        wrong(node, report, "a map of model to a list of models, such as `gpt-x: [claude-y]`")
        return None
    found = {name: texts(member.value, report) or () for name, member in named(node)}
    circle = circle_in(found)
    if circle:
        report.error(node, f"the fallbacks lead in a circle: {' → '.join(circle)}")
        return None
    return found


ALIASES = Form(said="a map of name to model", shapes=("text by name",), reader=_aliases)
FALLBACK = Form(
    said="a map of model to a list of models", shapes=("texts by name",), reader=_fallback
)


def circle_in(fallbacks: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """The first way that leads back to where it began, as names; empty when there is none."""
    done: set[str] = set()
    for start in fallbacks:
        trail: list[str] = []
        pending: list[list[str]] = [[start]]
        while pending:
            if not pending[-1]:
                pending.pop()
                if trail:
                    done.add(trail.pop())
                continue
            name = pending[-1].pop(0)
            if name in trail:
                return (*trail[trail.index(name) :], name)
            if name not in done:
                trail.append(name)
                pending.append(list(fallbacks.get(name, ())))
    return ()


def stand_ins(fallbacks: Mapping[str, Sequence[str]], name: str) -> tuple[str, ...]:
    """What stands in for a model, in order: each of its list, followed by that one's own; no more
    than MOST_FALLBACKS.
    """
    found: dict[str, None] = {}
    pending = list(fallbacks.get(name, ()))
    while pending and len(found) < MOST_FALLBACKS:
        model = pending.pop(0)
        if model != name and model not in found:
            found[model] = None
            pending = [*fallbacks.get(model, ()), *pending]
    return tuple(found)


def check_joined(
    keys: Iterable[ClientKey],
    shared: Mapping[str, Sequence[str]],
    places: Mapping[str, Node],
    report: ProblemList,
) -> None:
    """A key's own list and the one for all may make a circle together. `places`: where a key's own
    stands, by its id.
    """
    for key in keys:
        circle = circle_in({**shared, **key.fallback}) if key.fallback else ()
        if circle:
            way = " → ".join(circle)
            report.error(
                places[key.key_id], f"with the fallbacks for all keys, this is a circle: {way}"
            )
