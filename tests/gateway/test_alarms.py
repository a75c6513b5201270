"""Alarms ring when they are due and at no other time, though their timers serve one after the
other; a timer is set where none would ring soon enough, and only there.
"""

from __future__ import annotations

import pytest
from hand_loop import START_S, HandLoop

from uniapi.gateway.alarms import SLEPT_S, Alarms


class CountingLoop(HandLoop):
    def __init__(self):
        self.timers = 0
        super().__init__()

    def call_at(self, when, callback, *args, context=None):
        self.timers += 1
        return super().call_at(when, callback, *args, context=context)


@pytest.fixture
def loop():
    made = CountingLoop()
    yield made
    made.close()


@pytest.fixture
def rung():
    return []


def ringing(rung, name):
    return lambda now, has_slept: rung.append((name, now - START_S, has_slept))


def test_it_rings_once_when_it_is_due(loop, rung):
    Alarms().at(loop, START_S + 5, ringing(rung, "a"))
    loop.pass_time(4.9)
    assert rung == []
    loop.pass_time(100)
    assert rung == [("a", 5, False)]


def test_one_that_was_given_back_does_not_ring(loop, rung):
    alarms = Alarms()
    alarms.give_back(alarms.at(loop, START_S + 5, ringing(rung, "a")))
    loop.pass_time(100)
    assert rung == []


def test_equally_long_waits_one_after_the_other_have_one_timer(loop, rung):
    alarms = Alarms()
    for _ in range(50):
        alarms.give_back(alarms.at(loop, loop.time() + 10, ringing(rung, "over")))
        loop.pass_time(0.1)
    last = loop.time() - START_S + 10
    alarms.at(loop, START_S + last, ringing(rung, "last"))
    loop.pass_time(100)
    assert rung == [("last", pytest.approx(last), False)]
    assert loop.timers == 2


@pytest.mark.parametrize(("first_s", "second_s"), [(10, 3), (3, 10)])
def test_another_wait_rings_in_its_own_time(loop, rung, first_s, second_s):
    alarms = Alarms()
    alarms.give_back(alarms.at(loop, START_S + first_s, ringing(rung, "over")))
    alarms.at(loop, START_S + second_s, ringing(rung, "next"))
    loop.pass_time(100)
    assert rung == [("next", second_s, False)]


def test_one_is_moved_both_ways(loop, rung):
    alarm = Alarms().at(loop, START_S + 10, ringing(rung, "a"))
    alarm.set(START_S + 20, ringing(rung, "later"))
    loop.pass_time(15)
    assert rung == []
    alarm.set(START_S + 16, ringing(rung, "sooner"))
    loop.pass_time(100)
    assert rung == [("sooner", 16, False)]


def test_one_that_rang_is_not_lent_again(loop, rung):
    alarms = Alarms()
    alarms.give_back(alarms.at(loop, START_S + 1, ringing(rung, "over")))
    loop.pass_time(5)
    alarms.at(loop, START_S + 8, ringing(rung, "next"))
    loop.pass_time(5)
    assert rung == [("next", 8, False)]


def test_it_is_told_when_the_process_slept(loop, rung):
    Alarms().at(loop, START_S + 5, ringing(rung, "a"))
    loop._now = START_S + 5 + 2 * SLEPT_S
    loop.pass_time(0)
    assert rung == [("a", 5 + 2 * SLEPT_S, True)]
