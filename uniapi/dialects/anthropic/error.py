"""Errors: upstream error bodies → Failure, and an error for a client → its JSON.

https://platform.claude.com/docs/en/api/errors. Claude is also served by Bedrock and Vertex, whose
own errors stand in front of it, and by gateways with OpenAI's shape; whatever cannot be read is
judged by its status.
"""

from __future__ import annotations

from collections.abc import Mapping

from uniapi.canonical import ClientError, Failure, FailureKind, Json
from uniapi.dialects.delays import delay_in_text, explicit_delay
from uniapi.dialects.error_words import Said, decode_error_words, member
from uniapi.dialects.http_errors import error_object, kind_of_status
from uniapi.dialects.refusals import reread
from uniapi.values import replace

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


def decode_error(status: int, headers: Mapping[str, str], body: bytes) -> Failure:
    """Any answer that is no success, as a Failure; never raises."""
    found = error_object(body)
    if isinstance(found, str):
        said, is_ours = Said(message=found), False
    else:
        said, is_ours = _read(found), _is_ours(found)
    said = replace(said, type=said.type or _amazon_type(headers))
    failure = _failure(status, said, explicit_delay(headers, said.message))
    return replace(
        failure,
        message=said.message or f"the upstream answered {status}",
        body=body,
        content_type=headers.get("content-type"),
        dialect=NAME if is_ours else None,
    )


def stream_failure(body: Mapping[str, Json], raw: bytes) -> Failure:
    """An `error` event of a stream: no status, only the type; `raw` is the event's data."""
    said, is_ours = _read(body), _is_ours(body)
    failure = _failure(_TYPE_STATUSES.get(said.type or ""), said, delay_in_text(said.message))
    return replace(
        failure,
        message=said.message or "the upstream reported an error",
        body=raw if is_ours else None,
        content_type="application/json" if is_ours else None,
        dialect=NAME if is_ours else None,
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


def _failure(status: int | None, said: Said, delay: float | None) -> Failure:
    named = (said.type, said.word, said.code)
    kind = next((_KINDS[name] for name in named if name is not None and name in _KINDS), None)
    if kind is None or (kind is FailureKind.SERVER_ERROR and status in (503, 504, 529)):
        kind = kind_of_status(status, _OWN_STATUSES)
    reading = reread(kind, said, has_delay=delay is not None)
    return Failure(
        kind=reading.kind,
        message=said.message,
        status=status,
        code=said.code,
        type=said.type or said.word,
        param=said.param,
        retry_after_s=delay,
        is_daily=reading.is_daily,
    )


def _read(value: Mapping[str, Json]) -> Said:
    """Claude's own code stands in the details; Bedrock's class behind a namespace."""
    said = decode_error_words(dict(value))
    named = member(member(member(value, "error"), "details"), "error_code")
    return replace(
        said,
        code=named if isinstance(named, str) else said.code,
        type=said.type.rpartition("#")[2] if said.type else None,
    )


def _is_ours(value: Mapping[str, Json]) -> bool:
    """Whether it has this dialect's shape."""
    named = member(value.get("error"), "type")
    return value.get("type") == "error" and isinstance(named, str)


def _amazon_type(headers: Mapping[str, str]) -> str | None:
    named = headers.get("x-amzn-errortype")
    return named.partition(":")[0] if named else None
