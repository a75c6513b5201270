"""`api_key_max_concurrency`: over it the next key, then a wait in order of arrival, at most 5 s."""

import pytest

from uniapi.canonical import FailureKind
from uniapi.routing import Attempt, GiveUp, Wait

ONE = "api_key_max_concurrency: 1"


def _begins(p, **members):
    """A request that runs on: its plan, and where it stands."""
    p.asks(**members)
    return p.plan, p.at


def test_a_busy_key_leaves_the_call_to_the_next(play, yaml_of):
    """One call a key: the second goes to the second key, a third to the next channel."""
    p = play(yaml_of({"a": 2, "b": 1}, more=ONE))
    assert [_begins(p)[1] for _ in range(3)] == ["a#1", "a#2", "b#1"]


def test_who_came_first_is_served_first(play, yaml_of):
    """Two wait; the key is free: the second does not get it before the first."""
    p = play(yaml_of({"a": 1}, more=ONE))
    running, _ = _begins(p)
    (first, at_first), (second, at_second) = _begins(p), _begins(p)
    assert (at_first, at_second) == ("wait", "wait")
    p.passes(1)
    running.succeeded(p.now)
    running.finished(p.now)
    assert isinstance(second.next(None, p.now), Wait)
    assert _begins(p)[1] == "wait"
    assert isinstance(first.next(None, p.now), Attempt)
    first.succeeded(p.now)
    first.finished(p.now)
    assert isinstance(second.next(None, p.now), Attempt)


def test_nobody_waits_longer_than_five_seconds(play, yaml_of):
    """Then 429; and who gave up stands in nobody's way."""
    p = play(yaml_of({"a": 1}, more=ONE))
    running, _ = _begins(p)
    p.asks()
    waited = 0.0
    while isinstance(p.step, Wait):
        waited += p.waits()
    assert waited == pytest.approx(5.0, abs=0.11)
    p.expects(status=429, retry_after=1)
    p.ends()
    running.finished(p.now)
    assert p.served() == "a#1"


def test_a_client_that_leaves_gives_its_place_and_its_turn(play, yaml_of):
    p = play(yaml_of({"a": 1}, more=ONE))
    running, _ = _begins(p)
    waiting, _ = _begins(p)
    waiting.finished(p.now)
    running.finished(p.now)
    assert p.served() == "a#1"


def test_a_failed_attempt_frees_its_place(play, yaml_of):
    """The same request may take it again, or another."""
    p = play(yaml_of({"a": 1}, more=ONE))
    assert p.tries(lambda at: FailureKind.SERVER_ERROR) == ["a#1", "a#1", "502"]
    assert p.served() == "a#1"


def test_by_model_and_without(play, parts):
    """One model has its bound, the others none."""
    providers, client = parts
    more = "api_key_max_concurrency: {m: 1}"
    p = play(providers({"a": 1}, model="m, n", more=more) + "api_keys:\n" + client())
    assert [_begins(p, model=model)[1] for model in ("m", "n", "n", "m")] == [
        "a#1",
        "a#1",
        "a#1",
        "wait",
    ]


def test_a_deadline_ends_the_wait(play, yaml_of):
    """The client's own time is not waited away."""
    p = play(yaml_of({"a": 1}, more=ONE))
    _begins(p)
    p.asks(deadline=p.now + 0.05)
    assert isinstance(p.step, GiveUp)
