"""The counts on disk: every call goes into the journal within a second, and from there, once an
hour, into the file of its day.

    record ─► queue ─► journal (each second, fsync) ─► pending hours ─► days/2026-11-03.gz (each
    hour)
                                                          └─► checkpoint.gz (each two minutes):
                                                          pending hours, and how far the journal is
                                                          in them

Exactly once, wherever the process is killed: a checkpoint names its place in the journal, and a
start counts what lies behind it. A day file names the place it goes to as well (`through`); pending
hours know where their file stood when they began (`since`). A file that goes further than that
holds them already, so they are dropped. The place moves with every fold, because a mark is put into
the journal first. Nothing depends on the clock.

`record` runs on the event loop and touches memory only. `commit` and `compact` belong into a
thread, called by jobs; reports may be made in any.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable
from itertools import chain

from uniapi.clock import Epoch
from uniapi.config import Retention
from uniapi.storage import START, Folder, Journal, Position

from .aggregate import Aggregate
from .batch import Batch
from .calendar import DAY_S, HOUR_S, day_name, hour_of
from .chart_sums import COST_PLACE
from .clock_doubt import ClockDoubt
from .day_files import Shelf
from .disk_trouble import DiskTrouble
from .journal_line import decode_call
from .kept_hours import KeptHours
from .ledger import Ledger
from .packing import SCHEMA, Checkpoint, DayFile, Pending, TooNew
from .pending_hours import PendingHours
from .records import CallRecord
from .write_queue import Waiting
from .written_calls import WrittenCalls

log = logging.getLogger("uniapi.stats")

CHECKPOINT_COMMITS = 120
CHECKPOINT_BYTES = 2_000_000
"""A start replays what lies behind the checkpoint: of so much, a fifth of a second."""
COUNTED_AT_ONCE = 1000
"""Calls of the journal, at a start."""
_FOLD_MARK = b'{"fold":1}\n'


class Store:
    """One writer to a folder."""

    def __init__(self, folder: Folder, ledger: Ledger, retention: Retention | None = None) -> None:
        self.retention = retention or Retention()
        self._folder = folder
        self._ledger = ledger
        self._shelf = Shelf(folder)
        self._journal = Journal(
            folder,
            schema=SCHEMA,
            segment_bytes=max(65536, min(4_000_000, self.retention.raw_bytes // 4)),
        )
        self._writing = threading.Lock()
        self._counting = threading.Lock()
        self._waiting = Waiting(ledger)
        self.record = self._waiting.add
        """Takes in a finished call. Memory only."""
        self._pending = PendingHours(self._shelf)
        self.written = WrittenCalls(self._journal, self._waiting)
        self._watermark = START
        self._checkpointed = self._checkpointed_before = START
        self._pruned = START.segment
        self._commits = 0
        self._is_dirty = False
        self._hour: int | None = None
        self._clock = ClockDoubt()
        self._disk = DiskTrouble()
        self._losses = 0
        self._is_open = False

    @property
    def trouble(self) -> str | None:
        """What keeps it from writing; None: nothing does."""
        return self._disk.reason

    # opening

    def open(self) -> None:
        """Take up the counts of earlier processes.

        Never raises: what cannot be read is set aside and said.
        """
        try:
            self._folder.sweep()
            self._load(is_writer=True)
            self._is_open = True
        except TooNew as error:
            name = self._folder.set_aside(f"schema-{error.schema}")
            log.warning(
                "the statistics were %s: they are kept as %s, and counting begins anew", error, name
            )
            self._load(is_writer=True)
            self._is_open = True
        except OSError as error:
            self._failed(error)

    def open_read_only(self) -> None:
        """Read the counts as they are on disk, beside a running server.

        Raises TooNew and OSError.
        """
        self._load(is_writer=False)

    def _load(self, *, is_writer: bool) -> None:
        checkpoint = self._shelf.checkpoint(is_writer=is_writer)
        self._pending.days, self._watermark = {}, START
        if checkpoint is None:
            self._ledger.load({key: [amount, None] for key, amount in self._shelf.spent().items()})
            self._ledger.load_hours(self._shelf.spent_by_hour())
        else:
            self._ledger.load(checkpoint.spent)
            self._pending.names = checkpoint.names
            self._watermark = self._checkpointed = checkpoint.watermark
            self._clock.last_now_s = checkpoint.written_at_s
            self._hour = int(checkpoint.written_at_s // HOUR_S)
            self._pending.take_up(checkpoint.pending)
            if checkpoint.periods is not None:
                self._ledger.load_periods(checkpoint.periods)
            else:
                self._ledger.load_hours(chain(self._shelf.spent_by_hour(), self._pending.spent()))
        known = self._watermark if checkpoint is not None else self._shelf.furthest()
        self._journal.open(known)
        reached = known
        found: list[CallRecord] = []
        for position, line in self._journal.read(self._watermark):
            reached = Position(position.segment, position.offset + len(line) + 1)
            call = decode_call(line)
            if call is None:
                continue
            is_in_file = position < self._shelf.through(hour_of(call.at_s) // 24)
            if checkpoint is not None or not is_in_file:
                self._ledger.settle((call,))
            if not is_in_file:
                found.append(call)
            if len(found) >= COUNTED_AT_ONCE:
                self._count(Batch(found))
                found = []
            self._is_dirty = True
        self._count(Batch(found))
        # Behind a torn tail the journal's end is the mere number of the segment: what was replayed
        # from it must not be replayed from the next checkpoint again.
        self._watermark = max(self._journal.end, known, reached)
        self._waiting.recharge()

    # recording

    def commit(self, now_s: Epoch) -> bool:
        """Make everything recorded so far durable, and fold or checkpoint when it is time.

        False when the disk did not take it (see `trouble`); the calls are kept then.
        """
        with self._writing:
            self._clock.watch(now_s)
            if self._disk.lets_pass():
                return False
            try:
                if not self._is_open:
                    self._load(is_writer=True)
                    self._is_open = True
                self._write_waiting(now_s)
                hour = int(now_s // HOUR_S)
                if self._hour is not None and hour != self._hour:
                    self._fold(now_s)
                elif self._is_checkpoint_due():
                    self._checkpoint(now_s)
                self._hour = hour
                if self._pruned != self._checkpointed_before.segment:
                    # Its bound holds at all times, however much is written in an hour.
                    self._prune_journal(now_s)
            except (OSError, MemoryError) as error:
                self._failed(error)
                return False
            self._disk.worked(self._waiting.dropped)
            self._waiting.dropped = 0
            return True

    def compact(self, now_s: Epoch) -> None:
        """Let go of what is older or larger than `retention` says."""
        with self._writing:
            self._clock.watch(now_s)
            try:
                if not self._clock.is_doubted:
                    self._shelf.age(now_s, self.retention)
                self._prune_journal(now_s)
                self._shelf.shrink()
            except OSError as error:
                self._failed(error)

    def close(self, now_s: Epoch) -> None:
        """Write everything there is; the last call."""
        self._disk.try_now()
        if self.commit(now_s):
            with self._writing:
                try:
                    self._checkpoint(now_s)
                except OSError as error:
                    self._failed(error)
        self._journal.close()

    # reading

    def kept(self, from_hour: int, to_hour: int) -> KeptHours:
        """The counts of the hours from `from_hour` to `to_hour`, both included."""
        days = range(from_hour // 24, to_hour // 24 + 1)
        # At one moment, and before the files are read.
        with self._counting:
            pending, recent = self._pending.copied(days), self._waiting.counts()
        return KeptHours.of(self._shelf, pending, recent, (from_hour, to_hour))

    def lifetime(self) -> Aggregate:
        """Everything this process knows to have happened since it began (and what it replayed),
        without the providers' keys: only grows, as counters must.
        """
        with self._counting:
            total = self._pending.lifetime()
            for part in self._waiting.counts().values():
                total.merge(part.compacted())
        return total

    def names(self) -> dict[str, str]:
        """What to show for the ids of client keys and provider keys, as last seen."""
        with self._counting:
            return dict(self._pending.names)

    def restate_spending(self, since_by_key: Iterable[tuple[str, float | None]]) -> None:
        """Bring the ledger in line with each key's `created_at`.

        Calls are told apart by the hour: those in the hour of `created_at` count.
        """
        changed = [
            (key_id, since_s)
            for key_id, since_s in since_by_key
            if self._ledger.since_s(key_id) != since_s
        ]
        if not changed:
            return
        with self._writing:
            last = max(
                [
                    hour_of(self._clock.last_now_s) + 24,
                    *(day * 24 + 23 for day in {*self._shelf.days(), *self._pending.days}),
                ]
            )
            earliest = min(hour_of(since_s or 0.0) for _, since_s in changed)
            outlines = self.kept(earliest, last).outlines(with_waiting=False)
            for key_id, since_s in changed:
                first = hour_of(since_s or 0.0)
                settled = sum(
                    outline[key_id][COST_PLACE]
                    for hour, outline in outlines.items()
                    if hour >= first and key_id in outline
                )
                self._ledger.restate(key_id, since_s, settled)
            self._waiting.recharge()
            self._is_dirty = True

    # writing; all of it under `_writing`

    def _write_waiting(self, now_s: Epoch) -> None:
        """What waits → journal → pending hours."""
        if not self._waiting:
            return
        calls = self._waiting.take()
        try:
            batch = Batch(calls)
            for day in batch.days():
                self._shelf.through(day)
            end = (
                self._journal.write([batch.lines()], day_name(int(now_s // DAY_S)))
                if calls
                else self._watermark
            )
        except (OSError, MemoryError):
            self._waiting.give_back()
            raise
        try:
            self._count_written(batch, end)
        except MemoryError:
            # They are in the journal: what is counted is read anew, once there is memory again.
            self._waiting.are_written()
            self._is_open = False
            raise

    def _count(self, batch: Batch) -> None:
        for equals in batch:
            self._pending.count(equals)

    def _count_written(self, batch: Batch, end: Position) -> None:
        with self._counting:
            self._count(batch)
            self._ledger.settle(batch.calls)
            spill, costs = self._waiting.done()
            for hour, part in spill.items():
                self._pending.hour(hour).merge(part)
            self._ledger.settle_all(costs)
            self._watermark = end
            self._is_dirty = True
            if spill:
                # No line in the journal says them again.
                self._commits = CHECKPOINT_COMMITS

    def _fold(self, now_s: Epoch) -> None:
        """Pending hours → day files.

        Each day stands for itself: a failure leaves the rest pending.
        """
        days = sorted({*self._pending.days, *self._shelf.damaged})
        if not days and not self._is_dirty:
            return
        if days:
            position = self._journal.write([_FOLD_MARK], day_name(int(now_s // DAY_S)))
            with self._counting:
                self._watermark = position
            for day in days:
                pending = self._pending.days.get(day, Pending())
                file = self._shelf.day(day)
                hours = pending.hours
                if file is None and day in self._shelf.damaged:
                    self._shelf.put_damaged_aside(day)
                    hours = self.written.of_day(day, before=position)
                self._shelf.write(file or DayFile(day=day, through=START), hours, through=position)
                with self._counting:
                    self._pending.folded(day)
        self._checkpoint(now_s)

    def _is_checkpoint_due(self) -> bool:
        self._commits += 1
        if self._journal.losses != self._losses:
            self._losses = self._journal.losses
            log.warning(
                "the statistics journal was deleted or cut by something else; what was counted is"
                " kept, and the journal goes on in a new file"
            )
            return True
        if not self._is_dirty:
            return False
        is_far = (
            self._watermark.segment != self._checkpointed.segment
            or self._watermark.offset - self._checkpointed.offset > CHECKPOINT_BYTES
        )
        return is_far or self._commits >= CHECKPOINT_COMMITS

    def _checkpoint(self, now_s: Epoch) -> None:
        """Write down where we stand.

        Only this thread changes what is pending, so it is read without a lock.
        """
        self._shelf.write_checkpoint(
            Checkpoint(
                self._watermark,
                dict(self._pending.days),
                self._ledger.dump(),
                self._pending.names,
                round(now_s, 3),
                self._ledger.dump_periods(),
            )
        )
        self._checkpointed_before, self._checkpointed = self._checkpointed, self._watermark
        self._commits = 0
        self._is_dirty = False

    def _prune_journal(self, now_s: Epoch) -> None:
        """What the checkpoint before the newest needs is kept: the newest may prove damaged."""
        oldest_s = now_s - self.retention.raw_s
        self._journal.prune(
            before_day="" if self._clock.is_doubted else day_name(int(oldest_s // DAY_S)),
            total_bytes=self.retention.raw_bytes,
            keep_from=self._checkpointed_before.segment,
        )
        self._pruned = self._checkpointed_before.segment

    def _failed(self, error: OSError | MemoryError) -> None:
        """Until it is written, what is older is kept by the day: memory stays bounded."""
        self._disk.failed(error)
        with self._counting:
            self._pending.coarsen()
