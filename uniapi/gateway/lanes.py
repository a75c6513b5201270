"""What no body and no moment changes about asking one credential of one channel, worked out once
for a configuration: its engine, the way out of this machine, its secrets, the headers of every
request, and the ways that calls of one kind go there.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TypeAlias

from uniapi.canonical import Call, DialectNeeds, Operation
from uniapi.clock import Epoch
from uniapi.config import (
    Credential,
    Preferences,
    Provider,
    Timeouts,
    provider_secrets,
    without_secrets_in_bytes,
)
from uniapi.engines import Engine, Learned, Target
from uniapi.network import passage_of
from uniapi.operations import SERVICES
from uniapi.routing import Attempt, Channel
from uniapi.values import dataclass, replace
from uniapi.wire import HttpRequest, KnownHeaders, head_of_request

from .answer_headers import JSON_HEADERS, header_text
from .key_mask import NO_SECRET, KeyMask
from .patience import Patience, patience_for
from .prepared import usual_headers
from .route import Spot, Way, find_ways, spot_of, ways_from

MAX_LANES = 4096
MAX_KINDS = 256
"""Kinds of calls that are remembered of one lane: dialects, operations, needs, lessons."""

_KnownSpot: TypeAlias = tuple[Learned, Spot, dict[tuple[object, ...], tuple[Way, ...]]]
"""What was learned when it was looked up, and the ways there for each kind of call: its operation,
whether it streams, whether its own words may go there.
"""


class Lane:
    """One credential of one channel, as it is asked."""

    __slots__ = (
        "_patience",
        "_spots",
        "_whole_headers",
        "engine",
        "mask",
        "names",
        "passage",
        "said",
        "said_at_once",
        "secrets",
        "target",
    )

    def __init__(self, target: Target, engine: Engine, preferences: Preferences) -> None:
        provider = target.provider
        self.target = target
        self.engine = engine
        credential = target.credential
        self.names = (
            provider.name,
            provider.provider_id,
            target.upstream_model,
            credential.credential_id,
            credential.display,
        )
        """As records have them."""
        self.passage = passage_of(provider, target.credential, preferences)
        self.secrets = provider_secrets(provider)
        self.mask = KeyMask(
            partial(without_secrets_in_bytes, secrets=self.secrets),
            target.credential.secret.encode("utf-8", "surrogatepass") or NO_SECRET,
        )
        """Hides what is secret of it in what it says."""
        self.said = {
            "x-uniapi-provider": header_text(provider.name),
            "x-uniapi-model": header_text(target.upstream_model),
        }
        """What every answer of it is headed with."""
        served = f"{header_text(provider.name)}#{target.credential.number}=200"
        self.said_at_once = {**self.said, "x-uniapi-attempts": served}
        """The same of an answer that was the call's first attempt."""
        self._whole_headers: dict[str | None, KnownHeaders] = {}
        self._patience: dict[Operation, tuple[Timeouts, Patience]] = {}
        self._spots: dict[tuple[object, ...], _KnownSpot] = {}

    def headers_of_whole(self, cached: str | None) -> KnownHeaders:
        """Of a whole answer to the call's first attempt that has nothing more to say than what its
        prompt cache has done.
        """
        known = self._whole_headers.get(cached)
        if known is None:
            if len(self._whole_headers) >= MAX_KINDS:
                self._whole_headers.clear()
            of_cache = {} if cached is None else {"x-uniapi-cache": cached}
            known = KnownHeaders({**JSON_HEADERS, **self.said_at_once, **of_cache})
            self._whole_headers[cached] = known
        return known

    def ways(self, call: Call, needs: DialectNeeds, learned: Learned) -> tuple[Way, ...]:
        """The ways to ask it (see `find_ways`); `needs` are the call's."""
        if not SERVICES[call.operation].is_generated:
            return find_ways(call, self.target, self.engine, learned)
        name = (call.dialect, needs.has_functions, needs.effort, needs.searches, id(learned))
        known = self._spots.get(name) or self._spot(name, call.dialect, needs, learned)
        _, spot, ways = known
        may_relay = spot.may_relay(call)
        kind = (call.operation, call.stream, may_relay)
        found = ways.get(kind)
        if found is None:
            plain = ways_from(spot, call, may_relay=may_relay)
            found = ways[kind] = tuple(self._headed(way, call.stream) for way in plain)
        return found

    def patience(self, attempt: Attempt, operation: Operation, now: float) -> Patience:
        """See `patience_for`; without a bound in time it is the same for all attempts."""
        timeouts = attempt.timeouts
        known = self._patience.get(operation)
        if known is not None and known[0] is timeouts:
            return known[1]
        patience = patience_for(attempt, operation, now)
        if timeouts.total_s is None:
            self._patience[operation] = (timeouts, patience)
        return patience

    def _spot(
        self,
        name: tuple[object, ...],
        client_dialect: str,
        needs: DialectNeeds,
        learned: Learned,
    ) -> _KnownSpot:
        if len(self._spots) >= MAX_KINDS:
            self._spots.clear()
        spot = spot_of(self.target, self.engine, client_dialect, needs, learned)
        # What was learned stays with it, so that its id names nothing else meanwhile.
        known = self._spots[name] = (learned, spot, {})
        return known

    def _headed(self, way: Way, streams: bool) -> Way:
        """`way` with the headers of every request on it, where each has the same."""
        is_key = self.target.credential.kind in ("api_key", "none")
        if not is_key or self.engine.authorizes_bodies:
            return way
        flow = self.engine.token_flow(self.target, Epoch(0.0))
        if flow is not None:
            flow.close()
            return way
        plain = HttpRequest(
            method=way.address.method, url=way.address.url, headers=usual_headers(way, streams)
        )
        request = self.engine.authorize(self.target, plain, None, Epoch(0.0))
        if request.url != plain.url:
            return way
        return replace(way, headers=request.headers, head=_head_of(request))


def _head_of(request: HttpRequest) -> bytes | None:
    """None for one that cannot be sent; whoever tries is told why."""
    try:
        return head_of_request(request)
    except ValueError:
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Lanes:
    """Those of one configuration, each made when it is first used."""

    preferences: Preferences
    engine_of: Callable[[Provider], Engine]
    _made: dict[tuple[tuple[str, str], str, str], Lane]

    @classmethod
    def of(cls, preferences: Preferences, engine_of: Callable[[Provider], Engine]) -> Lanes:
        return cls(preferences=preferences, engine_of=engine_of, _made={})

    def at(self, channel: Channel, credential: Credential) -> Lane:
        """The lane to a channel with one of its credentials."""
        name = (channel.channel_id, channel.alias, credential.credential_id)
        lane = self._made.get(name)
        if lane is None:
            if len(self._made) >= MAX_LANES:
                self._made.clear()
            lane = self._made[name] = self._lane(channel, credential)
        return lane

    def _lane(self, channel: Channel, credential: Credential) -> Lane:
        target = Target(
            provider=channel.provider,
            credential=credential,
            upstream_model=channel.upstream_model,
            alias=channel.alias,
        )
        return Lane(target, self.engine_of(channel.provider), self.preferences)
