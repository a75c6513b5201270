"""Heartbeats while the first token is awaited: in the client's dialect, failover goes on behind
them, and what goes wrong then is said in the stream.
"""

import json

import pytest
from fakes import Answer, chat_stream, chunk, config, provider, whole

pytestmark = pytest.mark.slow
"""A process for nearly every test: `.ci/run` runs them."""

SLOW = Answer([b": thinking\n\n", *chat_stream("hello world").pieces], pause_s=0.5)
BROKEN = Answer(
    [b": thinking\n\n", b'data: {"error": {"message": "gave up", "type": "server_error"}}\n\n'],
    pause_s=0.5,
)
KEEPALIVE = {"keepalive_interval": {"default": 0.2}}
CLIENTS = [
    (
        "/v1/chat/completions",
        {"model": "m", "messages": [{"role": "user", "content": "x"}], "stream": True},
        b": ",
    ),
    ("/v1/responses", {"model": "m", "input": "x", "stream": True}, b": "),
    (
        "/v1/messages",
        {
            "model": "m",
            "max_tokens": 9,
            "messages": [{"role": "user", "content": "x"}],
            "stream": True,
        },
        b"event: ping\n",
    ),
    (
        "/v1beta/models/m:streamGenerateContent?alt=sse",
        {"contents": [{"parts": [{"text": "x"}]}]},
        b": ",
    ),
    ("/v1beta/models/m:streamGenerateContent", {"contents": [{"parts": [{"text": "x"}]}]}, b"\n"),
    ("/v1/completions", {"model": "m", "prompt": "x", "stream": True}, b": "),
]
NAMES = ["chat", "responses", "messages", "gemini-sse", "gemini-array", "completions"]


def payloads(body):
    """The JSON values of a streamed answer, whatever its framing."""
    if body.lstrip().startswith(b"["):
        return json.loads(body)
    return [
        json.loads(line[6:]) for line in body.decode().splitlines() if line.startswith("data: {")
    ]


def is_error(value):
    return "error" in value or value.get("type") in ("error", "response.failed")


@pytest.mark.parametrize("path, body, beat", CLIENTS, ids=NAMES)
async def test_a_slow_first_token_is_bridged(upstream, gateway, client, path, body, beat):
    """The stream begins with beats that every reader passes over; then the answer follows whole."""
    upstream.tell("a", SLOW)
    await gateway.start(config([provider(upstream, "a")], KEEPALIVE))
    async with client.post(gateway.url + path, json=body) as response:
        first = await response.content.readany()
        assert (response.status, first.startswith(beat)) == (200, True)
        rest = await response.read()
    values = payloads(first + rest)
    assert not any(map(is_error, values))
    said = json.dumps([value for value in values if value.get("type") != "ping"])
    assert "hello " in said
    assert "world" in said


@pytest.mark.parametrize("path, body, beat", CLIENTS, ids=NAMES)
async def test_a_failure_behind_heartbeats_is_said_in_the_stream(
    upstream, gateway, client, path, body, beat
):
    """The status is spent, so the dialect's own error event ends the stream properly."""
    upstream.tell("a", BROKEN)
    await gateway.start(config([provider(upstream, "a")], KEEPALIVE))
    async with client.post(gateway.url + path, json=body) as response:
        assert response.status == 200
        data = await response.read()
    assert data.startswith(beat)
    last = payloads(data)[-1]
    assert is_error(last), last
    assert "gave up" in json.dumps(last)


async def test_failover_goes_on_behind_heartbeats(upstream, gateway, client):
    """The second channel answers in the stream that the first one's silence began."""
    upstream.tell("a", BROKEN)
    upstream.tell("b", chat_stream("from b"))
    await gateway.start(config([provider(upstream, "a"), provider(upstream, "b")], KEEPALIVE))
    async with client.post(gateway.url + CLIENTS[0][0], json=CLIENTS[0][1]) as response:
        data = await response.read()
    assert data.startswith(b": ")
    assert (
        "".join(value["choices"][0]["delta"].get("content") or "" for value in payloads(data))
        == "from b"
    )


async def test_a_refusal_behind_heartbeats_is_said_in_the_stream(upstream, gateway, client):
    """The first channel is relayed and fails; the second would translate and finds that the body
    makes no sense.
    """
    upstream.tell("a", BROKEN)
    upstream.tell("b", whole({}))
    claude = provider(upstream, "b", base_url=upstream.url("b", "/v1/messages"))
    await gateway.start(config([provider(upstream, "a"), claude], KEEPALIVE))
    body = {"model": "m", "stream": True, "messages": [{"role": "user", "content": 7}]}
    async with client.post(gateway.url + "/v1/chat/completions", json=body) as response:
        data = await response.read()
    assert data.startswith(b": ")
    assert "messages[0].content" in payloads(data)[-1]["error"]["message"]
    assert "b" not in upstream.seen


async def test_without_the_setting_there_are_none(upstream, gateway, client):
    """Nothing reaches the client before the first real token."""
    upstream.tell("a", SLOW)
    await gateway.start(config([provider(upstream, "a", model=["up-model"])]))
    async with client.post(
        gateway.url + CLIENTS[0][0], json={**CLIENTS[0][1], "model": "up-model"}
    ) as response:
        assert (
            b": thinking\n\n" + b"".join(chat_stream("hello world").pieces) == await response.read()
        )


def test_the_fake_tells_of_a_chunk():
    """What the slow upstream sends is what a chat provider sends."""
    assert chunk({"content": "x"}).startswith(b"data: {")


async def test_the_interval_is_the_clients_not_an_attempts(upstream, gateway, client):
    """Two attempts that are each quicker than the interval, and together slower: the client hears
    something in time, also when only the first channel promised it.
    """
    upstream.tell("a", Answer([b": thinking\n\n"], pause_s=0.4))
    upstream.tell(
        "b",
        Answer(
            [
                chunk({"role": "assistant", "content": ""}),
                chunk({"content": "hello"}),
                *chat_stream("").pieces,
            ],
            pause_s=0.4,
        ),
    )
    entries = [
        provider(upstream, "a", preferences={"keepalive_interval": {"default": 0.6}}),
        provider(upstream, "b"),
    ]
    await gateway.start(config(entries))
    async with client.post(gateway.url + "/v1/chat/completions", json=CLIENTS[0][1]) as response:
        body = await response.read()
    assert body.startswith(b": ")
    assert b"hello" in body
