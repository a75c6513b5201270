"""Alarms ring when they are due and at no other time, though one timer serves them all; it is set
anew where it would not ring soon enough, and only there.
"""

from __future__ import annotations

import pytest
from hand_loop import START_S, HandLoop

from uniapi.gateway.alarms import APART_S, SLEPT_S, Alarms


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


class Thing:
    """Due so many seconds after the start; what it does when it rings."""

    def __init__(self, rung, name, due_s, then=lambda: None):
        self.due = START_S + due_s
        self._rung, self._name, self._then = rung, name, then

    def ring(self, now, has_slept):
        self._rung.append((self._name, round(now - START_S, 6), has_slept))
        self._then()


def test_it_rings_once_when_it_is_due(loop, rung):
    Alarms().watch(Thing(rung, "a", 5), loop)
    loop.pass_time(4.9)
    assert rung == []
    loop.pass_time(100)
    assert rung == [("a", 5, False)]


def test_what_is_forgotten_does_not_ring(loop, rung):
    alarms, thing = Alarms(), Thing(rung, "a", 5)
    alarms.watch(thing, loop)
    alarms.forget(thing)
    loop.pass_time(100)
    assert rung == []


def test_equally_long_waits_one_after_the_other_have_one_timer(loop, rung):
    alarms = Alarms()
    for place in range(50):
        thing = Thing(rung, "over", place / 10 + 10)
        alarms.watch(thing, loop)
        alarms.forget(thing)
        loop.pass_time(0.1)
    alarms.watch(Thing(rung, "last", 15), loop)
    loop.pass_time(100)
    assert rung == [("last", 15, False)]
    assert loop.timers == 2


@pytest.mark.parametrize(("first_s", "second_s"), [(10, 3), (3, 10)])
def test_each_rings_in_its_own_time(loop, rung, first_s, second_s):
    alarms = Alarms()
    alarms.watch(Thing(rung, "first", first_s), loop)
    alarms.watch(Thing(rung, "second", second_s), loop)
    loop.pass_time(100)
    assert rung == sorted(
        [("first", first_s, False), ("second", second_s, False)], key=lambda one: one[1]
    )


def test_many_that_are_due_one_after_the_other_ring_together(loop, rung):
    alarms = Alarms()
    for place in range(100):
        alarms.watch(Thing(rung, place, 5 + place / 1000), loop)
    loop.pass_time(100)
    assert [one[0] for one in rung if one[1] == 5] == [0]
    assert {one[1] for one in rung} == {5, 5 + APART_S, 5 + 2 * APART_S}
    assert loop.timers == 3


def test_one_is_moved_both_ways(loop, rung):
    alarms, thing = Alarms(), Thing(rung, "a", 10)
    alarms.watch(thing, loop)
    thing.due = START_S + 20
    loop.pass_time(15)
    assert rung == []
    thing.due = START_S + 16
    alarms.watch(thing, loop)
    loop.pass_time(100)
    assert rung == [("a", 16, False)]


def test_one_that_rings_may_set_and_forget_others(loop, rung):
    alarms = Alarms()
    other, later = Thing(rung, "other", 5), Thing(rung, "later", 5.01)

    def then():
        alarms.forget(other)
        alarms.watch(later, loop)

    alarms.watch(Thing(rung, "a", 5, then), loop)
    loop.pass_time(0)
    alarms.watch(other, loop)
    loop.pass_time(100)
    assert [one[0] for one in rung if one[0] != "other"] == ["a", "later"]
    assert rung[-1] == ("later", 5.01, False)


def test_a_mistake_in_one_loses_no_other(loop, rung):
    alarms = Alarms()
    told = []
    loop.set_exception_handler(lambda loop, context: told.append(context["exception"]))
    alarms.watch(Thing(rung, "a", 5, lambda: 1 / 0), loop)
    alarms.watch(Thing(rung, "b", 5), loop)
    alarms.watch(Thing(rung, "c", 9), loop)
    loop.pass_time(100)
    assert sorted(one[0] for one in rung) == ["a", "b", "c"]
    assert [type(error) for error in told] == [ZeroDivisionError]


def test_it_is_told_when_the_process_slept(loop, rung):
    Alarms().watch(Thing(rung, "a", 5), loop)
    loop._now = START_S + 5 + 2 * SLEPT_S
    loop.pass_time(0)
    assert rung == [("a", 5 + 2 * SLEPT_S, True)]
