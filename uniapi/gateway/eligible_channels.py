"""Which channels can take a call at all, as the engines tell it: for operations that are only
relayed, and for calls bound to the account that issued an id in them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from uniapi.canonical import Call, Operation
from uniapi.config import Provider
from uniapi.engines import Engine, Target
from uniapi.operations import CARRIED
from uniapi.routing import Channel, Pin

from .route import GENERATING, Way, find_ways

_NAMES = {
    Operation.COUNT_TOKENS: "count tokens",
    Operation.COMPACT: "compact conversations",
    Operation.STORED: "keep responses",
    Operation.EMBED: "make embeddings",
    Operation.RERANK: "rerank documents",
    Operation.MODERATE: "moderate",
    Operation.IMAGE: "make images",
    Operation.IMAGE_EDIT: "edit images",
    Operation.IMAGE_VARIATION: "make variations of images",
    Operation.SPEECH: "speak text",
    Operation.TRANSCRIBE: "transcribe audio",
    Operation.TRANSLATE_AUDIO: "translate audio",
}


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
    return bool(ways) and ways[0].relays


def find_ways_to(
    call: Call, channel: Channel, engine_of: Callable[[Provider], Engine]
) -> tuple[Way, ...]:
    """The ways to ask a channel, whichever of its credentials it will be."""
    provider = channel.provider
    target = Target(
        provider=provider,
        credential=provider.credentials[0],
        upstream_model=channel.upstream_model,
        alias=channel.alias,
    )
    return find_ways(call, target, engine_of(provider))


def rules_out(
    call: Call, engine_of: Callable[[Provider], Engine], *, is_bound: bool
) -> Callable[[Channel], str | None] | None:
    """Why a channel cannot take this call, for routing; None when every channel can."""
    if call.operation in GENERATING and not is_bound:
        return None
    if call.operation in CARRIED:
        return lambda channel: (
            None
            if find_ways_to(call, channel, engine_of)
            else f"provider {channel.provider.name!r} does not {_NAMES[call.operation]}"
        )
    reason = (
        f"it does not {_NAMES[call.operation]} in this API"
        if call.operation in _NAMES
        else "the request names state that translation would lose"
    )
    return lambda channel: None if is_relayable(call, channel, engine_of) else reason
