"""What was counted stays counted: across a stop and across a `kill -9`."""

import asyncio
import signal

from fakes import Gateway, chat_whole, config, provider

CHAT = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}


async def requests(gateway, client):
    async with client.get(gateway.url + "/v1/stats") as response:
        return sum(row["request_count"] for row in (await response.json())["model_token_counts"])


async def test_counts_survive_a_stop_and_a_kill(upstream, gateway, client, tmp_path):
    """After SIGTERM everything is there; after `kill -9` everything older than a second; credits
    are enforced from the same figures.
    """
    upstream.tell("a", chat_whole())
    value = config([provider(upstream, "a")], {"model_price": {"default": "1000000,1000000"}})
    value["api_keys"][0]["preferences"] = {"credits": 42}
    await gateway.start(value)
    async with client.get(gateway.url + "/healthz") as response:
        assert (await response.json())["stats"] == "disk"
    for _ in range(3):
        async with client.post(gateway.url + "/v1/chat/completions", json=CHAT) as response:
            assert response.status == 200
    assert await gateway.stop() == 0
    gateway = Gateway(tmp_path)
    try:
        await gateway.start(value)
        assert await requests(gateway, client) == 3
        for _ in range(5):
            async with client.post(gateway.url + "/v1/chat/completions", json=CHAT) as response:
                assert response.status == 200
        await asyncio.sleep(2.5)
        await gateway.stop(signal.SIGKILL)
        await gateway.start(value)
        assert await requests(gateway, client) == 8
        # 8 calls of 5 tokens at a dollar a token are 40 dollars of 42; the next goes over, and the
        # one after is refused.
        async with client.post(gateway.url + "/v1/chat/completions", json=CHAT) as response:
            assert response.status == 200
        async with client.post(gateway.url + "/v1/chat/completions", json=CHAT) as response:
            refused = await response.json()
        assert (response.status, refused["error"]["code"]) == (429, "insufficient_quota")
        assert "retry-after" not in response.headers
    finally:
        await gateway.stop()
