"""Providers that name no models: their lists are asked for with a key that works."""

import pytest
from fakes import chat_whole, config, provider, whole

pytestmark = pytest.mark.slow
"""A process for nearly every test: `.ci/run` runs them."""

REFUSED = whole(
    {
        "error": {
            "message": "Incorrect API key provided",
            "type": "invalid_request_error",
            "code": "invalid_api_key",
        }
    },
    status=401,
)
MODELS = whole({"object": "list", "data": [{"id": "found", "object": "model"}]})


async def test_a_list_that_cannot_be_had_is_named(upstream, gateway, client):
    """The model may well be there: a 404 says whose list is missing."""
    upstream.tell("a", REFUSED)
    upstream.tell("b", MODELS)
    entries = [provider(upstream, name) for name in ("a", "b")]
    for entry in entries:
        del entry["model"]
    await gateway.start(config(entries))
    body = {"model": "other", "messages": [{"role": "user", "content": "hi"}]}
    async with client.post(gateway.url + "/v1/chat/completions", json=body) as response:
        message = (await response.json())["error"]["message"]
    assert response.status == 404
    assert message.endswith("What a serves is not known: no model list could be had so far.")


async def test_a_refused_first_key_does_not_hide_the_models(upstream, gateway, client):
    """The next key is asked for the list."""
    upstream.tell("a", REFUSED, MODELS)
    entry = provider(upstream, "a", api=["sk-up-dead-key", "sk-up-good-key"])
    del entry["model"]
    await gateway.start(config([entry]))
    async with client.get(gateway.url + "/v1/models") as response:
        assert [model["id"] for model in (await response.json())["data"]] == ["found"]
    assert [seen.headers["authorization"] for seen in upstream.seen["a"]] == [
        "Bearer sk-up-dead-key",
        "Bearer sk-up-good-key",
    ]


async def test_what_a_provider_says_of_its_models_is_listed_and_kept(upstream, gateway, client):
    """Context length and senses in each client's shape, also after a restart without the
    provider.
    """
    said = {
        "id": "found",
        "context_length": 1000,
        "top_provider": {"max_completion_tokens": 100},
        "architecture": {"input_modalities": ["text", "image"]},
    }
    upstream.tell("a", whole({"data": [said]}))
    entry = provider(upstream, "a")
    del entry["model"]
    await gateway.start(config([entry]))
    for _ in range(2):
        async with client.get(gateway.url + "/v1/models") as response:
            (model,) = (await response.json())["data"]
        assert (
            model["context_length"],
            model["max_output_tokens"],
            model["architecture"]["input_modalities"],
        ) == (1000, 100, ["text", "image"])
        async with client.get(gateway.url + "/v1beta/models/found") as response:
            assert (await response.json())["inputTokenLimit"] == 1000
        upstream.tell("a", whole({"error": {"message": "down"}}, status=500))
        await gateway.stop()
        await gateway.start(config([entry]))


async def test_what_a_list_says_of_a_models_end_goes_with_its_answers(upstream, gateway, client):
    """A `sunset` header, for a model that no list of ours knows; others have none."""
    dying = {"id": "dying", "object": "model", "shutdown_date": "2020-01-31"}
    living = {"id": "living", "object": "model", "shutdown_date": "2999-01-31"}
    listed = whole({"object": "list", "data": [dying, living]})
    upstream.tell("a", listed, chat_whole(), chat_whole())
    entry = provider(upstream, "a")
    del entry["model"]
    await gateway.start(config([entry]))
    ends = {}
    for name in ("dying", "living"):
        body = {"model": name, "messages": [{"role": "user", "content": "hi"}]}
        async with client.post(gateway.url + "/v1/chat/completions", json=body) as response:
            assert response.status == 200
            ends[name] = response.headers.get("sunset")
    assert ends == {"dying": "Fri, 31 Jan 2020 00:00:00 GMT", "living": None}
