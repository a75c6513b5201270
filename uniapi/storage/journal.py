"""An append-only journal: one line per entry, in numbered segments, each write durable before it
counts.

Positions only go forward, whatever the clock does: the segment's number comes first (the date in
its name is for people and for retention). A line counts when its line break is there, so a torn
tail is never read; and nothing is ever appended behind one: the journal goes on in a new segment.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from .folder import Appender, Folder

SEGMENT_BYTES = 4_000_000
READ_BYTES = 1 << 18
BACK_BYTES = 1 << 16
"""Read at once where the newest lines are wanted: about a hundred and fifty calls."""
LONGEST_LINE = 1 << 20
WITHIN = "journal"


class Position(NamedTuple):
    """A place in the journal: segment number (from 1) and byte offset."""

    segment: int
    offset: int


START = Position(0, 0)
"""Before everything."""


class Journal:
    """The segments in `folder`/journal. One writer; reading needs no lock."""

    def __init__(self, folder: Folder, *, schema: int, segment_bytes: int = SEGMENT_BYTES) -> None:
        self._folder = folder
        self._schema = schema
        self._segment_bytes = segment_bytes
        self._appender: Appender | None = None
        self._name = ""
        self._day = ""
        self._unwritten: str | None = None
        self.end = START
        """Where the next line begins, once `open` has been called."""
        self.losses = 0
        """How often a segment was found deleted or cut under us."""

    def open(self, known: Position) -> None:
        """Find where to go on. `known`: a position that was durable once; the journal never goes
        back behind it.
        """
        segments = self.segments()
        if not segments:
            self.end = Position(known.segment, 0)
            return
        number, name, size = segments[-1]
        is_usable = (
            size > 0
            and Position(number, size) >= known
            and self._folder.read(name, size - 1) == b"\n"
        )
        if is_usable:
            self._name, self._day, self.end = name, _day_of(name), Position(number, size)
        else:
            self.end = Position(max(number, known.segment), 0)

    def write(self, lines: Sequence[bytes], day: str) -> Position:
        """Append the lines and make them durable; gives the position behind them.

        Raises OSError: then none of them counts and the journal stands where it stood.
        """
        self._ready(day)
        assert self._appender is not None
        data = b"".join(lines) if self.end.offset else self._head() + b"".join(lines)
        try:
            self._appender.write_synced(data)
        except OSError:
            self._step_back()
            raise
        self._unwritten = None
        self.end = Position(self.end.segment, self.end.offset + len(data))
        return self.end

    def segments(self) -> list[tuple[int, str, int]]:
        """(number, name, size) of every segment, oldest first."""
        found = []
        for base in self._folder.names(WITHIN):
            digits = base.partition("-")[0]
            if digits.isascii() and digits.isdigit() and base.endswith(".jsonl"):
                name = f"{WITHIN}/{base}"
                found.append((int(digits), name, self._folder.size(name) or 0))
        return sorted(found)

    def read(self, start: Position) -> Iterator[tuple[Position, bytes]]:
        """Every whole line from `start` on, with where it begins.

        A segment that cannot be read any further is left at that place.
        """
        for number, name, _ in self.segments():
            if number < start.segment:
                continue
            offset = start.offset if number == start.segment else 0
            try:
                yield from self._lines(number, name, offset)
            except OSError:
                continue

    def tail(self, length: int) -> list[bytes]:
        """The whole lines among the last `length` bytes of the newest segment."""
        segments = self.segments()
        if not segments:
            return []
        _, name, size = segments[-1]
        lines = self._folder.read(name, max(0, size - length)).split(b"\n")
        return lines[1 if size > length else 0 : -1]

    def newest(
        self, most_bytes: int, before: Position | None = None
    ) -> Iterator[tuple[Position, bytes]]:
        """The whole lines before `before` (None: all), the newest first, with where each begins;
        no more than about `most_bytes` of the files are read.

        A segment that cannot be read, or holds no lines of ours, is passed over.
        """
        for number, name, size in reversed(self.segments()):
            if before is not None and number > before.segment:
                continue
            is_cut = before is not None and number == before.segment
            end = min(size, before.offset) if before is not None and is_cut else size
            start = max(0, end - most_bytes)
            with contextlib.suppress(OSError):
                yield from self._lines_back(number, name, start, end)
            most_bytes -= end - start
            if most_bytes <= 0:
                return

    def prune(self, *, before_day: str, total_bytes: int, keep_from: int) -> int:
        """Delete the segments of days before `before_day` and the oldest beyond `total_bytes`,
        never one numbered `keep_from` or later. Gives how many.
        """
        segments = self.segments()
        total = sum(size for _, _, size in segments)
        count = 0
        for number, name, size in segments:
            if (
                number >= keep_from
                or number == self.end.segment
                or (total <= total_bytes and _day_of(name) >= before_day)
            ):
                continue
            self._folder.remove(name)
            total -= size
            count += 1
        return count

    def close(self) -> None:
        if self._appender is not None:
            self._appender.close()
            self._appender = None

    def _ready(self, day: str) -> None:
        """Have the right segment open: the one we stand in when it is as we left it, else
        the next.
        """
        if self._appender is None and self.end.offset:
            self._appender = self._opened(self._name, self.end.offset)
        if self._appender is not None and not self._appender.is_intact(self.end.offset):
            self.losses += 1
            self._next_segment(day)
        elif not self.end.offset or self.end.offset >= self._segment_bytes or day != self._day:
            self._next_segment(day)

    def _next_segment(self, day: str) -> None:
        self.close()
        name = self._unwritten or f"{WITHIN}/{self.end.segment + 1:08d}-{day}.jsonl"
        self._unwritten = name
        self._appender = self._opened(name, 0)
        self._name, self._day, self.end = name, day, Position(self.end.segment + 1, 0)

    def _opened(self, name: str, size: int) -> Appender:
        """The segment, without what a failed write may have left behind `size`."""
        appender = self._folder.appender(name)
        try:
            if appender.size() > size:
                appender.truncate(size)
        except OSError:
            appender.close()
            raise
        return appender

    def _step_back(self) -> None:
        """After a failed write: take back what it left. If that fails too, `_opened` does it before
        the next write; a segment without a first line is tried again under the same name, whatever
        the day is then.
        """
        assert self._appender is not None
        with contextlib.suppress(OSError):
            self._appender.truncate(self.end.offset)
        self.close()
        if not self.end.offset:
            self.end = Position(self.end.segment - 1, 0)

    def _head(self) -> bytes:
        return (
            json.dumps(
                {"schema": self._schema, "segment": self.end.segment}, separators=(",", ":")
            ).encode()
            + b"\n"
        )

    def _lines(self, number: int, name: str, offset: int) -> Iterator[tuple[Position, bytes]]:
        rest = b""
        place = offset
        while block := self._folder.read(name, place, READ_BYTES):
            place += len(block)
            *lines, rest = (rest + block).split(b"\n")
            for line in lines:
                yield Position(number, offset), line
                offset += len(line) + 1
            if len(rest) > LONGEST_LINE:
                offset, rest = _after_next_break(self._folder, name, place), b""
                place = offset

    def _lines_back(
        self, number: int, name: str, start: int, end: int
    ) -> Iterator[tuple[Position, bytes]]:
        """The lines of a segment that lie between two places, the last first. What stands behind
        the last line break is a torn tail.
        """
        rest, is_tail = b"", True
        while end > start:
            place = max(start, end - BACK_BYTES)
            block = self._folder.read(name, place, end - place)
            if is_tail:
                block = block[: block.rfind(b"\n") + 1]
                is_tail = not block
            lines = (block + rest).split(b"\n")[:-1]
            if not lines:
                end = place
                continue
            begins = place
            if place > 0:
                # The beginning of the first one lies further up.
                rest = lines.pop(0) + b"\n"
                begins += len(rest)
                if len(rest) > LONGEST_LINE:
                    return
            offset = begins + sum(len(line) + 1 for line in lines)
            for line in reversed(lines):
                offset -= len(line) + 1
                yield Position(number, offset), line
            end = place


def _after_next_break(folder: Folder, name: str, place: int) -> int:
    """Behind the end of a line that is too long to be ours (a file that was overwritten with
    something else).
    """
    while block := folder.read(name, place, READ_BYTES):
        found = block.find(b"\n")
        if found >= 0:
            return place + found + 1
        place += len(block)
    return place


def _day_of(name: str) -> str:
    return name.rpartition("/")[2].partition("-")[2].removesuffix(".jsonl")
