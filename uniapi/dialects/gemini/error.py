"""Errors: google.rpc.Status bodies → Failure, and a ClientError → the body a client of this dialect
reads.

`{"error": {"code", "message", "status", "details": [{"@type": …}]}}`, in a streamed array also
inside a list. https://google.aip.dev/193 and https://ai.google.dev/gemini-api/docs/troubleshooting
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from uniapi.canonical import ClientError, Failure, FailureKind, Json
from uniapi.dialects.delays import delay_in_text, explicit_delay
from uniapi.dialects.error_words import Said, decode_error_words
from uniapi.dialects.http_errors import error_object, kind_of_status
from uniapi.dialects.refusals import reread
from uniapi.values import dataclass, replace

from .vocabulary import NAME, int_member, list_member, member, text_member

_STATUS_WORDS: Mapping[str, int] = {
    "INVALID_ARGUMENT": 400,
    "FAILED_PRECONDITION": 400,
    "OUT_OF_RANGE": 400,
    "UNAUTHENTICATED": 401,
    "PERMISSION_DENIED": 403,
    "NOT_FOUND": 404,
    "ABORTED": 409,
    "ALREADY_EXISTS": 409,
    "RESOURCE_EXHAUSTED": 429,
    "CANCELLED": 499,
    "INTERNAL": 500,
    "UNKNOWN": 500,
    "DATA_LOSS": 500,
    "UNIMPLEMENTED": 501,
    "UNAVAILABLE": 503,
    "DEADLINE_EXCEEDED": 504,
}
"""google.rpc.Code → HTTP:
https://github.com/googleapis/googleapis/blob/master/google/rpc/code.proto
"""

_WORD_FOR_STATUS: Mapping[int, str] = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    402: "RESOURCE_EXHAUSTED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    408: "DEADLINE_EXCEEDED",
    409: "ABORTED",
    429: "RESOURCE_EXHAUSTED",
    499: "CANCELLED",
    501: "UNIMPLEMENTED",
    502: "UNAVAILABLE",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}

_CREDENTIAL_REASONS = frozenset(
    {
        "API_KEY_INVALID",
        "API_KEY_EXPIRED",
        "API_KEY_SERVICE_BLOCKED",
        "API_KEY_HTTP_REFERRER_BLOCKED",
        "API_KEY_IP_ADDRESS_BLOCKED",
        "API_KEY_ANDROID_APP_BLOCKED",
        "API_KEY_IOS_APP_BLOCKED",
        "CONSUMER_INVALID",
        "CONSUMER_SUSPENDED",
        "SERVICE_DISABLED",
        "BILLING_DISABLED",
        "CREDENTIALS_MISSING",
        "ACCESS_TOKEN_EXPIRED",
        "ACCESS_TOKEN_SCOPE_INSUFFICIENT",
    }
)
"""ErrorInfo reasons that speak of the key or its project, whatever the status."""

_DURATION = re.compile(r"(\d+(?:\.\d+)?)s")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Said:
    """What an error body says, as far as it could be read.

    `quotas`: the ids of the quotas that were hit.
    """

    words: Said
    reason: str | None = None
    quotas: tuple[str, ...] = ()
    retry_after_s: float | None = None
    is_ours: bool = False

    @property
    def is_daily(self) -> bool:
        return any("perday" in quota.lower().replace("_", "") for quota in self.quotas)


def decode_error(status: int, headers: Mapping[str, str], body: bytes) -> Failure:
    """Any answer that is no success, as a Failure; never raises."""
    found = error_object(body)
    said = _Said(words=Said(message=found)) if isinstance(found, str) else _decode_object(found)
    delay = said.retry_after_s
    if delay is None:
        delay = explicit_delay(headers, said.words.message)
    return _failure(status, said, delay, body, headers.get("content-type"))


def error_in_answer(body: Mapping[str, Json]) -> Failure:
    """An error object that came with status 200, whole or in a stream."""
    said = _decode_object(body)
    try:
        raw = json.dumps(body).encode()
    except RecursionError:
        raw = b"{}"
    status = said.words.number or 0
    if not 400 <= status < 600:
        status = _STATUS_WORDS.get(said.words.word or "", 500)
    return _failure(status, said, said.retry_after_s, raw, "application/json")


def encode_error(error: ClientError) -> Json:
    """The JSON body for a client of this dialect."""
    word = (
        error.type
        if error.type is not None and _STATUS_WORDS.get(error.type) == error.status
        else None
    )
    if word is None:
        word = _WORD_FOR_STATUS.get(
            error.status, "INVALID_ARGUMENT" if 400 <= error.status < 500 else "INTERNAL"
        )
    return {"error": {"code": error.status, "message": error.message, "status": word}}


def _failure(
    status: int, said: _Said, delay: float | None, body: bytes, content_type: str | None
) -> Failure:
    words = said.words
    reading = reread(_kind(status, said), words, has_delay=delay is not None or bool(said.quotas))
    is_of_day = said.is_daily and reading.kind is FailureKind.QUOTA
    return Failure(
        kind=reading.kind,
        message=words.message or f"the upstream answered {status}",
        status=status,
        code=said.reason,
        type=words.word,
        # The seconds beside a daily quota are those of another one.
        retry_after_s=None if is_of_day else delay,
        is_daily=is_of_day or (reading.is_daily and reading.kind is FailureKind.QUOTA),
        body=body,
        content_type=content_type,
        dialect=NAME if said.is_ours else None,
    )


def _kind(status: int, said: _Said) -> FailureKind:
    """The reason where it is plain, then the quota, then the status."""
    if status < 500 and said.reason in _CREDENTIAL_REASONS:
        return FailureKind.CREDENTIAL_REFUSED
    if status == 429 and said.is_daily:
        return FailureKind.QUOTA
    return kind_of_status(status)


def _decode_object(value: Mapping[str, Json]) -> _Said:
    words = decode_error_words(dict(value))
    error = member(value, "error")
    reason: str | None = None
    quotas: list[str] = []
    delay: float | None = None
    for detail in list_member(error, "details"):
        named = text_member(detail, "@type")
        if named.endswith("ErrorInfo"):
            reason = text_member(detail, "reason") or reason
        elif named.endswith("RetryInfo"):
            delay = _duration(member(detail, "retryDelay"))
        elif named.endswith("QuotaFailure"):
            for violation in list_member(detail, "violations"):
                quotas.append(
                    text_member(violation, "quotaId") or text_member(violation, "quotaMetric")
                )
    return _Said(
        words=replace(words, code=reason),
        reason=reason,
        quotas=tuple(quota for quota in quotas if quota),
        retry_after_s=delay if delay is not None else delay_in_text(words.message),
        is_ours=words.word is not None and isinstance(error, dict) and "code" in error,
    )


def _duration(value: Json) -> float | None:
    """A protobuf Duration: `34.07s`, or an object of seconds and nanos."""
    if isinstance(value, str) and (match := _DURATION.fullmatch(value.strip())):
        return float(match[1])
    seconds = int_member(value, "seconds")
    return float(seconds) if seconds is not None and seconds >= 0 else None
