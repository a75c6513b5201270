"""Rests, half-open returns, back-offs and success rates."""

import pytest

from uniapi.routing import Health, Rest, Rested
from uniapi.routing.health import MAX_RESTS

CHANNEL = Rested("p", None, "m")
KEY = Rested("p", "k", None)
BACK_OFF = Rest(reason="rate", first_s=30.0, cap_s=600.0)
FIVE = Rest(reason="failure", seconds=5.0)


def test_rest_then_half_open_then_sound():
    health = Health()
    assert health.free_at(CHANNEL, 0.0) == 0.0
    assert health.rest(CHANNEL, FIVE, "broken pipe", 0.0) == 5.0
    assert health.free_at(CHANNEL, 4.9) == 5.0
    assert health.free_at(CHANNEL, 5.0) == 5.0
    assert health.begin([CHANNEL], "me", 5.0)
    assert health.free_at(CHANNEL, 6.0, "me") == 6.0
    assert health.free_at(CHANNEL, 6.0, "another") == 125.0
    health.succeeded([CHANNEL], 7.0)
    assert health.free_at(CHANNEL, 7.0, "another") == 7.0
    assert not health.rests


def test_states_for_the_admin_surface():
    health = Health()
    health.rest(CHANNEL, FIVE, "broken pipe", 0.0)
    health.rest(KEY, BACK_OFF, "slow down", 0.0)
    assert [
        (r.what, r.state, r.seconds_left, r.reason, r.message) for r in health.snapshot(1.0)
    ] == [
        ("channel", "resting", 4.0, "failure", "broken pipe"),
        ("credential", "resting", 29.0, "rate", "slow down"),
    ]
    assert [r.state for r in health.snapshot(5.0)] == ["half_open", "resting"]
    health.begin([CHANNEL], "me", 5.0)
    assert [r.state for r in health.snapshot(5.0)] == ["trial", "resting"]
    assert [r.state for r in health.snapshot(500.0)] == ["half_open", "half_open"]


def test_failed_trials_double_a_back_off():
    health, now = Health(), 0.0
    for expected in (30, 60, 120, 240, 480, 600, 600):
        health.begin([KEY], "me", now)
        assert health.rest(KEY, BACK_OFF, "", now) - now == expected
        now += expected


def test_failures_of_calls_under_way_do_not_double():
    """Ten calls with the same key come back refused at once: one step."""
    health = Health()
    for step in range(10):
        health.rest(KEY, BACK_OFF, "", step / 10)
    assert health.free_at(KEY, 1.0) == pytest.approx(30.9)
    health.begin([KEY], "me", 40.0)
    assert health.rest(KEY, BACK_OFF, "", 40.0) == 100.0


def test_explicit_delays_do_not_count_as_steps():
    health = Health()
    for step in range(5):
        health.rest(KEY, Rest(reason="rate", seconds=1.0), "", step * 2.0)
    assert health.rest(KEY, BACK_OFF, "", 20.0) == 50.0


def test_a_shorter_rest_does_not_cut_a_longer_one():
    health = Health()
    health.rest(KEY, Rest(reason="quota", seconds=100.0), "", 0.0)
    assert health.rest(KEY, Rest(reason="rate", seconds=5.0), "", 1.0) == 100.0


def test_success_of_a_call_under_way_does_not_wake_what_was_put_to_rest():
    health = Health()
    health.rest(KEY, FIVE, "", 0.0)
    health.succeeded([KEY], 1.0)
    assert health.free_at(KEY, 1.0) == 5.0


def test_release_lets_the_next_one_try():
    health = Health()
    health.rest(KEY, FIVE, "", 0.0)
    health.begin([KEY], "me", 5.0)
    health.release([KEY], "another")
    assert health.free_at(KEY, 6.0, "another") == 125.0
    health.release([KEY], "me")
    assert health.free_at(KEY, 6.0, "another") == 6.0


def test_back_off_starts_anew_after_a_day():
    health = Health()
    health.rest(KEY, BACK_OFF, "", 0.0)
    assert health.rest(KEY, BACK_OFF, "", 100_000.0) == 100_030.0


def test_bounded():
    health = Health()
    for number in range(MAX_RESTS + 5):
        health.rest(Rested("p", str(number), None), FIVE, "", number / 1000)
    assert len(health.snapshot(0.0)) <= MAX_RESTS


def test_keep_forgets_what_no_longer_exists(config_of, yaml_of):
    config = config_of(yaml_of({"a": 1}))
    known = config.providers[0].credentials[0].credential_id
    health = Health()
    things = [
        Rested("a", None, "m"),
        Rested("a", known, None),
        Rested("a", "old", "m"),
        Rested("b", None, "m"),
    ]
    for thing in things:
        health.rest(thing, FIVE, "", 0.0)
    health.rates.count(("a", known), True, 0.0)
    health.rates.count(("b", known), True, 0.0)
    health.keep(config)
    assert {(r.provider_id, r.credential_id) for r in health.snapshot(0.0)} == {
        ("a", None),
        ("a", known),
    }
    assert health.success_rate("b", known, 0.0) == (-1.0, 0.0)
    assert health.success_rate("a", known, 0.0) == (1.0, 1.0)


def test_success_rate_fades():
    """Half the weight after six hours: an old failure counts less than a new success."""
    health = Health()
    health.rates.count(("p", "k"), False, 0.0)
    health.rates.count(("p", "k"), True, 6 * 3600.0)
    assert health.success_rate("p", "k", 6 * 3600.0) == (pytest.approx(2 / 3), pytest.approx(1.5))


@pytest.mark.parametrize(
    "old, new, rests",
    [
        ("https://a.example/v1", "https://a.example/v1", ["channel", "credential"]),
        ("[all]", "[a/*]", ["channel", "credential"]),
        ("https://a.example/v1", "https://right.example/v1", []),
        ("m]", "m, n]", []),
        ("model: [m]", "model: [m]\n    engine: openrouter", []),
        ("model: [m]", "model: [m]\n    preferences: {proxy: 'socks5://127.0.0.1:9'}", []),
        ("model: [m]", "model: [m]\n    preferences: {headers: {x-team: other}}", []),
        ("api_keys:", "preferences: {proxy: 'socks5://127.0.0.1:9'}\napi_keys:", []),
        (
            "a-key-1-0123456789]",
            "{key: a-key-1-0123456789, proxy: 'socks5://127.0.0.1:9'}]",
            [],
        ),
    ],
)
def test_an_edited_provider_starts_anew(config_of, yaml_of, old, new, rests):
    """Whoever corrects an address, a key or a proxy need not wait until what failed before has
    rested; what is said of others changes nothing.
    """
    text = yaml_of({"a": 1})
    assert old in text
    before, after = config_of(text), config_of(text.replace(old, new))
    health = Health()
    health.rest(Rested("a", None, "m"), FIVE, "", 0.0)
    health.rest(Rested("a", before.providers[0].credentials[0].credential_id, None), FIVE, "", 0.0)
    health.keep(after, before)
    assert [resting.what for resting in health.snapshot(0.0)] == rests
