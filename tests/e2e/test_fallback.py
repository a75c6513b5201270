"""A model that stands in for another, and a name that a wildcard stands for, end to end."""

from fakes import chat_whole, config, provider, whole

DOWN = whole({"error": {"message": "no", "type": "server_error", "code": None}}, status=500)
LONG = whole(
    {"error": {"message": "too long", "type": "x", "code": "context_length_exceeded"}}, status=400
)
CHAT = {"messages": [{"role": "user", "content": "hi"}]}


async def ask(client, gateway, model):
    address = f"{gateway.url}/v1/chat/completions"
    async with client.post(address, json={**CHAT, "model": model}) as response:
        return response.status, response.headers, await response.json()


async def test_another_model_stands_in(upstream, gateway, client):
    """When nothing of the first serves, or its prompt is too long: the headers and the log say
    which, the answer keeps the name that was asked for.
    """
    upstream.tell("first", DOWN, LONG)
    upstream.tell("second", chat_whole())
    text = config(
        [
            provider(upstream, "first", model=["big"]),
            provider(upstream, "second", model=["small"]),
        ],
        preferences={"fallback": {"big": ["small"]}},
    )
    await gateway.start(text)
    for first in ("first#1=500", "first#1=400"):
        status, headers, answer = await ask(client, gateway, "big")
        assert status == 200
        assert headers["x-uniapi-model"] == "small"
        assert headers["x-uniapi-attempts"].startswith(first)
        assert headers["x-uniapi-attempts"].endswith("second#1=200")
        assert answer["model"] == "big"
    await gateway.stop()
    assert "second/small" in gateway.log


async def test_ten_calls_are_the_end_of_a_mended_request_too(upstream, gateway, client):
    """The last call's refusal may teach what the body must not have; there is no eleventh."""
    dead = {"error": {"message": "bad key", "type": "x", "code": "invalid_api_key"}}
    refused = {
        "message": "Unsupported parameter: 'temperature' is not supported with this model.",
        "type": "invalid_request_error",
        "param": "temperature",
        "code": "unsupported_parameter",
    }
    upstream.tell("first", *[whole(dead, status=401)] * 20)
    upstream.tell("second", whole({"error": refused}, status=400), chat_whole())
    keys = [f"sk-first-{number:02}-0123456789" for number in range(20)]
    text = config(
        [
            provider(upstream, "first", model=["big"], api=keys),
            provider(upstream, "second", model=["small"]),
        ],
        preferences={"fallback": {"big": ["small"]}},
    )
    await gateway.start(text)
    address = f"{gateway.url}/v1/chat/completions"
    body = {**CHAT, "model": "big", "temperature": 1.5}
    async with client.post(address, json=body) as response:
        assert response.status >= 400
    assert (len(upstream.seen["first"]), len(upstream.seen["second"])) == (9, 1)


async def test_a_wildcard_serves_next_months_name(upstream, gateway, client):
    """Asked for under a name that nobody has written: sent as the model behind it, not listed."""
    upstream.tell("p", chat_whole())
    text = config([provider(upstream, "p", model=["other", {"cheap": "claude-haiku-*"}])])
    await gateway.start(text)
    status, headers, answer = await ask(client, gateway, "claude-haiku-9-9")
    assert (status, headers["x-uniapi-model"]) == (200, "cheap")
    assert answer["model"] == "claude-haiku-9-9"
    assert b'"cheap"' in upstream.seen["p"][0].body
    async with client.get(f"{gateway.url}/v1/models") as response:
        assert [row["id"] for row in (await response.json())["data"]] == ["other"]
