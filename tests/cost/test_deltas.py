"""What one more delta of a translated stream costs the pipe, counted in functions of ours that are
entered, for every pair of dialects: a frame that only brings more of a text is never read in full.
In µs: delta_costs.py.
"""

from __future__ import annotations

import pytest
from delta_frames import FRAMES
from pipes_of import CLIENTS, pipe
from whole_gateway import FunctionCount

SHORT, LONG = 10, 40
MOST_ALONE = {"text": 15.1, "reasoning": 15.1, "call": 25}
"""For a delta in a read of its own. A call's arguments are told as the object that they mean."""
MOST_IN_A_BURST = {"text": 0.1, "reasoning": 0.1, "call": 10}
PAIRS = [
    (upstream, client)
    for upstream in FRAMES
    for client in CLIENTS
    if client != upstream.partition(" ")[0]
]


def entered(upstream, client, kind, *, at_once):
    """The difference between a long answer and a short one, by the deltas it has more."""
    sums = []
    for count in (SHORT, LONG):
        frames = FRAMES[upstream](kind, count)
        made = pipe(upstream, client)
        with FunctionCount() as counted:
            for piece in [b"".join(frames)] if at_once else frames:
                made.feed(piece)
        assert made.report.failure is None
        assert made.is_over or made.may_end
        sums.append(sum(counted.entered.values()))
    return (sums[1] - sums[0]) / (LONG - SHORT)


@pytest.mark.parametrize("upstream, client", PAIRS)
def test_a_delta_that_is_like_the_one_before(upstream, client):
    for kind in MOST_ALONE:
        assert entered(upstream, client, kind, at_once=False) <= MOST_ALONE[kind], kind
        assert entered(upstream, client, kind, at_once=True) <= MOST_IN_A_BURST[kind], kind
