"""Refusals are blamed on what they name: an operation, a model for a key, a wall, the way out, the
request's own size, an item of it.
"""

import pytest

from uniapi.canonical import FailureKind

K = FailureKind


@pytest.mark.parametrize("kind", [K.NOT_SERVED, K.ITEM_MISSING, K.SIGNATURE])
def test_what_is_said_of_the_request_rests_nothing(play, yaml_of, kind):
    """The provider's other keys would say the same: the next channel is asked, and the next request
    begins where it always does.
    """
    p = play(yaml_of({"a": 3, "b": 1}))
    assert p.tries(lambda at: kind if at.startswith("a") else None) == ["a#1", "b#1"]
    assert not p.health.rests


def test_an_operation_that_nobody_serves_is_answered_after_one_call(play, yaml_of):
    """In the vendor's own words, whatever the number of keys."""
    p = play(yaml_of({"a": 3}))
    p.asks()
    p.fails(K.NOT_SERVED, message="You are not allowed to generate embeddings from this model")
    p.expects(status=400)
    assert p.step.relays_body
    assert not p.health.rests


def test_a_right_that_a_key_lacks_is_asked_of_the_next_and_rests_nothing(play, yaml_of):
    """A restricted key is good for other operations."""
    p = play(yaml_of({"a": 2}))
    assert p.tries(lambda at: K.OPERATION_REFUSED) == ["a#1", "a#2", "502"]
    assert not p.health.rests


def test_a_model_refused_for_a_key_rests_the_pair(play, parts):
    """Other keys are asked for it, and this one for other models."""
    providers, client = parts
    p = play(providers({"a": 2}, model="m, n") + "api_keys:\n" + client())
    assert p.tries(lambda at: K.MODEL_REFUSED if at == "a#1" else None) == ["a#1", "a#2"]
    assert [p.served() for _ in range(2)] == ["a#2", "a#2"]
    assert {p.served("n") for _ in range(2)} == {"a#1", "a#2"}


def test_a_wall_is_the_channels(play, yaml_of):
    """One call, then the next channel; the keys are as good as before."""
    p = play(yaml_of({"a": 3, "b": 1}))
    assert p.tries(lambda at: K.WALL if at.startswith("a") else None) == ["a#1", "b#1"]
    assert [resting.what for resting in p.health.snapshot(p.now)] == ["channel"]


def test_a_request_too_dear_for_one_key_may_not_be_for_another(play, yaml_of):
    """Nothing rests, and when it is too dear for all, the client hears the figures."""
    p = play(yaml_of({"a": 2, "b": 1}))
    assert p.tries(lambda at: K.TOO_COSTLY) == ["a#1", "a#2", "b#1", "402"]
    assert not p.health.rests


def test_a_refused_way_out_is_not_tried_with_keys_that_go_the_same_way(play):
    """Of three keys two share a proxy: the third is asked, the first pair (key, model) rests for
    seconds, not for minutes.
    """
    p = play(
        """
providers:
  - provider: a
    base_url: https://a.example/v1/chat/completions
    api:
      - {key: a-key-1-0123456789, proxy: "http://one.example:1"}
      - {key: a-key-2-0123456789, proxy: "http://one.example:1"}
      - {key: a-key-3-0123456789, proxy: "http://two.example:1"}
    model: [m]
api_keys: [{api: sk-client-0123456789abcdef}]
"""
    )
    assert p.tries(lambda at: None if at == "a#3" else K.REGION) == ["a#1", "a#3"]
    (resting,) = p.health.snapshot(p.now)
    assert (resting.what, resting.seconds_left) == ("credential", 5.0)


def test_a_refused_region_is_the_channels(play, yaml_of):
    """Where all keys go out the same way none is put to rest, and none but the first is asked."""
    p = play(yaml_of({"a": 3, "b": 1}))
    assert p.tries(lambda at: K.REGION if at.startswith("a") else None) == ["a#1", "b#1"]
    assert [resting.what for resting in p.health.snapshot(p.now)] == ["channel"]


@pytest.mark.parametrize(("hours", "kind"), [(4, K.QUOTA), (100, K.QUOTA)])
def test_a_plan_rests_until_its_end_however_far(play, yaml_of, hours, kind):
    """The moment that a provider names for its quota is not capped, and the client is told it."""
    p = play(yaml_of({"a": 2}))
    p.asks()
    p.fails(kind, retry_after=hours * 3600.0)
    p.fails(kind, retry_after=hours * 3600.0)
    p.expects(status=429, retry_after=hours * 3600)
