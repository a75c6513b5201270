"""What an entry excludes."""

import pytest

from uniapi.routing import Catalog
from uniapi.routing.eligibility import ruled_out

TEXT = """
providers:
  - provider: a
    base_url: https://a.example/v1/chat/completions
    api: sk-a-0123456789abcdef
    model: [{up: m}]
    %s
api_keys: [{api: sk-client-0123456789abcdef}]
"""


@pytest.mark.parametrize(
    "entry, members, status",
    [
        ("exclude_endpoints: [/v1/responses, /v1/messages]", {"path": "/v1/messages"}, 400),
        ("exclude_endpoints: /v1/responses", {}, None),
        ("exclude_request_types: compaction", {"request_type": "compaction"}, 400),
        ("exclude_request_types: compaction", {}, None),
        ("only_request_types: compaction", {}, 400),
        ("only_request_types: compaction", {"request_type": "compaction"}, None),
        ("max_request_body_bytes: 10", {"body_bytes": 11}, 413),
        ("max_request_body_bytes: 10", {"body_bytes": 10}, None),
        (
            (
                "exclude_request_rules: [{match: "
                "{reasoning_effort: [high, xhigh], upstream_model: u*}}]"
            ),
            {"reasoning_effort": "high"},
            400,
        ),
        (
            "exclude_request_rules: [{match: {reasoning_effort: high, upstream_model: other}}]",
            {"reasoning_effort": "high"},
            None,
        ),
        ("exclude_request_rules: [{match: {reasoning_effort: high}}]", {}, None),
        ("notes: nothing", {"rules_out": lambda channel: None}, None),
        ("notes: nothing", {"rules_out": lambda channel: f"no {channel.upstream_model} here"}, 400),
    ],
)
def test_reasons(play, entry, members, status):
    p = play(TEXT % entry)
    channel = next(Catalog(p.config).candidates(p.config.client_keys[0], "m").channels())
    found = ruled_out(channel, p.asked(**members))
    assert (None if found is None else found.status) == status


def test_the_reason_of_a_rule_is_told(play):
    p = play(TEXT % "exclude_request_rules: [{match: {endpoint: /v1/*}, reason: not for this one}]")
    p.asks()
    p.expects(status=400)
    assert "not for this one" in p.step.error.message
