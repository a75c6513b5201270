"""What comes out of a plan at each step, and what it is told of an attempt that failed."""

from __future__ import annotations

from enum import Enum
from typing import Literal, TypeAlias

from uniapi.canonical import ClientError, Failure
from uniapi.clock import Monotonic
from uniapi.config import Credential, Timeouts
from uniapi.limits import Admitted
from uniapi.values import dataclass

from .candidates import Channel
from .health import Rested


@dataclass(slots=True)  # a value; freezing it would triple what it costs each call
class Attempt:
    """Call this channel with this credential.

    `number` counts from 1; `is_trial`: something in it comes back from a rest; `timeouts.total_s`
    is the time left, None: no bound.
    """

    channel: Channel
    credential: Credential
    number: int
    timeouts: Timeouts
    keepalive_s: float | None = None
    is_trial: bool = False

    def is_at(self, channel: Channel, credential: Credential) -> bool:
        """Whether this is what was called."""
        is_there = self.channel.channel_id == channel.channel_id
        return is_there and self.credential.credential_id == credential.credential_id


@dataclass(slots=True)
class Course:
    """An attempt under way: what it uses and must give back. One without a lease has nothing of its
    call in it, and many calls may go by the same.
    """

    attempt: Attempt
    lease: Admitted | None = None
    """What it counts for where its credential has limits."""
    _used: tuple[Rested, ...] | None = None

    @property
    def used(self) -> tuple[Rested, ...]:
        """What it uses (see `used_by`); nobody asks while nothing rests and nothing fails."""
        if self._used is None:
            self._used = used_by(self.attempt.channel, self.attempt.credential)
        return self._used

    def give_back(self, now: Monotonic, tokens: int | None) -> None:
        """The attempt is over, or was never made; `tokens`: what it came to, None: unknown."""
        if self.lease is None:
            return
        if tokens is not None:
            self.lease.used(tokens, now)
        self.lease.release()


def used_by(channel: Channel, credential: Credential) -> tuple[Rested, Rested, Rested]:
    """What an attempt uses: the channel, the credential for its model, the credential."""
    provider_id = channel.provider.provider_id
    return (
        channel.rested,
        Rested(provider_id, credential.credential_id, channel.upstream_model),
        Rested(provider_id, credential.credential_id, None),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """A credential frees up in a moment, or what was not to be reached may be: sleep `seconds`,
    then ask again with no failure.

    Costs no attempt.
    """

    seconds: float


class Road(Enum):
    """Whose words an upstream is told: the client's own, or ours for them."""

    RELAY = "relay"
    TRANSLATE = "translate"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """What the plan is told of an attempt that failed before the commit.

    `calls`: how many upstream calls it came to (0: the request could not even be written for this
    channel).
    """

    failure: Failure
    road: Road = Road.RELAY
    calls: int = 1


RestedThing: TypeAlias = Literal["channel", "credential_model", "credential"]


@dataclass(frozen=True, slots=True, kw_only=True)
class BegunRest:
    """What an attempt that failed put to rest: its channel, its credential for this model, or the
    credential for all of them; and for how many seconds.
    """

    what: RestedThing
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class EndedRest:
    """What an attempt that delivers proved sound again, and why it had rested."""

    what: RestedThing
    reason: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedAttempt:
    """One try and what became of it; `rest`: what rests for it, None: nothing does."""

    attempt: Attempt
    failure: Failure
    rest: BegunRest | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GiveUp:
    """Nothing is left to try. `error` is for the client; `failure` is the upstream's that it shows
    (None: no call was made), whose own body may go to a client of the same dialect when
    `relays_body`. `failed` holds every attempt, `reasons` why each other channel was not tried.
    `is_unavailable`: no call was made since what could serve rests, is at its limit or was too
    late, which is not the client's doing.
    """

    error: ClientError
    failure: Failure | None = None
    relays_body: bool = False
    failed: tuple[FailedAttempt, ...] = ()
    reasons: tuple[str, ...] = ()
    is_unavailable: bool = False


Step: TypeAlias = "Attempt | Wait | GiveUp"

ObstacleKind: TypeAlias = Literal[
    "ruled_out", "failure", "refused", "rate", "busy", "client_limit", "exhausted"
]
"""`rate`: our key upstream, resting or at our own limit for it; `busy`: it runs as many calls as it
may; `client_limit`: the limit of a
nested client key, which is not waited for.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Obstacle:
    """Why a channel cannot be called now.

    `free_in_s`: when it can, None: not for this call, or not to be told. `is_final`: waiting does
    not help, somebody has to mend it.
    """

    channel: str
    kind: ObstacleKind
    text: str
    free_in_s: float | None = None
    status: int = 400
    is_final: bool = False
