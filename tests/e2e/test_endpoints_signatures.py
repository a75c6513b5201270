"""What a model signed comes back to its own family, also through clients that cannot carry it."""

import json

import aiohttp
import pytest
from fakes import CLIENT_KEY, Answer, chat_whole, config, provider, whole

pytestmark = pytest.mark.slow
"""A process for nearly every test: `.ci/run` runs them."""

OTHER_KEY = "sk-other-client-key-0123456789"
CHAT = "/v1/chat/completions"
TOOLS = [
    {
        "type": "function",
        "function": {
            "name": "look",
            "parameters": {"type": "object", "properties": {"q": {"type": "string"}}},
        },
    }
]
ASK = {"model": "m", "messages": [{"role": "user", "content": "find it"}], "tools": TOOLS}


def claude(upstream, name, model="claude-sonnet-4"):
    return provider(
        upstream, name, base_url=upstream.url(name, "/v1/messages"), model=[{model: "m"}]
    )


def gemini(upstream, name):
    return provider(
        upstream, name, base_url=upstream.url(name, "/v1beta"), model=[{"gemini-3-pro": "m"}]
    )


def claude_call(call_id="toolu_1"):
    content = [
        {"type": "thinking", "thinking": "where might it be", "signature": "EuYBc2lnbmVk"},
        {"type": "tool_use", "id": call_id, "name": "look", "input": {"q": "it"}},
    ]
    return whole(
        {
            "id": "msg_1",
            "type": "message",
            "role": "assistant",
            "model": "c",
            "content": content,
            "stop_reason": "tool_use",
            "usage": {"input_tokens": 1, "output_tokens": 1},
        }
    )


def gemini_call_stream():
    part = {
        "functionCall": {"name": "look", "args": {"q": "it"}, "id": "g_1"},
        "thoughtSignature": "Z2VtaW5p",
    }
    value = {
        "candidates": [
            {"content": {"parts": [part], "role": "model"}, "finishReason": "STOP", "index": 0}
        ],
        "modelVersion": "gemini-3-pro",
    }
    return Answer([b"data: " + json.dumps(value).encode() + b"\r\n\r\n"])


def bare_turn(message):
    """The turn as a client replays it that keeps nothing but OpenAI's own members, and writes the
    arguments anew.
    """
    calls = [
        {
            "id": call["id"],
            "type": "function",
            "function": {
                "name": call["function"]["name"],
                "arguments": json.dumps(json.loads(call["function"]["arguments"]), indent=1),
            },
        }
        for call in message["tool_calls"]
    ]
    return [
        {"role": "assistant", "content": None, "tool_calls": calls},
        {"role": "tool", "tool_call_id": calls[0]["id"], "content": "there"},
    ]


async def ask(client, gateway, body, **more):
    async with client.post(gateway.url + CHAT, json=body, **more) as response:
        assert response.status == 200, await response.text()
        return await response.json()


async def test_claudes_thinking_is_restored_before_a_tool_result(upstream, gateway, client):
    """A chat client that dropped everything but the call: the signed block is back, byte for byte,
    first in its turn.
    """
    upstream.tell("a", claude_call(), claude_call("toolu_2"))
    await gateway.start(config([claude(upstream, "a")]))
    first = await ask(client, gateway, {**ASK, "reasoning_effort": "high"})
    messages = [*ASK["messages"], *bare_turn(first["choices"][0]["message"])]
    await ask(client, gateway, {**ASK, "reasoning_effort": "high", "messages": messages})
    turn = upstream.seen["a"][1].json["messages"][1]
    assert turn["content"][0] == {
        "type": "thinking",
        "thinking": "where might it be",
        "signature": "EuYBc2lnbmVk",
    }
    assert turn["content"][1]["type"] == "tool_use"


async def test_geminis_signature_is_restored_on_its_call_from_a_stream(upstream, gateway, client):
    """Gemini 3 refuses a call without it."""
    upstream.tell(
        "a",
        gemini_call_stream(),
        whole({"candidates": [{"content": {"parts": [{"text": "ok"}]}, "finishReason": "STOP"}]}),
    )
    await gateway.start(config([gemini(upstream, "a")]))
    async with client.post(gateway.url + CHAT, json={**ASK, "stream": True}) as response:
        chunks = [
            json.loads(line[6:])
            for line in (await response.text()).splitlines()
            if line.startswith("data: {")
        ]
    call = next(
        chunk["choices"][0]["delta"]["tool_calls"][0]
        for chunk in chunks
        if chunk["choices"][0]["delta"].get("tool_calls")
    )
    function = {"name": call["function"]["name"], "arguments": '{"q": "it"}'}
    message = {"tool_calls": [{"id": call["id"], "type": "function", "function": function}]}
    await ask(client, gateway, {**ASK, "messages": [*ASK["messages"], *bare_turn(message)]})
    parts = upstream.seen["a"][1].json["contents"][1]["parts"]
    assert [part.get("thoughtSignature") for part in parts if "functionCall" in part] == [
        "Z2VtaW5p"
    ]


async def test_it_goes_to_no_other_family_and_no_other_client_key(upstream, gateway):
    """A chat upstream sees nothing of Claude's signature, and neither does Claude for a stranger
    who guesses the id.
    """
    upstream.tell("a", claude_call())
    upstream.tell("b", chat_whole())
    value = config([claude(upstream, "a"), provider(upstream, "b", model=[{"x": "other"}])])
    value["api_keys"].append({"api": OTHER_KEY})
    await gateway.start(value)
    mine, theirs = (
        {"Authorization": f"Bearer {CLIENT_KEY}"},
        {"Authorization": f"Bearer {OTHER_KEY}"},
    )
    async with aiohttp.ClientSession() as session:
        first = await ask(session, gateway, {**ASK, "reasoning_effort": "high"}, headers=mine)
        messages = [*ASK["messages"], *bare_turn(first["choices"][0]["message"])]
        await ask(
            session,
            gateway,
            {**ASK, "messages": messages, "reasoning_effort": "high"},
            headers=theirs,
        )
        await ask(session, gateway, {**ASK, "model": "other", "messages": messages}, headers=mine)
    assert b"c2lnbmVk" not in upstream.seen["a"][1].body
    assert b"c2lnbmVk" not in upstream.seen["b"][0].body
