"""What went wrong at Bedrock: an HTTP error, or an exception inside the stream, as a Failure.

The class of an error is in the `x-amzn-errortype` header, the body's `__type`, or the exception's
frame; the message decides where one class has several meanings.
https://docs.aws.amazon.com/bedrock/latest/APIReference/CommonErrors.html and
https://docs.aws.amazon.com/bedrock/latest/userguide/troubleshooting-api-error-codes.html.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from uniapi.canonical import Failure, FailureKind, Json
from uniapi.dialects.delays import explicit_delay
from uniapi.dialects.error_words import Said, decode_error_words, tells_error
from uniapi.dialects.http_errors import kind_of_status
from uniapi.dialects.refusals import reread
from uniapi.wire import ERROR_PREFIX, EXCEPTION_PREFIX

from .vocabulary import NAME

_KINDS: Mapping[str, FailureKind] = {
    "throttlingexception": FailureKind.RATE_LIMITED,
    "toomanyrequestsexception": FailureKind.RATE_LIMITED,
    "servicequotaexceededexception": FailureKind.QUOTA,
    "modelnotreadyexception": FailureKind.OVERLOADED,
    "serviceunavailableexception": FailureKind.OVERLOADED,
    "serviceunavailable": FailureKind.OVERLOADED,
    "modeltimeoutexception": FailureKind.TIMEOUT,
    "modelerrorexception": FailureKind.MODEL_FAULT,
    "modelstreamerrorexception": FailureKind.MODEL_FAULT,
    "internalserverexception": FailureKind.SERVER_ERROR,
    "internalfailure": FailureKind.SERVER_ERROR,
    "resourcenotfoundexception": FailureKind.MODEL_MISSING,
    "validationexception": FailureKind.BAD_REQUEST,
    "serializationexception": FailureKind.BAD_REQUEST,
    "accessdeniedexception": FailureKind.CREDENTIAL_REFUSED,
    "unrecognizedclientexception": FailureKind.CREDENTIAL_REFUSED,
    "invalidclienttokenid": FailureKind.CREDENTIAL_REFUSED,
    "invalidsignatureexception": FailureKind.CREDENTIAL_REFUSED,
    "signaturedoesnotmatch": FailureKind.CREDENTIAL_REFUSED,
    "incompletesignature": FailureKind.CREDENTIAL_REFUSED,
    "incompletesignatureexception": FailureKind.CREDENTIAL_REFUSED,
    "missingauthenticationtoken": FailureKind.CREDENTIAL_REFUSED,
    "missingauthenticationtokenexception": FailureKind.CREDENTIAL_REFUSED,
    "expiredtoken": FailureKind.CREDENTIAL_REFUSED,
    "expiredtokenexception": FailureKind.CREDENTIAL_REFUSED,
    "optinrequired": FailureKind.CREDENTIAL_REFUSED,
    "notauthorized": FailureKind.CREDENTIAL_REFUSED,
}
"""By the class's name in lower case: frames and headers differ in the first letter."""

_OWN_STATUSES: Mapping[int, FailureKind] = {424: FailureKind.MODEL_FAULT}


def decode_error(status: int, headers: Mapping[str, str], body: bytes) -> Failure:
    """The failure behind an HTTP error; never raises."""
    members = _object(body)
    name = headers.get("x-amzn-errortype") or _text(members, "__type") or _text(members, "code")
    message = (
        _text(members, "message")
        or _text(members, "Message")
        or body[:300].decode("utf-8", "replace")
    )
    return _failure(
        _class_name(name),
        message,
        status=status,
        body=body,
        content_type=headers.get("content-type"),
        retry_after_s=explicit_delay(headers, message),
    )


def decode_exception(event: str, data: bytes) -> Failure:
    """The failure behind an exception's frame, `exception:throttlingException` or `error:…`; never
    raises.
    """
    name = event.removeprefix(EXCEPTION_PREFIX).removeprefix(ERROR_PREFIX)
    members = _object(data)
    message = (
        _text(members, "message") or _text(members, "Message") or _text(members, "originalMessage")
    )
    return _failure(_class_name(name), message or data[:300].decode("utf-8", "replace") or name)


def failure_in(body: Mapping[str, Json]) -> Failure | None:
    """The failure a whole answer of status 200 tells of (Bedrock's own frame, or that of a gateway
    in front of it), None when it tells of none.
    """
    named = _text(body, "__type") or _text(body, "Message")
    if named is None and not tells_error(dict(body)):
        return None
    said = decode_error_words(dict(body))
    name = said.type or said.code
    return _failure(_class_name(name), said.message or str(name))


def _failure(
    name: str | None,
    message: str,
    *,
    status: int | None = None,
    body: bytes | None = None,
    content_type: str | None = None,
    retry_after_s: float | None = None,
) -> Failure:
    kind = _KINDS.get((name or "").lower()) or kind_of_status(status, _OWN_STATUSES)
    reading = reread(kind, Said(message=message), has_delay=retry_after_s is not None)
    return Failure(
        kind=reading.kind,
        message=message or f"Bedrock answered {status}",
        status=status,
        code=name,
        type=name,
        retry_after_s=retry_after_s,
        is_daily=reading.is_daily,
        body=body,
        content_type=content_type,
        dialect=NAME,
    )


def _class_name(name: str | None) -> str | None:
    """`com.amazonaws.bedrock#ThrottlingException:http://…` → `ThrottlingException`."""
    if not name:
        return None
    return name.partition(":")[0].rpartition("#")[2].rpartition("/")[2].strip()[:100] or None


def _object(body: bytes) -> Mapping[str, Json]:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _text(members: Mapping[str, Json], name: str) -> str | None:
    value = members.get(name)
    return value if isinstance(value, str) and value else None
