"""The files of the counts: one for each day, and the checkpoint with the one before it.

Reads what is there, sets aside what is damaged, lets old ones go.
"""

from __future__ import annotations

import contextlib
import logging
from collections import defaultdict
from collections.abc import Iterator, Mapping

from uniapi.clock import Epoch
from uniapi.config import Retention
from uniapi.storage import START, Folder, Position

from .aggregate import Aggregate, merged
from .calendar import DAY_S, HOUR_S, day_name, day_of_name
from .chart_sums import Outline, outline_of
from .columns import COST
from .packing import (
    Checkpoint,
    Damaged,
    DayFile,
    TooNew,
    decode_checkpoint,
    decode_day,
    encode_checkpoint,
    encode_day,
    pack,
    pack_outlines,
)
from .sums import add_rows

log = logging.getLogger("uniapi.stats")

CHECKPOINT = "checkpoint.gz"
CHECKPOINT_BEFORE = "checkpoint-before.gz"
DAYS_BYTES = 20_000_000
"""All day files together: with the journal's 25 MB, under 50 MB.

Beyond it the oldest days lose their hours early, then go.
"""


class Shelf:
    """`damaged`: days whose file could not be read; the store counts them anew from the journal."""

    def __init__(self, folder: Folder) -> None:
        self._folder = folder
        self._through: dict[int, Position] = {}
        self.damaged: set[int] = set()

    # day files

    def days(self) -> list[int]:
        """The days there is a file for, in order."""
        found = (
            day_of_name(name.removesuffix(".gz"))
            for name in self._folder.names("days")
            if name.endswith(".gz")
        )
        return sorted(day for day in found if day is not None)

    def day(self, day: int) -> DayFile | None:
        """A day as kept; None when there is no file, or none that can be read."""
        try:
            return decode_day(self._folder.read(_day_file(day)), day)
        except FileNotFoundError:
            return None
        except (Damaged, TooNew) as error:
            self._is_damaged(day, str(error))
        except OSError as error:
            self._is_damaged(day, error.strerror or str(error))
        return None

    def through(self, day: int) -> Position:
        """How far the day's file goes in the journal; the start when there is none."""
        if day not in self._through:
            file = self.day(day)
            self._through[day] = START if file is None else file.through
        return self._through[day]

    def furthest(self) -> Position:
        """The furthest place any day file names."""
        return max((self.through(day) for day in self.days()), default=START)

    def spent(self) -> dict[str, int]:
        """What every client key has spent according to the day files."""
        spent: dict[str, int] = defaultdict(int)
        for day in self.days():
            file = self.day(day)
            if file is not None:
                for key, cell in file.whole().cells.items():
                    spent[key.key_id] += cell[COST]
        return dict(spent)

    def spent_by_hour(self) -> Iterator[tuple[int, str, str, int]]:
        """The same by hour and provider: (second it begins at, client key, provider id, amount).
        A day of which only the sum is kept is its first hour's.
        """
        for day in self.days():
            file = self.day(day)
            if file is not None and file.is_compacted:
                yield from spent_in(day * 24, file.whole())
            elif file is not None:
                for hour in file.hours:
                    yield from spent_in(hour, file.hour(hour))

    def write(self, file: DayFile, hours: Mapping[int, Aggregate], through: Position) -> None:
        """Write a day with the counts of more of the journal added.

        A day that is compacted already stays so.
        """
        added = merged(hours.values())
        whole, outlines = file.whole(), file.outlines()
        if file.total and file.is_compacted:
            whole.merge(added.compacted())
            add_rows(outlines.setdefault(file.day * 24, {}), outline_of(added))
            members = {}
        else:
            whole.merge(added.daily())
            members = dict(file.hours)
            for hour, part in hours.items():
                both = file.hour(hour)
                both.merge(part)
                members[hour] = pack(both)
                add_rows(outlines.setdefault(hour, {}), outline_of(part))
        self._write(
            DayFile(
                day=file.day,
                through=through,
                outline=pack_outlines(outlines),
                total=pack(whole),
                hours=members,
            )
        )

    def put_damaged_aside(self, day: int) -> None:
        """Keep a damaged file under another name, for whoever wants to look."""
        with contextlib.suppress(FileNotFoundError):
            self._folder.rename(_day_file(day), f"{_day_file(day)}.damaged")

    def age(self, now_s: Epoch, retention: Retention) -> None:
        """Old days lose their hours, very old ones go."""
        for day in self.days():
            age_s = now_s - (day + 1) * DAY_S
            if age_s > retention.daily_s:
                self._remove(day)
            elif age_s > retention.hourly_s:
                self._compact(day)

    def shrink(self, limit: int = DAYS_BYTES) -> None:
        """Keep the day files together under `limit` bytes: hours go first, oldest first;
        then days.
        """
        days = self.days()
        total = sum(self._size(day) for day in days)
        for step in (self._compact, self._remove):
            for day in days[:-1]:
                if total <= limit:
                    return
                before = self._size(day)
                step(day)
                total -= before - self._size(day)

    def _compact(self, day: int) -> None:
        file = self.day(day)
        if file is not None and not file.is_compacted:
            outline: Outline = {}
            for one in file.outlines().values():
                add_rows(outline, one)
            self._write(
                DayFile(
                    day=day,
                    through=file.through,
                    outline=pack_outlines({day * 24: outline}),
                    total=pack(file.whole().compacted()),
                )
            )

    def _remove(self, day: int) -> None:
        self._folder.remove(_day_file(day))
        self._through.pop(day, None)

    def _size(self, day: int) -> int:
        return self._folder.size(_day_file(day)) or 0

    def _write(self, file: DayFile) -> None:
        self._folder.replace(_day_file(file.day), encode_day(file))
        self._through[file.day] = file.through
        self.damaged.discard(file.day)

    def _is_damaged(self, day: int, why: str) -> None:
        if day not in self.damaged:
            log.warning(
                "the statistics of %s cannot be read (%s): they are counted anew from the journal,"
                " as far as it goes",
                day_name(day),
                why,
            )
        self.damaged.add(day)

    # checkpoints

    def checkpoint(self, *, is_writer: bool) -> Checkpoint | None:
        """The newest checkpoint that can be read; a damaged one is set aside.

        None: there is none. Raises TooNew.
        """
        for name in (CHECKPOINT, CHECKPOINT_BEFORE):
            try:
                return decode_checkpoint(self._folder.read(name))
            except FileNotFoundError:
                continue
            except (Damaged, OSError) as error:
                log.warning(
                    "%s cannot be read (%s): the one before it and the journal are used",
                    name,
                    error,
                )
                if is_writer:
                    with contextlib.suppress(OSError):
                        self._folder.rename(name, f"{name}.damaged")
        return None

    def write_checkpoint(self, checkpoint: Checkpoint) -> None:
        """Put a new checkpoint in place; the last one stays as the one before it."""
        content = encode_checkpoint(checkpoint)
        if self._folder.size(CHECKPOINT) is not None:
            self._folder.rename(CHECKPOINT, CHECKPOINT_BEFORE)
        self._folder.replace(CHECKPOINT, content)


def spent_in(hour: int, counts: Aggregate) -> Iterator[tuple[int, str, str, int]]:
    """What the cells of an hour say was spent."""
    for key, cell in counts.cells.items():
        if cell[COST]:
            yield hour * HOUR_S, key.key_id, key.provider, cell[COST]


def _day_file(day: int) -> str:
    return f"days/{day_name(day)}.gz"
