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
from dataclasses import dataclass, replace
from typing import Any

from uniapi.canonical import ClientError, Failure, FailureKind, Json
from uniapi.dialects.delays import delay_in_text, retry_after_seconds
from uniapi.dialects.http_errors import MAX_MESSAGE, kind_of_status

from .request_decode_members import DIALECT_NAME, at


@dataclass(frozen=True, slots=True)
class _Wording:
    """A kind that words give away: it holds when `pattern` is found in the code, type and message,
    and the status is one of `statuses` (None: any, or unknown).

    The pattern stays text, which `re` compiles (and remembers) with the first error that comes to
    it.
    """

    kind: FailureKind
    pattern: str
    statuses: frozenset[int] | None = None


def _wording(kind: FailureKind, pattern: str, *statuses: int) -> _Wording:
    return _Wording(kind, pattern, frozenset(statuses) if statuses else None)


WORDINGS = (
    # Groq's word for a model that wrote a call its own parser refuses: the same request may well
    # work the next time.
    _wording(FailureKind.MODEL_FAULT, r"tool_use_failed|json_validate_failed|output_parse_failed"),
    _wording(
        FailureKind.TOO_LONG,
        r"context_length_exceeded|context_window_exceeded|string_above_max_length|request_too_large|maximum"
        r" context length|context (?:length|window|size)[^.]{0,40}exceed"
        r"|exceeds?[^.]{0,40}(?:context|maximum (?:number of )?(?:input )?tokens|token"
        r" limit)|(?:prompt|input|request) (?:is )?too (?:long|large)|too many tokens|reduce the"
        r" length",
        0,
        400,
        413,
        422,
        429,
        500,
    ),
    _wording(
        FailureKind.QUOTA,
        r"insufficient_quota|insufficient[ _](?:balance|credits?|funds)|quota[ _]exceeded|exceeded"
        r" your current quota|billing|out of credits|credit balance|payment required"
        r"|requires more credits|arrears|spending limit|usage limit (?:has been )?reached"
        r"|余额不足|欠费",
        0,
        400,
        402,
        403,
        429,
        503,
    ),
    _wording(
        FailureKind.CREDENTIAL_REFUSED,
        r"invalid_api_key|api_key_invalid|authentication_error|invalid_authentication|incorrect api"
        r" key|invalid (?:api[ _-]?key|subscription key|token)|api key (?:not valid|expired)"
        r"|account[^.]{0,20}(?:deactivated|disabled|suspended)|unsupported_country_region_territory|user"
        r" location is not supported",
        0,
        400,
        401,
        403,
        500,
    ),
    _wording(
        FailureKind.MODEL_MISSING,
        # A model's own name must stand before the verdict: «The model x: stop is not supported» is
        # the client's mistake, and no reason to rest the channel.
        r"model_not_found|deploymentnotfound|model_not_available|no such model|unknown model|model"
        r" (?:was |is )?(?:not found|not available)|model does not exist"
        r"|(?<!for )(?<!by )(?<!with )(?<!in )(?<!for the )(?<!by the )(?<!with the )(?<!in the"
        r" )(?<!this )\bmodels?(?:[:="
        r" ]+|/)[`'\"«]?(?!is\b|does\b|was\b|has\b)[^\s`'\"»]{1,120}[`'\"»]?,? "
        r"(?:(?:was|is|has|does|could) )?(?:not exist|not be found|not found|not (?:currently"
        r" )?available|not supported(?! (?:with|when|in combination))|(?:been )?deprecated|been"
        r" decommissioned)"
        r"|not have access to (?:the )?model|no endpoints found",
        0,
        400,
        403,
        404,
    ),
    _wording(
        FailureKind.RATE_LIMITED,
        r"rate[ _-]?limit|too many requests|requests per (?:min|day)|tokens per"
        r" (?:min|day)|throttl",
        0,
        400,
        403,
        429,
        503,
    ),
    _wording(
        FailureKind.OVERLOADED,
        r"overloaded|server_busy|at capacity|temporarily unavailable|no healthy upstream|engine is"
        r" currently",
        0,
        429,
        500,
        502,
        503,
        529,
    ),
)

_OWN_STATUSES: Mapping[int, FailureKind] = {498: FailureKind.OVERLOADED, 524: FailureKind.TIMEOUT}
"""498: Groq's flex tier is at capacity; 524: Cloudflare waited too long for the origin."""

ERROR_TYPES = {
    401: "authentication_error",
    402: "insufficient_quota",
    403: "permission_error",
    404: "invalid_request_error",
    429: "rate_limit_error",
}

_DAILY = re.compile(r"per[ _]?day|\bdaily\b|PerDay|\((?:RPD|TPD)\)", re.IGNORECASE)
_GOOGLES_DAY = "PerDay"
"""In the ids of Google's quotas, which its OpenAI layer passes on in the details or in the message.
"""
_SECONDS = re.compile(r"(\d+(?:\.\d+)?)s")
_TAGS = re.compile(r"<(?:script|style)\b.*?</(?:script|style)>|<[^>]*>", re.IGNORECASE | re.DOTALL)


def decode_error(status: int, headers: Mapping[str, str], body: bytes) -> Failure:
    """The failure an upstream's error answer tells of; never raises.

    `headers` have lower-case names.
    """
    try:
        value: Json = json.loads(body)
    except (ValueError, RecursionError):
        value = None
    if value is None:
        failure = _failure(status, {"message": _plain_text(body, status)})
    else:
        failure = failure_of_object(value, status)
    delay = retry_after_seconds(headers)
    return replace(
        failure,
        retry_after_s=delay if delay is not None else failure.retry_after_s,
        body=body,
        content_type=headers.get("content-type"),
        dialect=DIALECT_NAME,
    )


def failure_of_object(value: Json, status: int | None = None) -> Failure:
    """The failure in an error object, or in a body, chunk or choice that holds one.

    Without a status the object's own numeric code serves.
    """
    if isinstance(value, list):
        value = value[0] if value else {}
    inner = value.get("error", value) if isinstance(value, dict) else value
    if isinstance(inner, list):
        inner = inner[0] if inner else {}
    if isinstance(inner, str):
        inner = {
            "message": inner,
            **(
                {name: value[name] for name in ("code", "type") if name in value}
                if isinstance(value, dict)
                else {}
            ),
        }
    if not isinstance(inner, dict):
        inner = {"message": json.dumps(value, ensure_ascii=False)[:MAX_MESSAGE] if value else ""}
    if status is None or status < 400:
        found = inner.get("status_code", inner.get("code"))
        found = int(found) if isinstance(found, str) and found.isdigit() else found
        status = (
            found
            if isinstance(found, int) and not isinstance(found, bool) and 400 <= found < 600
            else None
        )
    return _failure(status, inner)


def _failure(status: int | None, error: Mapping[str, Any]) -> Failure:
    message = _message_of(error) or (
        f"the upstream answered with status {status}"
        if status is not None
        else "the upstream reported an error without a message"
    )
    code, kind_word, param = error.get("code"), error.get("type"), error.get("param")
    words = f"{code} {kind_word} {error.get('status')} {message}"
    delay = delay_in_text(message)
    if delay is None:
        delay = _retry_info(error.get("details"))
    is_googles_day = _GOOGLES_DAY in message or _GOOGLES_DAY in _quotas(error.get("details"))
    is_daily = is_googles_day or _DAILY.search(words) is not None
    if is_googles_day:
        # The seconds beside it are those of another quota.
        delay = None
    kind = _kind(status, words, error)
    if (
        kind is FailureKind.QUOTA
        and status == 429
        and delay is not None
        and not is_daily
        and code != "insufficient_quota"
    ):
        # Gemini says "quota" of its per-minute limits too; a short delay tells them apart.
        kind = FailureKind.RATE_LIMITED
    return Failure(
        kind=kind,
        message=message,
        status=status,
        code=(
            str(code)
            if isinstance(code, str | int) and not isinstance(code, bool) and code != ""
            else None
        ),
        type=kind_word if isinstance(kind_word, str) and kind_word else None,
        param=param if isinstance(param, str) else None,
        retry_after_s=delay,
        is_daily=is_daily,
    )


def _message_of(error: Mapping[str, Any]) -> str:
    """The readable message, wherever the vendor put it; a router's error names the upstream's own
    words too (`metadata.raw`).
    """
    message = ""
    for name in (
        "message",
        "msg",
        "detail",
        "error_description",
        "status_msg",
        "errorMessage",
        "description",
        "title",
    ):
        found = error.get(name)
        if found:
            message = found if isinstance(found, str) else json.dumps(found, ensure_ascii=False)
            break
    raw = at(error.get("metadata"), "raw")
    if isinstance(raw, str) and raw and raw not in message:
        message = f"{message}: {raw}" if message else raw
    return message[:MAX_MESSAGE]


def _kind(status: int | None, words: str, error: Mapping[str, Any]) -> FailureKind:
    if "failed_generation" in error:
        return FailureKind.MODEL_FAULT
    for wording in WORDINGS:
        if (wording.statuses is None or (status or 0) in wording.statuses) and re.search(
            wording.pattern, words, re.IGNORECASE
        ):
            return wording.kind
    if status is None:
        return (
            FailureKind.BAD_REQUEST
            if "invalid_request_error" in words
            else FailureKind.SERVER_ERROR
        )
    return kind_of_status(status, _OWN_STATUSES)


def _quotas(details: Json) -> str:
    """The ids of the quotas that Google's QuotaFailure names."""
    found = (
        violations
        for detail in (details if isinstance(details, list) else ())
        if isinstance(violations := at(detail, "violations"), list)
    )
    return " ".join(
        str(at(violation, "quotaId")) for violations in found for violation in violations[:20]
    )


def _retry_info(details: Json) -> float | None:
    """Google's RetryInfo (`"retryDelay": "36s"`), which its OpenAI layer passes on."""
    for detail in details if isinstance(details, list) else ():
        delay = at(detail, "retryDelay")
        if isinstance(delay, str) and (match := _SECONDS.fullmatch(delay)):
            return float(match[1])
    return None


def _plain_text(body: bytes, status: int) -> str:
    """What a body that is no JSON says: HTML without its tags, or its text."""
    text = body[:20000].decode("utf-8", "replace")
    if "<" in text:
        text = _TAGS.sub(" ", text)
    text = " ".join(text.split())[:300]
    return text or f"the upstream answered with status {status} and no message"


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
