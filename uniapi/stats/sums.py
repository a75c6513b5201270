"""Tables of whole numbers that can be added up: rows by their key.

What all counts are made of, so that sums do not depend on their order.
"""

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
    if not 0 < seconds < 1e9:
        return 0
    exact = seconds * 1000
    nearest = round(exact)
    # Rounding to decimals is slow, and only halfway between two milliseconds does it come to
    # another number.
    return nearest if -0.49 < exact - nearest < 0.49 else round(round(seconds, 3) * 1000)
