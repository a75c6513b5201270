"""What may be called though it rests, where nothing that does not rest can serve a request: a guess
never leaves one unserved.
"""

from __future__ import annotations

from uniapi.clock import Monotonic
from uniapi.config import Credential
from uniapi.values import dataclass

from .availability import Availability
from .candidates import Channel
from .health import Rested
from .steps import used_by

_LIMITS = ("rate", "busy", "client_limit")


@dataclass(frozen=True, slots=True, kw_only=True)
class Resort:
    """A channel that a request may call though it rests, or one of its credentials does (`keys`),
    with the seconds that it would rest on.
    """

    channel: Channel
    free_in_s: float
    keys: frozenset[Rested] = frozenset()


def last_resort(available: Availability, now: Monotonic) -> list[Resort]:
    """Channels and credentials at rest by a guess, and any channel where only rate limits keep the
    others from serving; what is back soonest first, one request at a time.
    """
    is_limited = any(obstacle.kind in _LIMITS for obstacle in available.obstacles(now))
    found = (_resort(available, one, is_limited, now) for one in available.leaves.values())
    return sorted(
        (resort for resort in found if resort is not None), key=lambda resort: resort.free_in_s
    )


def _resort(
    available: Availability, channel: Channel, is_limited: bool, now: Monotonic
) -> Resort | None:
    health, rested_channel = available.state.health, channel.rested
    obstacle = available.obstacle(channel, now)
    is_at_rest = obstacle is not None and obstacle.kind == "failure"
    if obstacle is not None and not is_at_rest:
        return None
    if is_at_rest and health.is_tried(rested_channel, now):
        return None
    if is_at_rest and not (is_limited or health.is_guess(rested_channel)):
        return None
    free_in_s = obstacle.free_in_s or 0.0 if obstacle is not None else 0.0
    if available.credential_obstacle(channel, now) is None:
        return Resort(channel=channel, free_in_s=free_in_s) if is_at_rest else None
    keys = (_recalled(available, channel, one, now) for one in channel.provider.credentials)
    rested = [key for key in keys if key is not None]
    if not rested:
        return None
    soonest = min(rested, key=lambda key: key[0])
    return Resort(channel=channel, free_in_s=free_in_s + soonest[0], keys=soonest[1])


def _recalled(
    available: Availability, channel: Channel, credential: Credential, now: Monotonic
) -> tuple[float, frozenset[Rested]] | None:
    """(seconds it has still to rest, what of it rests), where it may be used all the same."""
    pin, failed = available.question.pin, available.exhausted.credentials
    if pin is not None and credential.credential_id != pin.credential_id:
        return None
    health, rests = available.state.health, used_by(channel, credential)[1:]
    is_only = len(channel.provider.credentials) == 1
    if any(failed.get(one, now) > now for one in rests):
        return None
    if any(health.recall_at(one, now, is_only=is_only) > now for one in rests):
        return None
    if available.limit(channel, credential, now) is not None:
        return None
    free_at = max(health.free_at(one, now, available) for one in rests)
    return free_at - now, frozenset(rests)
