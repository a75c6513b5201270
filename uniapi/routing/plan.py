"""The way of one request through its candidates: what to try first, and what next after each
failure. A state machine without I/O, clock or randomness of its own.

Most requests go straight on to the one place there is. What cannot, or has failed, goes the long
way (`long_way`).
"""

from __future__ import annotations

import random

from uniapi.canonical import Failure
from uniapi.clock import Epoch, Monotonic

from .candidates import Candidates
from .long_way import LongWay
from .question import Question
from .state import RouterState
from .steps import BegunRest, Course, EndedRest, FailedAttempt, GiveUp, Step, Tried

MAX_CALLS = 10
"""Upstream calls for one request."""


class Plan:
    """One request's way. `next` until an attempt succeeds or it gives up, then `succeeded`, and
    `finished` at the very end in every case.
    """

    def __init__(
        self,
        state: RouterState,
        question: Question,
        candidates: Candidates,
        now: Monotonic,
        now_s: Epoch,
        rng: random.Random,
        most_calls: int = MAX_CALLS,
    ) -> None:
        self._state = state
        self.question = question
        self.started_at = now
        self._epoch_offset = now_s - now
        self._rng = rng
        self._candidates = candidates
        self._most_calls = most_calls
        self._course: Course | None = None
        self._served: Course | None = None
        self._is_over = False
        self._long: LongWay | None = None

    @property
    def _long_way(self) -> LongWay:
        """Not looked at while a request goes straight on (see `_straight`). In a ring of one the
        step made so far makes no difference.
        """
        if self._long is None:
            self._long = LongWay(
                self._state,
                self.question,
                self._candidates,
                self.started_at,
                self._epoch_offset,
                self._rng,
            )
        return self._long

    @property
    def failed(self) -> tuple[FailedAttempt, ...]:
        """Every attempt that failed so far."""
        return () if self._long is None else tuple(self._long.failed)

    @property
    def calls(self) -> int:
        """Upstream calls of the attempts that failed so far."""
        return 0 if self._long is None else self._long.calls

    def next(self, tried: Tried | None, now: Monotonic) -> Step:
        """What to do first (`tried` None), after a Wait (None), or after the last attempt, which
        failed.
        """
        if self._long is None and tried is None and not self._is_over:
            straight = self._course = self._straight()
            if straight is not None:
                return straight.attempt
        way, course = self._long_way, self._course
        way.most_calls = self._most_calls
        if tried is not None and course is not None:
            self._course = None
            way.settle(course, tried, now)
        if self._is_over or way.is_over or way.calls >= self._most_calls:
            return self._give_up(way, now)
        step = way.proceed(now)
        if isinstance(step, Course):
            self._course = step
            return step.attempt
        return step or self._give_up(way, now)

    def _give_up(self, way: LongWay, now: Monotonic) -> GiveUp:
        self._is_over = True
        return way.give_up(now)

    def succeeded(self, now: Monotonic) -> tuple[EndedRest, ...]:
        """The attempt under way delivers: everything in it is sound, and the session is at home
        there. Gives what had rested until now.
        """
        course, self._course = self._course, None
        if course is None:
            return ()
        self._served = course
        state, session = self._state, self.question.session
        channel, credential = course.attempt.channel, course.attempt.credential
        ended = self._long_way.aftermath().ended(course, now) if state.health.rests else ()
        state.health.rates.count((channel.channel_id[0], credential.credential_id), True, now)
        if self.question.pin is not None or session.session_id is None:
            return ended
        for ring in self._long_way.walk.rings:
            state.choice.served_by(ring.client_key, ring.alias, ring.entry, session, now)
        owner = self.question.client_key.key_id
        state.choice.served_with(owner, channel.provider, credential, session, now)
        return ended

    def broke(self, failure: Failure, now: Monotonic) -> BegunRest | None:
        """The attempt that delivered failed after the commit: too late for another one, but who is
        to blame rests; gives what does.
        """
        if self._served is None:
            return None
        aftermath = self._long_way.aftermath()
        resting = aftermath.take_in(self._served, failure, now)
        return aftermath.begun(self._served, resting, now)

    def passed_over(self, now: Monotonic) -> tuple[str, ...]:
        """Why each channel that cannot be called now cannot, as `provider/model: reason`."""
        obstacles = self._long_way.open.obstacles(now)
        return tuple(f"{obstacle.channel}: {obstacle.text}" for obstacle in obstacles)

    def finished(self, now: Monotonic, tokens: int | None = None) -> None:
        """The call is over, in whatever way (the client may have left).

        `tokens`: input and output as the upstream reported them, None: unknown.
        """
        for course in (self._course, self._served):
            if course is not None:
                if course.lease is not None:
                    course.give_back(now, tokens)
                if self._state.health.rests:
                    self._state.health.release(course.used, self._long_way.open)
        self._course = self._served = None
        self._is_over = True
        if self._long is not None:
            self._long.finish(now, tokens)

    def _straight(self) -> Course | None:
        """The first attempt of most requests: there is one channel with one credential, and nothing
        that could stand in its way; None where it has to be looked for.
        """
        channel, question, state = self._candidates.straight, self.question, self._state
        if (
            channel is None
            or state.health.rests
            or question.rules_out is not None
            or question.pin is not None
            or question.patience_s is not None
            or question.deadline is not None
        ):
            return None
        return state.pace(channel, question).straight
