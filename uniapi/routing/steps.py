"""What comes out of a plan at each step, what it is told of an attempt that failed, and what a
client is told when nothing is left to try.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import Literal, TypeAlias

from uniapi.canonical import ClientError, Failure, FailureKind, client_error
from uniapi.config import Credential, Timeouts

from .catalog import Channel


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """Call this channel with this credential.

    `number` counts from 1; `is_trial`: something in it comes back from a rest; `timeouts.total_s`
    is the time left, None: no bound.
    """

    channel: Channel
    credential: Credential
    number: int
    timeouts: Timeouts
    is_trial: bool = False
    keepalive_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """A credential frees up in a moment: sleep `seconds`, then ask again with no failure.

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
    """

    error: ClientError
    failure: Failure | None = None
    relays_body: bool = False
    failed: tuple[FailedAttempt, ...] = ()
    reasons: tuple[str, ...] = ()


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

    `free_in_s`: when it can, None: not for this call, or not to be told.
    """

    channel: str
    kind: ObstacleKind
    text: str
    free_in_s: float | None = None
    status: int = 400


_USEFULNESS = {
    FailureKind.TOO_LONG: 6,
    FailureKind.BAD_REQUEST: 5,
    FailureKind.TOO_COSTLY: 5,
    FailureKind.ITEM_MISSING: 5,
    FailureKind.SIGNATURE: 5,
    FailureKind.MODEL_FAULT: 4,
    FailureKind.SERVER_ERROR: 4,
    FailureKind.OVERLOADED: 4,
    FailureKind.TIMEOUT: 4,
    FailureKind.BROKEN: 4,
    FailureKind.WALL: 4,
    FailureKind.EMPTY: 4,
    FailureKind.TRIGGERED: 4,
    FailureKind.UNREACHABLE: 4,
    FailureKind.RATE_LIMITED: 3,
    FailureKind.QUOTA: 3,
    FailureKind.CREDENTIAL_REFUSED: 2,
    FailureKind.REGION: 2,
    FailureKind.MODEL_REFUSED: 2,
    FailureKind.OPERATION_REFUSED: 2,
    FailureKind.NOT_SERVED: 1,
    FailureKind.MODEL_MISSING: 1,
    FailureKind.UNSUPPORTED: 0,
}
"""What a client can act on comes first, then what a channel did, then what rests, then what only
the owner can mend; of equals the last.
"""

_RELAYED = frozenset(
    {
        FailureKind.BAD_REQUEST,
        FailureKind.TOO_LONG,
        FailureKind.TOO_COSTLY,
        FailureKind.ITEM_MISSING,
        FailureKind.SIGNATURE,
        FailureKind.NOT_SERVED,
        FailureKind.MODEL_FAULT,
    }
)
"""Failures the client's own request caused: their status, message and body are the upstream's."""


def give_up(
    failed: Sequence[FailedAttempt],
    obstacles: Sequence[Obstacle],
    requested_model: str,
    *,
    is_late: bool = False,
) -> GiveUp:
    """The end of a plan: the most useful failure, or, when nothing was tried, why.

    `is_late`: the call's time was over before a channel that could be called was.
    """
    reasons = tuple(f"{obstacle.channel}: {obstacle.text}" for obstacle in obstacles)
    if not failed and is_late:
        return GiveUp(
            error=ClientError(
                status=504,
                message="The time for the whole call was over before it could be sent.",
                code="timeout",
            ),
            reasons=reasons,
        )
    if not failed:
        return GiveUp(error=_untried(obstacles, requested_model), reasons=reasons)
    shown = max(reversed(failed), key=lambda one: _USEFULNESS[one.failure.kind])
    failure = shown.failure
    error = client_error(failure)
    if failure.kind in (FailureKind.RATE_LIMITED, FailureKind.QUOTA):
        times = [obstacle.free_in_s for obstacle in obstacles if obstacle.free_in_s is not None]
        error = _with_delay(
            replace(error, code="rate_limit_exceeded"), min(times, default=failure.retry_after_s)
        )
    elif failure.kind in (FailureKind.CREDENTIAL_REFUSED, FailureKind.OPERATION_REFUSED):
        name = shown.attempt.channel.provider.name
        error = replace(
            error,
            message=f"The provider `{name}` refused our key: {failure.message}",
            code="provider_key_refused",
            type=None,
        )
    elif failure.kind in (FailureKind.MODEL_MISSING, FailureKind.MODEL_REFUSED):
        error = replace(error, code="model_not_found", param="model")
    return GiveUp(
        error=error,
        failure=failure,
        relays_body=failure.kind in _RELAYED,
        failed=tuple(failed),
        reasons=reasons,
    )


def _untried(obstacles: Sequence[Obstacle], requested_model: str) -> ClientError:
    waiting = [obstacle for obstacle in obstacles if obstacle.kind != "ruled_out"]
    if not waiting:
        return _ruled_out(obstacles, requested_model)
    timed = [obstacle for obstacle in waiting if obstacle.free_in_s is not None]
    soonest = min(timed, key=lambda obstacle: obstacle.free_in_s or 0.0) if timed else waiting[0]
    if soonest.kind in ("rate", "busy", "client_limit"):
        error = ClientError(
            status=429,
            message=f"Every key for `{requested_model}` rests or is at its limit: {soonest.text}.",
            code="rate_limit_exceeded",
        )
    else:
        error = ClientError(
            status=503,
            message=(
                f"No channel for `{requested_model}` is available at the moment: {soonest.text}."
            ),
            code="no_channel_available",
        )
    return _with_delay(error, soonest.free_in_s)


def _ruled_out(obstacles: Sequence[Obstacle], requested_model: str) -> ClientError:
    if not obstacles:
        return ClientError(
            status=404,
            message=f"No channel serves `{requested_model}` for this API key.",
            code="model_not_found",
            param="model",
        )
    too_large = [obstacle for obstacle in obstacles if obstacle.status == 413]
    if too_large:
        return ClientError(
            status=413,
            message=(
                f"The request is too large for every channel of `{requested_model}`:"
                f" {too_large[0].text}."
            ),
            code="request_too_large",
        )
    reasons = "; ".join(dict.fromkeys(obstacle.text for obstacle in obstacles))
    return ClientError(
        status=obstacles[0].status,
        message=f"No channel of `{requested_model}` takes this request: {reasons[:500]}.",
        code="unsupported_request",
        type="invalid_request_error",
    )


def _with_delay(error: ClientError, seconds: float | None) -> ClientError:
    """With `retry-after` in whole seconds, rounded up: a client that waits so long is not too
    early.
    """
    if seconds is None:
        return error
    headers = {name: value for name, value in error.headers.items() if name != "retry-after"}
    return replace(error, headers={**headers, "retry-after": str(max(1, int(-(-seconds // 1))))})
