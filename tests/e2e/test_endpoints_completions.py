"""Legacy `/v1/completions`: relayed where the provider has it, carried as a chat of one message
everywhere else.
"""

import json

import pytest
from fakes import DONE, Answer, chat_stream, chat_whole, config, provider, whole

pytestmark = pytest.mark.slow
"""A process for nearly every test: `.ci/run` runs them."""

ASK = {"model": "m", "prompt": "Once upon a time"}
PATH = "/v1/completions"


def text_chunk(text, finish=None, **more):
    choices = [{"text": text, "index": 0, "logprobs": None, "finish_reason": finish}]
    return (
        b"data: "
        + json.dumps(
            {
                "id": "cmpl-9",
                "object": "text_completion",
                "created": 1,
                "model": "up-model",
                "choices": choices,
                **more,
            }
        ).encode()
        + b"\n\n"
    )


def events(body):
    return [
        json.loads(line[6:]) for line in body.decode().splitlines() if line.startswith("data: {")
    ]


def claude(upstream, name):
    return provider(upstream, name, base_url=upstream.url(name, "/v1/messages"))


def claude_answer(text="there was"):
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


async def test_an_upstream_that_has_it_is_relayed(upstream, gateway, client):
    """Several prompts, echo, logprobs, unknown members: all of it goes through; the model's name is
    spliced both ways.
    """
    answer = {
        "id": "cmpl-9",
        "object": "text_completion",
        "created": 1,
        "model": "up-model",
        "choices": [{"text": " x", "index": 0}],
        "vendor": 1,
    }
    upstream.tell("a", whole(answer))
    await gateway.start(config([provider(upstream, "a")]))
    sent = {"model": "m", "prompt": ["one", "two"], "echo": True, "logprobs": 3, "vendor": {"a": 1}}
    async with client.post(gateway.url + PATH, json=sent) as response:
        assert (200, {**answer, "model": "m"}) == (response.status, await response.json())
        assert "x-uniapi-dropped" not in response.headers
    seen = upstream.seen["a"][0]
    assert seen.path == "/a/v1/completions"
    assert {**sent, "model": "up-model"} == seen.json


async def test_a_relayed_stream_hides_the_usage_nobody_asked_for(upstream, gateway, client):
    """As with chat: usage is asked for upstream and taken out again."""
    usage = (
        b'data: {"id":"cmpl-9","object":"text_completion","choices":[],'
        b'"usage":{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5}}\n'
        b"\n"
    )
    upstream.tell("a", Answer([text_chunk("he"), text_chunk("llo", "stop"), usage, DONE]))
    await gateway.start(config([provider(upstream, "a", model=["up-model"])]))
    async with client.post(
        gateway.url + PATH, json={**ASK, "model": "up-model", "stream": True}
    ) as response:
        assert text_chunk("he") + text_chunk("llo", "stop") + DONE == await response.read()
    assert upstream.seen["a"][0].json["stream_options"] == {"include_usage": True}


async def test_an_upstream_without_the_endpoint_is_asked_for_a_chat(upstream, gateway, client):
    """A 404 there costs one more request, not the channel: the same provider answers as a chat, and
    the next call finds it healthy.
    """
    missing = whole(
        {"error": {"message": "This is a chat model", "type": "invalid_request_error"}}, status=404
    )
    upstream.tell("a", missing, chat_whole("there was"))
    upstream.tell("b", chat_whole())
    await gateway.start(config([provider(upstream, "a"), provider(upstream, "b")]))
    async with client.post(
        gateway.url + PATH, json={**ASK, "best_of": 3, "suffix": "end", "n": 1, "stop": ["."]}
    ) as response:
        value = await response.json()
        assert response.headers["x-uniapi-attempts"] == "a#1=404, a#1=200"
        assert response.headers["x-uniapi-dropped"] == "best_of, suffix"
    assert (value["object"], value["model"]) == ("text_completion", "m")
    assert value["choices"] == [
        {"text": "there was", "index": 0, "logprobs": None, "finish_reason": "stop"}
    ]
    assert value["usage"]["total_tokens"] == 5
    body = upstream.seen["a"][1].json
    assert (body["messages"], body["stop"]) == (
        [{"role": "user", "content": "Once upon a time"}],
        ["."],
    )
    assert "prompt" not in body
    assert "b" not in upstream.seen


async def test_another_dialect_carries_it_whole_and_streamed(upstream, gateway, client):
    """Claude answers a prompt; a list of one is one."""
    upstream.tell("a", claude_answer())
    await gateway.start(config([claude(upstream, "a")]))
    async with client.post(
        gateway.url + PATH, json={"model": "m", "prompt": ["Once"], "echo": True, "max_tokens": 9}
    ) as response:
        value = await response.json()
        assert response.headers["x-uniapi-dropped"] == "echo"
    assert value["choices"][0]["text"] == "there was"
    assert value["usage"]["prompt_tokens"] == 4
    assert value["id"].startswith("cmpl-")
    assert upstream.seen["a"][0].json["max_tokens"] == 9
    async with client.post(
        gateway.url + PATH, json={**ASK, "stream": True, "stream_options": {"include_usage": True}}
    ) as response:
        body = await response.read()
    chunks = events(body)
    assert all(chunk["object"] == "text_completion" for chunk in chunks)
    assert "".join(choice["text"] for chunk in chunks for choice in chunk["choices"]) == "there was"
    assert chunks[-2]["choices"][0]["finish_reason"] == "stop"
    assert (chunks[-1]["choices"], chunks[-1]["usage"]["total_tokens"]) == ([], 6)
    assert body.endswith(DONE)


async def test_what_a_chat_cannot_be_asked_is_refused_by_name_or_goes_to_who_can(
    upstream, gateway, client
):
    """Several prompts and tokens: 400 naming `prompt` when nobody has the endpoint; the next
    channel when it has.
    """
    upstream.tell("a", claude_answer())
    upstream.tell(
        "b",
        whole(
            {"id": "cmpl-9", "object": "text_completion", "choices": [{"text": "x", "index": 0}]}
        ),
    )
    both = provider(upstream, "b", model=[{"up-model": "both"}])
    await gateway.start(
        config([{**claude(upstream, "a"), "model": [{"c": "m"}, {"c2": "both"}]}, both])
    )
    for prompt in (["one", "two"], [1, 2, 3], [[1], [2]], None, 7):
        async with client.post(
            gateway.url + PATH, json={"model": "m", "prompt": prompt}
        ) as response:
            value = await response.json()
            assert (response.status, value["error"]["param"]) == (400, "prompt"), prompt
    assert "a" not in upstream.seen
    async with client.post(
        gateway.url + PATH, json={"model": "both", "prompt": ["one", "two"]}
    ) as response:
        assert (response.status, response.headers["x-uniapi-attempts"]) == (200, "b#1=200")


async def test_a_stream_that_breaks_ends_with_an_error_chunk(upstream, gateway, client):
    """After the first token the client is told, and the stream ends properly."""
    upstream.tell("a", Answer(chat_stream("one two three").pieces[:3], then="reset"))
    upstream.tell("gone", whole({"error": {"message": "no such endpoint"}}, status=404))
    upstream.answers["a"].insert(0, upstream.answers["gone"][0])
    await gateway.start(config([provider(upstream, "a")]))
    async with client.post(gateway.url + PATH, json={**ASK, "stream": True}) as response:
        body = await response.read()
    assert "error" in events(body)[-1]
    assert body.endswith(DONE)
