"""Upstream errors in every shape Claude is served with, and errors for clients of this dialect."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from uniapi.canonical import ClientError, FailureKind
from uniapi.dialects.anthropic import CLIENT, UPSTREAM


def typed(kind: str, message: str = "m") -> dict[str, Any]:
    return {"type": "error", "error": {"type": kind, "message": message}, "request_id": "req_1"}


@pytest.mark.parametrize(
    "status, body, kind",
    [
        (400, typed("invalid_request_error"), FailureKind.BAD_REQUEST),
        (
            400,
            typed("invalid_request_error", "prompt is too long: 9 tokens > 8 maximum"),
            FailureKind.TOO_LONG,
        ),
        (
            400,
            typed(
                "invalid_request_error",
                "input length and `max_tokens` exceed context limit: 1 + 2 > 2",
            ),
            FailureKind.TOO_LONG,
        ),
        (
            400,
            typed(
                "invalid_request_error",
                "Your credit balance is too low to access the Anthropic API.",
            ),
            FailureKind.QUOTA,
        ),
        (
            400,
            typed(
                "invalid_request_error",
                (
                    "You have reached your specified API usage limits. You will regain access "
                    "on 2026-12-01."
                ),
            ),
            FailureKind.QUOTA,
        ),
        (
            400,
            typed("invalid_request_error", "This organization has been disabled."),
            FailureKind.CREDENTIAL_REFUSED,
        ),
        (401, typed("authentication_error", "invalid x-api-key"), FailureKind.CREDENTIAL_REFUSED),
        (402, typed("billing_error"), FailureKind.QUOTA),
        (403, typed("permission_error"), FailureKind.CREDENTIAL_REFUSED),
        (404, typed("not_found_error", "model: claude-9"), FailureKind.MODEL_MISSING),
        (413, typed("request_too_large"), FailureKind.TOO_LONG),
        (429, typed("rate_limit_error"), FailureKind.RATE_LIMITED),
        (500, typed("api_error"), FailureKind.SERVER_ERROR),
        (504, typed("timeout_error"), FailureKind.TIMEOUT),
        (529, typed("overloaded_error"), FailureKind.OVERLOADED),
        (400, {"message": "Input is too long for requested model."}, FailureKind.TOO_LONG),
        (
            403,
            {"message": "You don't have access to the model with the specified model ID."},
            FailureKind.MODEL_REFUSED,
        ),
        (
            403,
            {"Message": "The security token included in the request is invalid."},
            FailureKind.CREDENTIAL_REFUSED,
        ),
        (
            429,
            {
                "__type": "com.amazon.coral.service#ThrottlingException",
                "message": "Too many requests",
            },
            FailureKind.RATE_LIMITED,
        ),
        (
            404,
            [
                {
                    "error": {
                        "code": 404,
                        "message": "Publisher Model `x` not found.",
                        "status": "NOT_FOUND",
                    }
                }
            ],
            FailureKind.MODEL_MISSING,
        ),
        (
            429,
            {"error": {"code": 429, "message": "Quota exceeded", "status": "RESOURCE_EXHAUSTED"}},
            FailureKind.RATE_LIMITED,
        ),
        (
            403,
            {"error": {"code": 403, "message": "denied", "status": "PERMISSION_DENIED"}},
            FailureKind.CREDENTIAL_REFUSED,
        ),
        (
            429,
            {"error": {"message": "x", "type": "insufficient_quota", "code": "insufficient_quota"}},
            FailureKind.QUOTA,
        ),
        (503, {"detail": "down"}, FailureKind.OVERLOADED),
        (502, "<html><title>502 Bad\nGateway</title></html>", FailureKind.SERVER_ERROR),
        (418, "", FailureKind.BAD_REQUEST),
    ],
)
def test_the_kind_of_an_error(status: int, body: Any, kind: FailureKind) -> None:
    """Plain words first, then the type, then the status."""
    raw = (body if isinstance(body, str) else json.dumps(body)).encode()
    failure = UPSTREAM.decode_error(status, {"retry-after": "7", "content-type": "x/y"}, raw)
    assert (kind, status, 7.0, raw, "x/y") == (
        failure.kind,
        failure.status,
        failure.retry_after_s,
        failure.body,
        failure.content_type,
    )
    assert failure.message


def test_only_this_dialects_shape_is_marked_for_its_clients() -> None:
    """A client of the same dialect is given the body byte for byte."""
    own = UPSTREAM.decode_error(
        429, {}, json.dumps(typed("rate_limit_error", "slow down")).encode()
    )
    foreign = UPSTREAM.decode_error(
        429, {"x-amzn-errortype": "ThrottlingException:http://x"}, b'{"message": "slow"}'
    )
    assert (own.dialect, own.type, own.message) == ("anthropic", "rate_limit_error", "slow down")
    assert (foreign.dialect, foreign.type, foreign.message) == (None, "ThrottlingException", "slow")


def test_a_html_page_is_quoted_by_its_title() -> None:
    """And an unreadable body by its beginning."""
    assert (
        UPSTREAM.decode_error(502, {}, b"<html><title>502 Bad\nGateway</title>").message
        == "502 Bad Gateway"
    )
    assert UPSTREAM.decode_error(500, {}, b"\xff oops").message == "\ufffd oops"
    assert UPSTREAM.decode_error(500, {}, b"").message == "the upstream answered 500"


@settings(max_examples=40, deadline=None)
@given(
    st.integers(300, 599),
    st.binary(max_size=40)
    | st.recursive(st.none() | st.text(max_size=4), st.lists).map(
        lambda v: json.dumps({"error": v}).encode()
    ),
)
def test_any_body_is_a_failure(status: int, body: bytes) -> None:
    """It never raises."""
    assert UPSTREAM.decode_error(status, {}, body).status == status


@pytest.mark.parametrize(
    "error, kind",
    [
        (ClientError(status=400, message="m"), "invalid_request_error"),
        (ClientError(status=401, message="m", code="invalid_api_key"), "authentication_error"),
        (ClientError(status=402, message="m"), "billing_error"),
        (ClientError(status=403, message="m"), "permission_error"),
        (ClientError(status=404, message="m", code="model_not_found"), "not_found_error"),
        (ClientError(status=413, message="m"), "request_too_large"),
        (ClientError(status=415, message="m"), "invalid_request_error"),
        (ClientError(status=429, message="m", code="rate_limit_exceeded"), "rate_limit_error"),
        (ClientError(status=429, message="m", code="insufficient_quota"), "billing_error"),
        (ClientError(status=500, message="m"), "api_error"),
        (ClientError(status=502, message="m"), "api_error"),
        (ClientError(status=503, message="m"), "overloaded_error"),
        (ClientError(status=504, message="m"), "timeout_error"),
        (ClientError(status=529, message="m"), "overloaded_error"),
        (ClientError(status=400, message="m", type="server_error"), "invalid_request_error"),
    ],
)
def test_errors_for_clients(error: ClientError, kind: str) -> None:
    """The type follows the status; the SDKs read it."""
    assert CLIENT.encode_error(error) == {"type": "error", "error": {"type": kind, "message": "m"}}
