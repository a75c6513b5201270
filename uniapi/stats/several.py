"""The counts of several gateways as those of one, for reports: a team's instances behind one
address keep a data dir each.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from .aggregate import Aggregate, merged
from .chart_sums import Outline
from .sums import add_row


class Counted(Protocol):
    """What a report asks: see `Recorder`."""

    def names(self) -> dict[str, str]: ...

    def window(self, from_s: float, to_s: float) -> Aggregate: ...

    def outlines(self, from_s: float, to_s: float) -> dict[int, Outline]: ...


class Several:
    """Sums over all of them; keys are the same key where their ids are."""

    def __init__(self, parts: Sequence[Counted]) -> None:
        self._parts = parts

    def names(self) -> dict[str, str]:
        """What to show for an id; where they differ the last one's."""
        return {id_: name for part in self._parts for id_, name in part.names().items()}

    def window(self, from_s: float, to_s: float) -> Aggregate:
        return merged(part.window(from_s, to_s) for part in self._parts)

    def outlines(self, from_s: float, to_s: float) -> dict[int, Outline]:
        found: dict[int, dict[str, list[int]]] = {}
        for part in self._parts:
            for at, outline in part.outlines(from_s, to_s).items():
                for owner, row in outline.items():
                    add_row(found.setdefault(at, {}), owner, list(row))
        return dict(found)
