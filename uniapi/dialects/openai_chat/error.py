"""Errors: what OpenAI-compatible upstreams send, in all their shapes → Failure; our own → OpenAI's
error object.

The status decides first; the wording decides where vendors put one status to several uses (a 400
for a bad key, a 429 for an empty purse) and where there is no status at all (an error object inside
a stream). Codes: https://platform.openai.com/docs/guides/error-codes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from uniapi.canonical import ClientError, Failure, FailureKind, Json
from uniapi.dialects.delays import delay_in_text, explicit_delay
from uniapi.dialects.error_words import Said, decode_error_words, member, tells_error, words_of_page
from uniapi.dialects.http_errors import is_object, kind_of_status
from uniapi.dialects.refusals import reread
from uniapi.values import replace

from .request_decode_members import DIALECT_NAME

_OWN_STATUSES: Mapping[int, FailureKind] = {498: FailureKind.OVERLOADED, 524: FailureKind.TIMEOUT}
"""498: Groq's flex tier is at capacity; 524: Cloudflare waited too long for the origin."""

_NUMBERS: Mapping[str, Mapping[int, FailureKind]] = {
    # MiniMax: https://platform.minimax.io/docs/api-reference/errorcode (2026-11-30)
    "base_resp": {
        1001: FailureKind.TIMEOUT,
        1002: FailureKind.RATE_LIMITED,
        1004: FailureKind.CREDENTIAL_REFUSED,
        1008: FailureKind.QUOTA,
        1026: FailureKind.BAD_REQUEST,
        1027: FailureKind.BAD_REQUEST,
        1039: FailureKind.RATE_LIMITED,
        1041: FailureKind.RATE_LIMITED,
        1042: FailureKind.BAD_REQUEST,
        2013: FailureKind.BAD_REQUEST,
        2045: FailureKind.RATE_LIMITED,
        2049: FailureKind.CREDENTIAL_REFUSED,
        2056: FailureKind.QUOTA,
    },
    # Baidu's Qianfan: cloud.baidu.com/doc/qianfan-api (2026-11-30)
    "error_code": {
        4: FailureKind.RATE_LIMITED,
        18: FailureKind.RATE_LIMITED,
        110: FailureKind.CREDENTIAL_REFUSED,
        111: FailureKind.CREDENTIAL_REFUSED,
        336007: FailureKind.TOO_LONG,
        336100: FailureKind.OVERLOADED,
        336103: FailureKind.TOO_LONG,
        336501: FailureKind.RATE_LIMITED,
    },
}
"""By the member that only this vendor's errors have: its numbers, where they say more than words.
"""

ERROR_TYPES = {
    401: "authentication_error",
    402: "insufficient_quota",
    403: "permission_error",
    404: "invalid_request_error",
    429: "rate_limit_error",
}

_GOOGLES_DAY = "PerDay"
"""In the ids of Google's quotas, which its OpenAI layer passes on in the details or in the message.
"""
_SECONDS = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)s")


def decode_error(status: int, headers: Mapping[str, str], body: bytes) -> Failure:
    """The failure an upstream's error answer tells of; never raises.

    `headers` have lower-case names.
    """
    try:
        value: Json = json.loads(body)
    except (ValueError, RecursionError):
        value = None
    if value is None:
        said = Said(message=words_of_page(body.decode("utf-8", "replace")))
        failure = _failure(status, said, {})
    else:
        failure = failure_of_object(value, status)
    delay = explicit_delay(headers, failure.message)
    return replace(
        failure,
        retry_after_s=failure.retry_after_s if delay is None or failure.is_daily else delay,
        body=body,
        content_type=headers.get("content-type"),
        dialect=DIALECT_NAME if is_object(value) else None,
    )


def failure_of_object(value: Json, status: int | None = None) -> Failure:
    """The failure in an error object, or in a body, chunk or choice that holds one.

    Without a status the object's own numeric code serves.
    """
    said = decode_error_words(value)
    inner_says_more = status == 400 and said.number == 429
    if status is None or status < 400 or inner_says_more:
        named = said.number is not None and 400 <= said.number < 600
        return _failure(said.number if named else None, said, value)
    return _failure(status, said, value)


def failure_in(body: Mapping[str, Json]) -> Failure | None:
    """The failure that an answer of status 200 holds, if it does."""
    if body.get("error"):
        return failure_of_object(body)
    choices = body.get("choices")
    if choices:
        first = choices[0] if isinstance(choices, list) else None
        error = first.get("error") if isinstance(first, dict) else None
        return failure_of_object(error) if error else None
    if body.get("error_code") or member(body.get("base_resp"), "status_code"):
        return failure_of_object(body)
    is_answer = "choices" in body or "usage" in body
    return failure_of_object(body) if not is_answer and tells_error(body) else None


def _failure(status: int | None, said: Said, value: Json) -> Failure:
    error = _innermost(value)
    quotas = _quotas(member(error, "details"))
    is_googles_day = _GOOGLES_DAY in said.message or _GOOGLES_DAY in quotas
    # The seconds beside Google's day are those of another quota.
    delay = None if is_googles_day else _delay(said.message, member(error, "details"))
    reading = reread(_kind(status, said, value), said, has_delay=delay is not None)
    return Failure(
        kind=FailureKind.QUOTA if is_googles_day else reading.kind,
        message=said.message or _nothing_said(status),
        status=status,
        code=said.code,
        type=said.type,
        param=said.param,
        retry_after_s=delay,
        is_daily=is_googles_day or reading.is_daily,
    )


def _nothing_said(status: int | None) -> str:
    if status is None:
        return "the upstream reported an error without a message"
    return f"the upstream answered with status {status} and no message"


def _kind(status: int | None, said: Said, value: Json) -> FailureKind:
    """What class, number and status say."""
    if member(_innermost(value), "failed_generation") is not None:
        return FailureKind.MODEL_FAULT
    for name, numbers in _NUMBERS.items():
        if member(value, name) is not None and said.number in numbers:
            return numbers[said.number or 0]
    if status is not None:
        return kind_of_status(status, _OWN_STATUSES)
    is_requests = "invalid_request_error" in (said.code, said.type)
    return FailureKind.BAD_REQUEST if is_requests else FailureKind.SERVER_ERROR


def _innermost(value: Json) -> Json:
    if isinstance(value, list):
        value = value[0] if value else None
    error = member(value, "error")
    return error if isinstance(error, dict) else value


def _delay(message: str, details: Json) -> float | None:
    delay = delay_in_text(message)
    return delay if delay is not None else _retry_info(details)


def _quotas(details: Json) -> str:
    """The ids of the quotas that Google's QuotaFailure names."""
    found = (
        violations
        for detail in (details if isinstance(details, list) else ())
        if isinstance(violations := member(detail, "violations"), list)
    )
    return " ".join(
        str(member(violation, "quotaId")) for violations in found for violation in violations[:20]
    )


def _retry_info(details: Json) -> float | None:
    """Google's RetryInfo (`"retryDelay": "36s"`), which its OpenAI layer passes on."""
    for detail in details if isinstance(details, list) else ():
        delay = member(detail, "retryDelay")
        if isinstance(delay, str) and (match := _SECONDS.fullmatch(delay)):
            return float(match[1])
    return None


def encode_error(error: ClientError) -> Json:
    """OpenAI's error object; `type` is the upstream's own or the usual one for the status."""
    return {
        "error": {
            "message": error.message,
            "type": error.type or _type_of(error),
            "param": error.param,
            "code": error.code,
        }
    }


def _type_of(error: ClientError) -> str:
    if error.code == "insufficient_quota":
        return "insufficient_quota"
    return ERROR_TYPES.get(
        error.status, "server_error" if error.status >= 500 else "invalid_request_error"
    )
