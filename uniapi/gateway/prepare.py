"""From a call and a way to the request that is sent and the pipe that reads its answer."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from uniapi.canonical import Call, Message, Operation, RequestRefused
from uniapi.dialects import ReplyContext
from uniapi.engines import Engine, Learned, Place, Target
from uniapi.routing import Road

from .conversation_request import prepare_conversation
from .learned_models import NOTHING
from .operation_request import prepare_carried
from .prepared import Prepared, reply_context
from .route import Decoded, Way, find_ways
from .stored_response import prepare_stored

NOTHING_REMEMBERED: Mapping[str, Message] = MappingProxyType({})


def prepare(
    call: Call,
    way: Way,
    reply: ReplyContext,
    remembered: Mapping[str, Message] = NOTHING_REMEMBERED,
    probes_text: bool = False,
) -> Prepared:
    """Build the request for one way; the canonical one, where it is translated, is in `reply`.
    `remembered`: see `dialects.Beside`, where it is relayed.

    Raises RequestRefused when this upstream cannot be told.
    """
    if way.service.is_generated:
        return prepare_conversation(call, way, reply, remembered, probes_text)
    if way.service.is_carried:
        return prepare_carried(call, way, reply)
    if way.operation is Operation.STORED:
        return prepare_stored(call, way, reply)
    return prepare_conversation(call, way, reply, remembered, probes_text)


def first_way(call: Call, place: Place, engine: Engine, learned: Learned = NOTHING) -> Way:
    """The way on which `place` is asked first. Raises RequestRefused when there is none."""
    ways = find_ways(call, place, engine, learned)
    if not ways:
        raise RequestRefused.bad_request("The provider does not offer this operation.")
    return ways[0]


def prepare_once(
    call: Call,
    target: Target,
    engine: Engine,
    learned: Learned = NOTHING,
    way: Way | None = None,
) -> Prepared:
    """The request to be sent first to `target`, or on this `way`, outside of the loop. Raises
    RequestRefused when there is no way, or this upstream cannot be told.
    """
    way = way or first_way(call, target, engine, learned)
    reply = reply_context(call, way, 0)
    if way.road is Road.TRANSLATE and not way.service.is_carried:
        reply.request = Decoded(call, way.place.upstream_model).get()
    return prepare(call, way, reply)
