"""Which ways lead from a call to a place, as the engines and dialects tell it. Pure.

RELAY when the client's dialect is the upstream's and nothing has to be said differently: the
client's own bytes, spliced where only `model` or `stream_options` change, JSON-equal otherwise;
TRANSLATE in every other case. The decision is made per attempt: one call may relay first and
translate next. A token count goes to whoever counts, in either way. Other operations (compaction,
stored responses) have no canonical form here and are only ever relayed.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Literal

from uniapi.canonical import (
    Call,
    DialectNeeds,
    Media,
    Operation,
    Request,
    RequestRefused,
    iter_parts,
)
from uniapi.dialects import (
    CLIENT_DIALECTS,
    SHAPE_ERRORS,
    ClientDialect,
    Quirk,
    RelayedDialect,
    UpstreamDialect,
    client_dialect,
    with_distinct_calls,
)
from uniapi.engines import (
    Address,
    Engine,
    Learned,
    Place,
    Retirement,
    retirement_at,
)
from uniapi.operations import SERVICES, Service
from uniapi.pipes import UNSIGNED_FAMILY, Sides
from uniapi.routing import Road
from uniapi.values import dataclass, field, replace

from .learned_models import NOTHING
from .operation_shapes import road_between

log = logging.getLogger("uniapi.call")


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """How a place is spoken to: the operation as it is asked for there, at which address, in which
    dialect, and whose words it is told.
    """

    place: Place
    engine: Engine
    sides: Sides
    operation: Operation
    address: Address
    road: Road
    retirement: Retirement | None = None
    """When the model is shut down there, where that is known."""
    keeps_signatures: bool = True
    """Whether what a model signed goes along."""
    dialect: UpstreamDialect = field(init=False)
    quirk: Quirk = field(init=False)
    remembers: bool = field(init=False)
    """Whether this upstream wants something of its earlier turns back that a client of the same
    dialect may lose: the reasoning of a turn with calls, or the signatures on them.
    """
    is_relayed: bool = field(init=False)
    service: Service = field(init=False)
    """What kind of operation it is."""
    families: tuple[str, ...] = field(init=False)
    """Whose reasoning this upstream reads: its own family's, that of others behind it, and what
    nobody signed where plain reasoning is wanted back.
    """
    headers: Mapping[str, str] | None = None
    """What every request there has, its credential included, where neither a signature nor a token
    that ends belongs to them; None: to be put together for each.
    """
    head: bytes | None = None
    """The head of every such request, but for what depends on its body."""

    def __post_init__(self) -> None:
        quirk = self.sides.quirk
        wants = quirk.needs_reasoning != "no" or bool(quirk.opaque_family or quirk.details_format)
        is_relayed = self.road is Road.RELAY
        is_generated = self.operation is Operation.GENERATE
        object.__setattr__(self, "dialect", self.sides.dialect)
        object.__setattr__(self, "quirk", quirk)
        object.__setattr__(self, "is_relayed", is_relayed)
        object.__setattr__(self, "remembers", wants and is_relayed and is_generated)
        object.__setattr__(self, "service", SERVICES[self.operation])
        unsigned = () if quirk.needs_reasoning == "no" else (UNSIGNED_FAMILY,)
        own = quirk.opaque_family or self.sides.dialect.family
        object.__setattr__(self, "families", (own, *quirk.other_families, *unsigned))


def unexpected_shape(error: Exception) -> RequestRefused:
    """A request that nobody expected to look so; where, the debug log has."""
    log.debug("a request of an unexpected shape", exc_info=error)
    return RequestRefused.bad_request(
        "The request body has a member of an unexpected type"
        f" ({type(error).__name__}: {str(error)[:100]})."
    )


class Decoded:
    """The canonical request of a call, decoded when first asked for: a relay never needs it, so a
    member we do not know never breaks one. It is for `model`, as whoever is asked first calls it.
    """

    def __init__(self, call: Call, model: str) -> None:
        self._call = call
        self._model = model
        self._request: Request | None = None

    def get(self) -> Request:
        """Raises RequestRefused naming the member that makes no sense."""
        if self._request is None:
            call = self._call
            dialect = (
                CLIENT_DIALECTS["openai_responses"]
                if _is_responses_shaped(call)
                else client_side(call)
            )
            is_counted = SERVICES[call.operation].is_counted
            body = dialect.counted(call.json) if is_counted else call.json
            try:
                request = dialect.decode_request(body, self._model, call.stream)
                # A question, the calls, their results.
                has_rounds = len(request.messages) > 2
                self._request = with_distinct_calls(request) if has_rounds else request
            except RecursionError:
                raise RequestRefused.bad_request("The request body is nested too deep.") from None
            except SHAPE_ERRORS as error:
                raise unexpected_shape(error) from None
        return self._request

    @property
    def request(self) -> Request | None:
        """What was decoded, where it was."""
        return self._request

    def put(self, request: Request) -> None:
        """Replace it (media fetched in the meantime)."""
        self._request = request


def client_side(call: Call) -> ClientDialect:
    """The dialect in which the client reads and is answered."""
    return client_dialect(call.dialect, call.operation)


@dataclass(frozen=True, slots=True)
class Spot:
    """What a place is to a client of one dialect who needs this: the dialect that is spoken there,
    and the facts about it.
    """

    place: Place
    engine: Engine
    dialect: UpstreamDialect
    quirk: Quirk
    needs: DialectNeeds
    is_own: bool
    """It is the client's own dialect, and nothing in the alias asks for more."""

    def may_relay(self, call: Call) -> bool:
        """Whether the client's own words may go there, as far as they are a generation's."""
        dialect = self.dialect
        return (
            self.is_own
            and isinstance(dialect, RelayedDialect)
            and not dialect.needs_translation(call.json, self.quirk)
            and ("messages" in call.json or not _is_responses_shaped(call))
        )


def spot_of(
    place: Place, engine: Engine, client_dialect: str, needs: DialectNeeds, learned: Learned
) -> Spot:
    """`learned`: what refusals have taught of the model at `place`."""
    dialect = engine.dialect(place, client_dialect, needs, learned.dialect)
    is_own = isinstance(dialect, RelayedDialect) and client_dialect == dialect.name
    quirk = learned.over(engine.quirk(place))
    return Spot(place, engine, dialect, quirk, needs, is_own and not engine.has_habit(place))


def find_ways(
    call: Call, place: Place, engine: Engine, learned: Learned = NOTHING
) -> tuple[Way, ...]:
    """The ways to ask `place` (a Target, where something is to be sent), to be tried in turn within
    one attempt: one, or none when it lacks the operation. Legacy completions have two: as they are,
    then as a chat.
    """
    needs = CLIENT_DIALECTS[call.dialect].needs(call.json)
    spot = spot_of(place, engine, call.dialect, needs, learned)
    if SERVICES[call.operation].is_counted:
        counting = _counting_dialect(call, place, engine, needs)
        spot = spot if counting is None else replace(spot, dialect=counting)
    return ways_from(spot, call, may_relay=spot.may_relay(call))


def ways_from(spot: Spot, call: Call, *, may_relay: bool) -> tuple[Way, ...]:
    """The same, of a place that is known: of the call they depend on its dialect, its operation and
    whether it streams, and for the operations beside chat on all of it.
    """
    place, engine, quirk = spot.place, spot.engine, spot.quirk
    streams = call.stream and (quirk.converse_tools_streamed or not spot.needs.has_functions)
    sides = Sides(client=client_side(call), dialect=spot.dialect, stream=call.stream, quirk=quirk)
    ways = []
    for operation, road in _roads(call, spot, may_relay=may_relay):
        # What is stored lies where responses are made.
        is_stored = operation is Operation.STORED
        asked = Operation.GENERATE if is_stored else operation
        is_streamed = streams and not is_stored
        address = engine.address(place, asked, is_streamed, spot.dialect)
        if address is None:
            continue
        if SERVICES[operation].is_carried:
            found = road_between(call, address)
            if found is None:
                continue
            road = found
        ways.append(
            Way(
                place=place,
                engine=engine,
                sides=sides,
                operation=operation,
                address=address,
                road=road,
                retirement=retirement_at(address.url, place.upstream_model),
            )
        )
    return tuple(ways)


def _roads(call: Call, spot: Spot, *, may_relay: bool) -> list[tuple[Operation, Road]]:
    """What might be asked for there, and on which road, were there an address for it."""
    service, dialect = SERVICES[call.operation], spot.dialect
    if service.is_carried:
        return [(call.operation, Road.RELAY)]
    is_same = isinstance(dialect, RelayedDialect) and call.dialect == dialect.name
    if service.is_counted and dialect.counting is not None:
        return [(call.operation, Road.RELAY if is_same else Road.TRANSLATE)]
    if not service.is_generated:
        return [(call.operation, Road.RELAY)] if is_same else []
    translated = (Operation.GENERATE, Road.TRANSLATE)
    if not may_relay:
        return [translated]
    relayed = (call.operation, Road.RELAY)
    return [relayed] if call.operation is Operation.GENERATE else [relayed, translated]


def _counting_dialect(
    call: Call, place: Place, engine: Engine, needs: DialectNeeds
) -> UpstreamDialect | None:
    """In which dialect a place counts: the client's own where it is spoken there, else whichever
    has an endpoint for it (OpenAI counts in Responses for every model); None: in none.
    """
    for client in dict.fromkeys((call.dialect, *CLIENT_DIALECTS)):
        dialect = engine.dialect(place, client, needs)
        has_address = engine.address(place, call.operation, False, dialect) is not None
        if dialect.counting is not None and has_address:
            return dialect
    return None


def client_framing(call: Call) -> Literal["sse", "json_array"]:
    """How the client reads a stream."""
    return client_side(call).framing(call.query) if call.stream else "sse"


def _is_responses_shaped(call: Call) -> bool:
    """Cursor sends Responses-shaped bodies to the chat path for newer models."""
    return (
        call.dialect == "openai_chat"
        and "messages" not in call.json
        and "input" in call.json
        and call.operation is Operation.GENERATE
    )


def needs_media(way: Way, request: Request) -> Callable[[Media], bool] | None:
    """Which media of the canonical request this upstream needs by value; None when it has none by
    URL.
    """
    dialect, quirk = way.dialect, way.quirk
    for part in iter_parts(request.messages):
        if not isinstance(part, Media) or part.url is None:
            continue
        if dialect.needs_inline(part, quirk):
            return lambda media: dialect.needs_inline(media, quirk)
    return None
