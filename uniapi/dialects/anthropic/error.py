"""Errors: upstream error bodies → Failure, and an error for a client → its JSON.

https://platform.claude.com/docs/en/api/errors. Claude is also served by Bedrock and Vertex, whose
own errors stand in front of it, and by gateways with OpenAI's shape; whatever cannot be read is
judged by its status.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

from uniapi.canonical import ClientError, Failure, FailureKind, Json
from uniapi.dialects.delays import delay_in_text, explicit_delay
from uniapi.dialects.http_errors import MAX_MESSAGE, error_object, kind_of_status

from .vocabulary import NAME

_KINDS: Mapping[str, FailureKind] = {
    "invalid_request_error": FailureKind.BAD_REQUEST,
    "authentication_error": FailureKind.CREDENTIAL_REFUSED,
    "permission_error": FailureKind.CREDENTIAL_REFUSED,
    "billing_error": FailureKind.QUOTA,
    "not_found_error": FailureKind.MODEL_MISSING,
    "request_too_large": FailureKind.TOO_LONG,
    "rate_limit_error": FailureKind.RATE_LIMITED,
    "overloaded_error": FailureKind.OVERLOADED,
    "timeout_error": FailureKind.TIMEOUT,
    "api_error": FailureKind.SERVER_ERROR,
    # Bedrock (`__type`, or the `x-amzn-errortype` header)
    "ValidationException": FailureKind.BAD_REQUEST,
    "AccessDeniedException": FailureKind.CREDENTIAL_REFUSED,
    "UnrecognizedClientException": FailureKind.CREDENTIAL_REFUSED,
    "InvalidSignatureException": FailureKind.CREDENTIAL_REFUSED,
    "ExpiredTokenException": FailureKind.CREDENTIAL_REFUSED,
    "ResourceNotFoundException": FailureKind.MODEL_MISSING,
    "ThrottlingException": FailureKind.RATE_LIMITED,
    "ServiceQuotaExceededException": FailureKind.QUOTA,
    "ModelNotReadyException": FailureKind.OVERLOADED,
    "ServiceUnavailableException": FailureKind.OVERLOADED,
    "ModelTimeoutException": FailureKind.TIMEOUT,
    "ModelErrorException": FailureKind.SERVER_ERROR,
    "ModelStreamErrorException": FailureKind.SERVER_ERROR,
    "InternalServerException": FailureKind.SERVER_ERROR,
    # Google (`status`)
    "INVALID_ARGUMENT": FailureKind.BAD_REQUEST,
    "FAILED_PRECONDITION": FailureKind.BAD_REQUEST,
    "UNAUTHENTICATED": FailureKind.CREDENTIAL_REFUSED,
    "PERMISSION_DENIED": FailureKind.CREDENTIAL_REFUSED,
    "NOT_FOUND": FailureKind.MODEL_MISSING,
    "RESOURCE_EXHAUSTED": FailureKind.RATE_LIMITED,
    "UNAVAILABLE": FailureKind.OVERLOADED,
    "DEADLINE_EXCEEDED": FailureKind.TIMEOUT,
    "INTERNAL": FailureKind.SERVER_ERROR,
    # gateways with OpenAI's words
    "insufficient_quota": FailureKind.QUOTA,
    "model_not_found": FailureKind.MODEL_MISSING,
    "invalid_api_key": FailureKind.CREDENTIAL_REFUSED,
    "rate_limit_exceeded": FailureKind.RATE_LIMITED,
    "context_length_exceeded": FailureKind.TOO_LONG,
}

_OWN_STATUSES: Mapping[int, FailureKind] = {424: FailureKind.SERVER_ERROR}

_TYPE_STATUSES: Mapping[str, int] = {
    "invalid_request_error": 400,
    "authentication_error": 401,
    "billing_error": 402,
    "permission_error": 403,
    "not_found_error": 404,
    "request_too_large": 413,
    "rate_limit_error": 429,
    "api_error": 500,
    "timeout_error": 504,
    "overloaded_error": 529,
}
"""The status a typed error has; an error event inside a stream has only its type."""

_TOO_LONG = re.compile(
    r"prompt is too long|input is too long|too many (?:input )?tokens|context"
    r" (?:length|window|limit)|exceeds? the (?:maximum|model).{0,40}(?:tokens|length)"
    r"|input length and `?max_tokens`? exceed",
    re.IGNORECASE,
)
_QUOTA = re.compile(
    r"credit balance is too low|usage limits?\b.{0,60}regain access|insufficient"
    r" (?:quota|balance|funds|credits)|spend limit",
    re.IGNORECASE,
)
_MODEL = re.compile(
    r"(?:don't|do not|doesn't|does not) have access to the model|model access is denied|access to"
    r" (?:this |the )?model|model .{0,80}not (?:found|available|supported|exist)",
    re.IGNORECASE,
)
_CREDENTIAL = re.compile(
    r"invalid (?:x-)?api[- ]?key|API_KEY_INVALID|organization has been disabled|security token"
    r" included in the request",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class _Said:
    """What an error body says, as far as it could be read.

    `is_ours`: it has this dialect's shape.
    """

    message: str
    type: str | None = None
    code: str | None = None
    param: str | None = None
    is_ours: bool = False


def decode_error(status: int, headers: Mapping[str, str], body: bytes) -> Failure:
    """Any answer that is no success, as a Failure; never raises."""
    found = error_object(body)
    said = _Said(found) if isinstance(found, str) else _read_object(found)
    typed = said.type or _amazon_type(headers)
    message = said.message or f"the upstream answered {status}"
    return Failure(
        kind=_kind(status, typed, said.code, message),
        message=message,
        status=status,
        code=said.code,
        type=typed,
        param=said.param,
        retry_after_s=explicit_delay(headers, message),
        body=body,
        content_type=headers.get("content-type"),
        dialect=NAME if said.is_ours else None,
    )


def stream_failure(body: Mapping[str, Json], raw: bytes) -> Failure:
    """An `error` event of a stream: no status, only the type; `raw` is the event's data."""
    said = _read_object(body)
    status = _TYPE_STATUSES.get(said.type or "")
    return Failure(
        kind=_kind(status, said.type, said.code, said.message),
        message=said.message or "the upstream reported an error",
        status=status,
        code=said.code,
        type=said.type,
        retry_after_s=delay_in_text(said.message),
        body=raw if said.is_ours else None,
        content_type="application/json" if said.is_ours else None,
        dialect=NAME if said.is_ours else None,
    )


def encode_error(error: ClientError) -> Json:
    """The JSON body for a client of this dialect."""
    return {"type": "error", "error": {"type": _type_for(error), "message": error.message}}


def error_type(failure: Failure, status: int) -> str:
    """The word for a failure this dialect's client is told about."""
    if failure.kind is FailureKind.QUOTA:
        return "billing_error"
    if failure.kind is FailureKind.OVERLOADED:
        return "overloaded_error"
    return _type_for(
        ClientError(status=status, message=failure.message, code=failure.code, type=failure.type)
    )


def _type_for(error: ClientError) -> str:
    if (
        error.type in _TYPE_STATUSES
        and error.type is not None
        and _TYPE_STATUSES[error.type] == error.status
    ):
        return error.type
    if error.status == 402 or error.code in ("insufficient_quota", "billing_error", "quota"):
        return "billing_error"
    by_status = {
        401: "authentication_error",
        403: "permission_error",
        404: "not_found_error",
        413: "request_too_large",
        429: "rate_limit_error",
        503: "overloaded_error",
        504: "timeout_error",
        529: "overloaded_error",
    }
    return by_status.get(
        error.status, "invalid_request_error" if 400 <= error.status < 500 else "api_error"
    )


def _kind(status: int | None, typed: str | None, code: str | None, message: str) -> FailureKind:
    """The words where they are plain, then the type, then the status."""
    kind = _KINDS.get(typed or "") or _KINDS.get(code or "")
    if kind is None:
        kind = kind_of_status(status, _OWN_STATUSES)
    if kind in (FailureKind.BAD_REQUEST, FailureKind.TOO_LONG) and _TOO_LONG.search(message):
        return FailureKind.TOO_LONG
    if kind in (
        FailureKind.BAD_REQUEST,
        FailureKind.RATE_LIMITED,
        FailureKind.CREDENTIAL_REFUSED,
    ) and _QUOTA.search(message):
        return FailureKind.QUOTA
    if kind is FailureKind.BAD_REQUEST and _CREDENTIAL.search(message):
        return FailureKind.CREDENTIAL_REFUSED
    if (
        kind in (FailureKind.BAD_REQUEST, FailureKind.CREDENTIAL_REFUSED)
        and status != 401
        and _MODEL.search(message)
    ):
        return FailureKind.MODEL_MISSING
    if kind is FailureKind.SERVER_ERROR and status in (503, 504, 529):
        return kind_of_status(status)
    return kind


def _read_object(value: Mapping[str, Json]) -> _Said:
    error = value.get("error")
    if isinstance(error, dict):
        details = error.get("details")
        code = details.get("error_code") if isinstance(details, dict) else error.get("code")
        return _Said(
            _text(error.get("message")) or _shown(error),
            _text(error.get("type")) or _text(error.get("status")),
            _text(code),
            _text(error.get("param")),
            is_ours=value.get("type") == "error" and isinstance(error.get("type"), str),
        )
    message = next(
        (
            found
            for name in ("message", "Message", "detail", "error")
            if (found := _text(value.get(name)))
        ),
        None,
    )
    typed = _text(value.get("__type"))
    return _Said(message or _shown(value), typed.rpartition("#")[2] if typed else None)


def _amazon_type(headers: Mapping[str, str]) -> str | None:
    named = headers.get("x-amzn-errortype")
    return named.partition(":")[0] if named else None


def _shown(value: Json) -> str:
    """An error that names no message, as it is."""
    try:
        return json.dumps(value)[:MAX_MESSAGE]
    except RecursionError:
        return "an error nested too deep to show"


def _text(value: Json) -> str | None:
    return value[:MAX_MESSAGE] if isinstance(value, str) and value else None
