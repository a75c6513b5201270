"""Calls that wait to be written: in the order in which they ended, whatever the disk does."""

import pytest
from sample_calls import call

from uniapi.stats.aggregate import Aggregate
from uniapi.stats.calendar import hour_of
from uniapi.stats.ledger import Ledger
from uniapi.stats.write_queue import MAX_WAITING, Waiting
from uniapi.storage import MemoryFolder


@pytest.fixture
def queue():
    return Waiting(Ledger(MemoryFolder()))


def ids(calls):
    return [one.request_id for one in calls]


def test_what_could_not_be_written_comes_before_what_ended_meanwhile(queue):
    """The journal is in order, so that its end is what happened last."""
    queue.add(call("first"))
    queue.add(call("second"))
    assert ids(queue.take()) == ["first", "second"]
    queue.add(call("third"))
    queue.give_back()
    assert ids(queue.take()) == ["first", "second", "third"]


def test_of_too_many_the_oldest_lose_their_line(queue):
    """Also where it is only with those that are given back that there are too many."""
    for number in range(MAX_WAITING):
        queue.add(call(f"old-{number}"))
    queue.take()
    queue.add(call("new"))
    queue.give_back()
    kept = ids(queue.take())
    assert (kept[0], kept[-1], len(kept)) == ("old-1", "new", MAX_WAITING)
    assert queue.dropped == 1


def test_those_that_lose_their_line_are_counted_and_charged(queue):
    """Calls that differ, in several hours, with costs and without."""
    expected, cost_pd = {}, 0
    for number in range(MAX_WAITING + 1):
        one = call(
            str(number),
            at_s=1_700_000_000.0 + number,
            requested_model=f"m{number % 3}",
            cost_pd=number % 2 * 5 or None,
        )
        queue.add(one)
        if number < MAX_WAITING // 10:
            expected.setdefault(hour_of(one.at_s), Aggregate()).add(one)
            cost_pd += one.cost_pd or 0
    queue.take()
    spilled, charges = queue.done()
    assert spilled == expected
    assert queue.dropped == MAX_WAITING // 10
    assert sum(charges.by_key.values()) == cost_pd
