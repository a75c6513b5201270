"""When to come back: headers and wordings, well meant and hostile."""

import json
import zoneinfo

import pytest

from uniapi.dialects import UPSTREAM_DIALECTS
from uniapi.dialects.delays import (
    LONGEST_S,
    delay_in_text,
    delay_until,
    explicit_delay,
    retry_after_seconds,
)

DATE = "Wed, 21 Oct 2026 07:28:00 GMT"


@pytest.mark.parametrize(
    "headers, expected",
    [
        ({}, None),
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": " 7 "}, 7.0),
        ({"retry-after": "1.25"}, 1.25),
        ({"retry-after": "42s"}, 42.0),
        ({"retry-after": "1792567710", "date": DATE}, 30.0),
        ({"retry-after": "1792567710"}, None),
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


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("It will reset at 2026-10-21 15:58:00 +0800 CST. We recommend", 1800.0),
        ("resets at 2026-10-21T07:58:00Z (2056)", 1800.0),
        ("will reset at 2026-10-21 15:58:00 UTC+8", 1800.0),
        ("It will reset at 10-21 07:58:00 UTC", 1800.0),
        ("You will regain access on 2026-10-22 at 00:00 UTC.", 59520.0),
        ("You will regain access on 2026-10-22.", 59520.0),
        ("Free quota used. Resets at 10:00 UTC.", 9120.0),
        ("Resets at 07:00 UTC.", 84720.0),
        ("Your credits will refresh 9:58 AM UTC", 9000.0),
        ("您的限额将在 2026-10-21 15:58:00 重置。", 1800.0),
        ("2026-10-21 15:58:00 恢复", 1800.0),
        ("Your limit will reset at 2026-10-21 07:58:00", 1800.0),
        ("resets at 2026/10/21 07:27:00", 0.0),
        ("resets at 2026-10-21 05:00:00Z", None),
        ("resets at 2036-10-21 05:00:00Z", None),
        ("resets at 2026-13-41 05:00:00Z", None),
        ("Your credits will refresh 6:52 PM.", None),
        ("request 2026-10-21 15:58:00 was refused", None),
        ("resets at " + "2026-10-21 " * 9000, None),
    ],
)
def test_moments(message, expected):
    """As plans write the end of a limit; past by a little is now, long past or far away is none."""
    assert delay_until({"date": DATE}, message, 0.0) == expected


def test_a_moment_needs_the_time_of_the_answer():
    """Without it nobody knows how far away it is; a zone of the vendor's moves it."""
    message = "Your limit will reset at 2026-10-21 15:58:00"
    assert delay_until({}, message, 0.0) is None
    assert delay_until({"date": DATE}, message, 8 * 3600.0) == 1800.0
    assert delay_until({"date": DATE}, "reset at 2026-10-21 07:58:00", 8 * 3600.0) == 1800.0


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


@pytest.mark.parametrize(
    "text, expected",
    [
        ("请求过于频繁，请在 5 分钟后重试", 300.0),
        ("已达到5小时限额，将在 3小时20分钟后重置", 12000.0),
        ("请 30 秒之后再试", 30.0),
        ("额度将于2天后恢复", 172800.0),
        ("5 分钟后的会议", None),
    ],
)
def test_delays_in_chinese(text, expected):
    assert delay_in_text(text) == expected


@pytest.mark.parametrize(
    ("words", "seconds"),
    [
        ("You've hit your limit · resets 2:10pm (America/Sao_Paulo)", 5 * 3600 + 600),
        ("Your limit will reset at 1pm (Etc/GMT+5)", 6 * 3600),
        ("You've hit your limit · resets 6:30pm (Asia/Jerusalem)", 4 * 3600 + 1800),
        ("resets 8am (America/Sao_Paulo)", 23 * 3600),
        ("resets 8:55am (America/Sao_Paulo)", 0),
        ("resets 2:10pm (Middle/Nowhere)", None),
        ("resets 2:70pm (America/Sao_Paulo)", None),
        ("resets 2:10pm (../../etc/passwd)", None),
    ],
)
def test_a_time_of_day_in_a_named_place_is_a_delay(words, seconds):
    """Noon in Greenwich is nine in São Paulo, two in Jerusalem."""
    headers = {"date": "Mon, 30 Nov 2026 12:00:00 GMT"}
    assert delay_until(headers, words, 0.0) == seconds


def test_a_place_counts_for_nothing_where_a_host_has_no_zones(monkeypatch):
    monkeypatch.setattr("zoneinfo.ZoneInfo", _no_zones)
    headers = {"date": "Mon, 30 Nov 2026 12:00:00 GMT"}
    assert delay_until(headers, "resets 2:10pm (America/Sao_Paulo)", 0.0) is None


def _no_zones(name):
    raise zoneinfo.ZoneInfoNotFoundError(name)
