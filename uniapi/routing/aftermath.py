"""What a failed attempt leaves behind: what rests, and what this request may not use again."""

from __future__ import annotations

import math

from uniapi.canonical import Failure, FailureKind
from uniapi.clock import Epoch, Monotonic
from uniapi.values import replace

from .availability import Availability
from .health import Rested
from .question import Question
from .retry import Blame
from .state import RouterState
from .steps import BegunRest, Course, EndedRest, RestedThing, used_by

RESTED: tuple[RestedThing, ...] = ("channel", "credential_model", "credential")
"""What an attempt uses, in the order of `used_by`."""
MODELS_OUT = 2
"""So many models out of money or share on one credential, and it is the account that is."""


class Aftermath:
    """For one request. `epoch_offset`: what is to be added to `now` for the time of day."""

    def __init__(
        self,
        state: RouterState,
        question: Question,
        availability: Availability,
        epoch_offset: float,
    ) -> None:
        self._state = state
        self._question = question
        self._open = availability
        self._epoch_offset = epoch_offset

    def is_clients_time_over(self, failure: Failure, now: Monotonic) -> bool:
        """Whether it failed because the time was over that the client itself had set: then nobody
        is to blame, and nobody is left to answer.
        """
        deadline = self._question.deadline
        return failure.kind is FailureKind.TIMEOUT and deadline is not None and now >= deadline

    def take_in(self, course: Course, failure: Failure, now: Monotonic) -> Rested | None:
        """Put to rest what the failure is blamed on, and end the trials it says nothing about;
        gives what rests now.
        """
        channel, credential = course.attempt.channel, course.attempt.credential
        health = self._state.health
        if self.is_clients_time_over(failure, now):
            blame = Blame(who="nobody")
        else:
            now_s = Epoch(now + self._epoch_offset)
            blame = self._state.blame(channel, failure, self._question, now_s)
        if blame.who in ("credential", "channel"):
            name = (channel.provider.provider_id, credential.credential_id)
            health.rates.count(name, False, now)
        resting = self._put_to_rest(course, blame, failure, now)
        health.release([rested for rested in course.used if rested is not resting], self._open)
        return resting

    def _put_to_rest(
        self, course: Course, blame: Blame, failure: Failure, now: Monotonic
    ) -> Rested | None:
        """What rests now; the last usable channel of a request never does."""
        if blame.rest is None or blame.rests is None:
            return None
        channel = course.attempt.channel
        if blame.rests == "channel":
            if not self._open.has_other(channel, now):
                return None
            self._open.exhausted.recalled.add(channel.channel_id)
        rested = course.used[RESTED.index(blame.rests)]
        health = self._state.health
        health.rest(rested, blame.rest, failure.words, now)
        if blame.rests != "credential_model" or blame.rest.reason != "quota":
            return rested
        if health.models_out(rested, now) >= MODELS_OUT:
            rested = course.used[2]
            inferred = replace(blame.rest, is_guess=True, is_inferred=True)
            health.rest(rested, inferred, failure.words, now)
        return rested

    def begun(self, course: Course, resting: Rested | None, now: Monotonic) -> BegunRest | None:
        """What `take_in` put to rest, as it is told."""
        if resting is None:
            return None
        seconds = self._state.health.free_at(resting, now) - now
        return BegunRest(what=RESTED[course.used.index(resting)], seconds=seconds)

    def ended(self, course: Course, now: Monotonic) -> tuple[EndedRest, ...]:
        """Everything in an attempt that delivers is sound: what of it had rested."""
        back = self._state.health.succeeded(course.used, now)
        return tuple(
            EndedRest(what=RESTED[course.used.index(rested)], reason=reason, message=message)
            for rested, (reason, message) in back.items()
        )

    def use_up(
        self, course: Course, failure: Failure, resting: Rested | None, now: Monotonic
    ) -> None:
        """What this request may not use again: the credential, for its model or for all; where the
        way out is refused, every credential that goes the same way.
        """
        exhausted = self._open.exhausted.credentials
        in_channel, in_credential, whole = course.used
        channel, credential = course.attempt.channel, course.attempt.credential
        if failure.kind is FailureKind.REGION:
            same_way = (
                one for one in channel.provider.credentials if one.proxy == credential.proxy
            )
            for one in same_way:
                exhausted[used_by(channel, one)[1]] = math.inf
        elif resting is not None and resting is not in_channel:
            exhausted[resting] = self._state.health.free_at(resting, now)
        elif failure.kind is FailureKind.CREDENTIAL_REFUSED:
            exhausted[whole] = math.inf
        else:
            is_rate = failure.kind in (FailureKind.RATE_LIMITED, FailureKind.QUOTA)
            seconds = failure.retry_after_s if is_rate else None
            exhausted[in_credential] = now + seconds if seconds else math.inf
