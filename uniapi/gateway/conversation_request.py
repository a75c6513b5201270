"""A conversation as one upstream is asked to go on with it: generation, and what belongs to it
(legacy completions, token counts, compaction).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from uniapi.canonical import Call, Message, Request, offered
from uniapi.config import NO_OVERRIDES
from uniapi.dialects import NOTHING_BESIDE, ReplyContext, repeated_before
from uniapi.engines import taken_headers
from uniapi.pipes import Pipe, PipeChoice
from uniapi.values import replace
from uniapi.wire import HttpRequest, ResponseHead

from .overrides import apply_overrides
from .prepared import (
    MakePipe,
    Prepared,
    forwarded_headers,
    relayed_bytes,
    request_headers,
    written_for,
)
from .route import Way
from .session_hint import session_hint
from .token_count import count_pipe, fit_count


def prepare_conversation(
    call: Call,
    way: Way,
    reply: ReplyContext,
    remembered: Mapping[str, Message],
    probes_text: bool,
) -> Prepared:
    """Build the attempt; what is translated is `reply.request`, else the client's own words are
    told. Raises RequestRefused when this upstream cannot be told.
    """
    place, provider, dialect = way.place, way.place.provider, way.dialect
    is_generated = way.service.is_generated
    request, beside = None, NOTHING_BESIDE
    losses: tuple[str, ...] = ()
    own: Mapping[str, str]
    if reply.request is None:
        body, own = {**call.json}, forwarded_headers(call)
    else:
        request = _adjusted(call, way, reply.request)
        said = dialect.encode_request(request, way.quirk)
        body, losses, own, beside = said.body, said.losses, said.headers, said.beside
    if remembered:
        beside = replace(beside, remembered=remembered)
    lost: tuple[str, ...] = ()
    if is_generated:
        body, lost = dialect.fit(body, way.quirk, beside)
    elif way.service.is_counted:
        body, lost = fit_count(call, way, body, beside)
    if lost:
        losses = tuple(dict.fromkeys((*losses, *lost)))
    may_end_empty = dialect.may_end_empty(body)
    body = way.engine.prepare_body(place, body, way.operation, call.stream, dialect)
    adds_usage = call.stream and not reply.include_usage and _takes_usage(way)
    if adds_usage:
        body = _asking_for_usage(body)
    if is_generated and provider.body_overrides is not NO_OVERRIDES:
        body = apply_overrides(body, provider.body_overrides, place.alias)
    is_usual = way.headers is not None and not (own or provider.passthrough_request_headers)
    named = None if reply.requested_model == place.upstream_model else reply.requested_model
    choice = PipeChoice(way.sides, reply, named, request, probes_text, adds_usage)
    if way.remembers:
        choice.remembers = bool(call.json.get("tools"))
    if way.is_relayed and is_generated and call.json.get("tools"):
        choice.called = repeated_before(call.json)
    make: MakePipe = choice.relay if way.is_relayed else choice.translate
    if way.service.is_counted:
        make = count_pipe(call, way)
    elif may_end_empty:
        make = partial(_which_may_end_empty, make)
    write, address = relayed_bytes if way.is_relayed else written_for, way.address
    headers = way.headers if is_usual and way.headers else _own_headers(call, way, own)
    http = HttpRequest(address.method, address.url, headers, write(call, body))
    if is_usual:
        http.head = way.head
    return Prepared(http, make, losses, body, choice.count_output, is_usual, not call.stream)


def _own_headers(call: Call, way: Way, said: Mapping[str, str]) -> Mapping[str, str]:
    """Of a request whose words bring some headers along."""
    accept = "text/event-stream" if call.stream else "application/json"
    said = taken_headers(said, way.quirk)
    own = {"content-type": "application/json", "accept": accept, **said}
    return request_headers(call, way, own)


def _adjusted(call: Call, way: Way, request: Request) -> Request:
    """As this alias and this provider's own name for the model want it, with the tools that the
    model is to see.
    """
    request = offered(way.engine.adjust(way.place, request), way.dialect.name)
    if way.quirk.prompt_cache_key and request.prompt_cache_key is None:
        # Routed by the session, its requests meet the cache that the earlier ones filled.
        session = session_hint(call)
        if session.session_id is not None:
            request = replace(request, prompt_cache_key=session.session_id)
    model = way.place.upstream_model
    return request if request.model == model else replace(request, model=model)


def _which_may_end_empty(make: MakePipe, head: ResponseHead) -> Pipe:
    pipe = make(head)
    pipe.report.may_end_empty = True
    return pipe


def _takes_usage(way: Way) -> bool:
    """Whether a relayed stream may be asked for its usage, which its client did not do."""
    is_chat = way.dialect.name == "openai_chat" and way.quirk.stream_options
    if ("stream_options",) in way.quirk.learned_drops:
        return False
    return is_chat and way.is_relayed


def _asking_for_usage(body: dict[str, Any]) -> dict[str, Any]:
    written = body.get("stream_options")
    options = written if isinstance(written, dict) else {}
    return {**body, "stream_options": {**options, "include_usage": True}}
