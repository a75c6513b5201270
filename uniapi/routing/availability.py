"""What one request can use at the moment, and what stands in the way of the rest: what rules a
channel out, what rests, what is at its limit, what failed for this request already.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from uniapi.clock import Monotonic
from uniapi.config import ClientKey, Credential
from uniapi.limits import Refused
from uniapi.values import dataclass, field

from .candidates import Candidate, Candidates, Channel, Group
from .eligibility import RuledOut
from .health import Rested
from .question import Question
from .state import RouterState
from .steps import Obstacle, ObstacleKind, used_by

TRIAL_POLL_S = 1.0
"""How soon to look again at what somebody else tries out right now."""
LONGEST_WORDS = 200
_REST_WORDS = {
    "refused": "was refused",
    "quota": "has no money or share left",
    "rate": "rests after a rate limit",
    "failure": "rests after a failure",
}


@dataclass(slots=True)
class Exhausted:
    """What is of no more use to this request."""

    channels: dict[tuple[str, str], str] = field(default_factory=dict)
    """Channels, with the reason."""
    models: set[tuple[str, str]] = field(default_factory=set)
    """(upstream model, dialect) pairs that refused the request itself."""
    credentials: dict[Rested, float] = field(default_factory=dict)
    """Credentials that failed: until when, infinity: for good."""
    recalled: set[tuple[str, str]] = field(default_factory=set)
    """Channels this request may call though they rest: those it put to rest itself, which may come
    up again in its own ring, and its last resort.
    """
    recalled_keys: set[Rested] = field(default_factory=set)
    """Credentials that are its last resort."""


class Availability:
    """The channels of one request, each once, by the shortest way that leads to it; and which of
    them can be called.
    """

    def __init__(self, state: RouterState, question: Question, candidates: Candidates) -> None:
        self.state = state
        self.question = question
        self.leaves = candidates.leaves
        self.is_in_line = False
        """Whether this request waits for a credential that is busy."""
        self._ruled_out: dict[tuple[str, str], RuledOut | None] = {}
        self.exhausted = Exhausted()
        self.refused_groups: dict[str, Refused] = {}
        """Nested client keys over their own limits, by key id."""

    def reached(self, entries: Iterable[Candidate]) -> Iterator[Channel]:
        """The channels of `entries`, without those the request reaches by a shorter way."""
        for entry in entries:
            for channel in entry.candidates.channels() if isinstance(entry, Group) else (entry,):
                if self.leads_to(channel):
                    yield channel

    def leads_to(self, channel: Channel) -> bool:
        """Whether this is the way on which the request reaches the channel."""
        return self.leaves.get(channel.channel_id) is channel

    def is_ruled_out(self, channel: Channel) -> bool:
        """It cannot take such a call, whatever its health."""
        return self._why_not(channel) is not None

    def is_usable(self, channel: Channel, now: Monotonic) -> bool:
        """An attempt could be made at once."""
        return self.obstacle(channel, now) is None and any(
            self.free_at(channel, one, now) <= now for one in channel.provider.credentials
        )

    def retries(self, client_key: ClientKey, entries: Sequence[Candidate]) -> int:
        """The attempts beside one for each of a ring's candidates: a single channel with several
        keys has one for each of them, everything else what AUTO_RETRY says.
        """
        eligible = list(
            islice(
                (channel for channel in self.reached(entries) if not self.is_ruled_out(channel)), 2
            )
        )
        if (
            client_key.auto_retry
            and len(eligible) == 1
            and any(entry is eligible[0] for entry in entries)
            and self.question.pin is None
        ):
            count = len(eligible[0].provider.credentials)
            return count if count > 1 else int(client_key.auto_retry)
        return int(client_key.auto_retry)

    def has_other(self, channel: Channel, now: Monotonic) -> bool:
        """Whether the request has another usable channel, none that rests counted."""
        return any(
            self.is_usable(other, now) and self.state.health.free_at(other.rested, now, self) <= now
            for channel_id, other in self.leaves.items()
            if channel_id != channel.channel_id
        )

    def obstacle(self, channel: Channel, now: Monotonic) -> Obstacle | None:
        """What stands against a channel as a whole.

        A request's only channel is called even when it rests.
        """
        channel_id, question = channel.channel_id, self.question
        may_be_out = channel.excludes or question.rules_out is not None
        why = self._why_not(channel) if may_be_out else None
        if why is not None:
            return Obstacle(
                channel=str(channel), kind="ruled_out", text=why.reason, status=why.status
            )
        if channel_id in self.exhausted.channels:
            return Obstacle(
                channel=str(channel), kind="exhausted", text=self.exhausted.channels[channel_id]
            )
        if (
            self.exhausted.models
            and (channel.upstream_model, self.dialect(channel)) in self.exhausted.models
        ):
            return Obstacle(
                channel=str(channel), kind="exhausted", text="the same model refused this request"
            )
        if channel.provider.budgets:
            refused = self.state.limits.over_budget(channel.provider)
            if refused is not None:
                return _limit_obstacle(channel, refused, "rate", "its budget is used up")
        rested, health = channel.rested, self.state.health
        free_at = health.free_at(rested, now, self) if health.rests else now
        if free_at > now and channel_id not in self.exhausted.recalled and not self._is_sole():
            return Obstacle(
                channel=str(channel),
                kind="failure",
                text=f"it rests after failures{self._words(rested)}",
                free_in_s=self._seconds_to(rested, free_at, now),
            )
        return self._group_obstacle(channel) if self.refused_groups else None

    def free_at(self, channel: Channel, credential: Credential, now: Monotonic) -> float:
        """When a credential may be used for a channel; infinity: not for this request."""
        pin = self.question.pin
        if pin is not None and credential.credential_id != pin.credential_id:
            return math.inf
        health, failed = self.state.health, self.exhausted.credentials
        if failed or health.rests:
            _, in_model, whole = used_by(channel, credential)
            recalled = self.exhausted.recalled_keys
            free_at = max(
                now if in_model in recalled else health.free_at(in_model, now, self),
                now if whole in recalled else health.free_at(whole, now, self),
                failed.get(in_model, now),
                failed.get(whole, now),
            )
            if free_at > now:
                return free_at
        if not channel.is_limited:
            return now
        refused = self.limit(channel, credential, now)
        if refused is None:
            return now
        return math.inf if refused.retry_after_s is None else now + refused.retry_after_s

    def obstacles(self, now: Monotonic) -> list[Obstacle]:
        """Why each channel that cannot be called now cannot."""
        found = (
            self.obstacle(channel, now) or self.credential_obstacle(channel, now)
            for channel in self.leaves.values()
        )
        return [obstacle for obstacle in found if obstacle is not None]

    def is_on_trial(self, channel: Channel, now: Monotonic) -> bool:
        """Whether all that keeps the channel from being called is that somebody else tries it, or
        the last of its credentials, out.
        """
        health, obstacle = self.state.health, self.obstacle(channel, now)
        if obstacle is not None:
            return obstacle.kind == "failure" and health.is_tried(channel.rested, now)
        return self.credential_obstacle(channel, now) is not None and any(
            health.is_tried(rested, now)
            for credential in channel.provider.credentials
            for rested in used_by(channel, credential)[1:]
        )

    def is_doubtful(self, channel: Channel, credential: Credential) -> bool:
        """Whether the credential has to prove itself."""
        health = self.state.health
        return any(health.is_doubtful(one) for one in used_by(channel, credential)[1:])

    def obstacle_of(
        self, channel: Channel, credential: Credential, now: Monotonic
    ) -> Obstacle | None:
        """What stands against one credential for a channel."""
        _, in_model, whole = used_by(channel, credential)
        for rested in (whole, in_model):
            obstacle = self._rest_of(channel, credential, rested, now) or self._failure_of(
                channel, rested, now, is_whole=rested is whole
            )
            if obstacle is not None:
                return obstacle
        refused = self.limit(channel, credential, now)
        if refused is None:
            return None
        kind: ObstacleKind = "busy" if refused.reason == "concurrency" else "rate"
        return _limit_obstacle(channel, refused, kind, "its key is at our own limit")

    def line_up(self, now: Monotonic) -> bool:
        """Wait in line for the credentials that are busy; False when none is."""
        is_in_line = False
        for channel in self.leaves.values():
            obstacle = self.obstacle(channel, now) or self.credential_obstacle(channel, now)
            if obstacle is not None and obstacle.kind == "busy":
                self.state.limits.seats.line_up(
                    channel.provider.provider_id, channel.upstream_model, self
                )
                is_in_line = self.is_in_line = True
        return is_in_line

    def leave_lines(self) -> None:
        """This request waits for nothing any more."""
        self.state.limits.seats.give_up(self)
        self.is_in_line = False

    def dialect(self, channel: Channel) -> str:
        """The dialect this request would be spoken in there."""
        return self.state.engines.dialect(
            channel.provider,
            channel.upstream_model,
            self.question.client_dialect,
            self.question.needs,
        )

    def _why_not(self, channel: Channel) -> RuledOut | None:
        """Why the channel cannot take the call at all; worked out once."""
        channel_id = channel.channel_id
        if channel_id not in self._ruled_out:
            self._ruled_out[channel_id] = self.state.ruled_out(channel, self.question)
        return self._ruled_out[channel_id]

    def _is_sole(self) -> bool:
        """Only one channel can take such a call."""
        return sum(self._why_not(channel) is None for channel in self.leaves.values()) == 1

    def _rest_of(
        self, channel: Channel, credential: Credential, rested: Rested, now: Monotonic
    ) -> Obstacle | None:
        free_at = self.state.health.free_at(rested, now, self)
        if free_at <= now:
            return None
        reason = self.state.health.reason(rested)
        kind: ObstacleKind = "refused" if reason == "refused" else "rate"
        is_only = len(channel.provider.credentials) == 1
        key = "its key" if is_only else f"key {credential.number}"
        text = f"{key} {_REST_WORDS[reason or 'failure']}{self._words(rested)}"
        if self.state.health.is_guess(rested):
            recall_at = self.state.health.recall_at(rested, now, is_only=is_only)
            free_at = min(free_at, recall_at) if recall_at > now else free_at
        return Obstacle(
            channel=str(channel),
            kind=kind,
            text=text,
            free_in_s=self._seconds_to(rested, free_at, now),
            is_final=reason in ("refused", "quota") and not self.state.health.is_tried(rested, now),
        )

    def _words(self, rested: Rested) -> str:
        """The upstream's, as they were when it was put to rest."""
        words = self.state.health.words(rested)
        return f" ({words[:LONGEST_WORDS]})" if words else ""

    def _failure_of(
        self, channel: Channel, rested: Rested, now: Monotonic, *, is_whole: bool
    ) -> Obstacle | None:
        until = self.exhausted.credentials.get(rested, now)
        if until <= now:
            return None
        kind: ObstacleKind = "refused" if is_whole else "rate"
        return Obstacle(
            channel=str(channel),
            kind=kind,
            text="its key failed for this request",
            free_in_s=None if until == math.inf else until - now,
        )

    def _group_obstacle(self, channel: Channel) -> Obstacle | None:
        for key_id in channel.key_path:
            refused = self.refused_groups.get(key_id)
            if refused is not None:
                return _limit_obstacle(
                    channel, refused, "client_limit", "the nested client key is at its limit"
                )
        return None

    def credential_obstacle(self, channel: Channel, now: Monotonic) -> Obstacle | None:
        """The soonest of what stands against its credentials; None when one is usable."""
        pin = self.question.pin
        found = []
        for credential in channel.provider.credentials:
            if pin is not None and credential.credential_id != pin.credential_id:
                continue
            obstacle = self.obstacle_of(channel, credential, now)
            if obstacle is None:
                return None
            found.append(obstacle)
        if not found:
            return Obstacle(
                channel=str(channel),
                kind="ruled_out",
                text="it does not have the key this call belongs to",
                status=404,
            )
        return min(
            found,
            key=lambda obstacle: math.inf if obstacle.free_in_s is None else obstacle.free_in_s,
        )

    def limit(self, channel: Channel, credential: Credential, now: Monotonic) -> Refused | None:
        return self.state.limits.credential_refusal(
            channel.provider,
            credential,
            channel.alias,
            channel.upstream_model,
            tokens=self.question.tokens,
            now=now,
            asker=self,
        )

    def _seconds_to(self, rested: Rested, free_at: float, now: Monotonic) -> float:
        """Seconds until `free_at`; a trial somebody runs is over any moment."""
        health = self.state.health
        return (
            TRIAL_POLL_S
            if health.is_half_open(rested, now) and health.is_tried(rested, now)
            else free_at - now
        )


def _limit_obstacle(channel: Channel, refused: Refused, kind: ObstacleKind, text: str) -> Obstacle:
    if refused.status == 413:
        return Obstacle(channel=str(channel), kind="ruled_out", text=refused.message, status=413)
    return Obstacle(
        channel=str(channel),
        kind=kind,
        text=f"{text} ({refused.message})",
        free_in_s=refused.retry_after_s,
    )
