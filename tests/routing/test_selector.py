"""Which credential serves: strict orders, weights, success rates, and conversations that go back to
their key.
"""

from collections import Counter

import pytest


def _keys(player, count, **members):
    return [player.served(**members).rpartition("#")[2] for _ in range(count)]


def test_round_robin(play, yaml_of):
    """Strict, also for a conversation that goes on."""
    p = play(yaml_of({"a": 3}, more="api_key_schedule_algorithm: round_robin"))
    assert _keys(p, 6) == ["1", "2", "3", "1", "2", "3"]


def test_round_robin_is_strict_for_conversations(play, yaml_of, hint):
    p = play(yaml_of({"a": 3}, more="api_key_schedule_algorithm: round_robin"))
    assert _keys(p, 4, session=hint("s", continues=True, named=True)) == ["1", "2", "3", "1"]


def test_fixed_priority(play, yaml_of):
    p = play(yaml_of({"a": 3}, more="api_key_schedule_algorithm: fixed_priority"))
    assert _keys(p, 3) == ["1", "1", "1"]


def test_random_is_even(play, yaml_of):
    """Changed: per request; the predecessor shuffled once at load."""
    p = play(yaml_of({"a": 3}, more="api_key_schedule_algorithm: random"))
    counts = Counter(_keys(p, 900))
    assert all(count == pytest.approx(300, abs=60) for count in counts.values())


def test_smart_round_robin_starts_with_what_succeeds(play, yaml_of):
    """Each lap in the order of success, those without history last; every key still has its turn in
    each lap.
    """
    p = play(yaml_of({"a": 3}, more="api_key_schedule_algorithm: smart_round_robin"))
    ids = [credential.credential_id for credential in p.config.providers[0].credentials]
    for key, outcomes in ((1, [True, False]), (2, [True])):
        for is_success in outcomes:
            p.health.rates.count(("a", ids[key]), is_success, p.now)
    lap = _keys(p, 3)
    assert lap == ["3", "2", "1"]
    p.health.rates.count(("a", ids[2]), False, p.now)
    p.health.rates.count(("a", ids[1]), False, p.now)
    assert _keys(p, 3) == ["1", "3", "2"]


def test_weights(play):
    """`{key, weight}`: the ring has a key as often as it weighs."""
    text = """
providers:
  - provider: a
    base_url: https://a.example/v1/chat/completions
    api: [{key: sk-first-0123456789, weight: 2}, sk-second-0123456789]
    model: [m]
    preferences: {api_key_schedule_algorithm: %s}
api_keys:
  - api: sk-client-0123456789abcdef
"""
    assert _keys(play(text % "round_robin"), 6) == ["1", "2", "1", "1", "2", "1"]
    assert Counter(_keys(play(text % "random"), 900))["1"] == pytest.approx(600, abs=60)


def test_conversations_take_turns_and_stay(play, yaml_of, hint):
    """Nothing configured: openings in strict turn, each conversation back to its key."""
    p = play(yaml_of({"a": 3}))
    opened = [p.served(session=hint(f"s{number}")) for number in range(6)]
    assert opened == ["a#1", "a#2", "a#3", "a#1", "a#2", "a#3"]
    for _ in range(3):
        assert [
            p.served(session=hint(f"s{number}", continues=True)) for number in range(6)
        ] == opened


def test_the_same_opening_again_is_a_new_conversation(play, yaml_of, hint):
    """A burst of one prompt spreads as in strict round robin: a hash names it, not the client."""
    p = play(yaml_of({"a": 3}))
    assert _keys(p, 6, session=hint("same hash")) == ["1", "2", "3", "1", "2", "3"]


def test_a_name_the_client_gave_continues(play, yaml_of, hint):
    p = play(yaml_of({"a": 3}))
    assert _keys(p, 3, session=hint("named", named=True)) == ["1", "1", "1"]
    assert _keys(p, 2, session=hint(None)) == ["2", "3"]


def test_strict_turns_where_the_cache_is_not_the_accounts(play, yaml_of, hint):
    p = play(
        yaml_of({"a": 3}).replace(
            "base_url: https://a.example/v1/chat/completions",
            "engine: gemini\n    base_url: https://a.example/v1beta",
        )
    )
    assert _keys(p, 4, session=hint("s", continues=True, named=True)) == ["1", "2", "3", "1"]


def test_a_resting_home_is_passed_over_and_returned_to(play, yaml_of, hint):
    """While it rests the conversation stays together on one other key."""
    p = play(yaml_of({"a": 4}))
    s = hint("s", continues=True)
    assert p.served(session=hint("s")) == "a#1"
    p.asks(session=s)
    p.expects("a", key=1)
    p.fails(429, retry_after=50)
    elsewhere = p.serves()
    assert elsewhere != "a#1"
    assert {p.served(session=s) for _ in range(4)} == {elsewhere}
    p.passes(50)
    assert p.served(session=s) == "a#1"


def test_a_limited_home_is_passed_over_and_returned_to(play, yaml_of, hint):
    p = play(yaml_of({"a": 3}, more="api_key_rate_limit: 2/min"))
    s = hint("s", continues=True)
    assert p.served(session=hint("s")) == "a#1"
    assert p.served(session=s) == "a#1"
    assert p.served(session=s) != "a#1"
    p.passes(60)
    assert p.served(session=s) == "a#1"


def test_memory_gone_is_decided_by_hashing(play, yaml_of, hint):
    """After an hour, or a restart, a conversation that goes on meets the same key each time."""
    s = hint("s", continues=True)
    first = play(yaml_of({"a": 5})).served(session=s)
    p = play(yaml_of({"a": 5}))
    p.served()
    assert p.served(session=s) == first
    p.served(session=hint("other"))
    p.passes(3601)
    assert p.served(session=s) == first


def test_sessions_belong_to_a_client_key(play, parts, hint):
    providers, client = parts
    p = play(
        providers({"a": 2}) + "api_keys:\n" + client() + client(api="sk-second-0123456789abcdef")
    )
    assert p.served(session=hint("s", named=True)) == "a#1"
    assert p.served(session=hint("s", named=True), key=1) == "a#2"
    assert p.served(session=hint("s", named=True)) == "a#1"


def test_a_removed_home_is_replaced(play, yaml_of, hint):
    text = yaml_of({"a": 3})
    p = play(text)
    assert p.served(session=hint("s")) == "a#1"
    p.reload(text.replace("a-key-1-0123456789, ", ""))
    s = hint("s", continues=True)
    stays = p.served(session=s)
    assert {p.served(session=s) for _ in range(4)} == {stays}


def test_state_survives_a_reload(play, yaml_of):
    """Cursors and rests stay for what still exists."""
    text = yaml_of({"a": 3}, more="api_key_schedule_algorithm: round_robin")
    p = play(text)
    assert p.served() == "a#1"
    p.asks()
    p.fails(429, retry_after=100)
    p.expects("a", key=3)
    p.serves()
    p.reload(text + "# changed\n")
    assert _keys(p, 3) == ["1", "3", "1"]


def test_sticky_keys(play, yaml_of, hint):
    """`sticky`: a session keeps its key from the first request on; without a session it is round
    robin.
    """
    p = play(yaml_of({"a": 5}, more="api_key_schedule_algorithm: sticky"))
    homes = {name: p.served(session=hint(name)) for name in "abcdefghijklmnop"}
    assert len(set(homes.values())) > 2
    assert {name: p.served(session=hint(name)) for name in homes} == homes
    assert _keys(p, 5) == ["1", "2", "3", "4", "5"]


def test_sticky_channels(play, yaml_of, hint):
    """`SCHEDULING_ALGORITHM: sticky`: a session keeps its channel, is served elsewhere while it
    rests, and returns.
    """
    p = play(yaml_of({"a": 1, "b": 1, "c": 1}, SCHEDULING_ALGORITHM="sticky", cooldown=60))
    s = hint("s")
    home = p.served(session=s)
    assert {p.served(session=s) for _ in range(4)} == {home}
    p.asks(session=s)
    p.fails(500)
    elsewhere = p.serves()
    assert {p.served(session=s) for _ in range(4)} == {elsewhere} != {home}
    p.passes(60)
    assert p.served(session=s) == home
    assert len({p.served(session=hint(f"session {number}")) for number in range(20)}) == 3
    assert [p.served() for _ in range(3)] == ["a#1", "b#1", "c#1"]
