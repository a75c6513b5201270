"""Which channels can take a call at all, as the engines tell it: for operations that are only
relayed, and for calls bound to the account that issued an id in them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from uniapi.canonical import Call
from uniapi.config import Provider
from uniapi.engines import Engine, Place
from uniapi.operations import SERVICES
from uniapi.routing import Channel, Pin, Road

from .route import Way, find_ways


def possible_owners(
    call: Call, channels: Iterable[Channel], engine_of: Callable[[Provider], Engine]
) -> tuple[Pin, ...]:
    """Every credential that could have issued an id for this client's dialect, in order,
    each once.
    """
    owners: dict[Pin, None] = {}
    for channel in channels:
        if is_relayable(call, channel, engine_of):
            provider = channel.provider
            owners.update(
                {
                    Pin(provider_id=provider.provider_id, credential_id=one.credential_id): None
                    for one in provider.credentials
                }
            )
    return tuple(owners)


def is_relayable(call: Call, channel: Channel, engine_of: Callable[[Provider], Engine]) -> bool:
    """Whether this channel would be told the client's own words."""
    ways = find_ways_to(call, channel, engine_of)
    return bool(ways) and ways[0].road is Road.RELAY


def find_ways_to(
    call: Call, channel: Channel, engine_of: Callable[[Provider], Engine]
) -> tuple[Way, ...]:
    """The ways to ask a channel, whichever of its credentials it will be."""
    provider = channel.provider
    place = Place(provider=provider, upstream_model=channel.upstream_model, alias=channel.alias)
    return find_ways(call, place, engine_of(provider))


def rules_out(
    call: Call, engine_of: Callable[[Provider], Engine], *, is_bound: bool
) -> Callable[[Channel], str | None] | None:
    """Why a channel cannot take this call, for routing; None when every channel can."""
    service = SERVICES[call.operation]
    if service.is_generated and not is_bound:
        return None
    if service.is_carried or (service.is_counted and not is_bound):
        return lambda channel: (
            None
            if find_ways_to(call, channel, engine_of)
            else f"provider {channel.provider.name!r} does not {service.action}"
        )
    reason = (
        "the request names state that translation would lose"
        if service.is_generated
        else f"it does not {service.action} in this API"
    )
    return lambda channel: None if is_relayable(call, channel, engine_of) else reason
