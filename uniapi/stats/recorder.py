"""Keeps the counts in memory. `record` is one plain call at the end of each request; it cannot fail one.

Aggregates are kept per hour, so that any reporting period of whole hours is a sum of them, and hours past the longest period are forgotten.
"""

from __future__ import annotations

from collections import defaultdict, deque
from dataclasses import dataclass, field

from .records import CallRecord

HOUR_S = 3600
KEPT_HOURS = 720
RECENT_FAILURES = 100


@dataclass(slots=True)
class Tally:
    """Counts of one hour. Attempts by (provider, requested model): [successes, total]; the rest by name."""

    attempts: dict[tuple[str, str], list[int]] = field(default_factory=lambda: defaultdict(lambda: [0, 0]))
    credential_attempts: dict[tuple[str, str], list[int]] = field(default_factory=lambda: defaultdict(lambda: [0, 0]))
    models: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    endpoints: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    ips: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    tokens: dict[tuple[str, str], list[int]] = field(default_factory=lambda: defaultdict(lambda: [0, 0, 0, 0]))
    """By (client key id, requested model): [input, output, total, requests]."""


class Recorder:
    """All counters of this process, by hour. Bounded: hours are forgotten after 30 days, recent failures after a hundred."""

    def __init__(self) -> None:
        self._hours: dict[int, Tally] = {}
        self.recent_failures: deque[CallRecord] = deque(maxlen=RECENT_FAILURES)

    def record(self, call: CallRecord) -> None:
        """Count one finished call."""
        tally = self._tally(call.at_s)
        for attempt in call.attempts:
            for counts in (
                tally.attempts[attempt.provider, call.requested_model],
                tally.credential_attempts[attempt.provider, attempt.credential_display],
            ):
                counts[0] += attempt.is_success
                counts[1] += 1
        tally.models[call.requested_model] += 1
        tally.endpoints[call.endpoint] += 1
        if call.client_ip is not None:
            tally.ips[call.client_ip] += 1
        tokens = tally.tokens[call.key_id, call.requested_model]
        if call.usage is not None:
            tokens[0] += call.usage.input_tokens or 0
            tokens[1] += call.usage.output_tokens or 0
            tokens[2] += call.usage.total or 0
        tokens[3] += 1
        if call.outcome not in ("ok", "client_left"):
            self.recent_failures.append(call)

    def tallies(self, hours: int, now_s: float) -> list[Tally]:
        """The hours that make up the last `hours` hours, the running one included."""
        newest = int(now_s) // HOUR_S
        return [tally for hour, tally in self._hours.items() if newest - hours <= hour <= newest]

    def _tally(self, at_s: float) -> Tally:
        hour = int(at_s) // HOUR_S
        tally = self._hours.get(hour)
        if tally is None:
            tally = self._hours[hour] = Tally()
            for old in [kept for kept in self._hours if kept < hour - KEPT_HOURS]:
                del self._hours[old]
        return tally
