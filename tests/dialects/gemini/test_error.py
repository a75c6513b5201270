"""google.rpc.Status bodies become failures, and our errors become such bodies."""

from __future__ import annotations

import json
from typing import Any

import pytest

from uniapi.canonical import ClientError, FailureKind
from uniapi.dialects.gemini import CLIENT, UPSTREAM


def status_body(
    code: int, message: str, status: str = "INVALID_ARGUMENT", *details: dict[str, Any]
) -> dict[str, Any]:
    return {"error": {"code": code, "message": message, "status": status, "details": list(details)}}


def detail(name: str, **members: Any) -> dict[str, Any]:
    return {"@type": f"type.googleapis.com/google.rpc.{name}", **members}


def quota(*ids: str) -> dict[str, Any]:
    return detail(
        "QuotaFailure", violations=[{"quotaMetric": "m", "quotaId": each} for each in ids]
    )


SPENT = "You exceeded your current quota, please check your plan and billing details."

KINDS: list[tuple[int, Any, FailureKind]] = [
    (400, status_body(400, "Invalid value at 'contents'"), FailureKind.BAD_REQUEST),
    (
        400,
        status_body(400, "x", "INVALID_ARGUMENT", detail("ErrorInfo", reason="API_KEY_INVALID")),
        FailureKind.CREDENTIAL_REFUSED,
    ),
    (
        400,
        status_body(400, "API key expired. Please renew the API key."),
        FailureKind.CREDENTIAL_REFUSED,
    ),
    (
        400,
        status_body(400, "User location is not supported for the API use.", "FAILED_PRECONDITION"),
        FailureKind.REGION,
    ),
    (
        400,
        status_body(400, "Precondition check failed.", "FAILED_PRECONDITION"),
        FailureKind.BAD_REQUEST,
    ),
    (
        400,
        status_body(
            400,
            (
                "The input token count (1200000) exceeds the maximum number of tokens allowed "
                "(1048576)."
            ),
        ),
        FailureKind.TOO_LONG,
    ),
    (
        400,
        status_body(400, "Request payload size exceeds the limit: 20971520 bytes."),
        FailureKind.TOO_LONG,
    ),
    (
        401,
        status_body(401, "API keys are not supported by this API.", "UNAUTHENTICATED"),
        FailureKind.CREDENTIAL_REFUSED,
    ),
    (402, status_body(402, "pay"), FailureKind.QUOTA),
    (
        403,
        status_body(403, "Your API key was reported as leaked.", "PERMISSION_DENIED"),
        FailureKind.CREDENTIAL_REFUSED,
    ),
    (
        403,
        status_body(403, "Project is not allowed to use Publisher Model x.", "PERMISSION_DENIED"),
        FailureKind.MODEL_REFUSED,
    ),
    (
        404,
        status_body(404, "models/x is not found for API version v1beta", "NOT_FOUND"),
        FailureKind.MODEL_MISSING,
    ),
    (
        429,
        status_body(
            429,
            SPENT,
            "RESOURCE_EXHAUSTED",
            quota("GenerateRequestsPerMinutePerProjectPerModel-FreeTier"),
        ),
        FailureKind.RATE_LIMITED,
    ),
    (
        429,
        status_body(
            429,
            SPENT,
            "RESOURCE_EXHAUSTED",
            quota("GenerateRequestsPerDayPerProjectPerModel-FreeTier"),
        ),
        FailureKind.QUOTA,
    ),
    (
        429,
        status_body(429, SPENT + " Quota exceeded for metric: x, limit: 0", "RESOURCE_EXHAUSTED"),
        FailureKind.QUOTA,
    ),
    (429, status_body(429, SPENT, "RESOURCE_EXHAUSTED"), FailureKind.QUOTA),
    (
        429,
        status_body(429, "Resource exhausted. Please try again later.", "RESOURCE_EXHAUSTED"),
        FailureKind.RATE_LIMITED,
    ),
    (499, status_body(499, "cancelled", "CANCELLED"), FailureKind.SERVER_ERROR),
    (
        500,
        status_body(500, "An internal error has occurred.", "INTERNAL"),
        FailureKind.SERVER_ERROR,
    ),
    (503, status_body(503, "The model is overloaded.", "UNAVAILABLE"), FailureKind.OVERLOADED),
    (504, status_body(504, "Deadline exceeded.", "DEADLINE_EXCEEDED"), FailureKind.TIMEOUT),
]


@pytest.mark.parametrize("status, body, kind", KINDS)
def test_kinds(status: int, body: Any, kind: FailureKind) -> None:
    """The reason where it is plain, then the words, then the status; in a list as well."""
    for written in (body, [body]):
        failure = UPSTREAM.decode_error(status, {}, json.dumps(written).encode())
        assert (failure.kind, failure.message, failure.status) == (
            kind,
            body["error"]["message"],
            status,
        )
        assert failure.dialect == "gemini"


def test_a_daily_quota() -> None:
    """It returns with the provider's day; the seconds beside it are those of another quota."""
    body = status_body(
        429,
        SPENT,
        "RESOURCE_EXHAUSTED",
        quota("RequestsPerDay"),
        detail("RetryInfo", retryDelay="34.07s"),
    )
    failure = UPSTREAM.decode_error(429, {}, json.dumps(body).encode())
    assert (failure.is_daily, failure.retry_after_s) == (True, None)


DELAYS: list[tuple[Any, dict[str, str], float | None]] = [
    (
        status_body(429, "x", "RESOURCE_EXHAUSTED", detail("RetryInfo", retryDelay="7s")),
        {"retry-after": "3"},
        7.0,
    ),
    (
        status_body(
            429, "x", "RESOURCE_EXHAUSTED", detail("RetryInfo", retryDelay={"seconds": "9"})
        ),
        {},
        9.0,
    ),
    (status_body(429, "Please retry in 41.5s."), {}, 41.5),
    (status_body(429, "Please retry in 820ms."), {}, 0.82),
    (status_body(429, "Please retry in 1h2m3.5s."), {}, 3723.5),
    (status_body(429, "Please try again in 20 milliseconds."), {}, 0.02),
    (status_body(429, "x"), {"retry-after": "3"}, 3.0),
    (status_body(429, "x", "RESOURCE_EXHAUSTED", detail("RetryInfo", retryDelay="soon")), {}, None),
]


@pytest.mark.parametrize("body, headers, expected", DELAYS)
def test_explicit_delays(body: Any, headers: dict[str, str], expected: float | None) -> None:
    """In the details, in the message, in a header."""
    assert UPSTREAM.decode_error(429, headers, json.dumps(body).encode()).retry_after_s == (
        None if expected is None else pytest.approx(expected)
    )


BODIES: list[tuple[bytes, str]] = [
    (b"", "the upstream answered 502"),
    (b"<html><title>Bad \n Gateway</title></html>", "Bad Gateway"),
    (b"upstream down", "upstream down"),
    (b'{"error": "short"}', "short"),
    (b'{"message": "m"}', "m"),
    (b"\xff\xfe", "\ufffd\ufffd"),
    (b"[" * 100_000, "[" * 2000),
    (b"[]", "the upstream answered 502"),
    (
        (
            b'{"error": {"details": [1, {"@type": 5}, '
            b'{"@type": "QuotaFailure", "violations": [null]}]}}'
        ),
        "the upstream answered 502",
    ),
]


@pytest.mark.parametrize("body, message", BODIES)
def test_bodies_of_any_kind(body: bytes, message: str) -> None:
    """Whatever came, there is a failure with something to read."""
    failure = UPSTREAM.decode_error(502, {}, body)
    assert (failure.kind, failure.message, failure.dialect) == (
        FailureKind.SERVER_ERROR,
        message,
        None,
    )


WORDS: list[tuple[ClientError, str]] = [
    (ClientError(status=400, message="m"), "INVALID_ARGUMENT"),
    (ClientError(status=400, message="m", type="FAILED_PRECONDITION"), "FAILED_PRECONDITION"),
    (ClientError(status=401, message="m", type="invalid_request_error"), "UNAUTHENTICATED"),
    (ClientError(status=403, message="m"), "PERMISSION_DENIED"),
    (ClientError(status=404, message="m", code="model_not_found"), "NOT_FOUND"),
    (ClientError(status=413, message="m"), "INVALID_ARGUMENT"),
    (ClientError(status=429, message="m", code="insufficient_quota"), "RESOURCE_EXHAUSTED"),
    (ClientError(status=500, message="m"), "INTERNAL"),
    (ClientError(status=502, message="m"), "UNAVAILABLE"),
    (ClientError(status=503, message="m"), "UNAVAILABLE"),
    (ClientError(status=504, message="m"), "DEADLINE_EXCEEDED"),
]


@pytest.mark.parametrize("error, word", WORDS)
def test_errors_for_a_client(error: ClientError, word: str) -> None:
    """Google's word for the status; the upstream's own when it fits."""
    assert CLIENT.encode_error(error) == {
        "error": {"code": error.status, "message": "m", "status": word}
    }
