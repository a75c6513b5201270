"""One request's calls are shared by all the models that stand in for each other."""

from collections import Counter

import pytest

from uniapi.routing.plan import MAX_CALLS

KEYS = ", ".join(f"sk-{number:02}-0123456789abcdef" for number in range(12))


def text(models, fallback, rules="all"):
    """A provider with twelve keys for each model."""
    providers = "".join(
        f"  - {{provider: p{model}, base_url: https://{model}.example/v1, api: [{KEYS}],"
        f" model: [{model}]}}\n"
        for model in models
    )
    return (
        f"providers:\n{providers}api_keys:\n  - api: sk-client-0123456789abcdef\n"
        f"    model: [{rules}]\n    preferences: {{AUTO_RETRY: 20, fallback: {fallback}}}\n"
    )


def calls_by_model(player, kind=401, **tried):
    """Everything fails in one way until the plan gives up."""
    player.asks("m")
    calls = Counter()
    while not player.at.isdigit():
        if player.at == "wait":
            player.waits()
            continue
        calls[player.step.channel.upstream_model] += tried.get("calls", 1)
        player.fails(kind, **tried)
        assert sum(calls.values()) < 200
    return calls


@pytest.mark.parametrize(
    ("models", "fallback", "expected"),
    [
        ("m", "{}", {"m": 10}),
        ("mn", "{m: [n]}", {"m": 9, "n": 1}),
        ("mno", "{m: [n], n: [o]}", {"m": 8, "n": 1, "o": 1}),
        ("mabcdefgh", "{m: [a, b, c, d, e, f, g, h]}", {"m": 5, "a": 3, "b": 1, "c": 1}),
    ],
)
def test_ten_calls_in_all(play, models, fallback, expected):
    """Where every key is dead; what stands in has a call left."""
    calls = calls_by_model(play(text(models, fallback)))
    assert sum(calls.values()) <= MAX_CALLS
    assert calls == expected


def test_what_is_not_used_is_left_to_the_next(play):
    """A model that is not there after one call leaves nine to the others."""
    player = play(text("mno", "{m: [n, o]}"))
    player.asks("m")
    player.fails(404)
    assert player.step.channel.upstream_model == "n"
    seen = Counter()
    while not player.at.isdigit():
        seen[player.step.channel.upstream_model] += 1
        player.fails(401)
    assert seen == {"n": 8, "o": 1}


def test_a_stand_in_that_the_key_has_not_keeps_no_call(play):
    """Names that nobody serves, and models that no rule of the key reaches."""
    fallback = "{m: [nobody, n, nothing]}"
    assert calls_by_model(play(text("mn", fallback, rules="m"))) == {"m": 10}
