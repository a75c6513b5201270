"""Other models that stand in for the one that was asked for, when nothing of it is left to try:
plans one after the other, with the face of one.

What another model could not mend (the client's own mistake, its own limit, its time being over) is
no reason to go on. Each model has a plan of its own; the client key's limits for a model that
stands in count as if it had been asked for.

The calls of one request are shared by all of them: each model behind the one whose turn it is keeps
one, together no more than half of what is left, so that neither a model with many dead keys nor a
long list of stand-ins leaves the others without.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

from uniapi.canonical import Failure, FailureKind
from uniapi.clock import Epoch, Monotonic
from uniapi.limits import Admitted, Refused
from uniapi.values import replace

from .candidates import Candidates
from .plan import MAX_CALLS, Plan
from .question import Question
from .state import RouterState
from .steps import Attempt, BegunRest, EndedRest, FailedAttempt, GiveUp, Step, Tried

_CLIENTS_OWN = frozenset({FailureKind.BAD_REQUEST, FailureKind.ITEM_MISSING, FailureKind.SIGNATURE})
"""Failures that the same request would meet again."""

CandidatesOf = Callable[[str], Candidates]


class FallbackPlan(Plan):
    """The plan of the model that was asked for, and behind it those of its stand-ins."""

    def __init__(
        self,
        state: RouterState,
        question: Question,
        candidates: Candidates,
        stand_ins: Sequence[str],
        candidates_of: CandidatesOf,
        *,
        now: Monotonic,
        now_s: Epoch,
        rng: random.Random,
    ) -> None:
        super().__init__(state, question, candidates, now=now, now_s=now_s, rng=rng)
        self._stand_ins = list(stand_ins)
        self._candidates_of = candidates_of
        self._chance = rng
        self._over: list[Plan] = []
        self._current: Plan | None = None
        """The plan of a stand-in; None: ours."""
        self._leases: list[Admitted] = []
        self._is_shared_out = False

    @property
    def failed(self) -> tuple[FailedAttempt, ...]:
        later = [*self._over, *([self._current] if self._current else [])]
        return (*super().failed, *(one for plan in later for one in plan.failed))

    def next(self, tried: Tried | None, now: Monotonic) -> Step:
        if tried is not None and not self._is_shared_out:
            self._share_out()
        current = self._current
        step = super().next(tried, now) if current is None else current.next(tried, now)
        while isinstance(step, GiveUp) and self._goes_on(step, now):
            following = self._following(now)
            if following is None:
                return step
            if self._current is not None:
                self._current.finished(now)
                self._over.append(self._current)
            self._current = following
            later = following.next(None, now)
            if not (isinstance(later, GiveUp) and later.failure is None):
                step = later
        if isinstance(step, Attempt) and self._current is not None:
            return replace(step, number=len(self.failed) + 1)
        return step

    def succeeded(self, now: Monotonic) -> tuple[EndedRest, ...]:
        return super().succeeded(now) if self._current is None else self._current.succeeded(now)

    def broke(self, failure: Failure, now: Monotonic) -> BegunRest | None:
        if self._current is None:
            return super().broke(failure, now)
        return self._current.broke(failure, now)

    def passed_over(self, now: Monotonic) -> tuple[str, ...]:
        return super().passed_over(now) if self._current is None else self._current.passed_over(now)

    def finished(self, now: Monotonic, tokens: int | None = None) -> None:
        super().finished(now, tokens if self._current is None else None)
        if self._current is not None:
            self._current.finished(now, tokens)
        for lease in self._leases:
            if tokens is not None:
                lease.used(tokens, now)
            lease.release()
        self._leases = []
        self._stand_ins = []

    def _share_out(self) -> None:
        """When first something fails: only what the client key has can stand in."""
        self._is_shared_out = True
        self._stand_ins = [model for model in self._stand_ins if self._candidates_of(model)]
        self._most_calls = self._share(MAX_CALLS)

    def _share(self, left: int) -> int:
        """How many of the calls that are left the model may make whose turn it is."""
        return left - min(len(self._stand_ins), left // 2)

    def _goes_on(self, end: GiveUp, now: Monotonic) -> bool:
        """Whether another model may do what this one could not."""
        question = self.question
        is_late = question.deadline is not None and question.deadline <= now
        if not self._stand_ins or is_late or not question.client_key.auto_retry:
            return False
        return end.failure is None or end.failure.kind not in _CLIENTS_OWN

    def _following(self, now: Monotonic) -> Plan | None:
        """The plan of the next model that this key has and may use now."""
        spent = [self, *self._over, *([self._current] if self._current else [])]
        left = MAX_CALLS - sum(plan.calls for plan in spent)
        while self._stand_ins and left > 0:
            model = self._stand_ins.pop(0)
            candidates = self._candidates_of(model)
            question = replace(self.question, requested_model=model)
            if not candidates:
                continue
            admitted = self._state.limits.admit(
                question.client_key, candidates.alias, tokens=question.tokens, now=now
            )
            if isinstance(admitted, Refused):
                continue
            self._leases.append(admitted)
            now_s = Epoch(now + self._epoch_offset)
            return Plan(
                self._state,
                question,
                candidates,
                now=now,
                now_s=now_s,
                rng=self._chance,
                most_calls=self._share(left),
            )
        return None
