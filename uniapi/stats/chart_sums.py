"""What charts draw of a stretch of time: a few sums by client key.

A fortnight of hours is read for one picture, so they are kept beside the cells, which are many
more.
"""

from __future__ import annotations

from collections.abc import Callable
from operator import mul
from typing import TypeAlias

from .aggregate import Aggregate, CellKey
from .columns import ATTEMPTS, CALLS, COLUMNS, PLACE
from .records import CLIENTS_OWN, NOT_FAILURES
from .sums import Key, add_row

_OF_FAILURES = {6: ("errors", CALLS), 7: ("failed_attempts", ATTEMPTS), 8: ("mistakes", CALLS)}
"""Places of sums of failed calls alone, and what is summed; `mistakes` are those of the errors that
no provider is to blame for.
"""
_CHARTED = {column.chart: column.name for column in COLUMNS if column.chart is not None}
_NAMES = {**_CHARTED, **{place: name for place, (name, _) in _OF_FAILURES.items()}}
OUTLINED = tuple(_NAMES[place] for place in range(len(_NAMES)))
"""The names of a row's places. `cost` in pico-dollars."""
COST_PLACE, UNPRICED_PLACE = OUTLINED.index("cost"), OUTLINED.index("unpriced_requests")
_SOURCES = tuple(
    _OF_FAILURES[place][1] if place in _OF_FAILURES else PLACE[name]
    for place, name in enumerate(OUTLINED)
)
_OF_SUCCESSES = tuple(place not in _OF_FAILURES for place in range(len(OUTLINED)))
_OF_PROVIDERS_FAILURES = tuple(name != "mistakes" for name in OUTLINED)

Outline: TypeAlias = dict[str, list[int]]
"""Rows by client key id."""


def outline_of(counts: Aggregate) -> Outline:
    return outlined(counts, lambda key: key.key_id)


def outlined(counts: Aggregate, name: Callable[[CellKey], Key]) -> dict[Key, list[int]]:
    """Rows under other names."""
    rows: dict[Key, list[int]] = {}
    for key, cell in counts.cells.items():
        row = [cell[source] for source in _SOURCES]
        if key.outcome not in CLIENTS_OWN:
            counted = _OF_SUCCESSES if key.outcome in NOT_FAILURES else _OF_PROVIDERS_FAILURES
            row = list(map(mul, row, counted))
        add_row(rows, name(key), row)
    return rows
