"""A whole answer: an upstream's Response object → canonical Response."""

from __future__ import annotations

from uniapi.canonical import Choice, FoldError, Json, Response
from uniapi.dialects.codec import UpstreamContext
from uniapi.dialects.error_words import tells_error
from uniapi.dialects.openai_chat.error import failure_of_object
from uniapi.dialects.shapes import expecting
from uniapi.dialects.think_tags import without_think_tags
from uniapi.errors import WireError

from .answer_decode_items import FAILED_STATUSES, OutputReader, failure_of_response, finish_of
from .usage import decode_usage


def decode_response(body: Json, context: UpstreamContext) -> Response:
    """Raises WireError on a body that is no Response or has not ended, FoldError with its Failure
    on one that failed or on an error object in an answer of status 200.
    """
    with expecting("a Response"):
        response = _decoded(body, context)
    return without_think_tags(response) if context.quirk.think_tags else response


def _decoded(body: Json, context: UpstreamContext) -> Response:
    if not isinstance(body, dict):
        raise WireError(f"expected a response object, found {type(body).__name__}")
    output = body.get("output")
    if not isinstance(output, list):
        if body.get("status") in FAILED_STATUSES:
            raise FoldError(failure_of_response(body))
        if tells_error(body):
            raise FoldError(failure_of_object(body))
        raise WireError(
            f"expected a response with a list `output`, found members {sorted(map(str, body))[:8]}"
        )
    reader = OutputReader(context)
    parts = tuple(part for item in output for part in reader.parts(item))
    response_id, model, created = body.get("id"), body.get("model"), body.get("created_at")
    return Response(
        choices=(Choice(parts=parts, finish=finish_of(body, parts)),),
        response_id=response_id if isinstance(response_id, str) else None,
        model=model if isinstance(model, str) else None,
        created_s=int(created) if isinstance(created, int | float) else None,
        usage=decode_usage(body),
    )
