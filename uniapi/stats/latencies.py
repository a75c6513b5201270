"""How long served calls took: sums and histograms, by client key and by channel.

Apart from the cells, which would be three times as wide with them.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from .records import CallRecord
from .sums import add_rows, added, milliseconds

BOUNDS_S = (0.1, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 30.0, 60.0, 120.0, 300.0)
"""Upper bounds of the buckets; one more bucket has no bound."""
_BOUNDS_MS = tuple(round(bound * 1000) for bound in BOUNDS_S)
BUCKETS = len(BOUNDS_S) + 1
FIRST_MS, TOTAL_MS, FIRST_HISTOGRAM = range(3)
TOTAL_HISTOGRAM = FIRST_HISTOGRAM + BUCKETS
"""The places of a row: sums of milliseconds to the first token and of whole calls, then the two
histograms.
"""
WAITS_WIDTH = TOTAL_HISTOGRAM + BUCKETS

MAX_ROWS = 2000
OTHER = "(other)"


class ChannelKey(NamedTuple):
    """Provider id and upstream model."""

    provider: str
    upstream_model: str


class Waits:
    """The same calls twice: summed for each client key, and for each channel.

    Only calls that were served: the time to a failure says nothing of speed.
    """

    __slots__ = ("channels", "clients")

    def __init__(self) -> None:
        self.clients: dict[str, list[int]] = {}
        self.channels: dict[ChannelKey, list[int]] = {}

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Waits) and (self.clients, self.channels) == (
            other.clients,
            other.channels,
        )

    def add_equal(self, calls: Sequence[CallRecord]) -> None:
        """Count calls that are equal but for their times, when they were served."""
        call = calls[0]
        if call.outcome != "ok":
            return
        rows = (
            self._client(call.key_id),
            self._channel((call.provider_id or "", call.upstream_model or "")),
        )
        _time(rows, TOTAL_MS, TOTAL_HISTOGRAM, [one.total_s for one in calls])
        begun = [one.first_token_s for one in calls if one.first_token_s is not None]
        _time(rows, FIRST_MS, FIRST_HISTOGRAM, begun)

    def _client(self, key_id: str) -> list[int]:
        row = self.clients.get(key_id)
        return self.clients.setdefault(key_id, [0] * WAITS_WIDTH) if row is None else row

    def _channel(self, names: tuple[str, str]) -> list[int]:
        """The row of a key, given as a plain tuple: that finds it as well, and is made in a tenth
        of the time.
        """
        row: list[int] | None = self.channels.get(names)  # type: ignore[call-overload]
        if row is not None:
            return row
        key = ChannelKey(*names) if len(self.channels) < MAX_ROWS else ChannelKey(OTHER, OTHER)
        return self.channels.setdefault(key, [0] * WAITS_WIDTH)

    def merge(self, other: Waits) -> None:
        """Add all of `other` to this one."""
        add_rows(self.clients, other.clients)
        add_rows(self.channels, other.channels)

    def only(self, key_id: str) -> Waits:
        """Those of one client key, which are not told apart by channel."""
        part = Waits()
        part.clients = {key: row for key, row in self.clients.items() if key == key_id}
        return part

    def totals(self) -> list[int]:
        return added(self.clients.values(), WAITS_WIDTH)

    def of_client(self, key_id: str) -> list[int]:
        return self.clients.get(key_id) or [0] * WAITS_WIDTH

    def of_provider(self, provider_id: str) -> list[int]:
        return added(
            (row for channel, row in self.channels.items() if channel.provider == provider_id),
            WAITS_WIDTH,
        )


def quantile_s(row: list[int], histogram: int, share: float) -> float | None:
    """About how many seconds `share` of the calls stayed under (`histogram`: FIRST_HISTOGRAM or
    TOTAL_HISTOGRAM), by interpolation within the bucket; None without calls.
    """
    counts = row[histogram : histogram + BUCKETS]
    rank = share * sum(counts)
    if not rank:
        return None
    below = 0
    for lower, upper, count in _edges(counts):
        if count and below + count >= rank:
            return lower + (upper - lower) * (rank - below) / count
        below += count
    return BOUNDS_S[-1]


def _time(
    rows: tuple[list[int], list[int]], sum_place: int, histogram: int, seconds: list[float]
) -> None:
    all_ms = [milliseconds(one) for one in seconds]
    places = Counter([bisect_left(_BOUNDS_MS, one) for one in all_ms])
    for row in rows:
        row[sum_place] += sum(all_ms)
        for place, times in places.items():
            row[histogram + place] += times


def _edges(counts: list[int]) -> Iterator[tuple[float, float, int]]:
    """(lower bound, upper bound, count); what is past the last bound counts as at it."""
    lower = 0.0
    for upper, count in zip((*BOUNDS_S, BOUNDS_S[-1]), counts, strict=True):
        yield lower, upper, count
        lower = upper
