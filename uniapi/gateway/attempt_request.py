"""The request of one attempt in one way: what is told, the client's words or ours for them, and the
credential it goes with.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TypeVar

from uniapi.canonical import (
    COMPLETE,
    Failure,
    Message,
    Request,
    RequestRefused,
    estimate_input_tokens,
)
from uniapi.dialects import SHAPE_ERRORS, RelayedDialect, ReplyContext
from uniapi.routing import Road
from uniapi.values import replace
from uniapi.wire import HttpRequest

from .aside import LONG_BYTES, aside
from .call_state import CallState
from .lanes import Lane
from .mender import without_signatures
from .operation_failures import unsupported
from .prepare import NOTHING_REMEMBERED, prepare
from .prepared import Prepared, reply_context
from .route import Decoded, Way, needs_media, unexpected_shape

Result = TypeVar("Result")


def prepare_at_once(state: CallState, way: Way) -> Prepared | Failure | None:
    """What `AttemptRequest.prepare` gives, of a call that is short for what is done with it: of the
    client's own words where nothing has to be put back into them, of ours where no media has to be
    fetched; None for all others.
    """
    call = state.call
    if way.remembers or state.takes_long:
        return None
    if way.is_relayed:
        reply = reply_context(call, way, int(state.around.clock.now_s()))
        return _built(state, way, reply, NOTHING_REMEMBERED)
    if not way.service.is_generated or call.operation is COMPLETE or _is_long(state, way):
        return None
    if state.decoded is None:
        state.decoded = Decoded(call, way.place.upstream_model)
    request = state.decoded.get()
    return _told(state, way, request) if needs_media(way, request) is None else None


class Fetched:
    """`hold`, and how many `bytes` it was told of."""

    def __init__(self, hold: Callable[[int], None]) -> None:
        self.bytes = 0
        self._hold = hold

    def hold(self, size: int) -> None:
        self._hold(size)
        self.bytes += size


class AttemptRequest:
    """`prepare`, then `authorize` what it gives, where the credential is not in it already."""

    def __init__(self, state: CallState, lane: Lane, way: Way) -> None:
        self._state = state
        self._lane = lane
        self._way = way
        self._is_long = _is_long(state, way)

    async def prepare(self) -> Prepared | Failure:
        """The request for this way; a Failure when this upstream cannot be told what the client
        says.
        """
        state, way, call = self._state, self._way, self._state.call
        if way.road is Road.TRANSLATE and not way.service.is_carried:
            try:
                request = await self._canonical()
            except RequestRefused as refused:
                if call.operation is not COMPLETE:
                    raise
                # A prompt that is no conversation is fine where the endpoint itself is served.
                return _cannot_be_told(refused)
            return await self._worked_out(partial(_told, state, way, request))
        remembered = (
            await self._worked_out(self._remembered) if way.remembers else NOTHING_REMEMBERED
        )
        reply = reply_context(call, way, int(state.around.clock.now_s()))
        return await self._worked_out(partial(_built, state, way, reply, remembered))

    async def _worked_out(self, work: Callable[[], Result]) -> Result:
        """Of a body that is long for what is done with it, in a thread, so that streams go on
        meanwhile: Python changes threads every five milliseconds.
        """
        return await aside(work) if self._is_long else work()

    async def _canonical(self) -> Request:
        """The canonical request with media fetched where this upstream needs them by value."""
        state, way = self._state, self._way
        model = way.place.upstream_model
        decoded = state.decoded = state.decoded or Decoded(state.call, model)
        request = await self._worked_out(decoded.get)
        needs_inline = await self._worked_out(partial(needs_media, way, request))
        if needs_inline is not None:
            fetched = Fetched(state.call.hold)
            request = await state.around.media.inline(
                request,
                needs_inline,
                self._lane.passage,
                allow_private=state.lanes.preferences.allow_private_urls,
                client=state.call.principal.key_id,
                hold=fetched.hold,
            )
            decoded.put(request)
            state.call = replace(state.call, fetched_bytes=state.call.fetched_bytes + fetched.bytes)
            self._is_long = _is_long(state, way)
        return request

    def _remembered(self) -> Mapping[str, Message]:
        """The turns of which a relayed client lost what this upstream wants back."""
        way, state = self._way, self._state
        if not isinstance(way.dialect, RelayedDialect):
            return {}
        calls = way.dialect.lost_calls(state.call.json)
        key_id = state.call.principal.key_id
        return state.around.reasoning.turns_of(key_id, way.families, calls, state.now())

    async def authorize(self, request: HttpRequest) -> HttpRequest:
        around, engine, lane = self._state.around, self._way.engine, self._lane
        token = await around.credentials.token(engine, lane.target, around.transport, lane.passage)
        return engine.authorize(lane.target, request, token, around.clock.now_s())


def _is_long(state: CallState, way: Way) -> bool:
    """Whether what is done with it would keep streams waiting: of what is translated, 64 KB take
    some ten milliseconds.
    """
    call = state.call
    if state.takes_long:
        return True
    return not way.is_relayed and len(call.body) + call.fetched_bytes > LONG_BYTES


def _told(state: CallState, way: Way, request: Request) -> Prepared | Failure:
    """The request for this way, of the canonical one whose media are as it takes them."""
    call = state.call
    reply = reply_context(call, way, int(state.around.clock.now_s()))
    request = reply.request = _signed(state, way, request)
    if call.stream and way.sides.client.begins_with_usage:
        reply.input_tokens_estimate = estimate_input_tokens(request)
    return _built(state, way, reply, NOTHING_REMEMBERED)


def _signed(state: CallState, way: Way, request: Request) -> Request:
    """With the signatures that belong to it there, and no other: those are restored that the client
    could not carry.
    """
    if not way.keeps_signatures:
        return without_signatures(request)
    key_id = state.call.principal.key_id
    for family in way.families:
        request = state.around.reasoning.restore(key_id, family, request, state.now())
    return request


def _built(
    state: CallState, way: Way, reply: ReplyContext, remembered: Mapping[str, Message]
) -> Prepared | Failure:
    preferences = state.lanes.preferences
    try:
        prepared = prepare(state.call, way, reply, remembered, bool(preferences.error_triggers))
    except SHAPE_ERRORS as error:
        raise unexpected_shape(error) from None
    except RequestRefused as refused:
        return _cannot_be_told(refused)
    if prepared.losses and preferences.unsupported_parameters == "reject":
        return unsupported(
            f"provider {way.place.provider.name!r} cannot be told:"
            f" {', '.join(prepared.losses)} (`unsupported_parameters: reject`)",
            code="unsupported_parameter",
            param=prepared.losses[0],
        )
    return prepared


def _cannot_be_told(refused: RequestRefused) -> Failure:
    error = refused.error
    return unsupported(error.message, code=error.code, param=error.param)
