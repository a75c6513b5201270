"""The operations beside chat (embeddings, rerank, moderations, images, audio): one attempt, ready
to be sent.

Where client and upstream have the same shape the client's bytes go on, JSON with its model spliced,
forms from their spool; where they differ a codec of `operations` makes the request, or several, and
reads the answers together.
"""

from __future__ import annotations

from collections.abc import Mapping

from uniapi.canonical import Call, Json, RequestRefused
from uniapi.engines import Address
from uniapi.operations import (
    EncodedOperation,
    OperationCodec,
    OperationRequest,
    codec_for,
    fit_request,
    with_verb,
)
from uniapi.pipes import Classify, Pipe, RelayChoice, TranslateAnswer, TranslateEvents
from uniapi.wire import Answers, BodySource, HttpRequest, MultipartError, ResponseHead, dump_json

from .operation_shapes import client_shape, upstream_shape
from .overrides import apply_overrides
from .route import Prepared, Way, configured_headers, forwarded_headers, relayed_bytes
from .uploads import Upload


def prepare_relayed(call: Call, way: Way, *, requested_model: str, created_s: int) -> Prepared:
    """Build the attempt. Raises RequestRefused when this upstream cannot be told what the client
    says.
    """
    address = way.engine.address(way.target, call.operation, call.stream, way.dialect)
    assert address is not None
    codec = codec_for(call.operation, client_shape(call), upstream_shape(address))
    if codec is None:
        return _relay(call, way, address, requested_model)
    request = OperationRequest(
        operation=call.operation,
        model=way.target.upstream_model,
        requested_model=requested_model,
        body=call.json,
        files=call.upload.files() if isinstance(call.upload, Upload) else (),
        created_s=created_s,
    )
    encoded = codec.encode_request(request)
    return _translate(call, way, codec, request, encoded)


def _relay(call: Call, way: Way, address: Address, requested_model: str) -> Prepared:
    target = way.target
    _, colon, verb = call.path.rpartition(":")
    url = with_verb(address.url, verb) if colon else address.url
    accept = "text/event-stream" if call.stream else "*/*"
    passed = forwarded_headers(call)
    body = way.engine.prepare_body(
        target, dict(call.json), call.operation, call.stream, way.dialect
    )
    fitted, losses = fit_request(call.operation, target.upstream_model, body)
    body = apply_overrides(dict(fitted), target.provider.body_overrides, target.alias)
    headers = _headers(call, way, address, call.content_type, accept, passed)
    if isinstance(call.upload, Upload):
        request = HttpRequest(
            method="POST", url=url, headers=headers, source=_form(call.upload, body)
        )
    else:
        request = HttpRequest(
            method="POST", url=url, headers=headers, body=relayed_bytes(call, body)
        )
    response_format = body.get("response_format")
    choice = RelayChoice(
        operation=call.operation,
        classify=_classify(way),
        model=requested_model if requested_model != target.upstream_model else None,
        response_format=response_format if isinstance(response_format, str) else None,
        asked=call.json,
    )
    return Prepared(
        request=request, route="relay", dialect=way.dialect, make_pipe=choice, losses=losses
    )


def _form(upload: Upload, members: Mapping[str, Json]) -> BodySource:
    try:
        return upload.with_members(members)
    except MultipartError as error:
        raise RequestRefused.bad_request(f"The form cannot be sent on: {error}.") from None


def _translate(
    call: Call,
    way: Way,
    codec: OperationCodec,
    request: OperationRequest,
    encoded: EncodedOperation,
) -> Prepared:
    # Pictures and transcripts are put into events by the codec itself: only what it streams is
    # asked for as a stream.
    address = way.engine.address(way.target, call.operation, encoded.is_stream, way.dialect)
    assert address is not None
    url = with_verb(address.url, encoded.verb) if encoded.verb is not None else address.url
    accept = "text/event-stream" if encoded.is_stream else "application/json"
    headers = _headers(call, way, address, "application/json", accept, {})
    overrides = way.target.provider.body_overrides
    bodies = [
        dump_json(apply_overrides(dict(body), overrides, way.target.alias))
        for body in encoded.bodies
    ]
    *earlier, last = [
        HttpRequest(method="POST", url=url, headers=headers, body=body) for body in bodies
    ]
    answers: Answers = []

    def make_pipe(head: ResponseHead) -> Pipe:
        if encoded.is_stream and codec.stream is not None and "json" not in head.content_type:
            return TranslateEvents(codec.stream(request), _classify(way))
        return TranslateAnswer(codec, request, head, answers)

    return Prepared(
        request=last,
        earlier=tuple(earlier),
        answers=answers,
        route="translate",
        dialect=way.dialect,
        make_pipe=make_pipe,
        losses=encoded.losses,
    )


def _headers(
    call: Call,
    way: Way,
    address: Address,
    content_type: str,
    accept: str,
    passed: Mapping[str, str],
) -> dict[str, str]:
    headers = {"accept": accept, "accept-encoding": "identity", "user-agent": "uni-api", **passed}
    headers.update(address.headers)
    headers.update(configured_headers(call, way.target))
    # What the body is no configuration can say: a form has its boundary there.
    return {
        **{name.lower(): value for name, value in headers.items()},
        "content-type": content_type,
    }


def _classify(way: Way) -> Classify:
    return lambda status, headers, body: way.engine.classify(status, headers, body, way.dialect)
