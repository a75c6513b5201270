"""What `explain` tells: order, settings, and why channels and keys are out; and that asking changes
nothing.
"""

import json

import pytest

from uniapi.routing import explain

TEXT = """
providers:
  - provider: a
    base_url: https://a.example/v1/chat/completions
    api: [sk-a1-0123456789abcdef, sk-a2-0123456789abcdef]
    model: [{up: m}]
    preferences: {api_key_rate_limit: "1/min", model_timeout: 7, keepalive_interval: 3}
  - {provider: b, engine: gemini, base_url: https://b.example/v1beta, api: sk-b-0123456789abcdef, model: [m], exclude_endpoints: /v1/messages}
  - {provider: c, base_url: https://c.example/v1/chat/completions, api: sk-c-0123456789abcdef, model: [m, near]}
  - {provider: d, base_url: https://d.example/v1/chat/completions, api: sk-d-0123456789abcdef}
api_keys:
  - api: sk-client-0123456789abcdef
    model: [a/*: 3, b/*, d/*, sk-inner-0123456789abcdef/*]
    preferences: {SCHEDULING_ALGORITHM: weighted_round_robin, rate_limit: 10/min}
  - api: sk-inner-0123456789abcdef
    model: [a/*]
  - api: sk-other-0123456789abcdef
    model: [c/near]
"""  # noqa: E501


def test_explain(play):
    p = play(TEXT)
    p.served()
    described = explain(
        p.router, p.config.client_keys[0], "m", now=p.now, now_s=p.now, path="/v1/messages"
    )
    assert json.loads(json.dumps(described)) == described
    first, second, nested = described["channels"]
    assert (first["provider"], first["upstream_model"], first["weight"], first["engine"]) == (
        "a",
        "up",
        3,
        "gpt",
    )
    assert first["timeouts"] == {"connect": 15.0, "first_token": 7.0, "idle": 7.0, "total": None}
    assert (first["keepalive_interval"], first["key_rate_limit"]) == (3.0, "1/min")
    assert [key["out"] for key in first["keys"]] == [
        "its key is at our own limit (Rate limit reached: 1/min.), back in 60 s",
        None,
    ]
    assert (
        first["key_order"] == "in turn for new conversations; one that goes on stays with its key"
    )
    assert second["out"] == "`exclude_endpoints` has /v1/messages"
    assert second["key_order"] == "in turn"
    assert nested["nested"] == p.config.client_keys[1].display
    assert [channel["provider"] for channel in nested["channels"]] == ["a"]
    assert (described["algorithm"], described["retries"], described["rate_limit"]) == (
        "weighted_round_robin",
        2,
        "10/min",
    )
    assert [out["provider"] for out in described["out"]] == ["c", "d"]
    assert "sk-a1-0123456789abcdef" not in json.dumps(described)


def test_explain_an_unknown_model(play):
    p = play(TEXT)
    described = explain(p.router, p.config.client_keys[2], "naer", now=p.now, now_s=p.now)
    assert (described["channels"], described["near"]) == ([], ["near"])


def test_explaining_takes_no_turn(play, yaml_of):
    p = play(yaml_of({"a": 2, "b": 1}, SCHEDULING_ALGORITHM="round_robin"))
    for _ in range(3):
        explain(p.router, p.config.client_keys[0], "m", now=p.now, now_s=p.now)
    assert [p.served() for _ in range(3)] == ["a#1", "b#1", "a#2"]


NESTED = """
providers:
  - {provider: a, base_url: https://a.example/v1/chat/completions, api: [sk-a1-0123456789abcdef, sk-a2-0123456789abcdef], model: [m]}
  - {provider: b, base_url: https://b.example/v1/chat/completions, api: sk-b-0123456789abcdef, model: [m]}
  - {provider: c, base_url: https://c.example/v1/chat/completions, api: sk-c-0123456789abcdef, model: [m]}
  - {provider: d, base_url: https://d.example/v1/chat/completions, api: sk-d-0123456789abcdef, model: [m], exclude_endpoints: /v1/chat/completions}
api_keys:
  - api: sk-client-0123456789abcdef
    model: [RULES]
    preferences: {SCHEDULING_ALGORITHM: POLICY, AUTO_RETRY: RETRY}
  - api: sk-inner-0123456789abcdef
    model: [b/*, c/*]
"""  # noqa: E501


def _tried(described):
    """The channels that would be tried, those of nested keys in their place."""
    for channel in described["channels"]:
        if channel["out"] is None:
            yield from _tried(channel) if "nested" in channel else [channel["provider"]]


@pytest.mark.parametrize(
    "policy",
    ["fixed_priority", "round_robin", "weighted_round_robin", "smart_round_robin", "sticky"],
)
@pytest.mark.parametrize("retry", ["true", "false", "4"])
@pytest.mark.parametrize(
    "rules",
    [
        "all",
        "c/*, a/*: 3, b/*",
        "c/*, a/*: 1, b/*: 9",
        "d/*, b/*",
        "sk-inner-0123456789abcdef/*, a/*",
        "c/*, sk-inner-0123456789abcdef/*: 2",
        "a/*",
    ],
)
def test_what_is_explained_is_what_happens(play, policy, retry, rules):
    """A first request that fails everywhere visits the channels in the order that was explained,
    and as often.
    """
    p = play(NESTED.replace("RULES", rules).replace("POLICY", policy).replace("RETRY", retry))
    described = explain(p.router, p.config.client_keys[0], "m", now=p.now, now_s=p.now)
    stops = p.tries(lambda at: 500)[:-1]
    visited = list(dict.fromkeys(stop.partition("#")[0] for stop in stops))
    assert visited == list(_tried(described))[: len(visited)]
    if not any("nested" in channel for channel in described["channels"]):
        assert len(stops) == described["attempts"]
