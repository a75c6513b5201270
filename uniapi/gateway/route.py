"""From a call and a target to the request that is sent and the pipe that reads its answer. Pure: nothing is sent here.

RELAY when the client's dialect is the upstream's and nothing has to be said differently: the client's own bytes, spliced where only `model` or `stream_options` change,
JSON-equal otherwise; TRANSLATE in every other case. The decision is made per attempt: one call may relay first and translate next.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from uniapi.canonical import Call, Failure, Media, Request, RequestRefused, Response, ResponseFailed, iter_media
from uniapi.dialects import DIALECTS, Dialect, EncodedResponse, ReplyContext, UpstreamContext
from uniapi.engines import Engine, Target
from uniapi.wire import (
    EventStreamDecoder,
    Frame,
    Framer,
    HttpRequest,
    JsonArrayDecoder,
    ResponseHead,
    SseDecoder,
    dump_json,
    encode_sse,
    insert_member,
    splice_member,
)

from .overrides import apply_overrides
from .pipes import Fold, Pipe, RelayStream, RelayWhole, TranslateStream, TranslateWhole, Unfold

SPLICED_MEMBERS = ("model", "stream_options")
"""When no other member of a relayed body changes, the client's bytes are kept and these are spliced."""

FORWARDED_HEADERS: Mapping[str, tuple[str, ...]] = {
    "openai_chat": ("openai-beta",),
    "openai_responses": ("openai-beta", "session_id", "conversation_id", "x-codex-turn-state", "x-codex-turn-metadata"),
    "anthropic": ("anthropic-beta", "anthropic-version"),
    "gemini": ("x-goog-api-client",),
}
"""Client headers that belong to a dialect and go along when it is relayed."""

RETURNED_HEADERS = (
    "x-ratelimit-",
    "anthropic-ratelimit-",
    "ratelimit-",
    "retry-after",
    "openai-",
    "x-codex-",
    "request-id",
    "anthropic-organization-id",
)
"""Prefixes of upstream headers that a client of the same dialect reads."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """One attempt, ready to be sent (not yet authorised), and how to read its answer. `losses` names what the request could not carry."""

    request: HttpRequest
    route: Literal["relay", "translate"]
    dialect: Dialect
    make_pipe: Callable[[ResponseHead], Pipe]
    losses: tuple[str, ...] = ()


class Decoded:
    """The canonical request of a call, decoded when first asked for: a relay never needs it, so a member we do not know never breaks one."""

    def __init__(self, call: Call) -> None:
        self._call = call
        self._request: Request | None = None

    def get(self) -> Request:
        """Raises RequestRefused naming the member that makes no sense."""
        if self._request is None:
            call = self._call
            dialect = DIALECTS["openai_responses" if _is_responses_shaped(call) else call.dialect]
            assert dialect.decode_request is not None
            try:
                self._request = dialect.decode_request(call.json, call.requested_model, call.stream)
            except RecursionError:
                raise RequestRefused.bad_request("The request body is nested too deep.") from None
        return self._request

    def is_needed(self, call: Call, target: Target, engine: Engine) -> bool:
        """Whether this attempt translates."""
        return not is_relay(call, target, engine, engine.dialect(target, call.dialect))

    def get_if_needed(self, call: Call, target: Target, engine: Engine) -> Request | None:
        return self.get() if self.is_needed(call, target, engine) else None

    def put(self, request: Request) -> None:
        """Replace it (media fetched in the meantime)."""
        self._request = request


def _is_responses_shaped(call: Call) -> bool:
    """Cursor sends Responses-shaped bodies to the chat path for newer models."""
    return call.dialect == "openai_chat" and "messages" not in call.json and "input" in call.json


def is_relay(call: Call, target: Target, engine: Engine, dialect: Dialect) -> bool:
    return call.dialect == dialect.name and dialect.observer is not None and not engine.has_habit(target) and not _is_responses_shaped(call)


def prepare(
    call: Call, decoded: Decoded, target: Target, engine: Engine, reply_context: ReplyContext, attempt_seed: str, *, probes_text: bool
) -> Prepared:
    """Build the request for `target`. Raises RequestRefused when the client's body makes no sense or this upstream lacks the operation."""
    dialect = engine.dialect(target, call.dialect)
    address = engine.address(target, call.operation, call.stream, dialect)
    if address is None:
        raise RequestRefused.bad_request(f"provider {target.provider.name!r} does not offer this operation", code="unsupported_operation")
    quirk = engine.quirk(target)
    relays = is_relay(call, target, engine, dialect)
    losses: tuple[str, ...] = ()
    headers = {
        "content-type": "application/json",
        "accept": "text/event-stream" if call.stream else "application/json",
        "accept-encoding": "identity",
        "user-agent": "uni-api",
    }
    if relays:
        body, losses = dialect.repair(call.json, quirk) if dialect.repair is not None else (dict(call.json), ())
        headers.update({name: call.headers[name] for name in FORWARDED_HEADERS.get(dialect.name, ()) if name in call.headers})
        request = None
    else:
        request = engine.adjust(target, decoded.get())
        if request.model != target.upstream_model:
            request = replace(request, model=target.upstream_model)
        encoded = dialect.encode_request(request, quirk)
        body, losses = encoded.body, encoded.losses
        headers.update(encoded.headers)
    body = engine.prepare_body(target, body, call.operation, call.stream, dialect)
    adds_usage = relays and dialect.name == "openai_chat" and call.stream and quirk.stream_options and not _asks_usage(call.json)
    if adds_usage:
        options = body.get("stream_options")
        body = {**body, "stream_options": {**(options if isinstance(options, dict) else {}), "include_usage": True}}
    body = apply_overrides(body, target.provider.body_overrides, target.alias)
    headers.update(address.headers)
    headers.update(target.provider.headers)
    headers.update({name: call.headers[name] for name in target.provider.passthrough_request_headers if name in call.headers})
    data = _relayed_bytes(call, body) if relays else dump_json(body)
    pipes = _PipeMaker(call, target, dialect, UpstreamContext(quirk=quirk, id_seed=attempt_seed, request=request), reply_context, probes_text)
    return Prepared(
        request=HttpRequest(method=address.method, url=address.url, headers={name.lower(): value for name, value in headers.items()}, body=data),
        route="relay" if relays else "translate",
        dialect=dialect,
        make_pipe=(lambda head: pipes.relay(head, drops_usage=adds_usage)) if relays else pipes.translate,
        losses=losses,
    )


def needs_media(call: Call, decoded: Decoded, target: Target, engine: Engine) -> Callable[[Media], bool] | None:
    """Which media of the canonical request this upstream needs by value; None when the request is relayed or has none by URL."""
    dialect = engine.dialect(target, call.dialect)
    if is_relay(call, target, engine, dialect):
        return None
    quirk = engine.quirk(target)
    if not any(media.url is not None and dialect.needs_inline(media, quirk) for media in iter_media(decoded.get().messages)):
        return None
    return lambda media: dialect.needs_inline(media, quirk)


def _asks_usage(body: Mapping[str, Any]) -> bool:
    options = body.get("stream_options")
    return isinstance(options, dict) and options.get("include_usage") is True


def _relayed_bytes(call: Call, body: dict[str, Any]) -> bytes:
    """The client's bytes, with as little changed as `body` differs from what it sent."""
    sent = call.json
    changed = [
        name for name in {**sent, **body} if name not in body or name not in sent or (body[name] is not sent[name] and body[name] != sent[name])
    ]
    if not changed:
        return call.body
    if any(name not in SPLICED_MEMBERS or name not in body for name in changed):
        return dump_json(body)
    data: bytes | None = call.body
    for name in changed:
        if data is not None:
            data = splice_member(data, (name,), body[name]) if name in sent else insert_member(data, name, body[name])
    return data if data is not None else dump_json(body)


class _PipeMaker:
    """Chooses one of the six pipes when the head of the answer is known."""

    def __init__(self, call: Call, target: Target, dialect: Dialect, upstream: UpstreamContext, reply: ReplyContext, probes_text: bool) -> None:
        self._call = call
        self._target = target
        self._dialect = dialect
        self._upstream = upstream
        self._reply = reply
        self._probes_text = probes_text

    def relay(self, head: ResponseHead, *, drops_usage: bool) -> Pipe:
        dialect, call = self._dialect, self._call
        assert dialect.observer is not None
        assert dialect.encode_response is not None
        assert dialect.stream_encoder is not None
        framer = _framer(head, dialect, call.stream)
        splices = call.requested_model != self._target.upstream_model
        if framer is None and not call.stream:
            render = (lambda body: _spliced(body, dialect, call.requested_model)) if splices else None
            return RelayWhole(dialect.observer(), render)
        if framer is None or not call.stream:
            return self.translate(head)
        is_reframed = not isinstance(framer, SseDecoder) or self._reply.framing != "sse"
        if is_reframed:
            return self.translate(head)
        render_frame = _Renderer(dialect, call.requested_model if splices else None, drops_usage) if splices or drops_usage else None
        shadow = dialect.stream_decoder(self._upstream) if self._probes_text else None
        return RelayStream(framer, dialect.observer(), self._ending, render_frame, shadow)

    def translate(self, head: ResponseHead) -> Pipe:
        client, upstream, context = DIALECTS[self._call.dialect], self._dialect, self._upstream
        assert client.encode_response is not None
        assert client.stream_encoder is not None
        framer = _framer(head, upstream, self._call.stream)
        if framer is not None:
            decoder = upstream.stream_decoder(context)
            if self._call.stream:
                return TranslateStream(framer, decoder, client.stream_encoder(self._reply), probes_text=self._probes_text)
            return Fold(framer, decoder, self._encode, dump_json)
        if self._call.stream:
            return Unfold(self._decode, client.stream_encoder(self._reply))
        return TranslateWhole(self._decode, self._encode, dump_json)

    def _decode(self, body: Any) -> Response:
        return self._dialect.decode_response(body, self._upstream)

    def _encode(self, response: Response) -> EncodedResponse:
        encode = DIALECTS[self._call.dialect].encode_response
        assert encode is not None
        return encode(response, self._reply)

    def _ending(self, failure: Failure) -> list[bytes]:
        make_encoder = DIALECTS[self._call.dialect].stream_encoder
        assert make_encoder is not None
        encoder = make_encoder(self._reply)
        encoder.join_midway()
        return encoder.feed(ResponseFailed(failure=failure))


def _framer(head: ResponseHead, dialect: Dialect, asked_stream: bool) -> Framer | None:
    """What cuts this answer into frames; None for a whole answer. The content type decides, because upstreams do not always do as they are asked."""
    match head.content_type:
        case "text/event-stream":
            return SseDecoder()
        case "application/vnd.amazon.eventstream":
            return EventStreamDecoder()
        case "application/json" if asked_stream and dialect.name == "gemini":
            return JsonArrayDecoder()
        case "" | "text/plain" | "application/octet-stream" if asked_stream:
            return EventStreamDecoder() if dialect.framing == "aws_eventstream" else SseDecoder()
        case _:
            return None


class _Renderer:
    """Frames of a relayed stream in which something must change: the usage chunk that the client did not ask for is dropped, the model's name replaced. What it cannot read it keeps."""

    def __init__(self, dialect: Dialect, model: str | None, drops_usage: bool) -> None:
        self._dialect = dialect
        self._model = model
        self._drops_usage = drops_usage

    def __call__(self, frame: Frame) -> bytes:
        if self._drops_usage and self._dialect.usage_frame_only(frame):
            return b""
        if self._model is None or not frame.data.startswith(b"{"):
            return frame.raw
        data = _spliced(frame.data, self._dialect, self._model)
        return frame.raw if data is frame.data else encode_sse(data, frame.event)


def _spliced(data: bytes, dialect: Dialect, model: str) -> bytes:
    """A JSON object with the model it names replaced, wherever the dialect keeps the name; the same object when it names none."""
    for path in dialect.model_paths:
        if b'"' + path[-1].encode() + b'"' in data:
            changed = splice_member(data, path, model)
            if changed is not None:
                return changed
    return data
