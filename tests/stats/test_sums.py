"""Sums of whole numbers."""

import json

from hypothesis import given
from hypothesis import strategies as st
from sample_calls import call

from uniapi.stats.journal_line import decode_call, encode_call
from uniapi.stats.sums import milliseconds

_near_ties = st.builds(
    lambda whole, off: (whole + 0.5 + off) / 1000,
    st.integers(0, 9 * 10**11),
    st.sampled_from([0.0, 1e-9, -1e-9, 1e-4, -1e-4]),
)


@given(
    st.floats(-1, 9e8)
    | _near_ties
    | st.sampled_from([float("nan"), float("inf"), float("-inf"), 1e11, 1e300])
)
def test_a_duration_counts_the_same_before_and_after_the_journal(seconds):
    """A replay comes to the same sums (of whatever lasts under 28 years), also for durations
    halfway between two milliseconds, and the line has them as `round` has.
    """
    line = encode_call(call(total_s=seconds))
    written = json.loads(line)["s"]
    assert (round(seconds, 3) if -1e12 < seconds < 1e12 else 0.0) == written
    assert (
        milliseconds(seconds)
        == milliseconds(decode_call(line).total_s)
        == (round(written * 1000) if 0 < seconds < 1e9 else 0)
    )
