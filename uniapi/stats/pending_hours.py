"""The counting in memory: hours that no day file holds yet, what this process has counted in all,
and the names of the keys in it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from .aggregate import Aggregate
from .batch import Equals
from .day_files import Shelf, spent_in
from .packing import Pending
from .write_queue import PENDING_DAYS, coarsen

MAX_NAMES = 5000


class PendingHours:
    """`days` by day. No lock of its own: who changes it and who copies it hold the same one."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self._lifetime = Aggregate()
        self.days: dict[int, Pending] = {}
        self.names: dict[str, str] = {}
        """What to show for the ids of client keys and provider keys, as last seen."""

    def take_up(self, days: Mapping[int, Pending]) -> None:
        """What a checkpoint holds, but for the hours that a file has taken in since then."""
        for day, pending in days.items():
            if self._shelf.through(day) <= pending.since:
                self.days[day] = pending

    def count(self, equals: Equals) -> None:
        """Finished calls, in their hour."""
        self.hour(equals.hour).add_equal(equals.calls, equals.figures)
        names, call = self.names, equals.calls[0]
        if len(names) < MAX_NAMES or call.key_id in names:
            names[call.key_id] = call.key_label
            for attempt in call.attempts:
                names[attempt.credential_id] = attempt.credential_display

    def hour(self, hour: int) -> Aggregate:
        """To be added to."""
        day = hour // 24
        pending = self.days.get(day)
        if pending is None:
            pending = self.days[day] = Pending(self._shelf.through(day))
        return pending.hours.setdefault(hour, Aggregate())

    def spent(self) -> Iterator[tuple[int, str, str, int]]:
        """What was spent, hour by hour."""
        for pending in self.days.values():
            for hour, part in pending.hours.items():
                yield from spent_in(hour, part)

    def copied(self, days: range) -> dict[int, Pending]:
        """Copies of those of some days."""
        return {
            day: Pending(one.since, {hour: part.copy() for hour, part in one.hours.items()})
            for day, one in self.days.items()
            if day in days
        }

    def folded(self, day: int) -> None:
        """A day's hours stand in its file now."""
        for part in self.days.pop(day, Pending()).hours.values():
            self._lifetime.merge(part.compacted())

    def lifetime(self) -> Aggregate:
        """All that was counted, folded hours too, without the providers' keys."""
        total = self._lifetime.copy()
        for pending in self.days.values():
            for part in pending.hours.values():
                total.merge(part.compacted())
        return total

    def coarsen(self) -> None:
        """What is older is kept by the day: memory stays bounded."""
        for day in sorted(self.days)[:-PENDING_DAYS]:
            coarsen(self.days[day].hours, before_day=day + 1)
