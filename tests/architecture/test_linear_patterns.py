"""Every regular expression of the package takes steps in proportion to the text it reads, however
hostile that is: Python's matcher holds the lock of the interpreter until it is done, so that one
small body could stop everybody's streams.
"""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import uniapi

from .counted_pattern import MOST_STEPS, CountedPattern

PACKAGE = Path(uniapi.__file__).parent
SIZES = (8, 16, 32)
ANCHORED = frozenset({"match", "fullmatch"})
OWN = {
    "uniapi.server.page": "our own status page",
    "uniapi.engines.aws_services": "the host of an address in the configuration",
}
"""Modules whose patterns no stranger's words meet, and what they read."""
Use = tuple[re.Pattern[Any], bool]


ROOMS = sorted(
    module.name for module in pkgutil.iter_modules([str(PACKAGE)]) if module.name != "__main__"
)


def _modules(room: str) -> list[str]:
    name = f"uniapi.{room}"
    folder = PACKAGE / room
    inner = pkgutil.walk_packages([str(folder)], f"{name}.") if folder.is_dir() else ()
    return [name, *(module.name for module in inner)]


def _held(value: Any, seen: set[int]) -> Iterator[re.Pattern[Any]]:
    """The patterns in a value of a module, however deep in its tables."""
    if id(value) in seen or isinstance(value, (str, bytes, int, type)):
        return
    seen.add(id(value))
    if isinstance(value, re.Pattern):
        yield value
    elif isinstance(value, dict):
        for inner in list(value.values()):
            yield from _held(inner, seen)
    elif isinstance(value, (tuple, list, set, frozenset)):
        for inner in value:
            yield from _held(inner, seen)
    elif type(value).__module__.startswith("uniapi"):
        for name in (*getattr(type(value), "__slots__", ()), *getattr(value, "__dict__", ())):
            yield from _held(getattr(value, name, None), seen)


def _patterns(room: str) -> dict[tuple[str, str], Use]:
    """Module and source → the pattern, and whether it is only ever tried where a text begins."""
    found: dict[tuple[str, str], Use] = {}
    for module in _modules(room):
        # A copy: looking into what is imported late imports it.
        values = dict(vars(importlib.import_module(module)))
        spec = values["__spec__"]
        tree = ast.parse(Path(spec.origin).read_text(encoding="utf-8"))
        uses: dict[str, set[str]] = {}
        for node in ast.walk(tree):
            match node:
                case ast.Attribute(value=ast.Name(id=name), attr=method):
                    uses.setdefault(name, set()).add(method)
                case ast.Call(
                    func=ast.Attribute(value=ast.Name(id="re"), attr=method),
                    args=[ast.Constant(value=str() | bytes() as source), *_],
                ) if method != "compile":
                    found[module, str(source)] = re.compile(source), method in ANCHORED
        for name, value in list(values.items()):
            for pattern in _held(value, set()):
                is_once = isinstance(value, re.Pattern) and uses.get(name, {""}) <= ANCHORED
                found.setdefault((module, str(pattern.pattern)), (pattern, is_once))
    return {where: use for where, use in found.items() if where[0] not in OWN}


def _different(patterns: dict[tuple[str, str], Use]) -> Iterator[tuple[tuple[str, str], Use]]:
    """Each pattern once, though several modules hold it."""
    seen = set()
    for where, (pattern, once) in patterns.items():
        if (pattern, once) not in seen:
            seen.add((pattern, once))
            yield where, (pattern, once)


def _growth(counted: CountedPattern, once: bool) -> Iterator[tuple[str, list[int]]]:
    for start, piece, end in counted.hostile():
        steps = [counted.steps(start + piece * size + end, once=once) for size in SIZES]
        yield start + piece * 3 + end, steps


def _is_linear(steps: list[int]) -> bool:
    """Twice the text may take twice as many steps more, not four times."""
    first, second = steps[1] - steps[0], steps[2] - steps[1]
    return steps[-1] < MOST_STEPS and second <= 3 * max(0, first) + 2 * SIZES[-1]


@pytest.mark.slow
@pytest.mark.parametrize("room", ROOMS)
def test_the_steps_of_a_pattern_grow_with_the_text_and_not_with_its_square(room: str) -> None:
    bad = [
        (where, text, steps)
        for where, (pattern, once) in _different(_patterns(room))
        for text, steps in _growth(CountedPattern(pattern), once)
        if not _is_linear(steps)
    ]
    assert not bad, bad[:3]


@pytest.mark.parametrize(
    ("source", "is_fine"),
    [
        (r'"[^"\\]*(?:\\.[^"\\]*)*"', False),
        (r'"[^"\\]*(?:\\.[^"\\]*)*"?', True),
        (r"(?:a+)+b", False),
        (r"\s*,", False),
        (r"<[^>]*>", False),
        (r"[^a-z]+", True),
        (r"-----BEGIN ([A-Z ]+)-----", True),
    ],
)
def test_the_counting_tells_a_hostile_pattern_from_a_kind_one(source: str, is_fine: bool) -> None:
    growth = _growth(CountedPattern(re.compile(source)), once=False)
    assert all(_is_linear(steps) for _, steps in growth) is is_fine
