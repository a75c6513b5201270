"""What is kept of a range of hours: files of days, what waits to be put into them, and what is not
in the journal yet.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from uniapi.values import dataclass

from .aggregate import Aggregate
from .chart_sums import Outline, outline_of
from .day_files import Shelf
from .packing import DayFile, Pending
from .sums import add_rows


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptDay:
    """The file of a day, None: it has none, and by hour what waits to be put into it."""

    file: DayFile | None
    waiting: Mapping[int, Aggregate]


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptHours:
    """The hours from `first` to `last`, both included: the days they lie in, and by hour what is
    not in the journal yet.
    """

    first: int
    last: int
    days: tuple[KeptDay, ...]
    recent: Mapping[int, Aggregate]

    @classmethod
    def of(
        cls,
        shelf: Shelf,
        pending: Mapping[int, Pending],
        recent: Mapping[int, Aggregate],
        hours: tuple[int, int],
    ) -> KeptHours:
        """`pending` by day and `recent` are of one moment, before the files are read: what a file
        has taken in since then is not counted twice.
        """
        first, last = hours
        days = range(first // 24, last // 24 + 1)
        found = []
        for day in sorted({day for day in shelf.days() if day in days} | set(pending)):
            file = shelf.day(day)
            waiting = pending.get(day, Pending())
            if file is not None and file.through > waiting.since:
                waiting = Pending()
            found.append(KeptDay(file=file, waiting=_within(waiting.hours, first, last)))
        return cls(first=first, last=last, days=tuple(found), recent=_within(recent, first, last))

    def pieces(self) -> list[bytes | Aggregate]:
        """The counts as parts for `gathered`: a day as one when all its hours are wanted. A day of
        which only the sum is kept belongs to the range when its middle does.
        """
        found: list[bytes | Aggregate] = []
        for day in self.days:
            if day.file is not None:
                found += self._of_file(day.file)
            found += day.waiting.values()
        return [*found, *self.recent.values()]

    def _of_file(self, file: DayFile) -> list[bytes | Aggregate]:
        asked = range(self.first, self.last + 1)
        is_whole = (
            _middle(file) in asked
            if file.is_compacted
            else all(hour in asked for hour in file.hours)
        )
        if is_whole:
            return [file.total]
        return [part for hour, part in file.hours.items() if hour in asked]

    def outlines(self, *, with_waiting: bool = True) -> dict[int, Outline]:
        """The outlines by hour; that of a day of which only the sum is kept stands under its
        middle, which in most zones lies in the local day of the same date. Without `with_waiting`:
        only what is in the journal.
        """
        found: dict[int, Outline] = defaultdict(dict)
        for day in self.days:
            for hour, outline in ({} if day.file is None else _by_hour(day.file)).items():
                if self.first <= hour <= self.last:
                    add_rows(found[hour], outline)
            for hour, part in day.waiting.items():
                add_rows(found[hour], outline_of(part))
        for hour, part in self.recent.items() if with_waiting else ():
            add_rows(found[hour], outline_of(part))
        return found


def _middle(file: DayFile) -> int:
    return file.day * 24 + 12


def _by_hour(file: DayFile) -> dict[int, Outline]:
    if not file.is_compacted:
        return file.outlines()
    return {_middle(file): outline for outline in file.outlines().values()}


def _within(hours: Mapping[int, Aggregate], first: int, last: int) -> dict[int, Aggregate]:
    return {hour: part for hour, part in hours.items() if first <= hour <= last}
