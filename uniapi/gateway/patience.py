"""How long an attempt is waited for, and how long its first text is held back."""

from __future__ import annotations

import math
from typing import NamedTuple

from uniapi.canonical import Call, Failure, FailureKind, Operation
from uniapi.operations import SERVICES
from uniapi.pipes import Report
from uniapi.routing import Attempt


class Patience(NamedTuple):
    """Seconds: to the first token (or the whole answer), between pieces afterwards, and for
    everything (loop time at which it is over, None: never).
    """

    first_token_s: float
    idle_s: float
    deadline: float | None = None

    def due(self, started_at: float, last_at: float, *, has_token: bool) -> float:
        """The loop time at which something is overdue."""
        due = last_at + self.idle_s if has_token else started_at + self.first_token_s
        return due if self.deadline is None else min(due, self.deadline)

    def overdue(self, now: float, *, has_token: bool) -> Failure:
        """What has not come in time."""
        message = f"the upstream gave no first token within {self.first_token_s:g} s"
        if self.deadline is not None and now >= self.deadline:
            message = "the time for the whole call is over"
        elif has_token:
            message = f"the upstream fell silent for {self.idle_s:g} s"
        return Failure(kind=FailureKind.TIMEOUT, message=message)


class TriggerProbe:
    """Holds text back until it is longer than the longest trigger, the answer ends, or 2 s have
    passed; `hit` names the trigger that was found.
    """

    HOLD_S = 2.0

    def __init__(self, triggers: tuple[str, ...]) -> None:
        self._triggers = triggers
        self._longest = max(len(trigger) for trigger in triggers)

    def hit(self, report: Report) -> Failure | None:
        """The failure that a trigger in the text so far stands for."""
        text = "".join(report.text or ())
        found = next((trigger for trigger in self._triggers if trigger in text), None)
        if found is None:
            return None
        message = f"the answer contains the error trigger {found!r}"
        return Failure(kind=FailureKind.TRIGGERED, message=message)

    def is_satisfied(self, report: Report) -> bool:
        return report.is_whole or sum(map(len, report.text or ())) > self._longest


def patience_for(attempt: Attempt, operation: Operation, now: float) -> Patience:
    """How long an attempt at this moment of the loop's clock may be silent."""
    timeouts, longest_s = attempt.timeouts, SERVICES[operation].patience_s
    first_token_s = math.inf if timeouts.first_token_s is None else timeouts.first_token_s
    if longest_s is not None:
        first_token_s = min(first_token_s, longest_s)
    deadline = None if timeouts.total_s is None else now + timeouts.total_s
    return Patience(first_token_s, timeouts.idle_s or first_token_s, deadline)


def trigger_probe(call: Call, triggers: tuple[str, ...]) -> TriggerProbe | None:
    """Looks for error triggers, at least one, where a model writes."""
    return TriggerProbe(triggers) if SERVICES[call.operation].is_generated else None
