"""The rate grammar."""

import pytest

from uniapi.config import Rate, parse_rates

DAY = 86400.0


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("15/min", [(15, "requests", 60.0)]),
        ("15/min,1500/day", [(15, "requests", 60.0), (1500, "requests", DAY)]),
        (" 2 / min , 50/ day ", [(2, "requests", 60.0), (50, "requests", DAY)]),
        ("1/s,1/sec,1/second,1/seconds,1/secs", [(1, "requests", 1.0)] * 5),
        ("1/m,1/min,1/mins,1/minute,1/minutes", [(1, "requests", 60.0)] * 5),
        ("1/h,1/hr,1/hrs,1/hour,1/hours", [(1, "requests", 3600.0)] * 5),
        ("1/d,1/day,1/days", [(1, "requests", DAY)] * 3),
        ("1/mo,1/month,1/months", [(1, "requests", 30 * DAY)] * 3),
        ("1/y,1/year,1/years", [(1, "requests", 365 * DAY)] * 3),
        ("999999/MIN", [(999999, "requests", 60.0)]),
        ("32000/tpr", [(32000, "tokens_per_request", 0.0)]),
        ("4/min,90000/tpm", [(4, "requests", 60.0), (90000, "tokens", 60.0)]),
    ],
)
def test_each_part_becomes_a_window(text: str, expected: list[tuple[int, str, float]]) -> None:
    """Units in every spelling, several parts, blanks and capitals."""
    assert expected == [(rate.amount, rate.counts, rate.window_s) for rate in parse_rates(text)]


def test_a_rate_keeps_its_text_in_the_normal_form() -> None:
    """What logs and messages show of a limit."""
    assert (Rate(amount=15, counts="requests", window_s=60.0, text="15/minute"),) == parse_rates(
        " 15 / Minutes"
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "found nothing"),
        ("15", "did you mean `15/min`?"),
        ("5 per min", "did you mean `5/min`?"),
        ("5 per days", "did you mean `5/days`?"),
        ("0/min", "positive whole number before the `/`, found `0`"),
        ("-5/min", "found `-5`"),
        ("1.5/min", "found `1.5`"),
        ("٣/min", "positive whole number"),
        ("9" * 16 + "/min", "positive whole number"),
        ("5/2min", "a window of several units cannot be written"),
        ("5/mnt", "unknown unit `mnt`"),
        ("5/minuets", "did you mean `minute`?"),
        ("5/token", "unknown unit `token`"),
        ("5/", "unknown unit ``"),
        ("5/min,", "between the commas"),
        ("5/min;10/day", "unknown unit `min;10/day`"),
        ("fast", "expected a rate such as `15/min`"),
        ("1/min," * 200, "1200 characters"),
    ],
)
def test_what_is_no_rate_is_refused_with_the_near_miss(text: str, words: str) -> None:
    """The message says what was found and, where it can, what was meant."""
    with pytest.raises(ValueError) as refused:
        parse_rates(text)
    assert words in str(refused.value)
