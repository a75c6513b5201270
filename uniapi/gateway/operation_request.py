"""The operations beside chat (embeddings, rerank, moderations, images, audio): one attempt, ready
to be sent.

Where client and upstream have the same shape the client's bytes go on, JSON with its model spliced,
forms from their spool; where they differ a codec of `operations` makes the request, or several, and
reads the answers together.
"""

from __future__ import annotations

from collections.abc import Mapping

from uniapi.canonical import Call, Json, RequestRefused
from uniapi.dialects import ReplyContext, fit_learned
from uniapi.engines import most_learned_inputs, refuses_image_form
from uniapi.operations import (
    EncodedOperation,
    OperationCodec,
    OperationRequest,
    codec_for,
    fit_request,
    holds_more_inputs,
    in_batches_of,
    with_verb,
)
from uniapi.pipes import Classify, Pipe, RelayChoice, TranslateAnswer, TranslateEvents
from uniapi.wire import Answers, BodySource, HttpRequest, MultipartError, ResponseHead

from .operation_shapes import client_shape, upstream_shape
from .overrides import apply_overrides
from .prepared import (
    Prepared,
    forwarded_headers,
    relayed_bytes,
    request_headers,
    written_for,
)
from .route import Way
from .uploads import Upload


def prepare_carried(call: Call, way: Way, reply: ReplyContext) -> Prepared:
    """Build the attempt. Raises RequestRefused when this upstream cannot be told what the client
    says.
    """
    codec = codec_for(call.operation, client_shape(call), upstream_shape(way.address))
    if codec is None:
        return _relay(call, way, reply)
    request = OperationRequest(
        operation=call.operation,
        model=way.place.upstream_model,
        requested_model=reply.requested_model,
        body=call.json,
        files=call.upload.files() if isinstance(call.upload, Upload) else (),
        created_s=reply.created_s,
    )
    encoded = codec.encode_request(request)
    return _translate(call, way, codec, request, encoded)


def _relay(call: Call, way: Way, reply: ReplyContext) -> Prepared:
    place, url = way.place, way.address.url
    _, colon, verb = call.path.rpartition(":")
    url = with_verb(url, verb) if colon else url
    body = way.engine.prepare_body(place, dict(call.json), call.operation, call.stream, way.dialect)
    fitted, lost = fit_request(call.operation, place.upstream_model, body)
    told, unlearned = fit_learned(dict(fitted), way.quirk)
    losses = (*lost, *(name for name in unlearned if name != _MADE_HERE))
    if refuses_image_form(way.quirk) and told.get("response_format") in _IMAGE_FORMS:
        told = {name: value for name, value in told.items() if name != "response_format"}
    most = _most_inputs(way)
    if most is not None and holds_more_inputs(call.operation, told, most):
        return _in_batches(call, way, reply, told, losses, most)
    body = apply_overrides(dict(told), place.provider.body_overrides, place.alias)
    own = {"accept": "text/event-stream" if call.stream else "*/*", **forwarded_headers(call)}
    headers = _headers(call, way, call.content_type, own)
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
        model=None if reply.requested_model == way.place.upstream_model else reply.requested_model,
        response_format=response_format if isinstance(response_format, str) else None,
        asked=call.json,
        provider=way.place.provider.name,
    )
    return Prepared(request=request, make_pipe=choice, losses=losses, body=body)


_MADE_HERE = "encoding_format"
"""The form in which vectors are given all the same (`fit_answer`)."""
_IMAGE_FORMS = ("b64_json", "url")


def _most_inputs(way: Way) -> float | None:
    """How many texts or documents this model is given at a time: what its address says, or a
    refusal did.
    """
    said = [way.address.most_inputs, most_learned_inputs(way.quirk)]
    return min((each for each in said if each is not None), default=None)


def _in_batches(
    call: Call,
    way: Way,
    reply: ReplyContext,
    body: dict[str, Json],
    losses: tuple[str, ...],
    most: float,
) -> Prepared:
    codec = in_batches_of(call.operation, most, call.json)
    request = OperationRequest(
        operation=call.operation,
        model=way.place.upstream_model,
        requested_model=reply.requested_model,
        body=body,
        created_s=reply.created_s,
    )
    prepared = _translate(call, way, codec, request, codec.encode_request(request))
    prepared.losses, prepared.body = losses, body
    return prepared


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
    place, address = way.place, way.address
    if encoded.is_stream is not call.stream:
        address = (
            way.engine.address(place, call.operation, encoded.is_stream, way.dialect) or address
        )
    url = with_verb(address.url, encoded.verb) if encoded.verb is not None else address.url
    accept = "text/event-stream" if encoded.is_stream else "application/json"
    headers = _headers(call, way, "application/json", {"accept": accept})
    overrides = place.provider.body_overrides
    bodies = [
        written_for(call, apply_overrides(dict(body), overrides, place.alias))
        for body in encoded.bodies
    ]
    *earlier, last = [
        HttpRequest(method="POST", url=url, headers=headers, body=body) for body in bodies
    ]
    answers: Answers = []

    def make_pipe(head: ResponseHead) -> Pipe:
        if encoded.is_stream and codec.stream is not None and "json" not in head.content_type:
            return TranslateEvents(codec.stream(request), _classify(way), place.provider.name)
        return TranslateAnswer(codec, request, head, answers)

    return Prepared(
        request=last,
        earlier=tuple(earlier),
        answers=answers,
        make_pipe=make_pipe,
        losses=encoded.losses,
    )


def _headers(call: Call, way: Way, content_type: str, own: Mapping[str, str]) -> dict[str, str]:
    # What the body is no configuration can say: a form has its boundary there.
    return {**request_headers(call, way, own), "content-type": content_type}


def _classify(way: Way) -> Classify:
    return lambda status, headers, body: way.engine.classify(status, headers, body, way.dialect)
