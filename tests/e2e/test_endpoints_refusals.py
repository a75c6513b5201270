"""What a channel cannot be told: named in a header, refused under `reject`, and no reason to give
up while another channel can be told it.
"""

import pytest
from fakes import chat_stream, chat_whole, config, provider, whole

pytestmark = pytest.mark.slow
"""A process for nearly every test: `.ci/run` runs them."""

CHAT = "/v1/chat/completions"
ASK = {"model": "m", "messages": [{"role": "user", "content": "x"}]}


def claude(upstream, name, **more):
    return provider(upstream, name, base_url=upstream.url(name, "/v1/messages"), **more)


def gemini(upstream, name, **more):
    return provider(upstream, name, base_url=upstream.url(name, "/v1beta"), **more)


def claude_answer(text="from claude"):
    usage = {"input_tokens": 4, "output_tokens": 2}
    content = [{"type": "text", "text": text}]
    return whole(
        {
            "id": "msg_1",
            "type": "message",
            "role": "assistant",
            "model": "c",
            "content": content,
            "stop_reason": "end_turn",
            "usage": usage,
        }
    )


def gemini_answer(text="from gemini"):
    return whole(
        {
            "candidates": [
                {
                    "content": {"parts": [{"text": text}], "role": "model"},
                    "finishReason": "STOP",
                    "index": 0,
                }
            ],
            "modelVersion": "g",
        }
    )


async def ask(client, gateway, body, path=CHAT):
    async with client.post(gateway.url + path, json=body) as response:
        return response.status, response.headers, await response.json()


async def test_what_was_dropped_is_named(upstream, gateway, client):
    """Every member that the target has no place for, in order, whole and streamed; nothing when
    nothing was.
    """
    upstream.tell("a", claude_answer())
    await gateway.start(config([claude(upstream, "a")]))
    status, headers, _ = await ask(client, gateway, {**ASK, "seed": 7, "logit_bias": {"1": 2}})
    assert (status, set(headers["x-uniapi-dropped"].split(", "))) == (200, {"seed", "logit_bias"})
    async with client.post(gateway.url + CHAT, json={**ASK, "seed": 7, "stream": True}) as response:
        assert response.headers["x-uniapi-dropped"] == "seed"
        await response.read()
    _, headers, _ = await ask(client, gateway, ASK)
    assert "x-uniapi-dropped" not in headers


async def test_reject_refuses_what_no_channel_can_be_told(upstream, gateway, client):
    """400 naming the member, and nobody is asked."""
    upstream.tell("a", claude_answer())
    await gateway.start(config([claude(upstream, "a")], {"unsupported_parameters": "reject"}))
    status, _, value = await ask(client, gateway, {**ASK, "seed": 7})
    assert (status, value["error"]["code"], value["error"]["param"]) == (
        400,
        "unsupported_parameter",
        "seed",
    )
    assert "a" not in upstream.seen
    assert (await ask(client, gateway, ASK))[0] == 200


async def test_reject_goes_on_to_a_channel_that_can(upstream, gateway, client):
    """The first channel is passed over without rest: the next request meets it again."""
    upstream.tell("a", claude_answer())
    upstream.tell("b", chat_whole("from b"))
    await gateway.start(
        config(
            [claude(upstream, "a"), provider(upstream, "b")], {"unsupported_parameters": "reject"}
        )
    )
    status, headers, value = await ask(client, gateway, {**ASK, "seed": 7})
    assert (status, headers["x-uniapi-attempts"]) == (200, "b#1=200")
    assert value["choices"][0]["message"]["content"] == "from b"
    _, headers, _ = await ask(client, gateway, ASK)
    assert headers["x-uniapi-attempts"] == "a#1=200"


@pytest.mark.parametrize("mode", ["drop", "reject"])
async def test_a_malformed_body_is_answered_at_once(upstream, gateway, client, mode):
    """The client's own mistake would fail everywhere: 400 naming the member, and no channel is
    asked.
    """
    upstream.tell("a", claude_answer())
    upstream.tell("b", gemini_answer())
    await gateway.start(
        config([claude(upstream, "a"), gemini(upstream, "b")], {"unsupported_parameters": mode})
    )
    status, _, value = await ask(
        client,
        gateway,
        {"model": "m", "messages": [{"role": "user", "content": [{"type": "text", "text": 7}]}]},
    )
    assert (status, value["error"]["param"]) == (400, "messages[0].content[0].text")
    assert upstream.seen == {}


async def test_the_end_of_an_alias_asks_for_thinking_and_search(upstream, gateway, client):
    """`-think-N` and `-search`: the habits of the predecessor's users, toward Claude and Gemini, in
    a Messages client's relay too.
    """
    upstream.tell("c", claude_answer())
    upstream.tell("g", gemini_answer())
    providers = [
        claude(upstream, "c", model=[{"claude-sonnet-4": "claude-sonnet-4-think-2000"}]),
        gemini(upstream, "g", model=[{"gemini-2.5-flash": "gemini-2.5-flash-think-1024-search"}]),
    ]
    await gateway.start(config(providers))
    assert (await ask(client, gateway, {**ASK, "model": "claude-sonnet-4-think-2000"}))[0] == 200
    body = {"model": "claude-sonnet-4-think-2000", "max_tokens": 4000, "messages": ASK["messages"]}
    assert (await ask(client, gateway, body, "/v1/messages"))[0] == 200
    for seen in upstream.seen["c"]:
        assert (seen.json["model"], seen.json["thinking"]["budget_tokens"]) == (
            "claude-sonnet-4",
            2000,
        )
        assert seen.json["max_tokens"] > 2000
    assert (await ask(client, gateway, {**ASK, "model": "gemini-2.5-flash-think-1024-search"}))[
        0
    ] == 200
    sent = upstream.seen["g"][0]
    assert sent.path == "/g/v1beta/models/gemini-2.5-flash:generateContent"
    assert sent.json["generationConfig"]["thinkingConfig"]["thinkingBudget"] == 1024
    assert any("google_search" in tool or "googleSearch" in tool for tool in sent.json["tools"])


async def test_an_upstream_that_streams_unasked_is_answered_whole(upstream, gateway, client):
    """A whole answer waits for the end, however the upstream sent it."""
    upstream.tell("a", chat_stream("hello world", usage=True))
    await gateway.start(config([provider(upstream, "a")]))
    status, _, value = await ask(client, gateway, ASK)
    assert (status, value["choices"][0]["message"]["content"]) == (200, "hello world")
    assert value["usage"]["total_tokens"] == 5


async def test_a_refused_call_is_counted_once(upstream, gateway, client):
    """Whether it was refused before routing or found senseless by the first attempt."""
    upstream.tell("a", claude_answer())
    await gateway.start(config([claude(upstream, "a")]))
    await ask(client, gateway, {"model": "m", "messages": [{"role": "user", "content": 7}]})
    await ask(client, gateway, {**ASK, "model": "none"})
    await ask(client, gateway, ASK)
    async with client.get(gateway.url + "/v1/stats") as response:
        counts = (await response.json())["endpoint_request_counts"]
    assert [(entry["endpoint"], entry["count"]) for entry in counts] == [
        ("POST /v1/chat/completions", 3)
    ]
