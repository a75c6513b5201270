"""Cohere's errors by status and wording."""

from __future__ import annotations

import json

import pytest

from uniapi.canonical import FailureKind
from uniapi.dialects.cohere import UPSTREAM

K = FailureKind


@pytest.mark.parametrize(
    ("status", "message", "kind"),
    [
        (
            400,
            (
                "invalid request: message must be at least 1 token long or tool results must "
                "be specified."
            ),
            K.BAD_REQUEST,
        ),
        (
            400,
            "too many tokens: total number of tokens in the prompt cannot exceed 4081",
            K.TOO_LONG,
        ),
        (400, "invalid api token", K.CREDENTIAL_REFUSED),
        (401, "Incorrect API key provided: *****", K.CREDENTIAL_REFUSED),
        (402, "Please add or update your payment method", K.QUOTA),
        (403, "forbidden", K.CREDENTIAL_REFUSED),
        (
            404,
            (
                "model 'command-x' not found, make sure the correct model ID was used and "
                "that you have access to the model."
            ),
            K.MODEL_MISSING,
        ),
        (
            400,
            "model 'command-x' not found, make sure the correct model ID was used",
            K.MODEL_MISSING,
        ),
        (422, "unprocessable entity", K.BAD_REQUEST),
        (
            429,
            "You are using a Trial key, which is limited to 40 API calls / minute.",
            K.RATE_LIMITED,
        ),
        (429, "trial token rate limit exceeded, limit is 100000 tokens per minute", K.RATE_LIMITED),
        (429, "You are using a Trial key, which is limited to 1000 API calls / month.", K.QUOTA),
        (498, "your request contains a special token", K.BAD_REQUEST),
        (499, "request cancelled", K.SERVER_ERROR),
        (500, "internal server error", K.SERVER_ERROR),
        (503, "upstream is down", K.OVERLOADED),
        (504, "gateway timeout", K.TIMEOUT),
    ],
)
def test_errors(status: int, message: str, kind: FailureKind) -> None:
    """The status says what it is, the wording corrects it."""
    body = json.dumps({"id": "x", "message": message}).encode()
    failure = UPSTREAM.decode_error(
        status, {"retry-after": "3", "content-type": "application/json"}, body
    )
    assert (kind, message, status, body) == (
        failure.kind,
        failure.message,
        failure.status,
        failure.body,
    )
    assert (failure.retry_after_s, failure.dialect, failure.content_type) == (
        3.0,
        "cohere",
        "application/json",
    )


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff\xfe",
        b"[]",
        b"<html>Bad gateway</html>",
        b'{"message":[1]}',
        b'{"error":{"message":"x"}}',
        b"[" * 50_000,
    ],
)
def test_any_body_is_a_failure(body: bytes) -> None:
    """Bodies that are no error object never raise, and the message is never empty."""
    failure = UPSTREAM.decode_error(502, {}, body)
    assert failure.kind == FailureKind.SERVER_ERROR
    assert failure.message
