"""What refusals have taught about a model: the last rules of every dialect's `fit`.

Patterns of places in the body, as `wire.body_paths` has them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any

from uniapi.wire import changed_at, holds, renamed, without

from .efforts import EFFORT_SCALE, nearest_effort
from .fitting import Body, Fitting, minds
from .quirk import Quirk

_SILENT = frozenset({"stream_options", "parallel_tool_calls", "store"})
"""Members that the gateway may have added itself: nobody misses them."""


def _members(learned: Iterable[tuple[tuple[str, ...], Any]]) -> list[str]:
    """The body's members in which something was learned."""
    return [path[0] for path, _ in learned]


@minds("learned_renames", where=lambda quirk: _members(quirk.learned_renames))
def rename(body: Body, fitting: Fitting) -> Body:
    for path, new_name in fitting.quirk.learned_renames:
        body = renamed(body, path, new_name)
    return body


@minds("learned_choices", where=lambda quirk: _members(quirk.learned_choices))
def take_nearest(body: Body, fitting: Fitting) -> Body:
    """A word that was refused becomes the nearest of those that were named; a value with none near
    is left out.
    """
    for path, words in fitting.quirk.learned_choices:
        before = body
        body = changed_at(body, path, partial(nearest, words=words))
        if body is not before:
            fitting.lose(".".join(path))
    return body


@minds("learned_limits", where=lambda quirk: _members(quirk.learned_limits))
def keep_within(body: Body, fitting: Fitting) -> Body:
    """A number above the largest that was named becomes that one."""
    for path, most in fitting.quirk.learned_limits:
        before = body
        body = changed_at(body, path, partial(at_most, most=most))
        if body is not before:
            fitting.lose(".".join(path))
    return body


@minds("learned_drops", where=lambda quirk: [path[0] for path in quirk.learned_drops])
def leave_out(body: Body, fitting: Fitting) -> Body:
    for path in fitting.quirk.learned_drops:
        if not holds(body, path):
            continue
        body = without(body, path)
        if path[-1] not in _SILENT:
            fitting.lose(".".join(path))
    return body


def at_most(value: Any, most: float) -> Any:
    """`most` as the kind of number that `value` is, where that is larger."""
    if isinstance(value, bool) or not isinstance(value, int | float) or value <= most:
        return value
    return int(most) if isinstance(value, int) else most


def nearest(value: Any, words: Sequence[str]) -> Any:
    """The one of `words` that comes nearest to `value`: on the scale of efforts where both are on
    it, else the first. A value that is among them stays.
    """
    if value in words or not isinstance(value, str):
        return value
    on_scale = [word for word in words if word in EFFORT_SCALE]
    if value in EFFORT_SCALE and on_scale:
        return nearest_effort(value, sorted(on_scale, key=EFFORT_SCALE.index))
    return words[0]


LEARNED_RULES = (rename, take_nearest, keep_within, leave_out)


def fit_learned(body: Body, quirk: Quirk) -> tuple[Body, tuple[str, ...]]:
    """The body of an operation that has no dialect's rules, as refusals have taught, and what gets
    lost; the same object where they have taught nothing of it.
    """
    fitting = Fitting(quirk=quirk)
    for rule in LEARNED_RULES:
        if rule.concerns(quirk):
            body = rule.apply(body, fitting)
    return body, tuple(fitting.losses)
