"""The calls of one second, put together by what is the same in them: what is the same is written
and counted once for all of them.

Two calls are equal when their lines in the journal differ in nothing but the id, times, tokens and
the cost. They fall in the same hour then, on the same cells, and with the same attempts.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from operator import attrgetter
from typing import NamedTuple

from .calendar import hour_of
from .journal_line import LineForm, encode_text
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
    """Equal calls of one hour, in their order."""

    hour: int
    calls: list[CallRecord]


class Batch:
    """Calls to be written and counted together; one goes through them group by group."""

    def __init__(self, calls: Sequence[CallRecord]) -> None:
        groups: dict[tuple[object, ...], Equals] = {}
        of_calls: list[Equals] = []
        for call in calls:
            hour = hour_of(call.at_s)
            same = (hour, _read_same(call), *map(_read_tried, call.attempts))
            group = groups.get(same)
            if group is None:
                group = groups[same] = Equals(hour, [])
            group.calls.append(call)
            of_calls.append(group)
        self.calls = calls
        self._of_calls = of_calls
        self._groups = groups.values()

    def __iter__(self) -> Iterator[Equals]:
        return iter(self._groups)

    def days(self) -> set[int]:
        """Those that the calls came on."""
        return {group.hour // 24 for group in self}

    def lines(self) -> bytes:
        """For the journal: one line for each call, in their order."""
        forms = {id(group): LineForm(group.calls[0]).line for group in self}
        places = map(id, self._of_calls)
        return encode_text(
            "".join([forms[place](call) for place, call in zip(places, self.calls, strict=True)])
        )
