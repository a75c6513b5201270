"""Counting tokens: the provider's own figure where it has one, a labelled estimate everywhere else,
never a 404.
"""

import json

import pytest
from fakes import CLIENT_KEY, chat_whole, config, provider, whole

MESSAGES = {
    "model": "m",
    "messages": [{"role": "user", "content": "hello there, how many tokens is this?"}],
}
CONTENTS = {
    "contents": [{"role": "user", "parts": [{"text": "hello there, how many tokens is this?"}]}]
}
COUNT = "/v1/messages/count_tokens?beta=true"


def claude(upstream, name, **more):
    return provider(upstream, name, base_url=upstream.url(name, "/v1/messages"), **more)


def gemini(upstream, name, **more):
    return provider(upstream, name, base_url=upstream.url(name, "/v1beta"), **more)


async def test_a_native_count_is_relayed(upstream, gateway, client):
    """Anthropic's own figure, asked under the upstream's name of the model with the client's
    version header; no estimate label.
    """
    upstream.tell("a", whole({"input_tokens": 42, "extra": 1}))
    await gateway.start(config([claude(upstream, "a")]))
    async with client.post(
        gateway.url + COUNT,
        json=MESSAGES,
        headers={"anthropic-version": "2023-06-01", "anthropic-beta": "x-1"},
    ) as response:
        assert (response.status, await response.json()) == (200, {"input_tokens": 42, "extra": 1})
        assert "x-uniapi-estimate" not in response.headers
    seen = upstream.seen["a"][0]
    assert seen.path == "/a/v1/messages/count_tokens"
    assert seen.json == {**MESSAGES, "model": "up-model"}
    assert (seen.headers["anthropic-beta"], seen.headers["x-api-key"]) == ("x-1", "sk-up-a-key")


async def test_without_a_native_count_there_is_an_estimate(upstream, gateway, client):
    """An OpenAI-compatible provider is not asked; the answer says that it is an estimate."""
    upstream.tell("a", chat_whole())
    await gateway.start(config([provider(upstream, "a")]))
    async with client.post(gateway.url + COUNT, json=MESSAGES) as response:
        assert (response.status, response.headers["x-uniapi-estimate"]) == (200, "true")
        assert 5 <= (await response.json())["input_tokens"] <= 40
    async with client.post(gateway.url + "/v1beta/models/m:countTokens", json=CONTENTS) as response:
        assert response.headers["x-uniapi-estimate"] == "true"
        assert 5 <= (await response.json())["totalTokens"] <= 40
    async with client.post(
        gateway.url + "/v1/responses/input_tokens", json={"model": "m", "input": "hello there"}
    ) as response:
        assert (await response.json())["object"] == "response.input_tokens"
    assert "a" not in upstream.seen


@pytest.mark.parametrize("status", [404, 405, 429, 500])
async def test_a_missing_or_failing_count_becomes_an_estimate_and_rests_nothing(
    upstream, gateway, client, status
):
    """Many compatible servers lack the endpoint: the next generation must find the channel as
    healthy as before.
    """
    message = {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "up-model",
        "content": [{"type": "text", "text": "hi"}],
    }
    ending = {
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": {"input_tokens": 1, "output_tokens": 1},
    }
    error = {"type": "error", "error": {"type": "api_error", "message": "nope"}}
    upstream.tell("a", whole(error, status=status), whole({**message, **ending}))
    upstream.tell("b", chat_whole())
    await gateway.start(config([claude(upstream, "a"), provider(upstream, "b")]))
    async with client.post(gateway.url + COUNT, json=MESSAGES) as response:
        assert (response.status, response.headers["x-uniapi-estimate"]) == (200, "true")
        assert response.headers["x-uniapi-attempts"] == f"a#1={status}"
    async with client.post(
        gateway.url + "/v1/messages", json={**MESSAGES, "max_tokens": 5}
    ) as response:
        assert response.headers["x-uniapi-attempts"] == "a#1=200"
    assert "b" not in upstream.seen


async def test_the_clients_own_mistake_is_told_not_estimated(upstream, gateway, client):
    """A 400 of the provider's goes to the client as it is; a body of ours to read is refused by
    name.
    """
    error = {
        "type": "error",
        "error": {"type": "invalid_request_error", "message": "messages.0: bad role"},
    }
    upstream.tell("a", whole(error, status=400))
    await gateway.start(config([claude(upstream, "a"), provider(upstream, "b", model=["other"])]))
    async with client.post(gateway.url + COUNT, json=MESSAGES) as response:
        assert (400, error) == (response.status, await response.json())
    async with client.post(
        gateway.url + COUNT, json={"model": "other", "messages": [{"role": "user", "content": 7}]}
    ) as response:
        assert response.status == 400
        assert "messages" in (await response.json())["error"]["message"]
    async with client.post(gateway.url + COUNT, json={"model": "none", "messages": []}) as response:
        assert (response.status, (await response.json())["error"]["type"]) == (
            404,
            "not_found_error",
        )


async def test_gemini_counts_natively_also_a_wrapped_request(upstream, gateway, client):
    """`generateContentRequest` needs no `contents` beside it, and its model is renamed."""
    upstream.tell("a", whole({"totalTokens": 9, "promptTokensDetails": []}))
    await gateway.start(config([gemini(upstream, "a"), provider(upstream, "b", model=["other"])]))
    wrapped = {"generateContentRequest": {"model": "models/m", **CONTENTS}}
    async with client.post(
        gateway.url + "/v1beta/models/m:countTokens",
        json=wrapped,
        headers={"x-goog-api-key": CLIENT_KEY},
    ) as response:
        assert (await response.json()) == {"totalTokens": 9, "promptTokensDetails": []}
    seen = upstream.seen["a"][0]
    assert seen.path == "/a/v1beta/models/up-model:countTokens"
    assert seen.json["generateContentRequest"]["model"] == "models/up-model"
    async with client.post(
        gateway.url + "/v1beta/models/other:countTokens", json=wrapped
    ) as response:
        assert (await response.json())["totalTokens"] >= 5
    async with client.post(gateway.url + "/v1beta/models/m:countTokens", json={}) as response:
        assert (response.status, (await response.json())["error"]["status"]) == (
            400,
            "INVALID_ARGUMENT",
        )


async def test_bedrock_is_asked_for_an_invocation_and_answers_in_anthropics_words(
    upstream, gateway, client
):
    """The body that would be invoked, in base64; `inputTokens` comes out as `input_tokens`."""
    import base64

    upstream.tell("a", whole({"inputTokens": 17}))
    entry = provider(
        upstream,
        "a",
        base_url=upstream.url("a", ""),
        engine="aws",
        api="bedrock-api-key-1",
        model=[{"anthropic.claude-x": "m"}],
    )
    await gateway.start(config([entry]))
    async with client.post(gateway.url + COUNT, json=MESSAGES) as response:
        assert await response.json() == {"input_tokens": 17}
    inner = json.loads(base64.b64decode(upstream.seen["a"][0].json["input"]["invokeModel"]["body"]))
    assert inner["messages"] == MESSAGES["messages"]


SYSTEM = {**MESSAGES, "system": "be brief", "max_tokens": 9, "stop_sequences": ["x"]}


async def test_a_count_crosses_dialects_to_whoever_counts(upstream, gateway, client):
    """Each upstream is asked at its own endpoint, for what that takes and no more; the figure comes
    back in the client's words.
    """
    upstream.tell("g", whole({"totalTokens": 9}))
    upstream.tell("r", whole({"object": "response.input_tokens", "input_tokens": 7}))
    upstream.tell("a", whole({"input_tokens": 8}))
    responses = provider(
        upstream, "r", base_url=upstream.url("r", "/v1/responses"), model=[{"up-r": "r"}]
    )
    google = gemini(upstream, "g", model=[{"up-g": "g"}])
    await gateway.start(config([google, responses, claude(upstream, "a", model=[{"up-a": "a"}])]))
    for model, tokens in (("g", 9), ("r", 7)):
        async with client.post(gateway.url + COUNT, json={**SYSTEM, "model": model}) as response:
            assert (response.status, await response.json()) == (200, {"input_tokens": tokens})
            assert "x-uniapi-estimate" not in response.headers
    async with client.post(gateway.url + "/v1beta/models/a:countTokens", json=CONTENTS) as response:
        assert await response.json() == {"totalTokens": 8}
    wrapped = upstream.seen["g"][0].json["generateContentRequest"]
    assert upstream.seen["g"][0].path == "/g/v1beta/models/up-g:countTokens"
    assert wrapped["model"] == "models/up-g"
    assert wrapped["systemInstruction"]["parts"] == [{"text": "be brief"}]
    assert upstream.seen["r"][0].path == "/r/v1/responses/input_tokens"
    assert set(upstream.seen["r"][0].json) <= {"model", "input", "instructions"}
    assert set(upstream.seen["a"][0].json) == {"model", "messages"}


async def test_a_relayed_count_is_fitted_like_the_generation_it_asks_about(
    upstream, gateway, client
):
    """Tools that its provider is not told are not counted, and nothing that only a generation
    takes is added.
    """
    upstream.tell("a", whole({"input_tokens": 4}))
    await gateway.start(config([claude(upstream, "a", tools=False)]))
    tools = [{"name": "f", "input_schema": {"type": "object"}}]
    async with client.post(gateway.url + COUNT, json={**MESSAGES, "tools": tools}) as response:
        assert (await response.json()) == {"input_tokens": 4}
    assert upstream.seen["a"][0].json == {**MESSAGES, "model": "up-model"}


async def test_a_count_that_fails_in_another_dialect_becomes_an_estimate(upstream, gateway, client):
    """What it says is about our words, not the client's."""
    error = {"error": {"code": 400, "message": "no", "status": "INVALID_ARGUMENT"}}
    upstream.tell("g", whole(error, status=400))
    await gateway.start(config([gemini(upstream, "g")]))
    async with client.post(gateway.url + COUNT, json=MESSAGES) as response:
        assert (response.status, response.headers["x-uniapi-estimate"]) == (200, "true")
