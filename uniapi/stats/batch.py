"""The calls of one second, put together by what is the same in them: what is the same is written
and counted once for all of them.

Two calls are equal when their lines in the journal differ in nothing but the id, times, the cost
and what was stated for them. They fall in the same hour then, on the same cells, and with the same
attempts.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from operator import attrgetter
from typing import Any, NamedTuple

from .calendar import hour_of, plain_span
from .columns import Figures, stated_figures
from .journal_line import lines_of
from .records import CallRecord

_read_same = attrgetter(
    "key_id",
    "requested_model",
    "provider_id",
    "upstream_model",
    "outcome",
    "endpoint",
    "client_ip",
    "status",
    "message",
    "key_label",
    "operation",
    "provider",
    "stream",
    "is_flagged",
)
_read_tried = attrgetter(
    "credential_id",
    "outcome",
    "status",
    "provider_id",
    "upstream_model",
    "provider",
    "credential_display",
    "message",
    "credential_number",
)


class Equals(NamedTuple):
    """Equal calls of one hour, in their order, and what was stated for them."""

    hour: int
    calls: list[CallRecord]
    figures: Figures


class Batch:
    """Calls to be written and counted together; one goes through them group by group."""

    def __init__(self, calls: Sequence[CallRecord]) -> None:
        groups: dict[tuple[Any, ...], list[CallRecord]] = {}
        self.calls = calls
        self._places: list[list[CallRecord]] = []
        hour, begins_s, ends_s = 0, 0.0, 0.0
        for call in calls:
            if not begins_s <= call.at_s < ends_s:
                hour = hour_of(call.at_s)
                begins_s, ends_s = plain_span(hour)
            same = (hour, _read_same(call), *map(_read_tried, call.attempts))
            group = groups.get(same)
            if group is None:
                group = groups[same] = []
            group.append(call)
            self._places.append(group)
        self._groups = [
            Equals(same[0], group, stated_figures(group)) for same, group in groups.items()
        ]

    def __iter__(self) -> Iterator[Equals]:
        return iter(self._groups)

    def days(self) -> set[int]:
        """Those that the calls came on."""
        return {group.hour // 24 for group in self}

    def lines(self) -> bytes:
        """For the journal: one line for each call, in their order."""
        lines = {id(group.calls): lines_of(group.calls, group.figures) for group in self}
        return b"".join([next(lines[place]) for place in map(id, self._places)])
