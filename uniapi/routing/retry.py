"""What each kind of failure leads to (docs/design.md: Attempts, Blame, Rests): `blame` says who it
was, and what rests for how long; `next_after` what may be tried next.

Each is one exhaustive `match`. Failures blamed on a credential go to the channel's next credential
and do not count as attempts; those blamed on a channel do count. Whether the last usable channel
may rest is not decided here but in the plan, which sees the others.
"""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from enum import Enum
from typing import Literal

from uniapi.canonical import Failure, FailureKind
from uniapi.clock import Epoch
from uniapi.config import Provider
from uniapi.errors import assert_never
from uniapi.values import dataclass

from .health import Rest
from .steps import Road

RATE_FIRST_S, RATE_CAP_S = 30.0, 600.0
"""The back-off of a credential whose provider names no delay with its 429."""
REFUSED_FIRST_S, REFUSED_CAP_S = 600.0, 6 * 3600.0
AWAY_FIRST_S, AWAY_CAP_S = 5.0, 300.0
"""The back-off of a channel whose `cooldown_period` is not written: one failure must not take a
provider away for minutes, nor may a dead one be asked by everybody.
"""
LONGEST_DELAY_S = 3600.0
"""An explicit delay counts for at most so long, unless the provider names a daily quota."""
LONGEST_DAILY_DELAY_S = 86400.0
LONGEST_QUOTA_DELAY_S = 32 * 86400.0
"""A plan's share returns when its provider says: with the hour, the week, the month."""
_REFUSALS = frozenset({400, 401, 402, 403, 412})
"""Statuses that speak of the account when its money is gone; a 429 may speak of one model's share.
"""


_HALF_WAY = frozenset(
    {FailureKind.TIMEOUT, FailureKind.BROKEN, FailureKind.EMPTY, FailureKind.TRIGGERED}
)
_PROXY_STATUSES = frozenset({408, 502, 504, 520, 522, 523, 524})
"""Gateway errors, and Cloudflare's 52x (developers.cloudflare.com/support, 5xx errors)."""


class Next(Enum):
    """What may be tried after a failure."""

    NOTHING = "nothing"
    """The client is answered at once."""
    CREDENTIAL = "credential"
    """The channel's next credential, then other channels.

    Costs no attempt; the credential is not used again for this request.
    """
    CHANNEL = "channel"
    """The next channel in the ring. Costs an attempt."""
    OTHER_CHANNEL = "other channel"
    """The next channel; this one is of no further use to this request. Costs an attempt."""
    OTHER_MODEL = "other model"
    """A channel with another upstream model or dialect. Costs an attempt."""
    ABLE_CHANNEL = "able channel"
    """Another channel, as this one does not have what was asked for.

    Costs an attempt only when it had to be asked to know.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class Blame:
    """Whose failure it is. `rest` applies to `rests`: the channel, the credential for this model,
    or the credential for all models.
    """

    who: Literal["client", "credential", "channel", "nobody"]
    rests: Literal["channel", "credential_model", "credential"] | None = None
    rest: Rest | None = None


def blame(
    failure: Failure, provider: Provider, *, cooldown_s: float | None, now_s: Epoch, is_google: bool
) -> Blame:
    """Whose `failure` of an attempt at `provider` is.

    `cooldown_s`: the channel's cooldown period, None: unwritten; `is_google`: the provider's day
    ends in California, not by UTC.
    """
    kind = failure.kind
    match kind:
        case (
            FailureKind.BAD_REQUEST
            | FailureKind.TOO_LONG
            | FailureKind.TOO_COSTLY
            | FailureKind.ITEM_MISSING
            | FailureKind.SIGNATURE
        ):
            return Blame(who="client")
        case FailureKind.CREDENTIAL_REFUSED:
            return _blame_credential(provider, "credential", _REFUSED)
        case FailureKind.MODEL_REFUSED:
            return _blame_credential(provider, "credential_model", _REFUSED)
        case FailureKind.REGION:
            if any(credential.proxy for credential in provider.credentials):
                # Another key goes out another way.
                return _blame_credential(provider, "credential_model", _AWAY)
            return _blame_channel(cooldown_s)
        case FailureKind.QUOTA:
            is_money = failure.status in _REFUSALS
            return _blame_credential(
                provider,
                "credential" if is_money else "credential_model",
                _quota_rest(failure, provider, now_s, is_google),
            )
        case FailureKind.RATE_LIMITED:
            return _blame_credential(
                provider, "credential_model", _rate_rest(failure, provider, now_s, is_google)
            )
        case (
            FailureKind.WALL
            | FailureKind.MODEL_MISSING
            | FailureKind.OVERLOADED
            | FailureKind.SERVER_ERROR
            | FailureKind.TIMEOUT
            | FailureKind.UNREACHABLE
            | FailureKind.BROKEN
            | FailureKind.EMPTY
            | FailureKind.TRIGGERED
        ):
            return _blame_channel(cooldown_s)
        case (
            FailureKind.MODEL_FAULT
            | FailureKind.OPERATION_REFUSED
            | FailureKind.UNSUPPORTED
            | FailureKind.NOT_SERVED
            | FailureKind.NO_ROOM
        ):
            return Blame(who="nobody")
        case _:
            assert_never(kind)


def may_have_cost(failure: Failure) -> bool:
    """Whether the provider may have done, and may bill, what it did not deliver: it was not waited
    for, broke off, or a proxy before it was at the end of its own patience.
    """
    return failure.kind in _HALF_WAY or failure.status in _PROXY_STATUSES


def next_after(failure: Failure, road: Road, *, is_bought: bool = False) -> Next:
    """What may be tried after an attempt that went this road and failed before the commit.

    `is_bought`: what was asked for costs by the call, and is not bought twice.
    """
    if is_bought and may_have_cost(failure):
        return Next.NOTHING
    kind = failure.kind
    match kind:
        case FailureKind.BAD_REQUEST:
            # In our words for it the mistake may be ours; in its own it is the client's.
            return Next.NOTHING if road is Road.RELAY else Next.OTHER_MODEL
        case FailureKind.TOO_LONG:
            return Next.OTHER_MODEL
        case FailureKind.NO_ROOM:
            # Another provider's answer would have no room either.
            return Next.NOTHING
        case (
            FailureKind.CREDENTIAL_REFUSED
            | FailureKind.MODEL_REFUSED
            | FailureKind.OPERATION_REFUSED
            | FailureKind.REGION
            | FailureKind.TOO_COSTLY
            | FailureKind.QUOTA
            | FailureKind.RATE_LIMITED
        ):
            return Next.CREDENTIAL
        case (
            FailureKind.ITEM_MISSING
            | FailureKind.SIGNATURE
            | FailureKind.WALL
            | FailureKind.MODEL_MISSING
        ):
            # To another provider neither the item nor the signature goes along.
            return Next.OTHER_CHANNEL
        case FailureKind.UNSUPPORTED | FailureKind.NOT_SERVED:
            return Next.ABLE_CHANNEL
        case (
            FailureKind.MODEL_FAULT
            | FailureKind.OVERLOADED
            | FailureKind.SERVER_ERROR
            | FailureKind.TIMEOUT
            | FailureKind.UNREACHABLE
            | FailureKind.BROKEN
            | FailureKind.EMPTY
            | FailureKind.TRIGGERED
        ):
            return Next.CHANNEL
        case _:
            assert_never(kind)


_REFUSED = Rest(reason="refused", first_s=REFUSED_FIRST_S, cap_s=REFUSED_CAP_S, is_guess=True)
_AWAY = Rest(reason="failure", first_s=AWAY_FIRST_S, cap_s=AWAY_CAP_S, is_guess=True)


def _blame_channel(cooldown_s: float | None) -> Blame:
    if cooldown_s is not None and cooldown_s <= 0:
        return Blame(who="channel")
    rest = _AWAY if cooldown_s is None else Rest(reason="failure", seconds=cooldown_s)
    return Blame(who="channel", rests="channel", rest=rest)


def _blame_credential(
    provider: Provider, rests: Literal["credential_model", "credential"], rest: Rest
) -> Blame:
    """With the one exception to every rest of a credential: an explicit cooldown of 0."""
    if provider.credential_cooldown_s == 0 or rest.seconds == 0:
        return Blame(who="credential")
    return Blame(who="credential", rests=rests, rest=rest)


def _rate_rest(failure: Failure, provider: Provider, now_s: Epoch, is_google: bool) -> Rest:
    explicit = _explicit_rest(failure, "rate", now_s, is_google)
    if explicit is not None:
        return explicit
    if provider.credential_cooldown_s is not None:
        return Rest(reason="rate", seconds=provider.credential_cooldown_s)
    return Rest(reason="rate", first_s=RATE_FIRST_S, cap_s=RATE_CAP_S, is_guess=True)


def _quota_rest(failure: Failure, provider: Provider, now_s: Epoch, is_google: bool) -> Rest:
    return _explicit_rest(failure, "quota", now_s, is_google) or Rest(
        reason="quota", seconds=provider.quota_cooldown_s, is_guess=True
    )


def _explicit_rest(
    failure: Failure, reason: Literal["rate", "quota"], now_s: Epoch, is_google: bool
) -> Rest | None:
    """A rest for the delay the provider named, or until its next day when it named a daily quota
    and no delay (some count the last 24 hours, and say when there is room).
    """
    if failure.retry_after_s is not None and failure.retry_after_s > 0:
        longest = LONGEST_QUOTA_DELAY_S if reason == "quota" else LONGEST_DELAY_S
        longest = LONGEST_DAILY_DELAY_S if failure.is_daily else longest
        return Rest(
            reason="quota" if failure.is_daily else reason,
            seconds=min(failure.retry_after_s, longest),
        )
    return (
        Rest(reason="quota", seconds=seconds_to_next_day(now_s, is_google))
        if failure.is_daily
        else None
    )


def seconds_to_next_day(now_s: Epoch, is_pacific: bool) -> float:
    """Until the provider's quotas are reset: midnight Pacific time at Google
    (https://ai.google.dev/gemini-api/docs/rate-limits), else midnight UTC.
    """
    now = datetime.fromtimestamp(now_s, timezone.utc)
    local = now + (_pacific_offset(now) if is_pacific else timedelta(0))
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    reset = midnight - (
        _pacific_offset(midnight + timedelta(hours=8)) if is_pacific else timedelta(0)
    )
    return max(1.0, (reset - now).total_seconds())


def _pacific_offset(now: datetime) -> timedelta:
    """UTC-7 from the second Sunday of March to the first Sunday of November at 2:00 local time,
    else UTC-8; by rule, because small hosts lack zone files.
    """
    starts = _sunday(now.year, 3, 8) + timedelta(hours=10)
    ends = _sunday(now.year, 11, 1) + timedelta(hours=9)
    return timedelta(hours=-7 if starts <= now < ends else -8)


def _sunday(year: int, month: int, day: int) -> datetime:
    """The first Sunday on or after a date."""
    date = datetime(year, month, day, tzinfo=timezone.utc)
    return date + timedelta(days=(6 - date.weekday()) % 7)
