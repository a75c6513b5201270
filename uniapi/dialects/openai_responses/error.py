"""Errors: OpenAI's, the same over both of its APIs, so they are read and written in one place; only
the name of the body's dialect differs.
"""

from __future__ import annotations

from collections.abc import Mapping

from uniapi.canonical import Failure, FailureKind
from uniapi.dialects.openai_chat.error import decode_error as decode_openai_error
from uniapi.dialects.openai_chat.error import encode_error, failure_of_object
from uniapi.values import replace

from .vocabulary import NAME

__all__ = ["decode_error", "encode_error", "failure_of_object", "response_error"]

_CODES: Mapping[FailureKind, str] = {
    FailureKind.RATE_LIMITED: "rate_limit_exceeded",
    FailureKind.QUOTA: "insufficient_quota",
    FailureKind.TOO_LONG: "context_length_exceeded",
    FailureKind.BAD_REQUEST: "invalid_prompt",
}
"""Kind of failure → `code` of a failed response.

Codex reads the first three and decides by them whether to try again.
"""

_KNOWN_CODES = frozenset(
    {
        "server_error",
        "rate_limit_exceeded",
        "invalid_prompt",
        "vector_store_timeout",
        "insufficient_quota",
        "context_length_exceeded",
        "bio_policy",
    }
)


def decode_error(status: int, headers: Mapping[str, str], body: bytes) -> Failure:
    """The failure an upstream's error answer tells of; never raises."""
    failure = decode_openai_error(status, headers, body)
    return failure if failure.dialect is None else replace(failure, dialect=NAME)


def response_error(failure: Failure) -> dict[str, str]:
    """`error` of a Response that failed: of the codes this object may hold, the upstream's own or
    the nearest.
    """
    code = (
        failure.code if failure.code in _KNOWN_CODES else _CODES.get(failure.kind, "server_error")
    )
    return {"code": code or "server_error", "message": failure.message}
