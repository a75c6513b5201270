"""The way of one request through its candidates: what to try first, and what next after each
failure. A state machine without I/O, clock or randomness of its own.

The ring of candidates is walked in the order of the client key's policy; a channel-blamed failure
goes to the next place in the ring and costs one of `candidates + retries` attempts, a
credential-blamed one to the same channel's next credential and costs none. Ten upstream calls are
the end of any plan. What rests is passed over; what this request itself put to rest may still come
up again in its own ring (a, b, a). A nested client key has a ring of its own, walked inside its
place.
"""

from __future__ import annotations

import random
from functools import partial

from uniapi.canonical import Failure, repeated
from uniapi.clock import Epoch, Monotonic
from uniapi.config import Credential, Timeouts

from .aftermath import Aftermath, Course
from .availability import Availability
from .call_reserve import asked_by, not_asked, resorts_in_order
from .candidates import Candidates, Channel
from .give_up import give_up
from .plan_waits import PlanWaits
from .question import Question
from .retry import Next, next_after
from .state import Pace, RouterState
from .steps import (
    Attempt,
    BegunRest,
    EndedRest,
    FailedAttempt,
    GiveUp,
    Step,
    Tried,
    Wait,
)
from .time_left import time_left
from .walk import Walk

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
        self._found: tuple[Availability, Walk] | None = None
        self._waits: PlanWaits | None = None
        self._tried: list[tuple[tuple[str, str], str]] = []
        self._failed: list[FailedAttempt] = []
        self._course: Course | None = None
        self._stay_on: Channel | None = None
        self._served: Course | None = None
        self._calls = 0
        self._most_calls = most_calls
        self._number = 0
        self._is_past_end = not question.client_key.auto_retry
        """No attempt may follow those that the ring allows."""
        self._has_tried_out = False
        """A credential that has to prove itself was used."""
        self._is_over = False
        self._is_bounded = question.patience_s is not None or question.deadline is not None

    @property
    def _open(self) -> Availability:
        return self._ways()[0]

    @property
    def _walk(self) -> Walk:
        return self._ways()[1]

    def _ways(self) -> tuple[Availability, Walk]:
        """What can be used, and the walk through it: not looked at while a request goes straight
        on (see `_straight`). In a ring of one the step made so far makes no difference.
        """
        if self._found is None:
            state, question, candidates = self._state, self.question, self._candidates
            available = Availability(state, question, candidates)
            walk = Walk(state, question, available, candidates, self.started_at, self._rng)
            self._found = available, walk
        return self._found

    @property
    def failed(self) -> tuple[FailedAttempt, ...]:
        """Every attempt that failed so far."""
        return tuple(self._failed)

    @property
    def calls(self) -> int:
        """Upstream calls of the attempts that failed so far."""
        return self._calls

    def next(self, tried: Tried | None, now: Monotonic) -> Step:
        """What to do first (`tried` None), after a Wait (None), or after the last attempt, which
        failed.
        """
        if tried is not None and self._course is not None:
            self._calls += tried.calls
            self._settle(self._course, tried, now)
        if self._is_over or self._calls >= self._most_calls:
            return self._give_up(now)
        straight = self._straight(now) if self._found is None else None
        return straight or self._proceed(now)

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
        ended = self._aftermath().ended(course, now) if state.health.rests else ()
        state.health.rates.count((channel.channel_id[0], credential.credential_id), True, now)
        if self.question.pin is not None or session.session_id is None:
            return ended
        for ring in self._walk.rings:
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
        aftermath = self._aftermath()
        resting = aftermath.take_in(self._served, failure, now)
        return aftermath.begun(self._served, resting, now)

    def passed_over(self, now: Monotonic) -> tuple[str, ...]:
        """Why each channel that cannot be called now cannot, as `provider/model: reason`."""
        return tuple(
            f"{obstacle.channel}: {obstacle.text}" for obstacle in self._open.obstacles(now)
        )

    def finished(self, now: Monotonic, tokens: int | None = None) -> None:
        """The call is over, in whatever way (the client may have left).

        `tokens`: input and output as the upstream reported them, None: unknown.
        """
        for course in (self._course, self._served):
            if course is not None:
                if course.lease is not None:
                    course.give_back(now, tokens)
                if self._state.health.rests:
                    self._state.health.release(course.used, self._open)
        self._course = self._served = None
        self._is_over = True
        if self._found is None:
            return
        available, walk = self._found
        if walk.nested:
            walk.finish(now, tokens)
        if available.is_in_line:
            available.leave_lines()

    def _straight(self, now: Monotonic) -> Attempt | None:
        """The first attempt of most requests: there is one channel with one credential, and nothing
        that could stand in its way; None where it has to be looked for.
        """
        channel, question, state = self._candidates.straight, self.question, self._state
        is_asked = question.rules_out is not None or question.pin is not None
        if channel is None or is_asked or state.health.rests or self._number:
            return None
        pace = state.pace(channel, question)
        if self._is_bounded or pace.timeouts.total_s is not None:
            return None
        credential = channel.provider.credentials[0]
        return self._begun(channel, credential, pace, pace.timeouts).attempt

    def _proceed(self, now: Monotonic) -> Step:
        """The next attempt: the same channel's next credential, else the next place in the ring."""
        if self._stay_on is not None:
            staying, self._stay_on = self._stay_on, None
            attempt = self._issue(staying, now)
            if attempt is not None:
                return attempt
        while (channel := self._walk.advance(now)) is not None:
            may_ask = not self._failed or self._may_ask(channel, now)
            attempt = self._issue(channel, now) if may_ask else None
            if attempt is not None:
                self._walk.attempted()
                return attempt
        return (
            self._wait(now)
            or self._last_resort(now)
            or self._wait_for_trials(now)
            or self._give_up(now)
        )

    def _issue(
        self, channel: Channel, now: Monotonic, *, is_resort: bool = False
    ) -> Attempt | None:
        """An attempt at `channel` with the credential whose turn it is, None when that cannot be
        now. `is_resort`: with whichever it has, as nothing else is left.
        """
        available = self._open
        is_way = available.leaves.get(channel.channel_id) is channel
        if not is_way or available.obstacle(channel, now) is not None:
            return None
        pace = self._state.pace(channel, self.question)
        timeouts = self._time_left(pace, now)
        may_prove = is_resort or not self._has_tried_out
        credential = self._credential(channel, now, may_prove) if timeouts is not None else None
        if credential is None or timeouts is None:
            return None
        course = self._begun(channel, credential, pace, timeouts)
        attempt, health = course.attempt, self._state.health
        if health.rests:
            self._has_tried_out |= available.is_doubtful(channel, credential)
            attempt.is_trial = health.begin(course.used, available, now)
        if channel.is_limited:
            course.lease = self._state.limits.take_credential(
                channel.provider,
                credential,
                channel.alias,
                channel.upstream_model,
                tokens=self.question.tokens,
                now=now,
            )
        if available.is_in_line:
            available.leave_lines()
        return attempt

    def _time_left(self, pace: Pace, now: Monotonic) -> Timeouts | None:
        """What an attempt may take, None where the call has no time left."""
        if self._is_bounded or pace.timeouts.total_s is not None:
            return time_left(pace.timeouts, self.question, self.started_at, now)
        return pace.timeouts

    def _begun(
        self, channel: Channel, credential: Credential, pace: Pace, timeouts: Timeouts
    ) -> Course:
        """The next attempt under way, as it is counted here."""
        self._number += 1
        self._tried.append((channel.channel_id, credential.credential_id))
        attempt = Attempt(channel, credential, self._number, timeouts, pace.keepalive_s)
        course = self._course = Course(attempt)
        return course

    def _credential(self, channel: Channel, now: Monotonic, may_prove: bool) -> Credential | None:
        """Those not yet called for this request first. One that has to prove itself may begin a
        request, when its turn comes; after that sound ones go first, and it only if it
        `may_prove`: dead keys do not eat a request's calls.
        """
        is_first = self._number == 0
        passes = [(True, is_first), (False, is_first)]
        if not is_first and may_prove:
            passes.append((True, True))
        for is_fresh, proves in passes:
            credential = self._state.choice.credential(
                self.question.client_key.key_id,
                channel.provider,
                channel.upstream_model,
                self.question.session,
                is_usable=partial(self._is_open, channel, is_fresh, proves, now),
                rng=self._rng,
                now=now,
            )
            if credential is not None:
                return credential
        return None

    def _is_open(
        self,
        channel: Channel,
        is_fresh: bool,
        may_prove: bool,
        now: Monotonic,
        credential: Credential,
    ) -> bool:
        is_tried = (channel.channel_id, credential.credential_id) in self._tried
        if is_fresh is is_tried or self._open.free_at(channel, credential, now) > now:
            return False
        return may_prove or not self._open.is_doubtful(channel, credential)

    def _aftermath(self) -> Aftermath:
        return Aftermath(self._state, self.question, self._open, self._epoch_offset)

    def _settle(self, course: Course, tried: Tried, now: Monotonic) -> None:
        """Take in a failure before the commit: who is to blame, what rests, what it
        leaves to try.
        """
        self._walk.count_attempts(now, self._most_calls)
        self._course = None
        failure, aftermath = tried.failure, self._aftermath()
        channel = course.attempt.channel
        if course.lease is not None and not tried.calls:
            course.lease.undo(now)
        course.give_back(now, 0)
        resting = aftermath.take_in(course, failure, now)
        begun = aftermath.begun(course, resting, now)
        self._failed.append(FailedAttempt(attempt=course.attempt, failure=failure, rest=begun))
        ring = self._walk.ring
        is_over = aftermath.is_clients_time_over(failure, now)
        match Next.NOTHING if is_over else self._next_after(tried):
            case Next.NOTHING:
                self._is_over = True
                return
            case Next.CREDENTIAL:
                aftermath.use_up(course, failure, resting, now)
                self._stay_on = channel if self._has_call_to_spare(now) else None
            case Next.ABLE_CHANNEL:
                self._open.exhausted.channels[channel.channel_id] = failure.words
                if not tried.calls:
                    return
                ring.spend()
            case Next.CHANNEL:
                ring.spend()
            case Next.OTHER_CHANNEL:
                self._open.exhausted.channels[channel.channel_id] = failure.words
                ring.spend()
            case Next.OTHER_MODEL:
                self._open.exhausted.models.add(
                    (channel.upstream_model, self._open.dialect(channel))
                )
                ring.spend()
        if not self.question.client_key.auto_retry:
            self._is_over = True
        elif not ring.client_key.auto_retry:
            self._stay_on = None
            ring.budget = 0
            ring.used = max(ring.used, 1)

    def _has_call_to_spare(self, now: Monotonic) -> bool:
        """Whether one more credential of a channel may be asked: not where that would take the call
        that a channel not asked yet needs. Many dead keys of one must not hide another; channels at
        rest are kept half of the calls, as the next key is likelier to serve.
        """
        asked = asked_by(self._failed)
        usable, at_rest = not_asked(self._open, self._walk.root.entries, asked, now)
        return self._most_calls - self._calls > usable + min(at_rest, self._most_calls // 2)

    def _may_ask(self, channel: Channel, now: Monotonic) -> bool:
        """Whether it is a channel's turn: none is asked a second time while its call is needed by
        one not asked yet, which is likelier to be sound.
        """
        asked = asked_by(self._failed)
        if channel.channel_id not in asked:
            return True
        waiting = not_asked(self._open, self._walk.root.entries, asked, now)
        return self._most_calls - self._calls > sum(waiting)

    def _next_after(self, tried: Tried) -> Next:
        is_bought = self.question.is_bought and tried.calls > 0
        return next_after(tried.failure, tried.road, is_bought=is_bought)

    def _wait(self, now: Monotonic) -> Wait | None:
        """A short wait, when that beats an error; the ring is then walked anew."""
        if self._walk.root.is_used_up:
            return None
        seconds = self._patience().wait_s(self._open, now)
        if seconds is None:
            return None
        self._walk.restart()
        return Wait(seconds=seconds)

    def _patience(self) -> PlanWaits:
        """What has been waited so far; most requests never wait."""
        if self._waits is None:
            self._waits = PlanWaits(self.question.deadline, self._rng)
        return self._waits

    def _wait_for_trials(self, now: Monotonic) -> Wait | None:
        """All that this request asked has failed, and somebody else tries out a channel that it
        has not asked: what becomes of that is known in a moment.
        """
        if not self._failed or not self.question.client_key.auto_retry:
            return None
        asked = asked_by(self._failed)
        is_tried = any(
            self._open.is_on_trial(channel, now)
            for channel in self._open.reached(self._walk.root.entries)
            if channel.channel_id not in asked
        )
        seconds = self._patience().trial_s(now) if is_tried else None
        return None if seconds is None else Wait(seconds=seconds)

    def _last_resort(self, now: Monotonic) -> Attempt | None:
        """What rests, where nothing that does not can serve. When all attempts are used, once more
        any of it, and each channel that was not asked yet: it may be the sound one. Of a channel's
        credentials only one, and none after another had to prove itself, but where nothing else is
        left.
        """
        is_used_up = self._walk.root.is_used_up
        if not self.question.client_key.auto_retry and is_used_up:
            return None
        may_repeat = not (is_used_up and self._is_past_end)
        self._is_past_end = is_used_up
        asked = asked_by(self._failed)
        for channel in self._open.reached(self._walk.root.entries):
            # Well again since its turn was over.
            is_new = self._walk.is_let_in(channel) and channel.channel_id not in asked
            attempt = self._issue(channel, now) if is_new else None
            if attempt is not None:
                return attempt
        for resort in resorts_in_order(self._open, asked, now, has_proved=self._has_tried_out):
            if not self._walk.is_let_in(resort.channel):
                continue
            is_repeat = resort.channel.channel_id in asked
            if is_repeat and not (may_repeat and self._may_ask(resort.channel, now)):
                continue
            self._open.exhausted.recalled.add(resort.channel.channel_id)
            self._open.exhausted.recalled_keys = set(resort.keys)
            attempt = self._issue(resort.channel, now, is_resort=bool(resort.keys))
            if attempt is not None:
                return attempt
        return None

    def _give_up(self, now: Monotonic) -> GiveUp:
        self._is_over = True
        return give_up(
            self._failed,
            self._open.obstacles(now),
            repeated(self.question.requested_model or "this request"),
            is_late=self._is_late(now),
            is_bought=self.question.is_bought,
        )

    def _is_late(self, now: Monotonic) -> bool:
        """Whether a channel could be called, had the call any time left."""
        return any(
            self._open.is_usable(channel, now) and self._is_time_over(channel, now)
            for channel in self._open.reached(self._walk.root.entries)
        )

    def _is_time_over(self, channel: Channel, now: Monotonic) -> bool:
        timeouts = self._state.pace(channel, self.question).timeouts
        return time_left(timeouts, self.question, self.started_at, now) is None
