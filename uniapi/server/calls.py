"""The way of an inference request from its known sender to a call: its body, what is asked of it,
and the desk that answers it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import NamedTuple

from uniapi.canonical import ClientError, RequestRefused, holds_nothing
from uniapi.clock import Epoch
from uniapi.dialects import CLIENT_DIALECTS
from uniapi.gateway import let_go_soon
from uniapi.wire import LARGE_BYTES, dump_json

from .arrival_log import tell_arrival
from .body import body_at_once, count_values, object_at_once, read_body, read_object
from .body_memory import BodyMemory, BodyShare
from .desk import Desk
from .incoming import Incoming
from .inference import Arrival, make_call, make_stored_call
from .operation_paths import make_relayed_call, needs_default_model, receive
from .paths import dialect_of
from .reply import HttpReply
from .visitors import Visitor

log = logging.getLogger("uniapi.front")


class Visit(NamedTuple):
    """One request of somebody who is known."""

    incoming: Incoming
    visitor: Visitor
    request_id: str
    reply: HttpReply
    address: str | None
    now_s: Epoch


class Calls:
    """Makes calls of visits, and has the desk answer them."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._bodies = BodyMemory()

    async def infer(self, visit: Visit) -> None:
        """A conversation, or another operation whose body is one JSON object."""
        visitor, preferences = visit.visitor, visit.visitor.preferences
        share = BodyShare(self._bodies, preferences.max_bodies_bytes)
        try:
            arrival = _arrival(visit, share.add)
            most, incoming = preferences.max_body_bytes, visit.incoming
            body = body_at_once(incoming, most, share) or await read_body(incoming, most, share)
            is_large = len(body) > LARGE_BYTES
            try:
                if is_large:
                    share.weigh(await count_values(body))
                value, body = await read_object(body) if is_large else object_at_once(body)
                call = make_call(arrival, visitor.route, body, value)
            except RequestRefused as refused:
                self._inspect_refused(visit, arrival, body, refused.error)
                raise
            # From here on whatever becomes of it is recorded, and the record is its line.
            visit.reply.is_recorded = True
            # A large one lasts until it can be let go in a thread.
            kept: list[object] = [value] if is_large else []
            del value, arrival
            await self._desk.run(call, visitor.key, visit.reply)
            if is_large:
                let_go_soon(kept)
        finally:
            share.give_back()

    async def carry(self, visit: Visit) -> None:
        """An operation beside chat; its body may be a form, which is kept until the call
        is over.
        """
        desk, visitor, route = self._desk, visit.visitor, visit.visitor.route
        preferences, arrival = visitor.preferences, _arrival(visit)
        with BodyShare(self._bodies, preferences.max_bodies_bytes) as share:
            received = await receive(
                route, visit.incoming, preferences.max_body_bytes, desk.spool_dir, share
            )
            try:
                is_left_open = needs_default_model(route, received)
                aliases = await desk.models_for(visitor.key) if is_left_open else ()
                call = make_relayed_call(arrival, route, received, aliases)
                visit.reply.is_recorded = True
                await desk.run(call, visitor.key, visit.reply)
            finally:
                received.close()

    async def stored(self, visit: Visit) -> None:
        """What is kept upstream."""
        visitor, incoming = visit.visitor, visit.incoming
        preferences = visitor.preferences
        with BodyShare(self._bodies, preferences.max_bodies_bytes) as share:
            body = await read_body(incoming, preferences.max_body_bytes, share)
            call = make_stored_call(
                _arrival(visit), visitor.route, incoming.method, body, incoming.head.query
            )
            visit.reply.is_recorded = True
            await self._desk.run(call, visitor.key, visit.reply)

    def _inspect_refused(
        self, visit: Visit, arrival: Arrival, body: bytes, error: ClientError
    ) -> None:
        """What became no call is looked at too, where anything is."""
        if self._desk.inspector.is_on:
            route = visit.visitor.route
            call = arrival.call(route, "", False, body, {})
            _, _, said = refusal(visit.incoming, error)
            self._desk.inspector.saw_refused(call, error, said)


def _arrival(visit: Visit, hold: Callable[[int], None] = holds_nothing) -> Arrival:
    visitor = visit.visitor
    arrival = Arrival(
        visit.request_id,
        visitor.principal,
        visitor.headers,
        visitor.query,
        visit.address,
        visit.now_s,
        hold,
    )
    if log.isEnabledFor(logging.DEBUG):
        tell_arrival(arrival, visit.incoming.method, visit.incoming.path)
    return arrival


def refusal(incoming: Incoming, error: ClientError) -> tuple[int, dict[str, str], bytes]:
    """How it is said: status, headers and body, in the dialect of the path."""
    encode = CLIENT_DIALECTS[dialect_of(incoming.path, incoming.headers)].encode_error
    assert encode is not None
    headers = {"content-type": "application/json", **error.sent_headers()}
    return error.status, headers, dump_json(encode(error))
