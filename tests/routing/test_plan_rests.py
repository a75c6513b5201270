"""Rests fit: a guess never leaves a request unserved, what was named holds, and dead keys eat no
calls.
"""

import pytest

from uniapi.canonical import FailureKind

K = FailureKind


def _rests(p):
    """What rests: the credential's model (None: all) and the seconds left."""
    return [(one.upstream_model, one.seconds_left) for one in p.health.snapshot(p.now)]


@pytest.mark.parametrize("keys", [1, 2, 3])
@pytest.mark.parametrize("status", [401, 403, 402, 429])
def test_what_failed_once_serves_when_nothing_else_can(play, yaml_of, keys, status):
    """Every key that serves was refused by mistake a moment ago; the next request is served all the
    same. Two keys are not worse than one.
    """
    p = play(yaml_of({"a": keys}))
    assert {p.served() for _ in range(keys)} == {f"a#{key + 1}" for key in range(keys)}
    assert p.tries(lambda at: status)[-1] in ("502", "429")
    assert p.served().startswith("a#")


@pytest.mark.parametrize("status", [401, 403, 402])
def test_a_lone_key_that_never_served_is_asked_once_a_minute(play, yaml_of, status):
    """Also after its first refusal: nothing says that it was a mistake."""
    p = play(yaml_of({"a": 1}))
    assert p.tries(lambda at: status)[0] == "a#1"
    p.passes(1)
    p.asks()
    p.expects(status=429 if status == 402 else 503, retry_after=59)
    p.passes(59)
    assert p.served() == "a#1"


def test_another_models_share_says_little_of_a_lone_key(play, parts):
    """Two models out of quota mean the account, but the third was never asked."""
    providers, client = parts
    p = play(providers({"a": 1}, model="m, n, o") + "api_keys:\n" + client())
    for model in ("m", "n"):
        p.asks(model)
        p.fails(K.QUOTA, retry_after=5000.0)
        p.ends()
    assert (None, 5000.0) in _rests(p)
    assert p.served("o") == "a#1"


def test_a_key_that_is_refused_again_is_looked_at_once_a_minute(play, yaml_of):
    """Until then the client hears when to come."""
    p = play(yaml_of({"a": 1}))
    assert p.served() == "a#1"
    assert p.tries(lambda at: 401) == ["a#1", "502"]
    assert p.tries(lambda at: 401) == ["a#1", "502"]
    p.asks()
    p.expects(status=503, retry_after=60)
    p.passes(60)
    assert p.tries(lambda at: 401) == ["a#1", "502"]
    p.passes(59)
    assert p.tries(lambda at: 401) == ["503"]


def test_a_resting_key_is_no_resort_while_another_channel_serves(play, yaml_of):
    """A provider's only key rests like any."""
    p = play(yaml_of({"a": 1, "b": 1}))
    assert p.served() == "a#1"
    assert p.tries(lambda at: 401 if at == "a#1" else None) == ["a#1", "b#1"]
    assert [p.served() for _ in range(3)] == ["b#1"] * 3
    assert p.tries(lambda at: 500 if at == "b#1" else None) == ["b#1", "b#1", "a#1"]


@pytest.mark.parametrize(("keys", "stops"), [(2, ["429"]), (1, ["a#1", "429"])])
def test_a_time_that_the_provider_named_holds(play, yaml_of, keys, stops):
    """But for a provider's only key, which is asked after a minute of it."""
    p = play(yaml_of({"a": keys}))
    p.asks()
    for _ in range(keys):
        p.fails(K.QUOTA, retry_after=4 * 3600.0)
    p.expects(status=429, retry_after=4 * 3600)
    p.ends()
    p.passes(59)
    assert p.tries(lambda at: K.QUOTA) == ["429"]
    p.passes(1)
    assert p.tries(lambda at: K.QUOTA) == stops


def test_dead_keys_that_are_back_from_their_rest_eat_one_call(play, yaml_of):
    """Nine of ten are dead and all rests are over at once: the request tries one out, then goes to
    the sound one.
    """
    p = play(yaml_of({"a": 10}))
    assert len(p.tries(lambda at: None if at == "a#10" else 401)) == 10
    p.passes(600)
    for _ in range(9):
        stops = p.tries(lambda at: None if at == "a#10" else 401)
        assert len(stops) <= 2
        assert stops[-1] == "a#10"


def test_one_credential_is_tried_out_for_a_request_and_no_second(play, yaml_of):
    """When all are doubtful the request ends after one."""
    p = play(yaml_of({"a": 4}))
    p.tries(lambda at: 401)
    p.passes(601)
    assert p.tries(lambda at: 401) == ["a#1", "502"]


def test_what_is_back_is_sound_when_it_serves(play, yaml_of):
    """A key whose rest is over has its turn again as before."""
    p = play(yaml_of({"a": 2}))
    assert p.tries(lambda at: 401 if at == "a#1" else None) == ["a#1", "a#2"]
    p.passes(600)
    assert {p.served() for _ in range(2)} == {"a#1", "a#2"}
    assert not p.health.rests


def test_several_models_out_of_quota_rest_the_account(play, parts):
    """One is the model's own share; two are the account's."""
    providers, client = parts
    p = play(providers({"a": 2}, model="m, n, o") + "api_keys:\n" + client())
    for model in ("m", "n"):
        p.asks(model)
        while p.at == "a#1":
            p.fails(K.QUOTA, retry_after=5000.0)
        p.serves()
    if not any(model is None for model, _ in _rests(p)):
        p.asks("n")
        assert p.at == "a#1"
        p.fails(K.QUOTA, retry_after=5000.0)
        p.serves()
    assert (None, 5000.0) in _rests(p)
    assert [p.served("o") for _ in range(2)] == ["a#2", "a#2"]


def test_a_channel_is_back_soon_and_rests_longer_when_it_fails_again(play, yaml_of):
    """5 s, 10, 20 … 300 where no `cooldown_period` is written; a success begins anew."""
    p = play(yaml_of({"a": 1, "b": 1}, SCHEDULING_ALGORITHM="fixed_priority"))
    rested = []
    for _ in range(8):
        assert p.tries(lambda at: 503 if at == "a#1" else None) == ["a#1", "b#1"]
        rested.append(_rests(p)[0][1])
        p.passes(rested[-1])
    assert rested == [5.0, 10.0, 20.0, 40.0, 80.0, 160.0, 300.0, 300.0]
    assert p.served() == "a#1"
    p.tries(lambda at: 503 if at == "a#1" else None)
    assert _rests(p) == [("m", 5.0)]


def test_what_rests_by_a_guess_is_tried_before_a_request_is_lost(play, yaml_of):
    """Everybody rests for a moment: the channel that is back first serves."""
    p = play(yaml_of({"a": 1, "b": 1, "c": 1}))
    p.tries(lambda at: None if at == "c#1" else 500)
    assert p.tries(lambda at: None if at == "a#1" else 500)[-1] == "a#1"


def test_a_provider_or_a_key_is_woken(play, yaml_of):
    """All of them, one provider, one key."""
    p = play(yaml_of({"a": 2, "b": 2}))
    for name in ("a", "b"):
        for number in (1, 2):
            p.tries(lambda at, bad=f"{name}#{number}": 401 if at == bad else None)
    ids = {one.provider_id: one for one in p.config.providers}
    before = len(_rests(p))
    assert p.health.clear({"a"}, ids["a"].credentials[0].credential_id) == 1
    assert len(_rests(p)) == before - 1
    p.health.clear({"a", "b"})
    assert not p.health.rests


@pytest.mark.parametrize("status", [500, 429, 401, "timeout"])
@pytest.mark.parametrize("sound", "abcdefghij")
def test_of_ten_channels_the_sound_one_is_asked_whatever_rests(play, yaml_of, sound, status):
    """Repeats of one and further keys of one take no call that another needs. Each has failed in
    its way a while ago; eight of them still rest.
    """
    failed = K.TIMEOUT if status == "timeout" else status
    p = play(yaml_of(dict.fromkeys("abcdefghij", 1)))
    for one in p.config.providers:
        name = (one.provider_id, one.credentials[0].credential_id)
        p.health.rates.count(name, True, p.now)
    p.tries(lambda at: failed)
    p.passes(2)
    stops = p.tries(lambda at: None if at.startswith(sound) else 500)
    assert stops[-1].startswith(f"{sound}#"), stops
    assert len(stops) <= 10


def test_a_repeat_takes_no_call_that_a_channel_not_asked_needs(play, yaml_of):
    """Two of ten are usable and fail; eight rest, and one of them is well again."""
    p = play(yaml_of(dict.fromkeys("abcdefghij", 1)))
    p.tries(lambda at: 500)
    p.passes(3)
    for name in "ab":
        p.health.clear([name])
    stops = p.tries(lambda at: None if at == "c#1" else 500)
    assert stops[:2] == ["a#1", "b#1"]
    assert stops[-1] == "c#1"
    assert len(set(stops)) == len(stops)


def test_what_somebody_else_tries_out_is_waited_for_when_all_else_failed(play, yaml_of):
    """It serves as soon as it has proved itself; a trial that goes on for two seconds is not waited
    for any longer.
    """
    for is_sound in (True, False):
        p = play(yaml_of({"a": 1, "b": 1}))
        assert p.tries(lambda at: 500 if at == "a#1" else None) == ["a#1", "b#1"]
        p.passes(6)
        p.asks()
        p.expects("a")
        assert p.step.is_trial
        trying = p.plan
        p.asks()
        p.expects("b")
        p.fails(500)
        p.fails(500)
        waited = p.waits()
        if is_sound:
            trying.succeeded(p.now)
            trying.finished(p.now)
            p.waits()
            p.expects("a")
            continue
        while p.at == "wait":
            waited += p.waits()
        assert 1.9 < waited < 2.2
        p.expects(status=500)
