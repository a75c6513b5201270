"""An upstream that counts its calls anew in every answer, and an agent that goes on for some
rounds: no two calls of its conversation have one id, whoever speaks what, and every result finds
its call upstream.
"""

import json

import pytest
from fakes import config
from replies import RENDERERS, Reply

PATHS = {"chat": "/v1/chat/completions", "anthropic": "/v1/messages", "responses": "/v1/responses"}
ENGINES = {"chat": "gpt", "anthropic": "claude", "responses": "responses"}
CALLS = (("call_0", "read", '{"path": "a"}'), ("call_1", "read", '{"path": "b"}'))
SCHEMA = {"type": "object", "properties": {"path": {"type": "string"}}}


def opening(dialect):
    if dialect == "anthropic":
        tools = [{"name": "read", "input_schema": SCHEMA}]
    elif dialect == "chat":
        tools = [{"type": "function", "function": {"name": "read", "parameters": SCHEMA}}]
    else:
        tools = [{"type": "function", "name": "read", "parameters": SCHEMA, "strict": False}]
    said = [{"role": "user", "content": "read both"}]
    return {"input": said, "store": False} if dialect == "responses" else {"messages": said}, tools


def round_of(dialect, ids):
    """The turns by which a client says that it made these calls."""
    if dialect == "chat":
        function = {"name": "read", "arguments": "{}"}
        calls = [{"id": one, "type": "function", "function": function} for one in ids]
        results = [{"role": "tool", "tool_call_id": one, "content": "x"} for one in ids]
        return [{"role": "assistant", "content": None, "tool_calls": calls}, *results]
    if dialect == "anthropic":
        calls = [{"type": "tool_use", "id": one, "name": "read", "input": {}} for one in ids]
        results = [{"type": "tool_result", "tool_use_id": one, "content": "x"} for one in ids]
        return [{"role": "assistant", "content": calls}, {"role": "user", "content": results}]
    calls = [
        {"type": "function_call", "call_id": one, "name": "read", "arguments": "{}"} for one in ids
    ]
    return calls + [{"type": "function_call_output", "call_id": one, "output": "x"} for one in ids]


def call_ids(value):
    """The ids of calls (and of their results) in an answer or a request, each once, in order."""
    if isinstance(value, list):
        return list(dict.fromkeys(found for item in value for found in call_ids(item)))
    if not isinstance(value, dict):
        return []
    own = [value[name] for name in ("call_id", "tool_call_id", "tool_use_id") if name in value]
    if value.get("type") in ("tool_use", "function") and value.get("id"):
        own.append(value["id"])
    return list(dict.fromkeys([*own, *call_ids(list(value.values()))]))


def payloads(body):
    if body.startswith(b"{"):
        return [json.loads(body)]
    lines = (line.removeprefix(b"data: ") for line in body.splitlines())
    return [json.loads(line) for line in lines if line.startswith(b"{")]


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize("alias", ["up-model", "mine"])
@pytest.mark.parametrize("upstream_dialect", PATHS)
@pytest.mark.parametrize("client_dialect", PATHS)
async def test_no_two_calls_of_a_conversation_have_one_id(
    upstream, gateway, client, client_dialect, upstream_dialect, alias, stream
):
    """Claude Code takes a call whose id was answered before for one that is done, and asks for it
    in circles (NVIDIA-NeMo/Switchyard#502).
    """
    answer = RENDERERS[upstream_dialect](Reply(calls=CALLS, finish="tool_calls"), stream)
    upstream.tell("up", answer)
    entry = {
        "provider": "up",
        "base_url": upstream.url("up", PATHS[upstream_dialect]),
        "api": "sk-up-0123456789",
        "engine": ENGINES[upstream_dialect],
        "model": [{"up-model": alias}],
    }
    await gateway.start(config([entry]))
    said, tools = opening(client_dialect)
    member = "input" if client_dialect == "responses" else "messages"
    known = []
    for number in range(4):
        body = {**said, "model": alias, "tools": tools, "stream": stream, "max_tokens": 99}
        if client_dialect == "responses":
            del body["max_tokens"]
        url = gateway.url + PATHS[client_dialect]
        async with client.post(url, json=body) as response:
            assert response.status == 200
            told = call_ids(payloads(await response.read()))
        assert len(told) == 2, told
        assert set(told).isdisjoint(known), f"round {number}"
        if number == 0:
            assert told == ["call_0", "call_1"], "what is not repeated is left alone"
        assert set(call_ids(upstream.seen["up"][-1].json)) == set(known)
        known += told
        said = {**said, member: [*said[member], *round_of(client_dialect, told)]}
