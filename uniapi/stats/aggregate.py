"""Counts that can be added up: an Aggregate holds those of some stretch of time, and two of them
merge into that of both.

Every figure is a whole number (milliseconds, pico-dollars, histogram counts), so that sums do not
depend on their order: replaying, merging and compacting in any grouping give the same figures to
the last digit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from .columns import ATTEMPTS, WIDTH, Figures, count_calls, stated_figures
from .journal_line import short_name
from .latencies import Waits
from .records import CallRecord
from .sums import add_counts, add_row, add_rows, added

MAX_CELLS = 5000
MAX_NAMES = 200
OTHER = "(other)"
"""Stands for what is past a bound: a client may send any model name it likes."""
UNKNOWN = "(unknown)"
"""Stands for every model that nobody here has: each such name would be a row for good."""


class CellKey(NamedTuple):
    """What is counted apart. Empty text where a call never came to that (no provider was asked)."""

    key_id: str
    requested_model: str
    provider: str
    upstream_model: str
    credential_id: str
    outcome: str


class CredentialKey(NamedTuple):
    """A provider's key and how attempts with it ended."""

    provider: str
    credential_id: str
    outcome: str


class Aggregate:
    """Cells by their key, the waits of served calls, and counts by endpoint and by client address.
    `credentials`: attempts by provider key, of cells that do not tell those apart any more.
    """

    __slots__ = ("cells", "credentials", "endpoints", "ips", "waits")

    def __init__(self) -> None:
        self.cells: dict[CellKey, list[int]] = {}
        self.waits = Waits()
        self.credentials: dict[CredentialKey, int] = {}
        self.endpoints: dict[str, int] = {}
        self.ips: dict[str, int] = {}

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Aggregate):
            return NotImplemented
        return all(getattr(self, name) == getattr(other, name) for name in self.__slots__)

    def __bool__(self) -> bool:
        return bool(self.cells)

    def add(self, call: CallRecord) -> None:
        """Count one finished call and its attempts."""
        self.add_equal((call,), stated_figures((call,)))

    def add_equal(self, calls: Sequence[CallRecord], figures: Figures) -> None:
        """Count calls that are equal but for times, cost and the figures stated for them (see
        `batch`).
        """
        call, times = calls[0], len(calls)
        key_id, model, credential_id = call.key_id, _counted_name(call), ""
        for attempt in call.attempts:
            credential_id = attempt.credential_id
            self._cell(
                (
                    key_id,
                    model,
                    attempt.provider_id,
                    attempt.upstream_model,
                    credential_id,
                    attempt.outcome,
                )
            )[ATTEMPTS] += times
        cell = self._cell(
            (
                key_id,
                model,
                call.provider_id or "",
                call.upstream_model or "",
                credential_id,
                call.outcome,
            )
        )
        count_calls(cell, calls, figures)
        self.waits.add_equal(calls)
        _count(self.endpoints, short_name(call.endpoint), times)
        if call.client_ip is not None:
            _count(self.ips, call.client_ip, times)

    def merge(self, other: Aggregate) -> None:
        """Add all of `other` to this one."""
        add_rows(self.cells, other.cells)
        self.waits.merge(other.waits)
        add_counts(self.credentials, other.credentials)
        add_counts(self.endpoints, other.endpoints)
        add_counts(self.ips, other.ips)

    def copy(self) -> Aggregate:
        """One that can be changed without changing this one."""
        twin = Aggregate()
        twin.merge(self)
        return twin

    def daily(self) -> Aggregate:
        """The form of a whole day: cells without the providers' keys, whose attempts are counted
        apart.
        """
        short = self.compacted()
        short.credentials = self.by_credential()
        short.ips = dict(self.ips)
        return short

    def compacted(self) -> Aggregate:
        """What is kept for long: without the providers' keys and the clients' addresses."""
        short = self.grouped(_without_credential)
        short.waits.merge(self.waits)
        short.endpoints = dict(self.endpoints)
        return short

    def by_credential(self) -> dict[CredentialKey, int]:
        """Attempts by provider key and outcome, as far as keys are told apart."""
        counts = dict(self.credentials)
        for key, cell in self.cells.items():
            if key.credential_id and cell[ATTEMPTS]:
                short = CredentialKey(key.provider, key.credential_id, key.outcome)
                counts[short] = counts.get(short, 0) + cell[ATTEMPTS]
        return counts

    def only(self, key_id: str) -> Aggregate:
        """The part of one client key: what its holder may see."""
        part = Aggregate()
        part.cells = {key: cell for key, cell in self.cells.items() if key.key_id == key_id}
        part.waits = self.waits.only(key_id)
        return part

    def grouped(self, rename: Callable[[CellKey], CellKey]) -> Aggregate:
        """The cells, and nothing else, added up under new keys."""
        result = Aggregate()
        for key, cell in self.cells.items():
            add_row(result.cells, rename(key), cell)
        return result

    def totals(self) -> list[int]:
        """All cells in one."""
        return added(self.cells.values(), WIDTH)

    def _cell(self, names: tuple[str, str, str, str, str, str]) -> list[int]:
        """The cell of a key, given as a plain tuple: that finds it as well, and is made in a tenth
        of the time.
        """
        cell: list[int] | None = self.cells.get(names)  # type: ignore[call-overload]
        if cell is None:
            key = CellKey(*names)
            if len(self.cells) >= MAX_CELLS:
                key = key._replace(
                    requested_model=OTHER, upstream_model=OTHER if key.upstream_model else ""
                )
            cell = self.cells.setdefault(key, [0] * WIDTH)
        return cell


def _counted_name(call: CallRecord) -> str:
    is_unknown = call.status == 404 and not call.attempts and call.provider_id is None
    return UNKNOWN if is_unknown and call.requested_model else short_name(call.requested_model)


def merged(aggregates: Iterable[Aggregate]) -> Aggregate:
    """All of them as one."""
    result = Aggregate()
    for one in aggregates:
        result.merge(one)
    return result


def _without_credential(key: CellKey) -> CellKey:
    return CellKey(key[0], key[1], key[2], key[3], "", key[5])


def _count(counts: dict[str, int], name: str, times: int) -> None:
    if name not in counts and len(counts) >= MAX_NAMES:
        name = OTHER
    counts[name] = counts.get(name, 0) + times
