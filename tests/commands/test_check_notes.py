"""What has changed since the older uni-api is told to those whom it concerns."""

import json

from uniapi.commands.check_notes import notes
from uniapi.config import parse_config
from uniapi.engines import engine_names

KEYS = ["sk-proj-aaaaaaaaaaaaaaaaaaaa", "sk-proj-bbbbbbbbbbbbbbbbbbbb"]


def noted(provider, client_key):
    value = {
        "providers": [{"provider": "a", "model": ["m"], **provider}],
        "api_keys": [{"api": "sk-client-0123456789abcdef", "role": "laptop", **client_key}],
    }
    config, _ = parse_config(json.dumps(value), source="x", engines=engine_names(), environment={})
    return [one.message for one in notes(config)]


OPENAI = {"base_url": "https://api.openai.com/v1", "api": KEYS}


def test_keys_that_go_by_conversation_are_told():
    """Where caches belong to the account, there are several keys, and nothing is written."""
    assert noted(OPENAI, {}) == [
        "the keys of `a` go by conversation, so that prompt caches stay warm;"
        " `api_key_schedule_algorithm: round_robin` is one request each, as it was"
    ]
    assert noted({**OPENAI, "api": KEYS[:1]}, {}) == []
    assert noted({**OPENAI, "base_url": "https://api.groq.com/openai/v1"}, {}) == []
    written = {"preferences": {"api_key_schedule_algorithm": "round_robin"}}
    assert noted({**OPENAI, **written}, {}) == []


def test_one_upstream_call_is_told():
    one = {**OPENAI, "api": KEYS[0]}
    (said,) = noted(one, {"preferences": {"AUTO_RETRY": False}})
    assert "`AUTO_RETRY: false` of `laptop` means one upstream call" in said
