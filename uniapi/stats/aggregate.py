"""Counts that can be added up: an Aggregate holds those of some stretch of time, and two of them merge into that of both.

Every figure is a whole number (milliseconds, pico-dollars, histogram counts), so that sums do not depend on their order: replaying, merging and compacting in any
grouping give the same figures to the last digit.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from operator import add
from typing import NamedTuple, TypeVar

from .lines import short_name
from .records import CallRecord, plausible_tokens

CALLS, ATTEMPTS, INPUT, OUTPUT, TOTAL, CACHE_READ, CACHE_WRITE, REASONING, COST, UNPRICED, FIRST_MS, TOTAL_MS, ATTEMPT_MS = range(13)
"""The places of a cell: finished calls, upstream attempts, tokens by kind (`TOTAL`: the vendor's own sum where it gives one), pico-dollars, calls with tokens but
no known cost, and sums of milliseconds to the first token, of whole calls, and of attempts."""

BOUNDS_S = (0.1, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 30.0, 60.0, 120.0, 300.0)
"""Upper bounds of the latency buckets; one more bucket has no bound."""
BUCKETS = len(BOUNDS_S) + 1
FIRST_HISTOGRAM = 13
TOTAL_HISTOGRAM = FIRST_HISTOGRAM + BUCKETS
WIDTH = TOTAL_HISTOGRAM + BUCKETS

MAX_CELLS = 5000
MAX_NAMES = 200
OTHER = "(other)"
"""Stands for what is past a bound: a client may send any model name it likes."""


Name = TypeVar("Name")


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
    """Cells by their key, and counts by endpoint and by client address. `credentials`: attempts by provider key, of cells that do not tell those apart any more."""

    __slots__ = ("cells", "credentials", "endpoints", "ips")

    def __init__(self) -> None:
        self.cells: dict[CellKey, list[int]] = {}
        self.credentials: dict[CredentialKey, int] = {}
        self.endpoints: dict[str, int] = {}
        self.ips: dict[str, int] = {}

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Aggregate):
            return NotImplemented
        return all(getattr(self, name) == getattr(other, name) for name in self.__slots__)

    __hash__ = None  # type: ignore[assignment]

    def __bool__(self) -> bool:
        return bool(self.cells)

    def add(self, call: CallRecord) -> None:
        """Count one finished call and its attempts."""
        model = short_name(call.requested_model)
        for attempt in call.attempts:
            cell = self._cell(CellKey(call.key_id, model, attempt.provider_id, attempt.upstream_model, attempt.credential_id, attempt.outcome))
            cell[ATTEMPTS] += 1
            cell[ATTEMPT_MS] += _ms(attempt.duration_s)
        credential_id = call.attempts[-1].credential_id if call.attempts else ""
        cell = self._cell(CellKey(call.key_id, model, call.provider_id or "", call.upstream_model or "", credential_id, call.outcome))
        cell[CALLS] += 1
        total_ms = _ms(call.total_s)
        cell[TOTAL_MS] += total_ms
        cell[TOTAL_HISTOGRAM + bisect_left(BOUNDS_S, total_ms / 1000)] += 1
        if call.first_token_s is not None:
            first_ms = _ms(call.first_token_s)
            cell[FIRST_MS] += first_ms
            cell[FIRST_HISTOGRAM + bisect_left(BOUNDS_S, first_ms / 1000)] += 1
        _count_usage(cell, call)
        _count(self.endpoints, short_name(call.endpoint))
        if call.client_ip is not None:
            _count(self.ips, call.client_ip)

    def merge(self, other: Aggregate) -> None:
        """Add all of `other` to this one."""
        cells = self.cells
        for key, theirs in other.cells.items():
            ours = cells.get(key)
            if ours is None:
                cells[key] = theirs.copy()
            else:
                cells[key] = list(map(add, ours, theirs))
        _add_counts(self.credentials, other.credentials)
        _add_counts(self.endpoints, other.endpoints)
        _add_counts(self.ips, other.ips)

    def copy(self) -> Aggregate:
        """One that can be changed without changing this one."""
        twin = Aggregate()
        twin.merge(self)
        return twin

    def daily(self) -> Aggregate:
        """The form of a whole day: cells without the providers' keys, whose attempts are counted apart."""
        short = self.compacted()
        short.credentials = self.by_credential()
        short.ips = dict(self.ips)
        return short

    def compacted(self) -> Aggregate:
        """What is kept for long: without the providers' keys and the clients' addresses."""
        short = self.grouped(_without_credential)
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
        return part

    def grouped(self, rename: Callable[[CellKey], CellKey]) -> Aggregate:
        """The cells added up under new keys."""
        result = Aggregate()
        for key, cell in self.cells.items():
            new = rename(key)
            ours = result.cells.get(new)
            result.cells[new] = cell.copy() if ours is None else list(map(add, ours, cell))
        return result

    def totals(self) -> list[int]:
        """All cells in one."""
        return added(self.cells.values())

    def _cell(self, key: CellKey) -> list[int]:
        cell = self.cells.get(key)
        if cell is None:
            if len(self.cells) >= MAX_CELLS:
                key = key._replace(requested_model=OTHER, upstream_model=OTHER if key.upstream_model else "")
            cell = self.cells.setdefault(key, [0] * WIDTH)
        return cell


def added(cells: Iterable[list[int]]) -> list[int]:
    """The sum of cells, place by place."""
    return [sum(column) for column in zip(*cells, strict=True)] or [0] * WIDTH


def merged(aggregates: Iterable[Aggregate]) -> Aggregate:
    """All of them as one."""
    result = Aggregate()
    for one in aggregates:
        result.merge(one)
    return result


def quantile_s(cell: list[int], histogram: int, share: float) -> float | None:
    """About how many seconds `share` of the calls stayed under (`histogram`: FIRST_HISTOGRAM or TOTAL_HISTOGRAM), by interpolation within the bucket; None without calls."""
    counts = cell[histogram : histogram + BUCKETS]
    rank = share * sum(counts)
    if not rank:
        return None
    below = 0
    for lower, upper, count in _edges(counts):
        if count and below + count >= rank:
            return lower + (upper - lower) * (rank - below) / count
        below += count
    return BOUNDS_S[-1]


def _edges(counts: list[int]) -> Iterator[tuple[float, float, int]]:
    """(lower bound, upper bound, count); what is past the last bound counts as at it."""
    lower = 0.0
    for upper, count in zip((*BOUNDS_S, BOUNDS_S[-1]), counts, strict=True):
        yield lower, upper, count
        lower = upper


def _without_credential(key: CellKey) -> CellKey:
    return CellKey(key[0], key[1], key[2], key[3], "", key[5])


def _add_counts(ours: dict[Name, int], theirs: dict[Name, int]) -> None:
    for name, count in theirs.items():
        ours[name] = ours.get(name, 0) + count


def _count_usage(cell: list[int], call: CallRecord) -> None:
    if call.cost_pd is not None:
        cell[COST] += call.cost_pd
    usage = call.usage
    if usage is None or usage.is_estimate:
        return
    given, output, total = plausible_tokens(usage.input_tokens), plausible_tokens(usage.output_tokens), plausible_tokens(usage.total_tokens)
    cell[INPUT] += given or 0
    cell[OUTPUT] += output or 0
    cell[TOTAL] += (given or 0) + (output or 0) if total is None else total
    cell[CACHE_READ] += plausible_tokens(usage.cache_read_tokens) or 0
    cell[CACHE_WRITE] += plausible_tokens(usage.cache_write_tokens) or 0
    cell[REASONING] += plausible_tokens(usage.reasoning_tokens) or 0
    cell[UNPRICED] += call.cost_pd is None and not (given is None and output is None)


def _ms(seconds: float) -> int:
    """Milliseconds, as the journal rounds; a negative duration counts as none."""
    return round(round(seconds, 3) * 1000) if 0 < seconds < 1e9 else 0


def _count(counts: dict[str, int], name: str) -> None:
    if name not in counts and len(counts) >= MAX_NAMES:
        name = OTHER
    counts[name] = counts.get(name, 0) + 1
