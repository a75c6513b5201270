"""When a limit is over, by what vendors write beside or instead of `retry-after`."""

import json

import pytest

from uniapi.dialects import reset_seconds
from uniapi.dialects.delays import LONGEST_S

DATE = "Mon, 30 Nov 2026 12:00:00 GMT"
NOON = 1796040000


def told(headers=None, error=None, **more):
    body = json.dumps({"error": error or {}}).encode()
    return reset_seconds({"date": DATE, **(headers or {})}, body, **more)


@pytest.mark.parametrize(
    "headers, expected",
    [
        ({}, None),
        ({"x-ratelimit-reset-requests": "2m10s", "x-ratelimit-remaining-requests": "0"}, 130),
        ({"x-ratelimit-reset-requests": "1s", "x-ratelimit-remaining-requests": "7"}, None),
        (
            {
                "x-ratelimit-reset-requests": "1s",
                "x-ratelimit-remaining-requests": "0",
                "x-ratelimit-reset-tokens": "6m0s",
                "x-ratelimit-remaining-tokens": "0",
            },
            360,
        ),
        ({"x-ratelimit-reset-tokens": "350ms", "x-ratelimit-remaining-tokens": "0"}, 0.35),
        ({"x-ratelimit-reset": str((NOON + 90) * 1000)}, 90),
        ({"x-ratelimit-reset": str(NOON + 90)}, 90),
        ({"x-ratelimit-reset": "45"}, 45),
        ({"anthropic-ratelimit-input-tokens-reset": "2026-11-30T12:01:30Z"}, 90),
        (
            {
                "anthropic-ratelimit-requests-reset": "2026-11-30T13:00:00Z",
                "anthropic-ratelimit-requests-remaining": "40",
                "anthropic-ratelimit-tokens-reset": "2026-11-30T12:00:20Z",
                "anthropic-ratelimit-tokens-remaining": "0",
            },
            20,
        ),
        ({"x-ratelimit-reset": "soon"}, None),
        ({"x-ratelimit-reset": "nan"}, None),
        ({"x-ratelimit-reset": "1e999"}, None),
        ({"x-ratelimit-reset": "9" * 400}, None),
        ({"x-ratelimit-reset": "1h" * 4000}, None),
        ({"x-ratelimit-reset": "2026-11-30T11:00:00Z"}, 0),
        ({"x-ratelimit-reset": "9999-11-30T11:00:00Z"}, LONGEST_S),
    ],
)
def test_headers(headers, expected):
    """What is used up counts; of several the last to be free again."""
    assert told(headers) == expected


@pytest.mark.parametrize(
    "error, expected",
    [
        ({"type": "usage_limit_reached", "resets_in_seconds": 1800}, 1800),
        ({"type": "usage_limit_reached", "resets_at": NOON + 600}, 600),
        ({"resets_at": "2026-11-30T12:10:00Z"}, 600),
        ({"retry_after_ms": 1500}, 1.5),
        ({"retry_after": "12"}, 12),
        ({"metadata": {"headers": {"X-RateLimit-Reset": str((NOON + 60) * 1000)}}}, 60),
        ({"metadata": {"headers": {"Retry-After": "33"}}}, 33),
        ({"metadata": {"retry_after_seconds": 5}}, 5),
        ({"resets_in_seconds": True, "resets_at": [], "metadata": 7}, None),
        ({"resets_in_seconds": -5}, None),
        ({"metadata": {"headers": [1]}}, None),
    ],
)
def test_members_of_the_error(error, expected):
    assert told(error=error) == expected


def test_the_body_is_nearer_than_the_headers():
    assert told({"x-ratelimit-reset": "45"}, {"resets_in_seconds": 10}) == 10


def test_headers_of_a_rate_say_nothing_of_money():
    """An account out of money is not full again in a second."""
    assert told({"x-ratelimit-reset": "1"}, is_rate=False) is None
    assert told(error={"resets_in_seconds": 9}, is_rate=False) == 9


@pytest.mark.parametrize("body", [b"", b"{", b"[" * 10_000, b"[]", b"7", b'{"error": "x"}'])
def test_a_body_that_says_nothing(body):
    assert reset_seconds({"date": DATE}, body) is None
