"""What went wrong at Cohere: an HTTP error `{"message"}`, or the error of a stream's end, as a Failure.

Statuses and wordings: https://docs.cohere.com/reference/errors.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace

from uniapi.canonical import Failure, FailureKind, Json
from uniapi.dialects.delays import explicit_delay

from .vocabulary import NAME

_BY_STATUS: Mapping[int, FailureKind] = {
    401: FailureKind.CREDENTIAL_REFUSED,
    402: FailureKind.QUOTA,
    403: FailureKind.CREDENTIAL_REFUSED,
    404: FailureKind.MODEL_MISSING,
    408: FailureKind.TIMEOUT,
    413: FailureKind.TOO_LONG,
    429: FailureKind.RATE_LIMITED,
    499: FailureKind.SERVER_ERROR,
    503: FailureKind.OVERLOADED,
    504: FailureKind.TIMEOUT,
    529: FailureKind.OVERLOADED,
}

_WORDINGS: tuple[tuple[FailureKind, FailureKind, tuple[str, ...]], ...] = (
    (FailureKind.BAD_REQUEST, FailureKind.TOO_LONG, ("too many tokens", "exceeds the limit of", "maximum context length", "context length")),
    (FailureKind.BAD_REQUEST, FailureKind.MODEL_MISSING, ("not found, make sure the correct model", "unknown model", "was removed on")),
    (FailureKind.BAD_REQUEST, FailureKind.CREDENTIAL_REFUSED, ("invalid api token", "invalid api key", "incorrect api key", "no api key supplied")),
    # Trial keys hold 1,000 calls a month; the same wording with minutes in it is an ordinary rate limit.
    (FailureKind.RATE_LIMITED, FailureKind.QUOTA, ("month", "billing", "spend limit")),
)
"""(kind by status, what it is instead, wordings that say so)."""

_MODEL_FAULTS = frozenset({"INVALID_TOOL_GENERATION"})


def decode_error(status: int, headers: Mapping[str, str], body: bytes) -> Failure:
    """The failure behind an HTTP error; never raises."""
    message = _message(body) or body[:300].decode("utf-8", "replace") or f"Cohere answered {status}"
    kind = _BY_STATUS.get(status) or (FailureKind.BAD_REQUEST if 400 <= status < 500 else FailureKind.SERVER_ERROR)
    return Failure(
        kind=_by_wording(kind, message),
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
    """The failure a whole answer of status 200 tells of (`message` is then its text, not the model's), None when it tells of none."""
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
        return _by_wording(FailureKind.RATE_LIMITED, message)
    found = _by_wording(FailureKind.BAD_REQUEST, message)
    return found if found is not FailureKind.BAD_REQUEST else None


def _by_wording(kind: FailureKind, message: str) -> FailureKind:
    said = message.lower()
    for by_status, instead, wordings in _WORDINGS:
        if kind is by_status and any(wording in said for wording in wordings):
            return instead
    return kind


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
