"""Which time-outs an attempt has: names, levels, rules."""

import pytest

from uniapi.config import Timeouts
from uniapi.routing import CallFacts, Catalog, keepalive_interval_s, resolve_timeouts

TEXT = """
providers:
  - provider: a
    base_url: https://a.example/v1/chat/completions
    api: sk-a-0123456789abcdef
    model: [{up-large-002: large}]
    %s
api_keys: [{api: sk-client-0123456789abcdef}]
%s
"""


def _resolved(config_of, provider="", top="", call=None, default_s=100.0, engine=""):
    config = config_of(
        TEXT
        % (f"preferences: {provider}" if provider else "", f"preferences: {top}" if top else "")
    )
    channel = next(Catalog(config).candidates(config.client_keys[0], "large").channels())
    return (
        resolve_timeouts(
            channel, config.preferences, call or CallFacts(path="/v1/messages"), default_s, engine
        ),
        channel,
        config,
    )


NAMES = [
    ("alias exact", "{model_timeout: {large: 1, larg: 2, up-large-002: 3, default: 4}}", "", 1),
    (
        "alias contains, longest first",
        "{model_timeout: {la: 1, larg: 2, up-large-002: 3, default: 4}}",
        "",
        2,
    ),
    ("upstream exact", "{model_timeout: {up-large-002: 3, up: 5, default: 4}}", "", 3),
    ("upstream contains", "{model_timeout: {up: 5, default: 4}}", "", 5),
    (
        "provider default",
        "{model_timeout: {other: 5, default: 4}}",
        "{model_timeout: {large: 9}}",
        4,
    ),
    ("a bare number is the default", "{model_timeout: 6}", "", 6),
    ("global", "{model_timeout: {other: 5}}", "{model_timeout: {large: 9, default: 8}}", 9),
    ("global default", "", "{model_timeout: 8}", 8),
    ("TIMEOUT", "", "", 100),
]


@pytest.mark.parametrize(
    "provider, top, expected", [row[1:] for row in NAMES], ids=[row[0] for row in NAMES]
)
def test_names(config_of, provider, top, expected):
    """The time to the first token and between tokens."""
    timeouts, _, _ = _resolved(config_of, provider, top)
    assert (timeouts.first_token_s, timeouts.idle_s) == (expected, expected)
    assert (timeouts.connect_s, timeouts.total_s) == (15, None)


def test_policy_layers(config_of):
    """Global default, provider default, best global rule, best provider rule: later ones win,
    member by member.
    """
    timeouts, _, _ = _resolved(
        config_of,
        provider=(
            "{timeout_policy: {default: {idle: 2, total: 20}, rules: [{match: {stream: true}, "
            "timeout: {total: 50}}]}}"
        ),
        top="{timeout_policy: {default: {connect: 1, idle: 1, total: 10}, rules: [{match: "
        "{provider: a}, timeout: {first_byte: 3, total: 30}},"
        " {match: {provider: a, endpoint: /v1/mess*}, timeout: {first_byte: 4}}]}}",
        call=CallFacts(path="/v1/messages", stream=True),
    )
    assert timeouts == Timeouts(connect_s=1, first_token_s=4, idle_s=2, total_s=50)


@pytest.mark.parametrize(
    "match, fits",
    [
        ("{provider: A}", True),
        ("{provider: b}", False),
        ("{model: large}", True),
        ("{model: up-large-002}", True),
        ("{upstream_model: large}", False),
        ("{request_model: [x, lar*]}", True),
        ("{stream: false}", True),
        ("{stream: true}", False),
        ("{method: POST, endpoint: '*'}", True),
        ("{engine: gpt}", True),
        ("{role: team*}", True),
        ("{request_type: compaction}", False),
    ],
)
def test_rule_members(config_of, match, fits):
    call = CallFacts(path="/v1/messages", requested_model="large", role="Team A")
    timeouts, _, _ = _resolved(
        config_of,
        top=f"{{timeout_policy: {{rules: [{{match: {match}, timeout: {{total: 7}}}}]}}}}",
        call=call,
        engine="gpt",
    )
    assert timeouts.total_s == (7 if fits else None)


@pytest.mark.parametrize(
    "provider, top, expected",
    [
        ("", "", None),
        ("{keepalive_interval: 20}", "{keepalive_interval: 10}", 20),
        ("", "{keepalive_interval: {large: 10}}", 10),
        ("{keepalive_interval: 200}", "", None),
    ],
)
def test_keepalive_interval(config_of, provider, top, expected):
    """Provider before global; one that would come after the time-out is none."""
    timeouts, channel, config = _resolved(config_of, provider, top)
    assert keepalive_interval_s(channel, config.preferences, timeouts.first_token_s) == expected
