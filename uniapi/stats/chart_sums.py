"""What charts draw of a stretch of time: a few sums by client key.

A fortnight of hours is read for one picture, so they are kept beside the cells, which are many
more.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from .aggregate import ATTEMPTS, CALLS, COST, INPUT, OUTPUT, UNPRICED, Aggregate, CellKey
from .records import NOT_FAILURES
from .sums import Key, add_row

OUTLINED = (
    "requests",
    "attempts",
    "input_tokens",
    "output_tokens",
    "cost",
    "unpriced_requests",
    "errors",
    "failed_attempts",
)
"""The places of a row. `cost` in pico-dollars."""
COST_PLACE, UNPRICED_PLACE = OUTLINED.index("cost"), OUTLINED.index("unpriced_requests")

Outline: TypeAlias = dict[str, list[int]]
"""Rows by client key id."""


def outline_of(counts: Aggregate) -> Outline:
    return outlined(counts, lambda key: key.key_id)


def outlined(counts: Aggregate, name: Callable[[CellKey], Key]) -> dict[Key, list[int]]:
    """Rows under other names."""
    rows: dict[Key, list[int]] = {}
    for key, cell in counts.cells.items():
        calls, attempts = cell[CALLS], cell[ATTEMPTS]
        failed = (0, 0) if key.outcome in NOT_FAILURES else (calls, attempts)
        add_row(
            rows,
            name(key),
            [calls, attempts, cell[INPUT], cell[OUTPUT], cell[COST], cell[UNPRICED], *failed],
        )
    return rows
