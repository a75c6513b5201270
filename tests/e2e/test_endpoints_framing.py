"""Same dialect, other framing: the payloads arrive as the provider wrote them, only what is around
them differs.
"""

import base64
import json

import pytest
from fakes import Answer, chat_stream, config, provider

from uniapi.wire import encode_message

pytestmark = pytest.mark.slow
"""A process for nearly every test: `.ci/run` runs them."""

AWS = "application/vnd.amazon.eventstream"
MESSAGES = {
    "model": "m",
    "max_tokens": 9,
    "stream": True,
    "messages": [{"role": "user", "content": "hi"}],
}
CONTENTS = {"contents": [{"role": "user", "parts": [{"text": "hi"}]}]}
CLAUDE = [
    (
        b'{"type":"message_start","message":{"id":"msg_1",'
        b'"type":"message","role":"assistant","model":"claude-x",'
        b'"content":[],"usage":{"input_tokens":3,"output_tokens":1}},"vendor":1}'
    ),
    b'{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}',
    (
        b'{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"h\\u0069"},'
        b' "p":"abc"}'
    ),
    b'{"type":"content_block_stop","index":0}',
    (
        b'{"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},'
        b'"usage":{"output_tokens":2}}'
    ),
    b'{"type":"message_stop"}',
]
GEMINI = [
    (
        b'{"candidates":[{"content":{"parts":[{"text":"h\\u0069"}],'
        b'"role":"model"},"index":0}],"modelVersion":"up-model","vendor":1.50}'
    ),
    (
        b'{"candidates":[{"content":{"parts":[{"text":"!"}],'
        b'"role":"model"},"finishReason":"STOP","index":0}],"modelVersion":"up-model"}'
    ),
]


def aws(payload):
    inner = json.dumps({"bytes": base64.b64encode(payload).decode(), "p": "abcdef"}).encode()
    return encode_message(
        {":event-type": "chunk", ":content-type": "application/json", ":message-type": "event"},
        inner,
    )


def aws_exception(name, message):
    return encode_message(
        {
            ":exception-type": name,
            ":content-type": "application/json",
            ":message-type": "exception",
        },
        json.dumps({"message": message}).encode(),
    )


def sse(payload):
    return b"event: " + json.loads(payload)["type"].encode() + b"\ndata: " + payload + b"\n\n"


def bedrock(upstream, name):
    return provider(
        upstream,
        name,
        base_url=upstream.url(name, ""),
        engine="aws",
        api="bedrock-key-1",
        model=[{"anthropic.claude-x": "m"}],
    )


def gemini(upstream, name, model="up-model"):
    return provider(upstream, name, base_url=upstream.url(name, "/v1beta"), model=[model])


async def read(client, gateway, path, body):
    async with client.post(gateway.url + path, json=body) as response:
        return response.status, response.headers, await response.read()


async def test_claude_by_invoke_arrives_as_anthropics_own_events(upstream, gateway, client):
    """AWS's messages are unwrapped, cut wherever the network cuts them; only the model's name is
    the client's.
    """
    data = b"".join(aws(payload) for payload in CLAUDE)
    upstream.tell("a", Answer([data[:7], data[7:400], data[400:]], content_type=AWS, pause_s=0.01))
    await gateway.start(config([bedrock(upstream, "a")]))
    status, headers, body = await read(client, gateway, "/v1/messages", MESSAGES)
    assert (status, headers["content-type"]) == (200, "text/event-stream; charset=utf-8")
    assert (
        b"".join(sse(payload) for payload in CLAUDE).replace(b'"model":"claude-x"', b'"model":"m"')
        == body
    )
    seen = upstream.seen["a"][0]
    assert seen.path == "/a/model/anthropic.claude-x/invoke-with-response-stream"
    assert (seen.json["anthropic_version"], "model" in seen.json, "stream" in seen.json) == (
        "bedrock-2023-05-31",
        False,
        False,
    )


async def test_an_exception_before_the_first_token_fails_over_and_after_it_is_an_error_event(
    upstream, gateway, client
):
    """AWS tells throttling inside a 200."""
    throttled = aws_exception("throttlingException", "Too many requests")
    upstream.tell(
        "a",
        Answer([aws(CLAUDE[0]), throttled], content_type=AWS),
        Answer([*map(aws, CLAUDE[:3]), throttled], content_type=AWS),
    )
    upstream.tell("b", chat_stream("from b"))
    await gateway.start(config([bedrock(upstream, "a"), provider(upstream, "b")]))
    _, headers, body = await read(client, gateway, "/v1/messages", MESSAGES)
    assert headers["x-uniapi-attempts"].endswith("b#1=200")
    assert b"from " in body
    await gateway.stop()
    await gateway.start(config([bedrock(upstream, "a")]))
    _, _, body = await read(client, gateway, "/v1/messages", MESSAGES)
    event = json.loads(body.decode().strip().splitlines()[-1].removeprefix("data: "))
    assert (event["type"], event["error"]["type"]) == ("error", "rate_limit_error")


async def test_a_cut_event_stream_ends_in_an_error_event(upstream, gateway, client):
    """Half a message is no end."""
    data = b"".join(aws(payload) for payload in CLAUDE[:4])
    upstream.tell("a", Answer([data[:-9]], content_type=AWS))
    await gateway.start(config([bedrock(upstream, "a")]))
    _, _, body = await read(client, gateway, "/v1/messages", MESSAGES)
    assert (
        json.loads(body.decode().strip().splitlines()[-1].removeprefix("data: "))["type"] == "error"
    )
    assert b"message_stop" not in body


async def test_a_gemini_client_gets_the_framing_it_asked_for(upstream, gateway, client):
    """SSE upstream: one JSON array without `alt=sse`, the frames untouched with it; an array
    upstream becomes events. Payloads are the same bytes in all of them.
    """
    events = [b"data: " + payload + b"\r\n\r\n" for payload in GEMINI]
    array = [b"[" + GEMINI[0], b"\n,\r\n" + GEMINI[1], b"]\n"]
    upstream.tell(
        "a",
        Answer(events),
        Answer(events),
        Answer(array, content_type="application/json"),
        Answer(array, content_type="application/json"),
    )
    await gateway.start(config([gemini(upstream, "a")]))
    path = "/v1beta/models/up-model:streamGenerateContent"
    _, headers, body = await read(client, gateway, path, CONTENTS)
    assert headers["content-type"] == "application/json"
    assert (b"[" + GEMINI[0] + b",\n" + GEMINI[1] + b"]") == body
    _, headers, body = await read(client, gateway, path + "?alt=sse", CONTENTS)
    assert (b"".join(events), "text/event-stream; charset=utf-8") == (body, headers["content-type"])
    _, _, body = await read(client, gateway, path, CONTENTS)
    assert b"".join(array) == body
    _, _, body = await read(client, gateway, path + "?alt=sse", CONTENTS)
    assert b"".join(b"data: " + payload + b"\n\n" for payload in GEMINI) == body


async def test_a_broken_array_is_still_an_array(upstream, gateway, client):
    """The error is its last element, and the array is closed, whatever framing the upstream broke
    off in.
    """
    upstream.tell(
        "a",
        Answer([b"data: " + GEMINI[0] + b"\r\n\r\n", b'data: {"candi'], then="reset"),
        Answer(
            [b"[" + GEMINI[0], b'\n,\r\n{"candi'], content_type="application/json", then="reset"
        ),
    )
    await gateway.start(config([gemini(upstream, "a")]))
    for _ in range(2):
        _, _, body = await read(
            client, gateway, "/v1beta/models/up-model:streamGenerateContent", CONTENTS
        )
        value = json.loads(body)
        assert value[0]["vendor"] == 1.5
        assert value[-1]["error"]["code"] == 502


async def test_the_alias_is_spliced_in_the_other_framing_too(upstream, gateway, client):
    """One value changes, nothing else."""
    upstream.tell("a", Answer([b"data: " + payload + b"\r\n\r\n" for payload in GEMINI]))
    await gateway.start(config([gemini(upstream, "a", {"up-model": "m"})]))
    _, _, body = await read(client, gateway, "/v1beta/models/m:streamGenerateContent", CONTENTS)
    assert (b"[" + GEMINI[0] + b",\n" + GEMINI[1] + b"]").replace(b"up-model", b"m") == body
