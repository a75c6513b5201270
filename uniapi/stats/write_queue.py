"""Calls that are recorded and not durable yet.

Bounded: when the disk does not keep up for long, the oldest are only counted, without their line in
the journal.
"""

from __future__ import annotations

import threading

from .aggregate import Aggregate
from .batch import Batch
from .calendar import hour_of
from .ledger import Charges, Ledger
from .records import CallRecord

MAX_WAITING = 10_000
"""About 10 MB, and what a saturated gateway answers in two seconds: as long as the disk keeps up,
none is spilled.
"""
PENDING_DAYS = 3
"""Of a disk that is bad for longer than so many days, the earlier days are kept as one hour each.
"""


class Waiting:
    """`add` is called on the event loop; `take`, and then `give_back` or `done`, by the one thread
    that writes; `counts` by any. Memory only.
    """

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._lock = threading.Lock()
        self._calls: list[CallRecord] = []
        self._in_flight: list[CallRecord] = []
        self._spill: dict[int, Aggregate] = {}
        self._spill_costs = ledger.nothing()
        self.dropped = 0
        """How many calls were counted without their line, since it was last set to 0."""

    def add(self, call: CallRecord) -> None:
        """Take in a finished call, and charge it."""
        if call.cost_pd:
            with self._lock:
                self._ledger.charge(call)
                self._calls.append(call)
        else:
            # One step, always of the same list: it needs no lock.
            self._calls.append(call)
        if len(self._calls) > MAX_WAITING:
            with self._lock:
                self._spill_oldest(MAX_WAITING // 10)

    def take(self) -> list[CallRecord]:
        """All calls, to be written. They still count as waiting."""
        with self._lock:
            self._in_flight = self._calls[:]
            del self._calls[: len(self._in_flight)]
            return self._in_flight

    def give_back(self) -> None:
        """They could not be written."""
        with self._lock:
            self._calls[:0] = self._in_flight
            self._in_flight = []
            if len(self._calls) > MAX_WAITING:
                self._spill_oldest(len(self._calls) - MAX_WAITING)

    def are_written(self) -> None:
        """They are in the journal, but not counted from there yet."""
        with self._lock:
            self._in_flight = []

    def done(self) -> tuple[dict[int, Aggregate], Charges]:
        """They are counted elsewhere now; gives what was only counted here, by hour, and what it
        cost.
        """
        with self._lock:
            self._in_flight = []
            spill, self._spill = self._spill, {}
            costs, self._spill_costs = self._spill_costs, self._ledger.nothing()
            return spill, costs

    def counts(self) -> dict[int, Aggregate]:
        """Everything that waits, by hour."""
        with self._lock:
            calls = [*self._in_flight, *self._calls]
            hours = {hour: part.copy() for hour, part in self._spill.items()}
        for call in calls:
            hours.setdefault(hour_of(call.at_s), Aggregate()).add(call)
        return hours

    def newest(self) -> list[CallRecord]:
        """The calls that wait, the newest first."""
        with self._lock:
            return [*self._in_flight, *self._calls][::-1]

    def recharge(self) -> None:
        """What is spent is what is settled and what waits: for when the settled amounts were read
        or restated.
        """
        with self._lock:
            self._ledger.recharge([*self._in_flight, *self._calls], self._spill_costs)

    def __bool__(self) -> bool:
        return bool(self._calls or self._in_flight or self._spill)

    def _spill_oldest(self, count: int) -> None:
        for group in Batch(self._calls[:count]):
            hour = self._spill.setdefault(group.hour, Aggregate())
            hour.add_equal(group.calls, group.figures)
            for call in group.calls:
                self._ledger.put(call, self._spill_costs)
        coarsen(self._spill, before_day=max(self._spill) // 24 - PENDING_DAYS)
        del self._calls[:count]
        self.dropped += count


def coarsen(hours: dict[int, Aggregate], before_day: int) -> None:
    """Put the hours of earlier days together, in the first of each."""
    for hour in [hour for hour in hours if hour // 24 < before_day and hour % 24]:
        hours.setdefault(hour // 24 * 24, Aggregate()).merge(hours.pop(hour))
