"""Which channel and key a call reaches, seen from outside: exclusions, triggers, rests and returns,
conversations, prefixes, nested keys.
"""

import asyncio
import json

import aiohttp
import pytest
from fakes import CLIENT_KEY, DONE, Answer, chat_stream, chat_whole, chunk, config, provider, whole

pytestmark = pytest.mark.slow
"""A process for nearly every test: `.ci/run` runs them."""

CHAT = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}
PATH = "/v1/chat/completions"


async def attempts(client, gateway, body=CHAT, path=PATH):
    """(status, `x-uniapi-attempts`) of one call."""
    async with client.post(gateway.url + path, json=body) as response:
        await response.read()
        return response.status, response.headers.get("x-uniapi-attempts")


async def test_what_a_provider_excludes_goes_elsewhere(upstream, gateway, client):
    """`exclude_endpoints`, `max_request_body_bytes`, `exclude_request_rules` and
    `only_request_types`: the channel is passed over without a call.
    """
    for name in ("a", "b", "c", "d", "z"):
        upstream.tell(name, chat_whole())
    rules = [{"match": {"reasoning_effort": "high"}, "reason": "too dear"}]
    await gateway.start(
        config(
            [
                provider(upstream, "a", exclude_endpoints=["/v1/messages"]),
                provider(upstream, "b", model=[{"up-model": "small"}], max_request_body_bytes=200),
                provider(
                    upstream, "c", model=[{"up-model": "effort"}], exclude_request_rules=rules
                ),
                provider(
                    upstream,
                    "d",
                    model=[{"up-model": "compact"}],
                    only_request_types=["compaction"],
                ),
                provider(
                    upstream,
                    "z",
                    model=[{"up-model": name} for name in ("m", "small", "effort", "compact")],
                ),
            ]
        )
    )
    message = {"model": "m", "max_tokens": 5, "messages": [{"role": "user", "content": "hi"}]}
    assert await attempts(client, gateway) == (200, "a#1=200")
    assert await attempts(client, gateway, message, "/v1/messages") == (200, "z#1=200")
    assert await attempts(client, gateway, {**CHAT, "model": "small"}) == (200, "b#1=200")
    assert await attempts(client, gateway, {**CHAT, "model": "small", "user": "x" * 200}) == (
        200,
        "z#1=200",
    )
    assert await attempts(
        client, gateway, {**CHAT, "model": "effort", "reasoning_effort": "low"}
    ) == (200, "c#1=200")
    assert await attempts(
        client, gateway, {**CHAT, "model": "effort", "reasoning_effort": "high"}
    ) == (200, "z#1=200")
    effort = {"model": "effort", "input": "hi", "reasoning": {"effort": "high"}}
    assert await attempts(client, gateway, effort, "/v1/responses") == (200, "z#1=200")
    assert await attempts(client, gateway, {**CHAT, "model": "compact"}) == (200, "z#1=200")


async def test_a_body_no_channel_takes_is_413(upstream, gateway, client):
    """When every channel has a smaller limit, the client is told that its body is too large."""
    upstream.tell("a", chat_whole())
    await gateway.start(config([provider(upstream, "a", max_request_body_bytes=50)]))
    assert (await attempts(client, gateway))[0] == 413
    assert "a" not in upstream.seen


@pytest.mark.parametrize("stream", [True, False])
async def test_a_trigger_in_the_answer_is_a_failure(upstream, gateway, client, stream):
    """`error_triggers`: a text that says no is no answer, whole or streamed, however it is cut; a
    text without one is.
    """
    bad = "Sorry, your quota is gone today"
    upstream.tell("a", chat_stream(bad) if stream else chat_whole(bad))
    upstream.tell("b", chat_stream("fine") if stream else chat_whole("fine"))
    await gateway.start(
        config(
            [provider(upstream, "a"), provider(upstream, "b")],
            {"error_triggers": ["quota is gone"]},
        )
    )
    status, tried = await attempts(client, gateway, {**CHAT, "stream": stream})
    assert status == 200
    assert tried.startswith("a#1=")
    assert tried.endswith(", b#1=200")
    assert tried != "a#1=200"


async def test_heartbeats_go_out_while_the_next_channel_is_tried(upstream, gateway, client):
    """`keepalive_interval`: the client hears something before the first token, then one whole
    answer from the channel that had one.
    """
    upstream.tell("a", Answer([b": ping\n\n"] * 50, pause_s=0.2))
    upstream.tell("b", chat_stream("from b"))
    slow = provider(
        upstream,
        "a",
        preferences={"model_timeout": {"default": 1}, "keepalive_interval": {"default": 0.3}},
    )
    await gateway.start(config([slow, provider(upstream, "b")]))
    async with client.post(gateway.url + PATH, json={**CHAT, "stream": True}) as response:
        first = await response.content.readany()
        assert first.startswith(b":")
        body = await response.read()
    assert body.endswith(DONE)
    assert b"from " in body


async def test_a_key_rests_as_long_as_it_was_told_and_comes_back(upstream, gateway, client):
    """429 with `retry-after: 3`: the other key serves meanwhile; then the first is tried again,
    once, and is in turn as before.
    """

    limited = whole(
        {"error": {"message": "slow down", "type": "rate_limit"}},
        status=429,
        headers={"retry-after": "3"},
    )
    upstream.tell("a", limited, chat_whole())
    await gateway.start(
        config(
            [
                provider(
                    upstream,
                    "a",
                    api=["sk-up-a-key-1", "sk-up-a-key-2"],
                    preferences={"api_key_schedule_algorithm": "round_robin"},
                )
            ]
        )
    )
    assert await attempts(client, gateway) == (200, "a#1=429, a#2=200")
    used = len(upstream.seen["a"])
    for _ in range(3):
        assert (await attempts(client, gateway))[1] == "a#2=200"
    assert {seen.headers["authorization"] for seen in upstream.seen["a"][used:]} == {
        "Bearer sk-up-a-key-2"
    }
    await asyncio.sleep(3.2)
    used = len(upstream.seen["a"])
    for _ in range(4):
        assert (await attempts(client, gateway))[0] == 200
    assert {seen.headers["authorization"] for seen in upstream.seen["a"][used:]} == {
        "Bearer sk-up-a-key-1",
        "Bearer sk-up-a-key-2",
    }


async def test_a_channel_rests_after_a_failure_and_heals(upstream, gateway, client):
    """500: the next calls go to the second channel at once; after `cooldown_period` one call tries
    the first again.
    """
    upstream.tell(
        "a", whole({"error": {"message": "down", "type": "server_error"}}, status=500), chat_whole()
    )
    upstream.tell("b", chat_whole())
    await gateway.start(
        config([provider(upstream, "a"), provider(upstream, "b")], {"cooldown_period": 3})
    )
    assert await attempts(client, gateway) == (200, "a#1=500, b#1=200")
    assert await attempts(client, gateway) == (200, "b#1=200")
    await asyncio.sleep(3.2)
    assert await attempts(client, gateway) == (200, "a#1=200")


async def test_a_conversation_stays_with_its_key(upstream, gateway, client):
    """Nothing configured, a provider whose prompt cache is the account's: openings take the keys in
    turn, every later turn meets the key of the first.
    """
    answer = {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "up-model",
        "content": [{"type": "text", "text": "yes"}],
    }
    upstream.tell(
        "a",
        whole(
            {
                **answer,
                "stop_reason": "end_turn",
                "stop_sequence": None,
                "usage": {"input_tokens": 1, "output_tokens": 1},
            }
        ),
    )
    claude = provider(
        upstream,
        "a",
        base_url=upstream.url("a", "/v1/messages"),
        engine="claude",
        api=["sk-up-a-key-1", "sk-up-a-key-2"],
    )
    await gateway.start(config([claude]))
    served = {}
    for turn in range(3):
        for talk in ("one", "two", "three"):
            messages = [{"role": "user", "content": f"talk {talk}"}]
            for _ in range(turn):
                messages += [
                    {"role": "assistant", "content": "yes"},
                    {"role": "user", "content": "go on"},
                ]
            said = await attempts(client, gateway, {"model": "m", "messages": messages})
            key = upstream.seen["a"][-1].headers["x-api-key"]
            assert said == (200, f"a#{key[-1]}=200")
            served.setdefault(talk, []).append(key)
    assert [len(set(keys)) for keys in served.values()] == [1, 1, 1]
    assert served["one"][0] != served["two"][0]


async def test_a_prefix_asks_for_the_first_model_that_fits(upstream, gateway, client):
    """`big-*` is answered under the alias that was chosen."""
    upstream.tell("a", chat_whole())
    await gateway.start(
        config([provider(upstream, "a", model=[{"up-model": "small-1"}, {"up-model": "big-1"}])])
    )
    async with client.post(gateway.url + PATH, json={**CHAT, "model": "big-*"}) as response:
        value = await response.json()
        assert response.status == 200
        assert value["model"] == "big-1"
    assert (await attempts(client, gateway, {**CHAT, "model": "none-*"}))[0] == 404


async def test_a_nested_client_key_is_gone_through_in_process(upstream, gateway):
    """The inner key's rules and limits hold; another channel of the outer key takes over when they
    are used up.
    """
    upstream.tell("a", chat_whole("from a"))
    upstream.tell("b", chat_whole("from b"))
    value = config([provider(upstream, "a"), provider(upstream, "b")])
    inner = "sk-inner-client-key-000"
    value["api_keys"] = [
        {"api": CLIENT_KEY, "model": [f"{inner}/*", "b/*"]},
        {"api": inner, "model": ["a/*"], "preferences": {"rate_limit": "1/min"}},
    ]
    await gateway.start(value)
    answers = []
    async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {CLIENT_KEY}"}) as session:
        for _ in range(2):
            async with session.post(gateway.url + PATH, json=CHAT) as response:
                answers.append((await response.json())["choices"][0]["message"]["content"])
    assert answers == ["from a", "from b"]
    assert json.loads(upstream.seen["a"][0].body)["model"] == "up-model"


async def test_a_committed_stream_that_breaks_rests_its_channel(upstream, gateway, client):
    """After the first token nothing can be tried again, but the next call knows."""
    upstream.tell("a", Answer([chunk({"role": "assistant", "content": "hal"})], then="reset"))
    upstream.tell("b", chat_stream())
    await gateway.start(config([provider(upstream, "a"), provider(upstream, "b")]))
    assert (await attempts(client, gateway, {**CHAT, "stream": True}))[1] == "a#1=200"
    assert await attempts(client, gateway, {**CHAT, "stream": True}) == (200, "b#1=200")


async def test_ten_calls_are_the_end_for_every_operation(upstream, gateway, client):
    """Twelve channels whose address has no embeddings: each has to be asked to know, and none rests
    for it.
    """
    names = [f"p{number}" for number in range(12)]
    for name in names:
        upstream.tell(name, whole({"error": {"message": "Not Found"}}, status=404))
    await gateway.start(config([provider(upstream, name) for name in names]))
    status, tried = await attempts(client, gateway, {"model": "m", "input": "x"}, "/v1/embeddings")
    assert (status, tried) == (400, ", ".join(f"p{number}#1=404" for number in range(10)))
    upstream.tell("p0", chat_whole())
    assert await attempts(client, gateway) == (200, "p0#1=200")


async def test_a_date_is_a_delay_too(upstream, gateway, client):
    """`retry-after` as an HTTP date, from an upstream that does not say what time it is: the key
    rests, an hour at most, and the client is told.
    """
    limited = whole(
        {"error": {"message": "slow down", "type": "rate_limit"}},
        status=429,
        headers={"retry-after": "Wed, 21 Oct 2099 07:28:00 GMT"},
    )
    upstream.tell("a", limited)
    await gateway.start(config([provider(upstream, "a", api=["sk-up-a-key-1", "sk-up-a-key-2"])]))
    for _ in range(2):
        async with client.post(gateway.url + PATH, json=CHAT) as response:
            assert response.status == 429
            assert 3590 < int(response.headers["retry-after"]) <= 3600
    assert len(upstream.seen["a"]) == 2


async def test_a_stream_may_be_longer_than_the_clients_patience_for_its_beginning(
    upstream, gateway, client
):
    """`x-stainless-timeout` is how long an SDK waits without hearing anything; what flows is not
    cut.
    """
    words = [chunk({"content": f"w{number} "}) for number in range(5)]
    upstream.tell("a", Answer([*words, chunk({}, "stop"), DONE], pause_s=0.3))
    await gateway.start(config([provider(upstream, "a")]))
    async with client.post(
        gateway.url + PATH, json={**CHAT, "stream": True}, headers={"x-stainless-timeout": "1"}
    ) as response:
        body = await response.read()
    assert body.endswith(DONE)
    assert b"error" not in body
