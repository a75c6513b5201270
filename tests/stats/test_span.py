"""Which stretch of time is asked for, and whose."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sample_calls import NOON_S

from uniapi.canonical import RequestRefused
from uniapi.config import fingerprint
from uniapi.stats import key_asked_for, parse_span

DAY_S = 86400


@pytest.mark.parametrize(
    "query, start_s, end_s",
    [
        ({}, NOON_S - 30 * DAY_S, NOON_S),
        ({"last_n_days": "2"}, NOON_S - 2 * DAY_S, NOON_S),
        ({"start_datetime": "2026-11-02T12:00:00Z"}, NOON_S - DAY_S, NOON_S),
        (
            {"start_datetime": "2026-11-02T12:00:00 02:00", "end_datetime": "2026-11-02T12:00:00"},
            NOON_S - DAY_S - 7200,
            NOON_S - DAY_S,
        ),
        (
            {"start_datetime": "2026-11-03", "end_datetime": str(int(NOON_S))},
            NOON_S - DAY_S / 2,
            NOON_S,
        ),
        ({"end_datetime": str(NOON_S - DAY_S)}, NOON_S - 31 * DAY_S, NOON_S - DAY_S),
        ({"last_n_days": "", "start_datetime": ""}, NOON_S - 30 * DAY_S, NOON_S),
    ],
)
def test_the_forms_of_a_span(query, start_s, end_s):
    """Days back, ISO 8601 with and without zone, Unix seconds, either end left out."""
    span = parse_span(query, NOON_S, default_days=30)
    assert (span.start_s, span.end_s) == (start_s, end_s)


@pytest.mark.parametrize(
    "query, name",
    [
        ({"last_n_days": "0"}, "last_n_days"),
        ({"last_n_days": "x"}, "last_n_days"),
        ({"last_n_days": "9" * 5000}, "last_n_days"),
        ({"last_n_days": "1", "end_datetime": "2026-11-02"}, "last_n_days"),
        ({"start_datetime": "yesterday"}, "start_datetime"),
        ({"start_datetime": "nan"}, "start_datetime"),
        ({"end_datetime": "1e99"}, "end_datetime"),
        ({"start_datetime": "2026-11-03", "end_datetime": "2026-11-02"}, "start_datetime"),
    ],
)
def test_what_makes_no_sense_is_refused_by_name(query, name):
    """400, naming the parameter."""
    with pytest.raises(RequestRefused) as caught:
        parse_span(query, NOON_S, default_days=30)
    assert (caught.value.error.status, caught.value.error.param) == (400, name)


@given(
    st.dictionaries(
        st.sampled_from(["last_n_days", "start_datetime", "end_datetime"]), st.text(max_size=30)
    )
)
def test_any_query_gives_a_span_or_a_refusal(query):
    """Nothing else."""
    try:
        span = parse_span(query, NOON_S, default_days=1)
    except RequestRefused:
        return
    assert span.start_s <= span.end_s
    assert span.shown()


def test_only_an_admin_may_ask_for_others():
    """A client key sees itself, whether it says so or not."""
    own = fingerprint("sk-own")
    assert key_asked_for({}, own, is_admin=False) == own
    assert key_asked_for({"api_key_param": "sk-own"}, own, is_admin=False) == own
    assert key_asked_for({}, own, is_admin=True) is None
    assert key_asked_for({"api_key_param": "all"}, own, is_admin=True) is None
    assert key_asked_for({"api_key_param": "sk-other"}, own, is_admin=True) == fingerprint(
        "sk-other"
    )
    with pytest.raises(RequestRefused) as caught:
        key_asked_for({"api_key_param": "sk-other"}, own, is_admin=False)
    assert caught.value.error.status == 403
