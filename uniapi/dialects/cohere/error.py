"""What went wrong at Cohere: an HTTP error `{"message"}`, or the error of a stream's end, as a
Failure.

Statuses and wordings: https://docs.cohere.com/reference/errors.
"""

from __future__ import annotations

from collections.abc import Mapping

from uniapi.canonical import Failure, FailureKind, Json
from uniapi.dialects.delays import explicit_delay
from uniapi.dialects.error_words import Said, decode_error_words, tells_error
from uniapi.dialects.http_errors import error_object, kind_of_status
from uniapi.dialects.refusals import reread

from .vocabulary import NAME

_OWN_STATUSES: Mapping[int, FailureKind] = {499: FailureKind.SERVER_ERROR}


def decode_error(status: int, headers: Mapping[str, str], body: bytes) -> Failure:
    """The failure behind an HTTP error; never raises."""
    found = error_object(body)
    said = Said(message=found) if isinstance(found, str) else decode_error_words(dict(found))
    delay = explicit_delay(headers, said.message)
    reading = reread(kind_of_status(status, _OWN_STATUSES), said, has_delay=delay is not None)
    return Failure(
        kind=reading.kind,
        message=said.message or f"Cohere answered {status}",
        status=status,
        retry_after_s=delay,
        is_daily=reading.is_daily,
        body=body,
        content_type=headers.get("content-type"),
        dialect=None if isinstance(found, str) else NAME,
    )


def decode_stream_error(message: str, error_type: Json) -> Failure:
    """The failure a stream ends with: its message, and the class newer versions name."""
    name = error_type if isinstance(error_type, str) else None
    reading = reread(FailureKind.SERVER_ERROR, Said(message=message, type=name))
    return Failure(kind=reading.kind, message=message, code=name, type=name, dialect=NAME)


def failure_in(body: Mapping[str, Json]) -> Failure | None:
    """The failure a whole answer of status 200 tells of (`message` is then its text, not the
    model's), None when it tells of none.
    """
    if isinstance(body.get("message"), dict):
        return None
    if not tells_error(dict(body)):
        return None
    said = decode_error_words(dict(body))
    return decode_stream_error(said.message, said.type) if said.message else None
