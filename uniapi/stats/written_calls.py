"""Single calls read back from the journal: for lists of requests, for what happened lately, and for
a day whose file is damaged.
"""

from __future__ import annotations

from collections.abc import Iterator

from uniapi.storage import START, Journal, Position

from .aggregate import Aggregate
from .calendar import hour_of
from .journal_line import decode_call
from .records import CallRecord
from .write_queue import Waiting

TAIL_BYTES = 1 << 18


class WrittenCalls:
    """A reader beside the writer. Places are those of the journal."""

    def __init__(self, journal: Journal, waiting: Waiting) -> None:
        self._journal = journal
        self._waiting = waiting

    def recent(self) -> list[CallRecord]:
        """The calls at the end of the journal, oldest first."""
        try:
            lines = self._journal.tail(TAIL_BYTES)
        except OSError:
            return []
        return [call for call in map(decode_call, lines) if call is not None]

    def newest(
        self, most_bytes: int, before: Position | None = None
    ) -> Iterator[tuple[Position | None, CallRecord]]:
        """The calls before a place of the journal (None: all, those not written yet too), the
        newest first, with their place; of the files no more than about `most_bytes` are read.
        """
        waiting = self._waiting.newest() if before is None else []
        for call in waiting:
            yield None, call
        # What is written while we read stands in both.
        known = {call.request_id for call in waiting}
        for position, line in self._journal.newest(most_bytes, before):
            found = decode_call(line)
            if found is not None and found.request_id not in known:
                yield position, found

    def since(self, place: Position) -> Iterator[CallRecord]:
        """The calls from a place on, oldest first."""
        for _, line in self._journal.read(place):
            call = decode_call(line)
            if call is not None:
                yield call

    def end(self) -> Position:
        """Where the journal ends."""
        return self._journal.end

    def bytes_before(self, place: Position | None) -> int:
        """How much of the journal lies before a place (None: behind its end)."""
        return sum(
            size if place is None or number < place.segment else min(size, place.offset)
            for number, _, size in self._journal.segments()
            if place is None or number <= place.segment
        )

    def of_day(self, day: int, before: Position) -> dict[int, Aggregate]:
        """The hours of a day counted anew from what the journal still holds."""
        hours: dict[int, Aggregate] = {}
        for position, line in self._journal.read(START):
            call = decode_call(line) if position < before else None
            if call is not None and hour_of(call.at_s) // 24 == day:
                hours.setdefault(hour_of(call.at_s), Aggregate()).add(call)
        return hours
