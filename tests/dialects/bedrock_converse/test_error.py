"""Bedrock's errors by class and wording."""

from __future__ import annotations

import json

import pytest

from uniapi.canonical import FailureKind
from uniapi.dialects.bedrock_converse import UPSTREAM

K = FailureKind


@pytest.mark.parametrize(
    ("status", "name", "message", "kind"),
    [
        (
            429,
            "ThrottlingException",
            "Too many requests, please wait before trying again.",
            K.RATE_LIMITED,
        ),
        (
            429,
            "ThrottlingException",
            "Too many tokens, please wait before trying again.",
            K.RATE_LIMITED,
        ),
        (
            429,
            "ThrottlingException",
            "Too many tokens per day, please wait before trying again.",
            K.QUOTA,
        ),
        (
            400,
            "ServiceQuotaExceededException",
            "Your request exceeds the service quota for your account.",
            K.QUOTA,
        ),
        (
            400,
            "ValidationException",
            "Malformed input request: extraneous key [x] is not permitted",
            K.BAD_REQUEST,
        ),
        (400, "ValidationException", "Input is too long for requested model.", K.TOO_LONG),
        (
            400,
            "ValidationException",
            (
                "The model returned the following errors: prompt is too long: 200049 tokens > "
                "200000 maximum"
            ),
            K.TOO_LONG,
        ),
        (
            400,
            "ValidationException",
            (
                "The model returned the following errors: Input Tokens Exceeded: Number of "
                "input tokens exceeds maximum length."
            ),
            K.TOO_LONG,
        ),
        (400, "ValidationException", "The provided model identifier is invalid.", K.MODEL_MISSING),
        (
            400,
            "ValidationException",
            "Invocation of model ID x with on-demand throughput isn't supported.",
            K.MODEL_MISSING,
        ),
        (400, "ValidationException", "Operation not allowed", K.CREDENTIAL_REFUSED),
        (
            403,
            "AccessDeniedException",
            "You don't have access to the model with the specified model ID.",
            K.MODEL_REFUSED,
        ),
        (
            403,
            "AccessDeniedException",
            "Model access is denied due to IAM user or service role is not authorized",
            K.MODEL_REFUSED,
        ),
        (
            403,
            "AccessDeniedException",
            "User: arn:aws:iam::1:user/x is not authorized to perform: bedrock:InvokeModel",
            K.CREDENTIAL_REFUSED,
        ),
        (
            403,
            "AccessDeniedException",
            "Authentication failed: Please make sure your API Key is valid.",
            K.CREDENTIAL_REFUSED,
        ),
        (
            403,
            "UnrecognizedClientException",
            "The security token included in the request is invalid.",
            K.CREDENTIAL_REFUSED,
        ),
        (
            403,
            "ExpiredTokenException",
            "The security token included in the request is expired",
            K.CREDENTIAL_REFUSED,
        ),
        (
            403,
            "InvalidSignatureException",
            "The request signature we calculated does not match",
            K.CREDENTIAL_REFUSED,
        ),
        (
            404,
            "ResourceNotFoundException",
            "This model version has reached the end of its life.",
            K.MODEL_MISSING,
        ),
        (408, "ModelTimeoutException", "Model took too long", K.TIMEOUT),
        (424, "ModelErrorException", "The model failed", K.MODEL_FAULT),
        (429, "ModelNotReadyException", "Model is not ready for inference.", K.OVERLOADED),
        (500, "InternalServerException", "Oops", K.SERVER_ERROR),
        (
            503,
            "ServiceUnavailableException",
            "Bedrock is unable to process your request.",
            K.OVERLOADED,
        ),
        (418, "TeapotException", "?", K.BAD_REQUEST),
        (599, "", "?", K.SERVER_ERROR),
        (401, "", "?", K.CREDENTIAL_REFUSED),
    ],
)
def test_errors(status: int, name: str, message: str, kind: FailureKind) -> None:
    """The class is in the header, with a namespace or a URL behind it, or in the body."""
    body = json.dumps({"message": message}).encode()
    by_header = UPSTREAM.decode_error(
        status,
        {"x-amzn-errortype": f"{name}:http://internal.amazon.com/coral/com.amazon.bedrock/"},
        body,
    )
    by_body = UPSTREAM.decode_error(
        status,
        {},
        json.dumps({"Message": message, "__type": f"com.amazonaws.bedrock#{name}"}).encode(),
    )
    assert (kind, message, name or None) == (by_header.kind, by_header.message, by_header.code)
    assert (kind, message, name or None) == (by_body.kind, by_body.message, by_body.code)
    assert (status, body, "bedrock_converse") == (
        by_header.status,
        by_header.body,
        by_header.dialect,
    )


def test_a_daily_quota_and_an_explicit_delay() -> None:
    """What the plan needs to know of when to come back."""
    daily = UPSTREAM.decode_error(
        429,
        {"x-amzn-errortype": "ThrottlingException", "retry-after": "12"},
        b'{"message":"Too many tokens per day"}',
    )
    assert (daily.is_daily, daily.retry_after_s) == (True, 12.0)


@pytest.mark.parametrize(
    "body",
    [b"", b"\xff\xfe", b"[]", b"<html>Bad gateway</html>", b'{"message":[1]}', b"[" * 50_000],
)
def test_any_body_is_a_failure(body: bytes) -> None:
    """Bodies that are no error object never raise, and the message is never empty."""
    failure = UPSTREAM.decode_error(502, {}, body)
    assert failure.kind == FailureKind.SERVER_ERROR
    assert failure.message
