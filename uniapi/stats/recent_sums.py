"""How fast and how well each model and provider answers, hour by hour: what the page shows beside
the counts. Made from the journal when somebody looks, and kept up from there: the path of a call
knows nothing of it.

As far back as the journal goes, at most `MOST_READ_BYTES` of it; `reaches_s` says since when.
"""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from uniapi.clock import Epoch
from uniapi.money import Calendar, plausible
from uniapi.storage import Position

from .calendar import hour_of
from .journal_line import short_name
from .latencies import BOUNDS_S, BUCKETS, quantile_s
from .recent import MOST_READ_BYTES, tokens_per_s
from .recorder import Recorder
from .records import CallRecord
from .steps import daily, hourly
from .sums import add_row, added

CALLS, ERRORS, COST, UNPRICED, TIMED_TOKENS, TIMED_MS, FIRST_HISTOGRAM = range(7)
WIDTH = FIRST_HISTOGRAM + BUCKETS
MOST_NAMES = 2000
"""Of models and providers in one hour; a client may send any name."""
KEPT_HOURS = 31 * 24
SHORTEST_MS = 50
HOURLY_UP_TO = 168
"""Hours that are shown one by one."""


class Owner(NamedTuple):
    """Whose row it is: who asked, for what, and who answered."""

    key_id: str
    model: str
    provider: str


class RecentSums:
    """`rows` and `series` may be asked for in any thread."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._lock = threading.Lock()
        self._hours: dict[int, dict[Owner, list[int]]] = {}
        self._read_to: Position | None = None
        self.reaches_s: float | None = None

    def rows(
        self, hours: Iterable[int], key_id: str | None, name: Callable[[Owner], str]
    ) -> dict[str, dict[str, Any]]:
        """`first_token_s` (the median) and `tokens_per_s` by what `name` gives, over some hours."""
        sums: dict[str, list[int]] = {}
        with self._lock:
            self._catch_up()
            for hour in hours:
                for owner, row in self._hours.get(hour, {}).items():
                    if key_id in (None, owner.key_id):
                        add_row(sums, name(owner), row)
        return {one: _speeds(row) for one, row in sums.items()}

    def series(
        self, hours: list[range], key_id: str | None, model: str, provider: str
    ) -> list[dict[str, Any]]:
        """For each stretch of hours what one model or one provider did ("" is any)."""
        with self._lock:
            self._catch_up()
            return [
                _told(
                    added(
                        (
                            row
                            for hour in stretch
                            for owner, row in self._hours.get(hour, {}).items()
                            if key_id in (None, owner.key_id)
                            and model in ("", owner.model)
                            and provider in ("", owner.provider)
                        ),
                        WIDTH,
                    )
                )
                for stretch in hours
            ]

    def _catch_up(self) -> None:
        end = self._recorder.written_to()
        calls: Iterable[CallRecord]
        if self._read_to is None:
            found = self._recorder.newest(MOST_READ_BYTES, end)
            calls = [call for _, call in found]
        else:
            calls = self._recorder.since(self._read_to)
        self._read_to = end
        for call in calls:
            self._add(call)
        if self._hours:
            oldest = max(self._hours) - KEPT_HOURS
            for hour in [hour for hour in self._hours if hour < oldest]:
                del self._hours[hour]

    def _add(self, call: CallRecord) -> None:
        if self.reaches_s is None or call.at_s < self.reaches_s:
            self.reaches_s = call.at_s
        owners = self._hours.setdefault(hour_of(call.at_s), {})
        owner = Owner(call.key_id, short_name(call.requested_model), call.provider_id or "")
        if owner not in owners and len(owners) >= MOST_NAMES:
            return
        row = owners.setdefault(owner, [0] * WIDTH)
        row[CALLS] += 1
        row[ERRORS] += call.is_failure and not call.is_clients_own
        row[COST] += call.cost_pd or 0
        row[UNPRICED] += call.cost_pd is None and call.usage is not None
        speed, written = (
            tokens_per_s(call),
            call.usage and plausible(call.usage.output_tokens),
        )
        if call.outcome == "ok" and speed and written:
            row[TIMED_TOKENS] += written
            row[TIMED_MS] += round(1000 * written / speed)
        if call.outcome == "ok" and call.stream and call.first_token_s is not None:
            row[FIRST_HISTOGRAM + bisect_left(BOUNDS_S, call.first_token_s)] += 1


def series_report(
    sums: RecentSums,
    query: Mapping[str, str],
    hours: int,
    now_s: Epoch,
    key_id: str | None,
    calendar: Calendar | None = None,
) -> dict[str, Any]:
    """`times` (epoch seconds) and for each of them what one `model` or `provider` of the query
    did: hours, or days of the calendar's zone (that of `TZ`) where they are many.
    """
    if hours <= HOURLY_UP_TO:
        shown = hourly(now_s, hours)
    else:
        shown = daily(now_s, -(-hours // 24), calendar or Calendar())
    rows = sums.series(
        shown.hours(),
        key_id,
        query.get("model", ""),
        query.get("provider", ""),
    )
    return {
        "times": shown.times,
        "step_s": shown.width_s,
        **({} if shown.dates is None else {"dates": shown.dates}),
        "reaches": sums.reaches_s,
        **{name: [row[name] for row in rows] for name in _told([0] * WIDTH)},
    }


def _speeds(row: list[int]) -> dict[str, Any]:
    is_timed = row[TIMED_MS] >= SHORTEST_MS
    return {
        "first_token_s": quantile_s(row, FIRST_HISTOGRAM, 0.5),
        "tokens_per_s": round(1000 * row[TIMED_TOKENS] / row[TIMED_MS], 1) if is_timed else None,
    }


def _told(row: list[int]) -> dict[str, Any]:
    is_known = row[COST] or not row[UNPRICED]
    return {
        "requests": row[CALLS],
        "errors": row[ERRORS],
        "cost": row[COST] / 1e12 if is_known else None,
        **_speeds(row),
    }
