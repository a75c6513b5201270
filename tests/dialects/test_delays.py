"""When to come back: headers and wordings, well meant and hostile."""

import json

import pytest

from uniapi.dialects import UPSTREAM_DIALECTS
from uniapi.dialects.delays import LONGEST_S, delay_in_text, explicit_delay, retry_after_seconds

DATE = "Wed, 21 Oct 2026 07:28:00 GMT"


@pytest.mark.parametrize(
    "headers, expected",
    [
        ({}, None),
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": " 7 "}, 7.0),
        ({"retry-after": "1.25"}, 1.25),
        ({"retry-after": "-5"}, 0.0),
        ({"retry-after": ""}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "1e999"}, None),
        ({"retry-after": "9" * 300}, LONGEST_S),
        ({"retry-after": "9" * 400}, None),
        ({"retry-after-ms": "1500", "retry-after": "9"}, 1.5),
        ({"retry-after-ms": "nan", "retry-after": "9"}, 9.0),
        ({"retry-after": DATE, "date": "Wed, 21 Oct 2026 07:27:30 GMT"}, 30.0),
        ({"retry-after": DATE, "date": "Wed, 21 Oct 2026 08:00:00 GMT"}, 0.0),
        (
            {
                "retry-after": "Wed, 21 Oct 2026 09:28:00 +0200",
                "date": "Wed, 21 Oct 2026 07:27:30 GMT",
            },
            30.0,
        ),
        (
            {"retry-after": "Wed, 21 Oct 2026 07:28:00", "date": "Wed, 21 Oct 2026 07:27:30 GMT"},
            30.0,
        ),
        ({"retry-after": "Wed, 21 Oct 9999999 07:28:00 GMT", "date": DATE}, None),
        ({"retry-after": DATE}, None),
        ({"retry-after": DATE, "date": "today"}, None),
    ],
)
def test_headers(headers, expected):
    """Seconds or a date measured against the answer's own; what is no finite number is no delay."""
    assert retry_after_seconds(headers) == expected


@pytest.mark.parametrize(
    "message, expected",
    [
        ("try again in 6m0s", 360.0),
        ("Please try again in 1.2s. Visit …", 1.2),
        ("try again in 20ms", 0.02),
        ("try again in 20 milliseconds", 0.02),
        ("Please retry in 1h2m3.5s", 3723.5),
        ("resets in 2 days and 3 hours", 183600.0),
        ("try again in " + "9" * 400 + "s", None),
        ("try again in " + "1" * 50_000, None),
        ("try again later", None),
    ],
)
def test_wordings(message, expected):
    """However a vendor writes it; long runs of digits do not make the reader go back and forth."""
    assert delay_in_text(message) == expected


def test_headers_go_before_words():
    assert explicit_delay({"retry-after": "3"}, "try again in 9s") == 3.0
    assert explicit_delay({}, "try again in 9s") == 9.0


@pytest.mark.parametrize("name", UPSTREAM_DIALECTS)
def test_every_dialect_hears_headers_and_words(name):
    """A 429 says when to come back in one way or the other, whoever answers."""
    body = json.dumps(
        {
            "error": {"message": "Rate limited, try again in 1m9s."},
            "message": "Rate limited, try again in 1m9s.",
        }
    ).encode()
    assert UPSTREAM_DIALECTS[name].decode_error(429, {}, body).retry_after_s == 69.0
    assert (
        UPSTREAM_DIALECTS[name]
        .decode_error(429, {"retry-after": DATE, "date": "Wed, 21 Oct 2026 07:27:30 GMT"}, b"{}")
        .retry_after_s
        == 30.0
    )
