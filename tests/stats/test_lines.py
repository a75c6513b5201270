"""A call as a line of the journal, and back."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sample_calls import attempt, call, calls

from uniapi.canonical import Usage
from uniapi.stats.aggregate import Aggregate
from uniapi.stats.journal_line import decode_call, encode_call


def counted(one):
    counts = Aggregate()
    counts.add(one)
    return counts


@given(calls())
def test_a_line_is_json_and_counts_as_the_call_does(one):
    """Replaying the journal gives the very figures that were counted live."""
    line = encode_call(one)
    assert line.endswith(b"}\n")
    assert one.request_id == json.loads(line)["id"]
    again = decode_call(line)
    assert encode_call(again) == line
    assert counted(one) == counted(again)
    assert (one.attempts and one.attempts[0].message) == (
        again.attempts and again.attempts[0].message
    )


@pytest.mark.parametrize(
    "members",
    [
        {"requested_model": "bad \ud800 \x00 text" + "x" * 500},
        {"requested_model": "100 % of %s %(x)d", "message": "50%", "key_label": "%"},
        {"total_s": float("nan"), "first_token_s": float("inf"), "at_s": -1e300},
        {"usage": Usage(input_tokens=10**5000, output_tokens=-5)},
        {"usage": Usage(input_tokens=1.5, output_tokens=True)},
        {
            "attempts": (
                attempt(
                    "broken",
                    provider="other",
                    provider_id="other#2",
                    upstream_model="x",
                    status=None,
                    message='say "hi"\n',
                ),
            )
        },
        {"provider": None, "provider_id": None, "upstream_model": None, "attempts": (attempt(),)},
    ],
)
def test_odd_calls_make_lines_that_count_the_same(members):
    """What clients and vendors may put into a record never breaks the journal."""
    one = call(**members)
    assert counted(one) == counted(decode_call(encode_call(one)))


def test_no_raw_usage_is_kept():
    """A vendor's usage object is not stored."""
    line = encode_call(call(usage=Usage(input_tokens=5, raw={"secret": "text"})))
    assert b"secret" not in line


def test_an_estimate_stays_one():
    """What a call that was cut short came to is counted, and marked."""
    one = call(usage=Usage(input_tokens=5, output_tokens=7, is_estimate=True))
    assert decode_call(encode_call(one)).usage == one.usage
    assert counted(one) == counted(call(usage=Usage(input_tokens=5, output_tokens=7)))


@given(st.binary(max_size=60) | st.text(max_size=60).map(str.encode))
def test_rubbish_is_no_call(line):
    """Never an exception."""
    assert None is decode_call(line)


@given(st.data())
def test_a_line_with_wrong_types_is_no_call_or_a_countable_one(data):
    """A member replaced by anything at all."""
    line = json.loads(encode_call(call()))
    line[data.draw(st.sampled_from(sorted(line)))] = data.draw(
        st.none()
        | st.booleans()
        | st.integers()
        | st.text(max_size=3)
        | st.lists(st.integers(), max_size=2)
        | st.just(1e308)
    )
    one = decode_call(json.dumps(line).encode())
    assert one is None or counted(one).totals()[0] == 1
