"""Tables of whole numbers that can be added up: rows by their key. What all counts are made of, so that sums do not depend on their order."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from operator import add
from typing import TypeVar

Key = TypeVar("Key", bound=Hashable)


def add_row(rows: dict[Key, list[int]], key: Key, figures: list[int]) -> None:
    """Add figures to the row of a key. A new row is a copy, never the list that was given."""
    ours = rows.get(key)
    rows[key] = figures.copy() if ours is None else list(map(add, ours, figures))


def add_rows(ours: dict[Key, list[int]], theirs: Mapping[Key, list[int]]) -> None:
    for key, figures in theirs.items():
        add_row(ours, key, figures)


def add_counts(ours: dict[Key, int], theirs: Mapping[Key, int]) -> None:
    for key, count in theirs.items():
        ours[key] = ours.get(key, 0) + count


def added(rows: Iterable[list[int]], width: int) -> list[int]:
    """The sum of rows, place by place; `width` zeros when there are none."""
    return [sum(column) for column in zip(*rows, strict=True)] or [0] * width


def milliseconds(seconds: float) -> int:
    """As the journal rounds; a negative duration counts as none."""
    return round(round(seconds, 3) * 1000) if 0 < seconds < 1e9 else 0
