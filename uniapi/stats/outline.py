"""What charts draw of a stretch of time: a few sums by client key and model, and by provider. A fortnight of hours is read for one picture, so they are kept beside the
cells, which are many more.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from .aggregate import ATTEMPTS, CALLS, COST, INPUT, OUTPUT, UNPRICED, Aggregate
from .records import NOT_FAILURES
from .sums import Key, add_row, add_rows

OUTLINED = ("requests", "attempts", "input_tokens", "output_tokens", "cost", "unpriced_requests", "errors", "failed_attempts")
"""The places of a row. `cost` in pico-dollars."""


class Outline:
    """`models` by (client key id, requested model); `providers` by provider id ("": what never came to one)."""

    __slots__ = ("models", "providers")

    def __init__(self) -> None:
        self.models: dict[tuple[str, str], list[int]] = {}
        self.providers: dict[str, list[int]] = {}

    @classmethod
    def of(cls, counts: Aggregate) -> Outline:
        outline = cls()
        for key, cell in counts.cells.items():
            is_failure = key.outcome not in NOT_FAILURES
            calls, attempts = cell[CALLS], cell[ATTEMPTS]
            failed = (calls, attempts) if is_failure else (0, 0)
            row = [calls, attempts, cell[INPUT], cell[OUTPUT], cell[COST], cell[UNPRICED], *failed]
            add_row(outline.models, (key.key_id, key.requested_model), row)
            add_row(outline.providers, key.provider, row)
        return outline

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Outline) and (self.models, self.providers) == (other.models, other.providers)

    __hash__ = None  # type: ignore[assignment]

    def merge(self, other: Outline) -> None:
        """Add all of `other` to this one."""
        add_rows(self.models, other.models)
        add_rows(self.providers, other.providers)

    def only(self, key_id: str) -> Outline:
        """Those of one client key, which are not told apart by provider."""
        part = Outline()
        part.models = {name: row for name, row in self.models.items() if name[0] == key_id}
        return part

    def by(self, name: Callable[[str, str], Key]) -> Mapping[Key, list[int]]:
        """`models` under other names, made of client key id and requested model."""
        rows: dict[Key, list[int]] = {}
        for (key_id, model), row in self.models.items():
            add_row(rows, name(key_id, model), row)
        return rows
