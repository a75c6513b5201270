"""Errors of every OpenAI-compatible vendor → what went wrong; ours → OpenAI's error object."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from uniapi.canonical import ClientError, FailureKind
from uniapi.dialects.openai_chat import CLIENT, UPSTREAM

KINDS: list[tuple[int, Any, FailureKind]] = [
    (
        401,
        {
            "error": {
                "message": "Incorrect API key provided: sk-x",
                "type": "invalid_request_error",
                "code": "invalid_api_key",
            }
        },
        FailureKind.CREDENTIAL_REFUSED,
    ),
    (
        401,
        {"error": {"message": "Unauthorized", "type": "api_error", "code": None}},
        FailureKind.CREDENTIAL_REFUSED,
    ),
    (
        403,
        {
            "error": {
                "message": "Country, region, or territory not supported",
                "code": "unsupported_country_region_territory",
            }
        },
        FailureKind.REGION,
    ),
    (
        400,
        [
            {
                "error": {
                    "code": 400,
                    "message": "API key not valid. Please pass a valid API key.",
                    "status": "INVALID_ARGUMENT",
                }
            }
        ],
        FailureKind.CREDENTIAL_REFUSED,
    ),
    (
        402,
        {"error": {"message": "Insufficient Balance", "type": "unknown_error"}},
        FailureKind.QUOTA,
    ),
    (
        429,
        {
            "error": {
                "message": (
                    "You exceeded your current quota, please check your plan and billing details."
                ),
                "type": "insufficient_quota",
                "code": "insufficient_quota",
            }
        },
        FailureKind.QUOTA,
    ),
    (403, {"error": {"message": "Your credit balance is too low"}}, FailureKind.QUOTA),
    (
        429,
        {
            "error": {
                "message": "Rate limit reached for gpt-4o. Please try again in 20s.",
                "type": "tokens",
                "code": "rate_limit_exceeded",
            }
        },
        FailureKind.RATE_LIMITED,
    ),
    (429, {"message": "Too Many Requests"}, FailureKind.RATE_LIMITED),
    (
        429,
        [
            {
                "error": {
                    "code": 429,
                    "status": "RESOURCE_EXHAUSTED",
                    "message": (
                        "You exceeded your current quota, please check your plan and "
                        "billing details. Please "
                        "retry in 36.9s."
                    ),
                }
            }
        ],
        FailureKind.RATE_LIMITED,
    ),
    (
        429,
        [
            {
                "error": {
                    "code": 429,
                    "message": (
                        "You exceeded your current quota. Quota exceeded for metric: "
                        "GenerateRequestsPerDayPerProject. Please retry in 36.9s."
                    ),
                }
            }
        ],
        FailureKind.QUOTA,
    ),
    (
        400,
        {
            "error": {
                "message": "This model's maximum context length is 8192 tokens.",
                "code": "context_length_exceeded",
            }
        },
        FailureKind.TOO_LONG,
    ),
    (
        400,
        {
            "error": {
                "message": (
                    "This endpoint's maximum context length is 200000 tokens. However, "
                    "you requested "
                    "about 2500021."
                ),
                "code": 400,
            }
        },
        FailureKind.TOO_LONG,
    ),
    (
        413,
        {
            "error": {
                "message": "Request too large for model",
                "type": "tokens",
                "code": "rate_limit_exceeded",
            }
        },
        FailureKind.TOO_LONG,
    ),
    (413, "", FailureKind.TOO_LONG),
    (
        404,
        {
            "error": {
                "message": "The model `x` does not exist or you do not have access to it.",
                "code": "model_not_found",
            }
        },
        FailureKind.MODEL_MISSING,
    ),
    (
        404,
        {
            "error": {
                "code": "DeploymentNotFound",
                "message": "The API deployment for this resource does not exist.",
            }
        },
        FailureKind.MODEL_MISSING,
    ),
    (
        400,
        {
            "object": "error",
            "message": "Invalid model: no such model",
            "type": "invalid_model",
            "code": "1500",
        },
        FailureKind.MODEL_MISSING,
    ),
    (
        403,
        {
            "error": {
                "message": "Project does not have access to model gpt-5",
                "code": "model_not_found",
            }
        },
        FailureKind.MODEL_REFUSED,
    ),
    (404, {"detail": "Not Found"}, FailureKind.MODEL_MISSING),
    (
        400,
        {
            "error": {
                "message": "Failed to call a function.",
                "code": "tool_use_failed",
                "failed_generation": "<function",
            }
        },
        FailureKind.MODEL_FAULT,
    ),
    (
        400,
        {
            "error": {
                "message": "Unsupported parameter: 'max_tokens'",
                "code": "unsupported_parameter",
                "param": "max_tokens",
            }
        },
        FailureKind.BAD_REQUEST,
    ),
    (
        422,
        {"detail": [{"loc": ["body", "seed"], "msg": "Extra inputs are not permitted"}]},
        FailureKind.BAD_REQUEST,
    ),
    (500, {"error": {"message": "The server had an error"}}, FailureKind.SERVER_ERROR),
    (
        502,
        (
            "<html><head><title>502 Bad Gateway</title></head><body><center>nginx</"
            "center></body></html>"
        ),
        FailureKind.SERVER_ERROR,
    ),
    (503, {"error": {"message": "The engine is currently overloaded"}}, FailureKind.OVERLOADED),
    (503, "", FailureKind.OVERLOADED),
    (529, {"error": {"type": "overloaded_error", "message": "Overloaded"}}, FailureKind.OVERLOADED),
    (
        498,
        {"error": {"message": "Flex tier capacity exceeded", "code": "capacity_exceeded"}},
        FailureKind.OVERLOADED,
    ),
    (504, "upstream request timeout", FailureKind.TIMEOUT),
    (408, {}, FailureKind.TIMEOUT),
    (524, "error code: 524", FailureKind.TIMEOUT),
]


@pytest.mark.parametrize("status, value, kind", KINDS)
def test_what_went_wrong(status: int, value: Any, kind: FailureKind) -> None:
    """The kind follows from the status and, where one status has several uses, from the words; the
    body is kept, and is this dialect's only when it is JSON.
    """
    body = value.encode() if isinstance(value, str) else json.dumps(value).encode()
    failure = UPSTREAM.decode_error(status, {"content-type": "text/plain"}, body)
    assert kind == failure.kind
    dialect = None if isinstance(value, str) else "openai_chat"
    assert (status, body, dialect, "text/plain") == (
        failure.status,
        failure.body,
        failure.dialect,
        failure.content_type,
    )
    assert failure.message
    assert "<" not in failure.message


@pytest.mark.parametrize(
    "value, message",
    [
        ({"error": {"message": "m", "code": "c", "type": "t", "param": "p"}}, "m"),
        ({"error": "m"}, "m"),
        ({"message": "m"}, "m"),
        ({"msg": "m", "code": 1}, "m"),
        ({"detail": "m"}, "m"),
        (
            {"error": {"message": "Provider returned error", "metadata": {"raw": "m"}}},
            "Provider returned error: m",
        ),
        ([{"error": {"message": "m"}}], "m"),
        ({"error": {"message": {"a": 1}}}, '{"a": 1}'),
    ],
)
def test_the_message_is_found_wherever_it_is(value: Any, message: str) -> None:
    """Nested, flat, in a list, behind a router's own words."""
    assert message == UPSTREAM.decode_error(400, {}, json.dumps(value).encode()).message


def test_the_upstreams_words_are_kept() -> None:
    """Code, type and param for the client's error object."""
    failure = UPSTREAM.decode_error(
        400, {}, b'{"error":{"message":"m","code":"c","type":"t","param":"p"}}'
    )
    assert (failure.code, failure.type, failure.param) == ("c", "t", "p")


@pytest.mark.parametrize(
    "headers, message, expected",
    [
        ({"retry-after": "7"}, "try again in 20s", 7.0),
        ({"retry-after-ms": "1500"}, "", 1.5),
        ({}, "Rate limit reached. Please try again in 20s.", 20.0),
        ({}, "try again in 1m2.5s.", 62.5),
        ({}, "try again in 350ms", 0.35),
        ({}, "Please retry after 12 seconds.", 12.0),
        ({}, "retry in 1 hour and 5 minutes", 3900.0),
        ({}, "Please retry in 36.9s.", 36.9),
        ({}, "resets in 2 days", 172800.0),
        ({}, "try again in 7m12s", 432.0),
        ({}, "Try again later", None),
        ({}, "the limit is 20 s of audio", None),
    ],
)
def test_an_explicit_delay_is_heard(
    headers: dict[str, str], message: str, expected: float | None
) -> None:
    """From the headers first, then from the words."""
    assert (
        expected
        == UPSTREAM.decode_error(
            429, headers, json.dumps({"error": {"message": message}}).encode()
        ).retry_after_s
    )


def test_googles_retry_info_is_a_delay() -> None:
    """Gemini's OpenAI layer puts it among the details."""
    details = [{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "36s"}]
    body = json.dumps(
        [
            {
                "error": {
                    "code": 429,
                    "message": "quota exceeded",
                    "status": "RESOURCE_EXHAUSTED",
                    "details": details,
                }
            }
        ]
    ).encode()
    failure = UPSTREAM.decode_error(429, {}, body)
    assert failure.retry_after_s == 36.0
    assert failure.kind == FailureKind.RATE_LIMITED


def test_a_daily_quota_is_marked() -> None:
    """It returns with the provider's day, Google's not after its misleading short delay; who counts
    the last 24 hours says when there is room.
    """
    assert UPSTREAM.decode_error(
        429, {}, b'{"error":{"message":"Limit reached on tokens per day (TPD)"}}'
    ).is_daily
    google = UPSTREAM.decode_error(
        429,
        {},
        b'{"error":{"message":"Quota exceeded for metric: GenerateRequestsPerDayPerProject. Please retry in 36.9s."}}',  # noqa: E501
    )
    assert (google.is_daily, google.retry_after_s) == (True, None)
    details = [
        {"violations": [{"quotaId": "GenerateRequestsPerDayPerProjectPerModel-FreeTier"}, 3]},
        {"retryDelay": "36s"},
        {"violations": 3},
        None,
    ]
    listed = UPSTREAM.decode_error(
        429,
        {},
        json.dumps(
            [{"error": {"message": "You exceeded your current quota.", "details": details}}]
        ).encode(),
    )
    assert (listed.kind, listed.is_daily, listed.retry_after_s) == (FailureKind.QUOTA, True, None)
    groq = UPSTREAM.decode_error(
        429,
        {},
        b'{"error":{"message":"Limit reached on tokens per day (TPD). Please try again in 7m54.336s."}}',  # noqa: E501
    )
    assert (groq.is_daily, groq.retry_after_s) == (True, 474.336)
    assert not UPSTREAM.decode_error(
        429, {}, b'{"error":{"message":"Limit reached on tokens per minute (TPM)"}}'
    ).is_daily


@settings(max_examples=40, deadline=None)
@given(
    st.integers(300, 599),
    st.one_of(
        st.binary(max_size=30),
        st.recursive(
            st.none() | st.integers() | st.text(max_size=5),
            lambda x: (
                st.lists(x, max_size=2)
                | st.dictionaries(
                    st.sampled_from(
                        ["error", "message", "code", "type", "details", "metadata", "raw"]
                    ),
                    x,
                    max_size=3,
                )
            ),
        ).map(lambda value: json.dumps(value).encode()),
    ),
)
def test_reading_an_error_never_raises(status: int, body: bytes) -> None:
    """Any bytes at all are some failure with a message."""
    assert UPSTREAM.decode_error(status, {"retry-after": "soon"}, body).message


@pytest.mark.parametrize(
    "error, expected",
    [
        (
            ClientError(status=401, message="m", code="invalid_api_key"),
            ("authentication_error", "invalid_api_key"),
        ),
        (
            ClientError(status=429, message="m", code="insufficient_quota"),
            ("insufficient_quota", "insufficient_quota"),
        ),
        (
            ClientError(status=429, message="m", code="rate_limit_exceeded"),
            ("rate_limit_error", "rate_limit_exceeded"),
        ),
        (
            ClientError(status=404, message="m", code="model_not_found"),
            ("invalid_request_error", "model_not_found"),
        ),
        (ClientError(status=400, message="m", type="own_type"), ("own_type", None)),
        (ClientError(status=502, message="m"), ("server_error", None)),
    ],
)
def test_a_client_gets_openais_error_object(
    error: ClientError, expected: tuple[str, str | None]
) -> None:
    """Message, type, param and code; the upstream's own type when it has one."""
    assert {
        "error": {"message": "m", "type": expected[0], "param": None, "code": expected[1]}
    } == CLIENT.encode_error(error)


@pytest.mark.parametrize(
    ("status", "message", "kind"),
    [
        (
            404,
            "The model `gpt-9` does not exist or you do not have access to it.",
            FailureKind.MODEL_MISSING,
        ),
        (404, "model 'llama9' not found, try pulling it first", FailureKind.MODEL_MISSING),
        (
            400,
            "The model `mixtral` has been decommissioned and is no longer supported.",
            FailureKind.MODEL_MISSING,
        ),
        (400, "models/gemini-9 is not found for API version v1beta", FailureKind.MODEL_MISSING),
        (400, "The requested model 'x' is not supported", FailureKind.NOT_SERVED),
        (
            400,
            "Unsupported parameter: 'stop' is not supported with this model.",
            FailureKind.BAD_REQUEST,
        ),
        (400, "The model gpt-5: 'stop' is not supported", FailureKind.BAD_REQUEST),
        (400, "Image input for model llama-3 is not supported", FailureKind.BAD_REQUEST),
        (400, "In this model temperature is not supported", FailureKind.BAD_REQUEST),
        (400, "Invalid model output: tool call id not found", FailureKind.BAD_REQUEST),
    ],
)
def test_a_missing_model_is_told_from_a_model_that_refuses_something(
    status: int, message: str, kind: FailureKind
) -> None:
    """The first rests the channel; the second is the client's own mistake."""
    assert (
        kind
        is UPSTREAM.decode_error(
            status, {}, json.dumps({"error": {"message": message}}).encode()
        ).kind
    )
