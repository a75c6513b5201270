"""The way of a request that cannot go straight on: what can be used, the walk through it, and what
each failure leaves to try.

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

from uniapi.canonical import FailureKind, repeated
from uniapi.clock import Monotonic
from uniapi.config import Credential, Timeouts

from .aftermath import Aftermath
from .availability import Availability
from .call_reserve import asked_by, not_asked, resorts_in_order
from .candidates import Candidates, Channel
from .give_up import give_up
from .plan_waits import PlanWaits
from .question import Question
from .retry import Next, next_after
from .state import Pace, RouterState
from .steps import Attempt, Course, FailedAttempt, GiveUp, Tried, Wait
from .time_left import time_left
from .walk import Walk


class LongWay:
    """Of one request. `settle` after each failure, `proceed` for what comes next; `most_calls`:
    upstream calls at most, those of all failures so far (`calls`) among them.
    """

    def __init__(
        self,
        state: RouterState,
        question: Question,
        candidates: Candidates,
        started_at: Monotonic,
        epoch_offset: float,
        rng: random.Random,
    ) -> None:
        self._state = state
        self._question = question
        self._started_at = started_at
        self._epoch_offset = epoch_offset
        self._rng = rng
        self.open = Availability(state, question, candidates)
        self.walk = Walk(state, question, self.open, candidates, started_at, rng)
        self.failed: list[FailedAttempt] = []
        self.calls = 0
        self.most_calls = 0
        self.is_over = False
        """Nothing may follow."""
        self._waits: PlanWaits | None = None
        self._stay_on: Channel | None = None
        self._is_past_end = not question.client_key.auto_retry
        """No attempt may follow those that the ring allows."""
        self._waited_after = 0
        """So many attempts had failed at the last wait before a repeat."""
        self._has_tried_out = False
        """A credential that has to prove itself was used."""

    def aftermath(self) -> Aftermath:
        return Aftermath(self._state, self._question, self.open, self._epoch_offset)

    def settle(self, course: Course, tried: Tried, now: Monotonic) -> None:
        """Take in a failure before the commit: who is to blame, what rests, what it
        leaves to try.
        """
        self.calls += tried.calls
        self.walk.count_attempts(now, self.most_calls)
        failure, aftermath = tried.failure, self.aftermath()
        channel = course.attempt.channel
        if course.lease is not None and not tried.calls:
            course.lease.undo(now)
        course.give_back(now, 0)
        resting = aftermath.take_in(course, failure, now)
        begun = aftermath.begun(course, resting, now)
        self.failed.append(FailedAttempt(attempt=course.attempt, failure=failure, rest=begun))
        ring = self.walk.ring
        is_over = aftermath.is_clients_time_over(failure, now)
        match Next.NOTHING if is_over else self._next_after(tried):
            case Next.NOTHING:
                self.is_over = True
                return
            case Next.CREDENTIAL:
                aftermath.use_up(course, failure, resting, now)
                self._stay_on = channel if self._has_call_to_spare(now) else None
            case Next.ABLE_CHANNEL:
                self.open.exhausted.channels[channel.channel_id] = failure.words
                if not tried.calls:
                    return
                ring.spend()
            case Next.CHANNEL:
                ring.spend()
            case Next.OTHER_CHANNEL:
                self.open.exhausted.channels[channel.channel_id] = failure.words
                ring.spend()
            case Next.OTHER_MODEL:
                self.open.exhausted.models.add((channel.upstream_model, self.open.dialect(channel)))
                ring.spend()
        if not self._question.client_key.auto_retry:
            self.is_over = True
        elif not ring.client_key.auto_retry:
            self._stay_on = None
            ring.budget = 0
            ring.used = max(ring.used, 1)

    def proceed(self, now: Monotonic) -> Course | Wait | None:
        """The next attempt: the same channel's next credential, else the next place in the ring;
        None when nothing is left.
        """
        pause = self._wait_to_repeat(now)
        if pause is not None:
            return pause
        if self._stay_on is not None:
            staying, self._stay_on = self._stay_on, None
            course = self._issue(staying, now)
            if course is not None:
                return course
        while (channel := self.walk.advance(now)) is not None:
            may_ask = not self.failed or self._may_ask(channel, now)
            course = self._issue(channel, now) if may_ask else None
            if course is not None:
                self.walk.attempted()
                return course
        return self._wait(now) or self._last_resort(now) or self._wait_for_trials(now)

    def _issue(self, channel: Channel, now: Monotonic, *, is_resort: bool = False) -> Course | None:
        """An attempt at `channel` with the credential whose turn it is, None when that cannot be
        now. `is_resort`: with whichever it has, as nothing else is left.
        """
        available = self.open
        is_way = available.leaves.get(channel.channel_id) is channel
        if not is_way or available.obstacle(channel, now) is not None:
            return None
        pace = self._state.pace(channel, self._question)
        timeouts = self._time_left(pace, now)
        may_prove = is_resort or not self._has_tried_out
        credential = self._credential(channel, now, may_prove) if timeouts is not None else None
        if credential is None or timeouts is None:
            return None
        number = len(self.failed) + 1
        course = Course(Attempt(channel, credential, number, timeouts, pace.keepalive_s))
        health = self._state.health
        if health.rests:
            self._has_tried_out |= available.is_doubtful(channel, credential)
            course.attempt.is_trial = health.begin(course.used, available, now)
        if channel.is_limited:
            course.lease = self._state.limits.take_credential(
                channel.provider,
                credential,
                channel.alias,
                channel.upstream_model,
                tokens=self._question.tokens,
                now=now,
            )
        if available.is_in_line:
            available.leave_lines()
        return course

    def _time_left(self, pace: Pace, now: Monotonic) -> Timeouts | None:
        """What an attempt may take, None where the call has no time left."""
        question = self._question
        is_bounded = question.patience_s is not None or question.deadline is not None
        if is_bounded or pace.timeouts.total_s is not None:
            return time_left(pace.timeouts, question, self._started_at, now)
        return pace.timeouts

    def _credential(self, channel: Channel, now: Monotonic, may_prove: bool) -> Credential | None:
        """Those not yet called for this request first. One that has to prove itself may begin a
        request, when its turn comes; after that sound ones go first, and it only if it
        `may_prove`: dead keys do not eat a request's calls.
        """
        is_first = not self.failed
        passes = [(True, is_first), (False, is_first)]
        if not is_first and may_prove:
            passes.append((True, True))
        for is_fresh, proves in passes:
            credential = self._state.choice.credential(
                self._question.client_key.key_id,
                channel.provider,
                channel.upstream_model,
                self._question.session,
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
        is_tried = any(one.attempt.is_at(channel, credential) for one in self.failed)
        if is_fresh is is_tried or self.open.free_at(channel, credential, now) > now:
            return False
        return may_prove or not self.open.is_doubtful(channel, credential)

    def _has_call_to_spare(self, now: Monotonic) -> bool:
        """Whether one more credential of a channel may be asked: not where that would take the call
        that a channel not asked yet needs. Many dead keys of one must not hide another; channels at
        rest are kept half of the calls, as the next key is likelier to serve.
        """
        asked = asked_by(self.failed)
        usable, at_rest = not_asked(self.open, self.walk.root.entries, asked, now)
        return self.most_calls - self.calls > usable + min(at_rest, self.most_calls // 2)

    def _may_ask(self, channel: Channel, now: Monotonic) -> bool:
        """Whether it is a channel's turn: none is asked a second time while its call is needed by
        one not asked yet, which is likelier to be sound.
        """
        asked = asked_by(self.failed)
        if channel.channel_id not in asked:
            return True
        waiting = not_asked(self.open, self.walk.root.entries, asked, now)
        return self.most_calls - self.calls > sum(waiting)

    def _next_after(self, tried: Tried) -> Next:
        is_bought = self._question.is_bought and tried.calls > 0
        return next_after(tried.failure, tried.road, is_bought=is_bought)

    def _wait(self, now: Monotonic) -> Wait | None:
        """A short wait, when that beats an error; the ring is then walked anew."""
        if self.walk.root.is_used_up:
            return None
        seconds = self._patience().wait_s(self.open, now)
        if seconds is None:
            return None
        self.walk.restart()
        return Wait(seconds=seconds)

    def _wait_to_repeat(self, now: Monotonic) -> Wait | None:
        """A moment's wait where nobody was reached and nobody is left who was not asked: at once
        the same would be said of it again. Not where another credential goes out another way.
        """
        failed = self.failed
        if self.walk.root.is_used_up or len(failed) == self._waited_after:
            return None
        last = failed[-1]
        if last.failure.kind is not FailureKind.UNREACHABLE:
            return None
        has_ways_out = any(one.proxy for one in last.attempt.channel.provider.credentials)
        others = not_asked(self.open, self.walk.root.entries, asked_by(failed), now)
        if has_ways_out or any(others):
            return None
        self._waited_after = len(failed)
        seconds = self._patience().knock_s(now)
        return None if seconds is None else Wait(seconds=seconds)

    def _patience(self) -> PlanWaits:
        """What has been waited so far; most requests never wait."""
        if self._waits is None:
            self._waits = PlanWaits(self._question.deadline, self._rng)
        return self._waits

    def _wait_for_trials(self, now: Monotonic) -> Wait | None:
        """All that this request asked has failed, and somebody else tries out a channel that it
        has not asked: what becomes of that is known in a moment.
        """
        if not self.failed or not self._question.client_key.auto_retry:
            return None
        asked = asked_by(self.failed)
        is_tried = any(
            self.open.is_on_trial(channel, now)
            for channel in self.open.reached(self.walk.root.entries)
            if channel.channel_id not in asked
        )
        seconds = self._patience().trial_s(now) if is_tried else None
        return None if seconds is None else Wait(seconds=seconds)

    def _last_resort(self, now: Monotonic) -> Course | None:
        """What rests, where nothing that does not can serve. When all attempts are used, once more
        any of it, and each channel that was not asked yet: it may be the sound one. Of a channel's
        credentials only one, and none after another had to prove itself, but where nothing else is
        left.
        """
        is_used_up = self.walk.root.is_used_up
        if not self._question.client_key.auto_retry and is_used_up:
            return None
        may_repeat = not (is_used_up and self._is_past_end)
        self._is_past_end = is_used_up
        asked = asked_by(self.failed)
        for channel in self.open.reached(self.walk.root.entries):
            # Well again since its turn was over.
            is_new = self.walk.is_let_in(channel) and channel.channel_id not in asked
            course = self._issue(channel, now) if is_new else None
            if course is not None:
                return course
        for resort in resorts_in_order(self.open, asked, now, has_proved=self._has_tried_out):
            if not self.walk.is_let_in(resort.channel):
                continue
            is_repeat = resort.channel.channel_id in asked
            if is_repeat and not (may_repeat and self._may_ask(resort.channel, now)):
                continue
            self.open.exhausted.recalled.add(resort.channel.channel_id)
            self.open.exhausted.recalled_keys = set(resort.keys)
            course = self._issue(resort.channel, now, is_resort=bool(resort.keys))
            if course is not None:
                return course
        return None

    def give_up(self, now: Monotonic) -> GiveUp:
        """Nothing more is tried: why."""
        question = self._question
        return give_up(
            self.failed,
            self.open.obstacles(now),
            repeated(question.requested_model or "this request"),
            is_late=self._is_late(now),
            is_bought=question.is_bought,
        )

    def finish(self, now: Monotonic, tokens: int | None) -> None:
        """The call is over (see `Plan.finished`)."""
        if self.walk.nested:
            self.walk.finish(now, tokens)
        if self.open.is_in_line:
            self.open.leave_lines()

    def _is_late(self, now: Monotonic) -> bool:
        """Whether a channel could be called, had the call any time left."""
        return any(
            self.open.is_usable(channel, now) and self._is_time_over(channel, now)
            for channel in self.open.reached(self.walk.root.entries)
        )

    def _is_time_over(self, channel: Channel, now: Monotonic) -> bool:
        timeouts = self._state.pace(channel, self._question).timeouts
        return time_left(timeouts, self._question, self._started_at, now) is None
