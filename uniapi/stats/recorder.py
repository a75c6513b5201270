"""What the gateway tells of its calls, and what reports are made from: prices each call, counts it,
keeps the balance. `record` is one plain call at the end of each request; it cannot fail one.
"""

from __future__ import annotations

import logging
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from uniapi.clock import Epoch
from uniapi.config import ClientKey, Config, Retention
from uniapi.money import Calendar, PriceBook, picodollars
from uniapi.storage import DiskFolder, Folder, MemoryFolder, Position

from .aggregate import Aggregate
from .calendar import DAY_S, HOUR_S, hour_of
from .chart_sums import Outline
from .ledger import Ledger
from .packing import gathered
from .period_sums import short_periods
from .records import NOT_FAILURES, CallRecord
from .store import Store

log = logging.getLogger("uniapi.stats")

RECENT_FAILURES = 100
"""Remembered of each kind: the mistakes of clients must not push out what providers did wrong."""
ID_SHOWN = 6
MEMORY_RETENTION = Retention(raw_bytes=1_000_000)
"""Without a disk the journal only serves itself; the aggregates are kept packed."""


def told_apart(names: Mapping[str, str], length: int | None = None) -> dict[str, str]:
    """Names by id, with the id behind those that several have (or `length` characters of it):
    masked keys may look alike, and two client keys may have one label.
    """
    times = Counter(names.values())
    return {
        one: name if times[name] == 1 else f"{name} ({one[:length]})" for one, name in names.items()
    }


class Recorder:
    """All counts of this process and, on disk, of those before it.

    Without a folder everything stays in memory.
    """

    def __init__(
        self,
        folder: Folder | None = None,
        retention: Retention | None = None,
        calendar: Calendar | None = None,
    ) -> None:
        self.is_in_memory = folder is None
        folder = folder if folder is not None else MemoryFolder()
        self.ledger = Ledger(folder, calendar)
        self._store = Store(
            folder.within("stats"),
            self.ledger,
            MEMORY_RETENTION if self.is_in_memory else retention,
        )
        self._prices = PriceBook({})
        self._displays: dict[str, str] = {}
        self.recent_failures: deque[CallRecord] = deque(maxlen=RECENT_FAILURES)
        self.recent_mistakes: deque[CallRecord] = deque(maxlen=RECENT_FAILURES)

    @classmethod
    def read_only(cls, data_dir: Path) -> Recorder:
        """The counts in a data dir as they are now, beside a running server or without one.

        Raises TooNew, OSError.
        """
        recorder = cls(DiskFolder(data_dir))
        recorder.ledger.load_credits()
        recorder._store.open_read_only()
        recorder._recall()
        return recorder

    def open(self) -> None:
        """Take up where the last process ended, before anything is recorded.

        Never raises; what is wrong is logged.
        """
        fault = self.ledger.load_credits()
        if fault is not None:
            log.error("%s", fault)
        self._store.open()
        self._recall()

    def configure(self, config: Config, prices: PriceBook | None = None) -> None:
        """Put a configuration in force: `prices` (those that are written in it, when none are
        given), retention, the display names of keys, and since when each client key's spending
        counts.
        """
        self._prices = prices or PriceBook(config.preferences.prices)
        if not self.is_in_memory:
            self._store.retention = config.preferences.retention
        self._displays = {key.key_id: key.label for key in config.client_keys} | {
            credential.credential_id: credential.display
            for provider in config.providers
            for credential in provider.credentials
        }
        self.ledger.watch_periods(short_periods(config))
        self._store.restate_spending((key.key_id, key.created_at_s) for key in config.client_keys)

    @property
    def prices(self) -> PriceBook:
        """Those in force."""
        return self._prices

    # the path of a call

    def record(self, call: CallRecord) -> CallRecord:
        """Count one finished call; gives it back, with its cost. Memory only."""
        if call.cost_pd is None:
            call.cost_pd = self._prices.cost_pd(
                call.requested_model,
                call.upstream_model,
                call.usage,
                call.provider_id,
                call.at_s,
            )
        self._store.record(call)
        if call.outcome not in NOT_FAILURES:
            self._remember(call)
        return call

    def is_exhausted(self, key: ClientKey) -> bool:
        """Whether a client key has credits and none is left."""
        return self.ledger.is_exhausted(key)

    def add_credits(self, key_id: str, dollars: float, now_s: Epoch) -> None:
        """Add to a client key's credits; durable when this returns (a write and two fsyncs: call it
        in a thread). Raises OSError, then nothing was added.
        """
        self.ledger.add(key_id, picodollars(dollars), now_s)

    # jobs, in a thread

    def commit(self, now_s: Epoch) -> bool:
        """Each second: make what was recorded durable."""
        return self._store.commit(now_s)

    def compact(self, now_s: Epoch) -> None:
        """Each hour: let go of what is old."""
        self._store.compact(now_s)

    def close(self, now_s: Epoch) -> None:
        """At the end, after the last call: write everything."""
        self._store.close(now_s)

    # what reports are made of

    @property
    def trouble(self) -> str | None:
        """What keeps the statistics from being written, None when nothing does."""
        return self._store.trouble

    def names(self) -> dict[str, str]:
        """What to show for the ids of client keys and provider keys; the configuration in force has
        the last word. No two of them look alike.
        """
        return told_apart({**self._store.names(), **self._displays}, ID_SHOWN)

    def window(self, from_s: float, to_s: float) -> Aggregate:
        """The counts of the hours from the one that `from_s` lies in to that of `to_s`."""
        return gathered(self._store.kept(hour_of(from_s), hour_of(to_s)).pieces())

    def outlines(self, from_s: float, to_s: float) -> dict[int, Outline]:
        """What charts draw of the same hours, by the epoch second that each begins at.

        A day of which the hours are no longer kept comes as one.
        """
        outlines = self._store.kept(hour_of(from_s), hour_of(to_s)).outlines()
        return {hour * HOUR_S: outline for hour, outline in outlines.items()}

    def newest(
        self, most_bytes: int, before: Position | None = None
    ) -> Iterator[tuple[Position | None, CallRecord]]:
        """Single calls, the newest first, with their place in the journal; see `Store.newest`."""
        return self._store.written.newest(most_bytes, before)

    def since(self, place: Position) -> Iterator[CallRecord]:
        """The calls from a place of the journal on, oldest first."""
        return self._store.written.since(place)

    def written_to(self) -> Position:
        """Where the journal ends; calls of the last second are not in it."""
        return self._store.written.end()

    def bytes_before(self, place: Position | None) -> int:
        """How much of the journal lies before a place (None: all of it)."""
        return self._store.written.bytes_before(place)

    def lifetime(self) -> Aggregate:
        """Counters for `/metrics`: what this process counted since it began, and what it replayed
        then.
        """
        return self._store.lifetime()

    def tokens_since(self, keys: Iterable[ClientKey], now_s: Epoch) -> Mapping[str, Aggregate]:
        """For each client key its counts since its `created_at`, as far back as anything
        is kept.
        """
        everything: dict[float, Aggregate] = {}
        found = {}
        for key in keys:
            since_s = key.created_at_s or 0.0
            if since_s not in everything:
                everything[since_s] = self.window(since_s, now_s + DAY_S)
            found[key.key_id] = everything[since_s].only(key.key_id)
        return found

    def _recall(self) -> None:
        for call in self._store.written.recent():
            if call.is_failure:
                self._remember(call)

    def _remember(self, call: CallRecord) -> None:
        is_mistake = call.is_clients_own
        (self.recent_mistakes if is_mistake else self.recent_failures).append(call)
