"""What went wrong at Cohere: an HTTP error `{"message"}`, or the error of a stream's end, as a
Failure.

Statuses and wordings: https://docs.cohere.com/reference/errors.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace

from uniapi.canonical import Failure, FailureKind, Json
from uniapi.dialects.delays import explicit_delay
from uniapi.dialects.http_errors import Wordings, kind_by_wording, kind_of_status

from .vocabulary import NAME

_OWN_STATUSES: Mapping[int, FailureKind] = {499: FailureKind.SERVER_ERROR}

_WORDINGS: Wordings = (
    (
        FailureKind.BAD_REQUEST,
        FailureKind.TOO_LONG,
        ("too many tokens", "exceeds the limit of", "maximum context length", "context length"),
    ),
    (
        FailureKind.BAD_REQUEST,
        FailureKind.MODEL_MISSING,
        ("not found, make sure the correct model", "unknown model", "was removed on"),
    ),
    (
        FailureKind.BAD_REQUEST,
        FailureKind.CREDENTIAL_REFUSED,
        ("invalid api token", "invalid api key", "incorrect api key", "no api key supplied"),
    ),
    # Trial keys hold 1,000 calls a month; the same wording with minutes in it is an ordinary rate
    # limit.
    (FailureKind.RATE_LIMITED, FailureKind.QUOTA, ("month", "billing", "spend limit")),
)

_MODEL_FAULTS = frozenset({"INVALID_TOOL_GENERATION"})


def decode_error(status: int, headers: Mapping[str, str], body: bytes) -> Failure:
    """The failure behind an HTTP error; never raises."""
    message = _message(body) or body[:300].decode("utf-8", "replace") or f"Cohere answered {status}"
    return Failure(
        kind=kind_by_wording(kind_of_status(status, _OWN_STATUSES), message, _WORDINGS),
        message=message,
        status=status,
        retry_after_s=explicit_delay(headers, message),
        body=body,
        content_type=headers.get("content-type"),
        dialect=NAME,
    )


def decode_stream_error(message: str, error_type: Json) -> Failure:
    """The failure a stream ends with: its message, and the class newer versions name."""
    name = error_type if isinstance(error_type, str) else None
    is_fault = name in _MODEL_FAULTS or "invalid tool generation" in message.lower()
    kind = FailureKind.MODEL_FAULT if is_fault else FailureKind.SERVER_ERROR
    if "too many tokens" in message.lower():
        kind = FailureKind.TOO_LONG
    return Failure(kind=kind, message=message, code=name, type=name, dialect=NAME)


def failure_in(body: Mapping[str, Json]) -> Failure | None:
    """The failure a whole answer of status 200 tells of (`message` is then its text, not the
    model's), None when it tells of none.
    """
    message, error = body.get("message"), body.get("error")
    if isinstance(message, dict):
        return None
    if isinstance(error, dict):
        message = error.get("message")
    elif isinstance(error, str):
        message = error
    if not isinstance(message, str) or not message:
        return None
    failure = decode_stream_error(message, None)
    found = _kind_of_wording(message)
    return failure if found is None else replace(failure, kind=found)


def _kind_of_wording(message: str) -> FailureKind | None:
    """What a wording says where no status does."""
    said = message.lower()
    if "rate limit" in said or "too many requests" in said:
        return kind_by_wording(FailureKind.RATE_LIMITED, message, _WORDINGS)
    found = kind_by_wording(FailureKind.BAD_REQUEST, message, _WORDINGS)
    return found if found is not FailureKind.BAD_REQUEST else None


def _message(body: bytes) -> str | None:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return None
    found = value.get("message") if isinstance(value, dict) else None
    if isinstance(value, dict) and not isinstance(found, str):
        error = value.get("error")
        found = error.get("message") if isinstance(error, dict) else error
    return found if isinstance(found, str) and found else None
