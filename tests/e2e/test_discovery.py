"""Providers that name no models: their lists are asked for with a key that works."""

import pytest
from fakes import config, provider, whole

pytestmark = pytest.mark.slow
"""A process for nearly every test: `.ci/run` runs them."""

REFUSED = whole({"error": {"message": "Incorrect API key provided", "type": "invalid_request_error", "code": "invalid_api_key"}}, status=401)
MODELS = whole({"object": "list", "data": [{"id": "found", "object": "model"}]})


async def test_a_refused_first_key_does_not_hide_the_models(upstream, gateway, client):
    """The next key is asked for the list."""
    upstream.tell("a", REFUSED, MODELS)
    entry = provider(upstream, "a", api=["sk-up-dead-key", "sk-up-good-key"])
    del entry["model"]
    await gateway.start(config([entry]))
    async with client.get(gateway.url + "/v1/models") as response:
        assert [model["id"] for model in (await response.json())["data"]] == ["found"]
    assert [seen.headers["authorization"] for seen in upstream.seen["a"]] == ["Bearer sk-up-dead-key", "Bearer sk-up-good-key"]
