"""Names that a wildcard stands for, a client key's own names, models that stand in for others."""

import pytest

from uniapi.canonical import FailureKind
from uniapi.routing import Catalog

TEXT = """
providers:
  - {provider: a, base_url: https://a.example/v1, api: sk-a-0123456789abcdef, model: [%s]}
  - {provider: b, base_url: https://b.example/v1, api: sk-b-0123456789abcdef, model: [%s]}
api_keys:
  - {api: sk-client-0123456789abcdef, model: [%s], preferences: {%s}}
  - {api: sk-inner-0123456789abcdef}
"""
EXACT = "claude-haiku-5-5"


def places(config_of, asked, *, a="deepseek-chat: 'claude-haiku-*'", b="m", rules="all", more=""):
    config = config_of(TEXT % (a, b, rules, more))
    found = Catalog(config).candidates(config.client_keys[0], asked)
    return [str(channel) for channel in found.channels()]


def listed(config_of, *, a="deepseek-chat: 'claude-haiku-*'", b="m", rules="all", more=""):
    config = config_of(TEXT % (a, b, rules, more))
    return Catalog(config).models(config.client_keys[0])


def test_next_months_name_finds_its_way(config_of):
    """And with a suffix in brackets."""
    assert places(config_of, "claude-haiku-9") == ["a/deepseek-chat"]
    assert places(config_of, "claude-haiku-9[1m]") == ["a/deepseek-chat"]
    assert places(config_of, "claude-opus-9") == []


def test_exact_names_first_then_the_longest_literal_then_the_star(config_of):
    assert places(config_of, EXACT, b=EXACT) == [f"b/{EXACT}"]
    assert places(config_of, EXACT, b="x: 'claude-*'") == ["a/deepseek-chat"]
    assert places(config_of, "claude-opus-5", b="x: 'claude-*'") == ["b/x"]
    assert places(config_of, EXACT, b="x: '*'", rules="all, '*'") == ["a/deepseek-chat"]
    assert places(config_of, EXACT, b="x: 'claude-haiku-*'") == ["a/deepseek-chat", "b/x"]


@pytest.mark.parametrize(
    "rules, asked, found",
    [
        ("all", "anything", []),
        ("m", "anything", []),
        ("'*'", "anything", ["b/x"]),
        ("b/*", "anything", ["b/x"]),
        ("a/*", "claude-haiku-5", ["a/deepseek-chat"]),
        ("b/*", "claude-haiku-5", ["b/x"]),
        ("claude-haiku-5", "claude-haiku-5", ["a/deepseek-chat"]),
        ("claude-haiku-5", "claude-haiku-6", []),
        ("'claude-haiku-*'", "claude-haiku-6", ["a/deepseek-chat"]),
        ("sk-inner-0123456789abcdef/*", "claude-haiku-6", ["a/deepseek-chat"]),
    ],
)
def test_rules_and_wildcards(config_of, rules, asked, found):
    """A bare `*` needs a rule of its own; a rule's own name bounds what it reaches."""
    assert places(config_of, asked, b="x: '*'", rules=rules) == found


def test_a_wildcard_is_listed_only_under_a_concrete_name(config_of):
    assert listed(config_of) == ("m",)
    assert listed(config_of, rules="claude-haiku-5, m") == ("claude-haiku-5", "m")
    assert places(config_of, "claude-*", rules="all") == []


def test_a_client_keys_own_names(config_of):
    """They go before a model of the name; `*` in them as in a model's; names are listed."""
    more = "aliases: {gpt-4: m, 'gpt-*': claude-haiku-1}"
    assert places(config_of, "gpt-4", more=more, b="m, gpt-4") == ["b/m"]
    assert places(config_of, "gpt-7", more=more) == ["a/deepseek-chat"]
    assert listed(config_of, more=more) == ("m", "gpt-4")
    assert listed(config_of, more="aliases: {lost: nowhere}") == ("m",)


FALLBACK = TEXT % ("m", "n, o", "all", "fallback: {m: [n], n: [o]}")


def test_what_is_spent_goes_on_with_the_next_model(play):
    """Nested: m, then n, then o; each under its own name, numbers go on."""
    player = play(FALLBACK)
    player.asks("m")
    player.expects("a", key=1)
    player.fails(500)
    while player.at == "a#1":
        player.fails(500)
    assert (player.at, player.step.channel.upstream_model) == ("b#1", "n")
    assert player.step.number == len(player.plan.failed) + 1
    player.fails(404)
    assert player.step.channel.upstream_model == "o"
    assert player.step.channel.alias == "o"
    player.serves()
    assert [one.attempt.channel.upstream_model for one in player.plan.failed][-1] == "n"


def test_a_prompt_that_is_too_long_goes_to_the_next_model(play):
    player = play(FALLBACK)
    player.asks("m")
    player.fails(413)
    assert player.step.channel.upstream_model == "n"


@pytest.mark.parametrize("kind", [FailureKind.BAD_REQUEST, FailureKind.ITEM_MISSING])
def test_the_clients_own_mistake_goes_nowhere(play, kind):
    player = play(FALLBACK)
    player.asks("m")
    player.fails(kind)
    assert player.at in ("400", "404")
    assert len(player.plan.failed) == 1


def test_the_last_failure_is_the_answer_when_all_are_spent(play):
    player = play(FALLBACK)
    player.asks("m")
    for _ in range(30):
        if player.at.isdigit():
            break
        if player.at == "wait":
            player.waits()
        else:
            player.fails(404)
    assert player.at == "404"
    assert {one.attempt.channel.upstream_model for one in player.plan.failed} == {"m", "n", "o"}


def test_a_model_that_nobody_has_is_stood_in_for(play):
    """Its list may not be there yet, or it may be gone."""
    player = play(FALLBACK.replace("fallback: {m:", "fallback: {gone:"))
    player.asks("gone")
    assert player.step.channel.upstream_model == "n"


def test_a_single_call_stays_single(play):
    """`AUTO_RETRY: false`: one upstream call, whatever stands in."""
    player = play(FALLBACK.replace("fallback:", "AUTO_RETRY: false, fallback:"))
    player.asks("m")
    player.fails(500)
    assert player.at.isdigit()


def test_the_clients_limit_for_a_stand_in_counts(play):
    """One call of n a minute: the second request goes on with o."""
    player = play(FALLBACK.replace("fallback:", "rate_limit: {n: 1/min}, fallback:"))
    for model in ("n", "o"):
        player.asks("m")
        player.fails(404)
        assert player.step.channel.upstream_model == model
        player.serves()
        player.now += 1
