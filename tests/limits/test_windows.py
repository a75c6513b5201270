"""Sliding windows: exact while small, never too generous, bounded."""

import copy

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from uniapi.limits import Window
from uniapi.limits.windows import EXACT, SLICES


def test_slides():
    window = Window(60.0)
    for at in (0.0, 10.0, 20.0):
        assert window.free_at(3, 1, at) == at
        window.add(1, at)
    assert window.free_at(3, 1, 20.0) == 60.0
    assert window.free_at(3, 1, 60.0) == 60.0
    window.add(1, 60.0)
    assert window.free_at(3, 1, 61.0) == 70.0
    assert window.used(200.0) == 0
    assert window.is_idle(200.0)


def test_amounts():
    """Tokens: several uses may have to expire; one over the limit itself waits for the empty
    window.
    """
    window = Window(60.0)
    window.add(400, 0.0)
    window.add(500, 10.0)
    assert window.free_at(1000, 100, 20.0) == 20.0
    assert window.free_at(1000, 101, 20.0) == 60.0
    assert window.free_at(1000, 700, 20.0) == 70.0
    assert window.free_at(1000, 5000, 20.0) == 70.0


def test_corrections():
    window = Window(60.0)
    slot = window.add(100, 0.0)
    window.correct(slot, 900, 1.0)
    assert window.used(1.0) == 1000
    window.correct(slot, -5000, 1.0)
    assert window.used(1.0) == 0
    window.correct(slot, 50, 61.0)
    assert window.used(61.0) == 0


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 300), st.lists(st.floats(0, 3), min_size=1, max_size=250))
def test_never_too_generous(limit, gaps):
    """Against the plain definition: what is let through never exceeds the limit in any window;
    small limits are exact; `free_at` tells the truth.
    """
    window, now, let_through = Window(60.0), 0.0, []
    for gap in gaps:
        now += gap
        inside = sum(1 for at in let_through if at > now - 60.0)
        free_at = window.free_at(limit, 1, now)
        if free_at <= now:
            assert inside < limit
            window.add(1, now)
            let_through.append(now)
        else:
            if limit <= EXACT:
                assert inside >= limit
            assert copy.deepcopy(window).free_at(limit, 1, free_at) <= free_at
            assert free_at <= now + 60.0


def test_bounded_and_prompt():
    """A hundred thousand uses take few slots, and the budget is back at most a slice late."""
    window = Window(60.0)
    for number in range(100_000):
        window.add(1, number / 1000)
    assert len(window.dump(100.0, 100.0)) <= EXACT + SLICES + 2
    assert 60_000 <= window.used(100.0) <= 60_000 * (1 + 2 / SLICES)


def test_dump_and_load():
    """On the scale of the epoch, so a new process whose clock starts elsewhere goes on counting."""
    window = Window(86400.0)
    window.add(3, 1000.0)
    stored = window.dump(2000.0, 1_000_002_000.0)
    again = Window(86400.0)
    again.load(stored, 50.0, 1_000_005_000.0)
    assert again.used(50.0) == 3
    assert again.free_at(3, 1, 50.0) == pytest.approx(50.0 + 86400 - 4000)


@pytest.mark.parametrize(
    "stored",
    [
        [None],
        [[1, 2]],
        [["a", 1, 1]],
        [[1, 2, -1]],
        [[float("nan"), 1, 1]],
        [[1, float("nan"), 1]],
        [{}],
        [[[], 1, 1]],
        [[1, 1, float("inf")]],
        [[1, 1, 10**400]],
    ],
)
def test_malformed_slots_are_left_out(stored):
    window = Window(86400.0)
    window.load(stored, 10.0, 10.0)
    assert window.used(10.0) == 0


def test_slots_from_the_future_count_as_of_now():
    window = Window(86400.0)
    window.load([[9e12, 9e12, 2]], 10.0, 1000.0)
    assert window.free_at(2, 1, 10.0) == 10.0 + 86400.0
