"""What `/metrics` counts as resting: keys and channels, each once."""

import json

from uniapi.config import parse_config
from uniapi.engines import engine_names
from uniapi.routing import Resting
from uniapi.server import ConfigStatus, LiveCalls, Present

VALUE = {
    "providers": [
        {"provider": "a", "base_url": "https://a.example/v1", "api": "k1", "model": ["m"]}
    ],
    "api_keys": [{"api": "sk-client-0123456789abcdef"}],
}


def resting(what, model, credential=None, state="resting"):
    return Resting(
        what=what,
        provider_id="a",
        upstream_model=model,
        credential_id=credential,
        reason="rate",
        message="",
        seconds_left=9.0,
        state=state,
    )


def test_a_key_that_rests_for_three_models_is_one_key():
    config, _ = parse_config(json.dumps(VALUE), source="x", engines=engine_names(), environment={})
    present = Present(
        started_at_s=0.0,
        live=LiveCalls(),
        config_status=ConfigStatus(source="x", loaded_at_s=0.0),
        resting=(
            *(resting("credential", model, "c1") for model in ("m", "n", "o")),
            resting("credential", None, "c2"),
            resting("credential", "m", "c3", state="half_open"),
            resting("channel", "m"),
            resting("channel", "n"),
        ),
    )
    figures = present.live_figures("1", config, None)
    assert figures.resting == {("a", "key"): 2, ("a", "channel"): 2}
