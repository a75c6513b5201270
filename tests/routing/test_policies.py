"""Orders of channels and credentials: vectors, fairness, and that nothing makes a ring jump."""

import random
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from uniapi.routing import Cursors
from uniapi.routing.policies import (
    MAX_CURSORS,
    draw,
    order_channels,
    rendezvous,
    take_turn,
    turn,
    weighted_ring,
)


@pytest.mark.parametrize(
    "weights, expected",
    [
        ((5, 3, 2), "abcabacaba"),
        ((3, 1), "abaa"),
        ((1, 3), "abbb"),
        ((2, 2, 1), "abcab"),
        ((7, 2, 1), "abcaaabaaa"),
        ((1,), "a"),
        ((4, 4), "ab"),
    ],
)
def test_weighted_ring_vectors(weights, expected):
    """As the predecessor has it; equal weights are shortened to what they say."""
    assert "".join("abc"[index] for index in weighted_ring(weights)) == expected


def test_huge_weights_are_scaled_down():
    ring = weighted_ring([1_000_000, 1, 333_333])
    assert len(ring) <= 10_001
    assert Counter(ring)[1] == 1


def _firsts(policy, weights, count, resting=(), seed=1, cursors=None):
    cursors = cursors or Cursors()
    rng = random.Random(seed)
    orders = [
        order_channels(
            policy,
            weights,
            cursors=cursors,
            name=("k", "m"),
            is_usable=lambda index: index not in resting,
            rng=rng,
        )
        for _ in range(count)
    ]
    assert all(sorted(order) == list(range(len(weights))) for order in orders), (
        "each channel exactly once"
    )
    return [next(index for index in order if index not in resting) for order in orders]


def test_fixed_priority_is_the_order_of_the_rules():
    assert _firsts("fixed_priority", [None, 5, None], 4) == [0, 0, 0, 0]


@pytest.mark.parametrize("policy", ["round_robin", "smart_round_robin", "sticky"])
def test_round_robin_takes_turns(policy):
    """`smart_round_robin` is the same for channels, and so is `sticky` without a session."""
    assert _firsts(policy, [None] * 3, 7) == [0, 1, 2, 0, 1, 2, 0]


def test_what_rests_is_passed_over_and_the_others_share_evenly():
    """b rests for six requests: a and c get three each; afterwards the turn goes on."""
    cursors = Cursors()
    assert _firsts("round_robin", [None] * 3, 2, cursors=cursors) == [0, 1]
    assert _firsts("round_robin", [None] * 3, 6, resting={1}, cursors=cursors) == [2, 0, 2, 0, 2, 0]
    assert _firsts("round_robin", [None] * 3, 4, cursors=cursors) == [1, 2, 0, 1]


def test_weighted_round_robin_is_exact():
    firsts = _firsts("weighted_round_robin", [5, 3, 2], 20)
    assert "".join("abc"[index] for index in firsts) == "abcabacaba" * 2


def test_weights_keep_their_proportion_while_one_rests():
    assert Counter(_firsts("weighted_round_robin", [5, 3, 2], 70, resting={1})) == {0: 50, 2: 20}


def test_weighted_round_robin_without_weights_takes_turns():
    assert _firsts("weighted_round_robin", [None, None], 4) == [0, 1, 0, 1]


def test_unweighted_come_after_in_turn():
    """Changed from the predecessor, which dropped them: as its README promised, they follow, in
    round robin among themselves.
    """
    cursors = Cursors()
    orders = [
        order_channels(
            "weighted_round_robin",
            [None, 2, None, 1],
            cursors=cursors,
            name=("k",),
            is_usable=lambda index: True,
            rng=random.Random(1),
        )
        for _ in range(4)
    ]
    assert orders == [[1, 3, 0, 2], [3, 1, 2, 0], [1, 3, 0, 2], [1, 3, 2, 0]]


def test_lottery_draws_in_proportion_and_reaches_all():
    counts = Counter(_firsts("lottery", [8, 1, 1], 5000))
    assert counts[0] / 5000 == pytest.approx(0.8, abs=0.02)
    assert counts[1] / 5000 == pytest.approx(0.1, abs=0.02)


def test_random_shuffles_each_request():
    counts = Counter(_firsts("random", [None, 9, None], 3000))
    assert all(count == pytest.approx(1000, abs=120) for count in counts.values())


def test_counters_are_apart():
    """Per client key and alias: one ring does not move another."""
    cursors = Cursors()
    assert take_turn(range(2), cursors, ("a",), lambda index: True) == [0, 1]
    assert take_turn(range(2), cursors, ("b",), lambda index: True) == [0, 1]
    assert take_turn(range(2), cursors, ("a",), lambda index: True) == [1, 0]


def test_a_ring_with_nothing_usable_stays():
    cursors = Cursors()
    assert turn(range(3), cursors, ("a",), lambda index: False) is None
    assert turn(range(3), cursors, ("a",), lambda index: True) == 0


def test_a_ring_survives_a_change_of_size():
    cursors = Cursors()
    for _ in range(5):
        turn(range(6), cursors, ("a",), lambda index: True)
    assert turn(range(2), cursors, ("a",), lambda index: True) == 1


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(1, 9), min_size=1, max_size=5), st.integers(0, 50))
def test_one_full_turn_is_exact_from_any_place(weights, start):
    """Any full turn of the ring holds each channel in proportion to its weight."""
    cursors = Cursors()
    ring = weighted_ring(weights)
    taken = [
        ring[turn(ring, cursors, ("x",), lambda index: True) or 0] for _ in range(start + len(ring))
    ]
    counts = Counter(taken[start:])
    assert [counts[index] * sum(weights) for index in range(len(weights))] == [
        weight * len(ring) for weight in weights
    ]


def test_rendezvous_is_stable_and_even():
    """The same session prefers the same member; without it, the next in its order; sessions spread
    by weight; a new member takes only its share.
    """
    names = ["a", "b", "c", "d"]
    orders = {session: rendezvous(names, [1] * 4, f"session {session}") for session in range(4000)}
    assert orders[7] == rendezvous(names, [1] * 4, "session 7")
    counts = Counter(order[0] for order in orders.values())
    assert all(count == pytest.approx(1000, abs=120) for count in counts.values())
    for session, order in orders.items():
        fewer = rendezvous(names[:3], [1] * 3, f"session {session}")
        assert fewer == [index for index in order if index != 3]
    weighted = Counter(
        rendezvous(names, [3, 1, 1, 1], f"session {session}")[0] for session in range(3000)
    )
    assert weighted[0] == pytest.approx(1500, abs=120)


def test_cursors_are_bounded():
    cursors = Cursors()
    for number in range(MAX_CURSORS + 10):
        cursors.move((str(number),), 1)
    assert cursors.at(("0",), 5) == 0
    assert cursors.at((str(MAX_CURSORS + 9),), 5) == 1
    assert all(len(cursors.ring((number + 1, 1))) for number in range(300))


def test_draw_is_seeded():
    assert draw([1, 2, 3], random.Random(5)) == draw([1, 2, 3], random.Random(5))
