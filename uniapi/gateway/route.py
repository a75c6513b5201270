"""From a call and a target to the request that is sent and the pipe that reads its answer. Pure:
nothing is sent here.

RELAY when the client's dialect is the upstream's and nothing has to be said differently: the
client's own bytes, spliced where only `model` or `stream_options` change, JSON-equal otherwise;
TRANSLATE in every other case. The decision is made per attempt: one call may relay first and
translate next. Operations other than generation (token counts, compaction) have no canonical form
here and are only ever relayed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Literal

from uniapi.canonical import Call, Media, Operation, Request, RequestRefused, iter_media
from uniapi.dialects import (
    CLIENT_DIALECTS,
    Beside,
    ClientDialect,
    RelayedDialect,
    ReplyContext,
    UpstreamContext,
    UpstreamDialect,
    client_dialect,
)
from uniapi.engines import Engine, Target
from uniapi.operations import CARRIED, SERVICES
from uniapi.pipes import Pipe, PipeChoice
from uniapi.wire import Answers, HttpRequest, ResponseHead, dump_json, insert_member, splice_member

from .operation_shapes import is_bridged as is_bridged_to
from .overrides import apply_overrides
from .stored_response import stored_pipe, stored_request
from .token_count import count_pipe

SPLICED_MEMBERS = ("model", "stream_options")
"""When no other member of a relayed body changes, the client's bytes are kept and these are
spliced.
"""

GENERATING = frozenset(name for name, service in SERVICES.items() if service.is_generated)
"""Operations that have a canonical form, so that they can be translated."""


MakePipe = Callable[[ResponseHead], Pipe]
"""Chooses the pipe when the head of the answer is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """How one attempt speaks to its target: the dialect, whether the client's words are relayed,
    and the operation as the upstream is asked for it.
    """

    target: Target
    engine: Engine
    dialect: UpstreamDialect
    operation: Operation
    relays: bool

    @property
    def family(self) -> str:
        """Who signs this upstream's reasoning."""
        return self.engine.quirk(self.target).opaque_family or self.dialect.family


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """One attempt, ready to be sent (not yet authorised), and how to read its answer.

    `losses` names what the request could not carry.
    """

    request: HttpRequest
    route: Literal["relay", "translate"]
    dialect: UpstreamDialect
    make_pipe: MakePipe
    losses: tuple[str, ...] = ()
    earlier: tuple[HttpRequest, ...] = ()
    """Requests to be sent before, where one client request became several; their answers go to
    `answers`.
    """
    answers: Answers = field(default_factory=list)


class Decoded:
    """The canonical request of a call, decoded when first asked for: a relay never needs it, so a
    member we do not know never breaks one.
    """

    def __init__(self, call: Call) -> None:
        self._call = call
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
            try:
                self._request = dialect.decode_request(call.json, call.requested_model, call.stream)
            except RecursionError:
                raise RequestRefused.bad_request("The request body is nested too deep.") from None
        return self._request

    def put(self, request: Request) -> None:
        """Replace it (media fetched in the meantime)."""
        self._request = request


def client_side(call: Call) -> ClientDialect:
    """The dialect in which the client reads and is answered."""
    return client_dialect(call.dialect, call.operation)


def find_ways(call: Call, target: Target, engine: Engine) -> tuple[Way, ...]:
    """The ways to ask `target`, to be tried in turn within one attempt: one, or none when it lacks
    the operation. Legacy completions have two: as they are, then as a chat.
    """
    needs = CLIENT_DIALECTS[call.dialect].needs(call.json)
    dialect = engine.dialect(target, call.dialect, needs)
    addressed = Operation.GENERATE if call.operation is Operation.STORED else call.operation
    if call.operation in CARRIED:
        address = engine.address(target, call.operation, call.stream, dialect)
        is_bridged = is_bridged_to(call, address) if address is not None else None
        return (
            ()
            if is_bridged is None
            else (
                Way(
                    target=target,
                    engine=engine,
                    dialect=dialect,
                    operation=call.operation,
                    relays=not is_bridged,
                ),
            )
        )
    has_address = engine.address(target, addressed, call.stream, dialect) is not None
    is_same = call.dialect == dialect.name and isinstance(dialect, RelayedDialect)
    if call.operation not in GENERATING:
        return (
            (
                Way(
                    target=target,
                    engine=engine,
                    dialect=dialect,
                    operation=call.operation,
                    relays=True,
                ),
            )
            if has_address and is_same
            else ()
        )
    relays = has_address and _can_relay(call, target, engine, dialect)
    way = Way(
        target=target,
        engine=engine,
        dialect=dialect,
        operation=call.operation if relays else Operation.GENERATE,
        relays=relays,
    )
    if engine.address(target, way.operation, call.stream, dialect) is None:
        return ()
    return (
        (way, replace(way, operation=Operation.GENERATE, relays=False))
        if way.operation is Operation.COMPLETE
        else (way,)
    )


def _can_relay(call: Call, target: Target, engine: Engine, dialect: UpstreamDialect) -> bool:
    """Whether the client's own words can go along, once they are fitted."""
    return (
        isinstance(dialect, RelayedDialect)
        and call.dialect == dialect.name
        and not engine.has_habit(target)
        and not _is_responses_shaped(call)
        and not dialect.needs_translation(call.json, engine.quirk(target))
    )


def client_framing(call: Call) -> Literal["sse", "json_array"]:
    """How the client reads a stream."""
    return client_side(call).framing(call.query) if call.stream else "sse"


def _is_responses_shaped(call: Call) -> bool:
    """Cursor sends Responses-shaped bodies to the chat path for newer models."""
    return (
        call.dialect == "openai_chat"
        and call.operation is Operation.GENERATE
        and "messages" not in call.json
        and "input" in call.json
    )


def prepare(
    call: Call,
    way: Way,
    request: Request | None,
    reply_context: ReplyContext,
    attempt_seed: str,
    *,
    probes_text: bool = False,
) -> Prepared:
    """Build the request for one way.

    `request` is the canonical one when the way translates. Raises RequestRefused when this upstream
    cannot be told.
    """
    target, engine, dialect = way.target, way.engine, way.dialect
    if way.operation is Operation.STORED:
        return _prepare_stored(call, way, reply_context)
    address = engine.address(target, way.operation, call.stream, dialect)
    assert address is not None
    quirk = engine.quirk(target)
    headers = {
        "content-type": "application/json",
        "accept": "text/event-stream" if call.stream else "application/json",
        "accept-encoding": "identity",
        "user-agent": "uni-api",
    }
    losses: tuple[str, ...] = ()
    beside = Beside()
    if way.relays:
        body: dict[str, Any] = dict(call.json)
        headers.update(forwarded_headers(call))
    else:
        assert request is not None
        request = engine.adjust(target, request)
        if request.model != target.upstream_model:
            request = replace(request, model=target.upstream_model)
        encoded = dialect.encode_request(request, quirk)
        body, losses, beside = encoded.body, encoded.losses, encoded.beside
        headers.update(encoded.headers)
    if way.operation in GENERATING:
        body, lost = dialect.fit(body, quirk, beside)
        losses = tuple(dict.fromkeys((*losses, *lost)))
    body = engine.prepare_body(target, body, way.operation, call.stream, dialect)
    adds_usage = (
        way.relays
        and dialect.name == "openai_chat"
        and call.stream
        and quirk.stream_options
        and not _asks_usage(call.json)
    )
    if adds_usage:
        options = body.get("stream_options")
        body = {
            **body,
            "stream_options": {
                **(options if isinstance(options, dict) else {}),
                "include_usage": True,
            },
        }
    if way.operation in GENERATING:
        body = apply_overrides(body, target.provider.body_overrides, target.alias)
    headers.update(address.headers)
    headers.update(configured_headers(call, target))
    upstream = UpstreamContext(quirk=quirk, id_seed=attempt_seed, request=request)
    choice = PipeChoice(
        client=client_side(call),
        dialect=dialect,
        stream=call.stream,
        model=(
            reply_context.requested_model
            if reply_context.requested_model != target.upstream_model
            else None
        ),
        upstream=upstream,
        reply=reply_context,
        probes_text=probes_text,
        drops_usage=adds_usage,
    )
    make_pipe: MakePipe = choice.translate
    if way.relays and isinstance(dialect, RelayedDialect):
        make_pipe = partial(choice.relay, dialect)
    if way.operation is Operation.COUNT_TOKENS:
        make_pipe = count_pipe(address.shape)
    return Prepared(
        request=HttpRequest(
            method=address.method,
            url=address.url,
            headers={name.lower(): value for name, value in headers.items()},
            body=relayed_bytes(call, body) if way.relays else dump_json(body),
        ),
        route="relay" if way.relays else "translate",
        dialect=dialect,
        make_pipe=make_pipe,
        losses=losses,
    )


def needs_media(way: Way, request: Request) -> Callable[[Media], bool] | None:
    """Which media of the canonical request this upstream needs by value; None when it has none by
    URL.
    """
    dialect, quirk = way.dialect, way.engine.quirk(way.target)
    if not any(
        media.url is not None and dialect.needs_inline(media, quirk)
        for media in iter_media(request.messages)
    ):
        return None
    return lambda media: dialect.needs_inline(media, quirk)


def _prepare_stored(call: Call, way: Way, reply_context: ReplyContext) -> Prepared:
    """A stored response, read, cancelled or deleted where it lies."""
    address = way.engine.address(way.target, Operation.GENERATE, False, way.dialect)
    assert address is not None
    assert isinstance(way.dialect, RelayedDialect)
    headers = {
        "accept": "text/event-stream" if call.stream else "application/json",
        "accept-encoding": "identity",
        "user-agent": "uni-api",
    }
    headers.update(forwarded_headers(call))
    headers.update(address.headers)
    headers.update(configured_headers(call, way.target))
    request = stored_request(
        call, address.url, {name.lower(): value for name, value in headers.items()}
    )
    return Prepared(
        request=request,
        route="relay",
        dialect=way.dialect,
        make_pipe=stored_pipe(client_side(call), way.dialect, reply_context),
    )


def forwarded_headers(call: Call) -> dict[str, str]:
    """The client's headers that belong to its dialect and go along when its words are relayed."""
    names = CLIENT_DIALECTS[call.dialect].forwarded_headers
    return {name: call.headers[name] for name in names if name in call.headers}


def configured_headers(call: Call, target: Target) -> dict[str, str]:
    """What `headers` and `passthrough_request_headers` of the provider add."""
    passed = {
        name: call.headers[name]
        for name in target.provider.passthrough_request_headers
        if name in call.headers
    }
    return {**target.provider.headers, **passed}


def _asks_usage(body: Mapping[str, Any]) -> bool:
    options = body.get("stream_options")
    return isinstance(options, dict) and options.get("include_usage") is True


def relayed_bytes(call: Call, body: dict[str, Any]) -> bytes:
    """The client's bytes, with as little changed as `body` differs from what it sent."""
    sent = call.json
    changed = [
        name
        for name in {**sent, **body}
        if name not in body
        or name not in sent
        or (body[name] is not sent[name] and body[name] != sent[name])
    ]
    if not changed:
        return call.body
    if any(name not in SPLICED_MEMBERS or name not in body for name in changed):
        return dump_json(body)
    data: bytes | None = call.body
    for name in changed:
        if data is not None:
            data = (
                splice_member(data, (name,), body[name])
                if name in sent
                else insert_member(data, name, body[name])
            )
    return data if data is not None else dump_json(body)
