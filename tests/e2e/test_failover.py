"""What an upstream can do wrong before the first token costs the client nothing but time; after it,
the client is told properly.
"""

import json

import pytest
from fakes import DONE, Answer, chat_stream, chat_whole, chunk, config, provider, whole

CHAT = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}
ERROR = {"error": {"message": "no", "type": "server_error", "code": None}}
EMPTY = {
    "id": "x",
    "object": "chat.completion",
    "created": 1,
    "model": "up-model",
    "choices": [
        {"index": 0, "message": {"role": "assistant", "content": ""}, "finish_reason": "stop"}
    ],
}

STREAM_FAULTS = {
    "html with 200": Answer([b"<html><body>blocked</body></html>"], content_type="text/html"),
    "an empty 200": Answer([]),
    "only [DONE]": Answer([DONE]),
    "an error object in a 200": whole(ERROR),
    "an SSE error first": Answer([b"data: " + json.dumps(ERROR).encode() + b"\n\n", DONE]),
    "garbage bytes": Answer([b"\x00\xff\xfe garbage \x80\n\n"]),
    "half a character at the end": Answer(
        [b'data: {"choices":[{"index":0,"delta":{"content":"\xe4\xbd']
    ),
    "a role and then a cut": Answer([chunk({"role": "assistant", "content": ""})], then="reset"),
    "a reset before the first byte": Answer([], then="reset"),
    "an empty answer": Answer(
        [chunk({"role": "assistant", "content": ""}), chunk({}, "stop"), DONE]
    ),
    "a 500": whole(ERROR, status=500),
    "a 429": whole(ERROR, status=429, headers={"retry-after": "30"}),
    "a 401": whole(ERROR, status=401),
}
WHOLE_FAULTS = {
    "html with 200": Answer([b"<html></html>"], content_type="text/html"),
    "an empty 200": Answer([], content_type="application/json"),
    "an error object in a 200": whole(ERROR),
    "an empty answer": whole(EMPTY),
    "half a JSON": Answer([b'{"choices": [{"mess'], content_type="application/json"),
    "garbage bytes": Answer([b"\x00\xff\xfe"], content_type="application/json"),
    "a reset": Answer([], then="reset"),
    "a reset in the middle": Answer(
        [b'{"choices": ['], content_type="application/json", then="reset"
    ),
    "a 503": whole(ERROR, status=503),
}


async def test_every_fault_before_the_first_token_goes_to_the_next_channel(
    upstream, gateway, client
):
    """The client sees one whole good answer, whatever the first channel did; streamed and whole."""
    names = {}
    providers = []
    for kind, faults in (("s", STREAM_FAULTS), ("w", WHOLE_FAULTS)):
        for number, (title, answer) in enumerate(faults.items()):
            bad, good = f"bad-{kind}{number}", f"good-{kind}{number}"
            upstream.tell(bad, answer)
            upstream.tell(good, chat_stream() if kind == "s" else chat_whole())
            alias = f"m-{kind}{number}"
            names[alias] = (kind, title, bad)
            providers += [
                provider(upstream, bad, model=[{"up-model": alias}]),
                provider(upstream, good, model=[{"up-model": alias}]),
            ]
    await gateway.start(config(providers))
    for alias, (kind, title, bad) in names.items():
        async with client.post(
            gateway.url + "/v1/chat/completions",
            json={**CHAT, "model": alias, "stream": kind == "s"},
        ) as response:
            body = await response.text()
        assert response.status == 200, (title, body)
        assert f"good-{kind}" in response.headers["x-uniapi-provider"], title
        assert response.headers["x-uniapi-attempts"].count("#") == 2, title
        # A reset on a kept-alive connection may be the connection's age: it is sent once more, on a
        # fresh one.
        assert len(upstream.seen[bad]) <= (2 if title.startswith("a reset") else 1), title
        text = (
            "".join(
                (json.loads(line[6:])["choices"] or [{"delta": {}}])[0]["delta"].get("content")
                or ""
                for line in body.splitlines()
                if line.startswith("data: {")
            )
            if kind == "s"
            else json.loads(body)["choices"][0]["message"]["content"]
        )
        assert text == "hello world", title


async def test_no_first_token_in_time_goes_to_the_next_channel(upstream, gateway, client):
    """Headers and comments are not tokens: the timeout is for the first token."""
    upstream.tell("slow", Answer([b": ping\n\n"] * 50, pause_s=0.2))
    upstream.tell("good", chat_stream())
    await gateway.start(
        config(
            [
                provider(upstream, "slow", preferences={"model_timeout": {"default": 1}}),
                provider(upstream, "good"),
            ]
        )
    )
    async with client.post(
        gateway.url + "/v1/chat/completions", json={**CHAT, "stream": True}
    ) as response:
        assert response.headers["x-uniapi-provider"] == "good"
        assert response.headers["x-uniapi-attempts"] == "slow#1=timeout, good#1=200"
        assert (await response.read()).endswith(DONE)


@pytest.mark.parametrize("then", ["reset", "end", "hang"])
async def test_a_cut_after_the_first_token_ends_in_the_clients_own_words(
    upstream, gateway, client, then
):
    """An error event and a proper end, never a bare cut that looks complete."""
    upstream.tell("a", Answer([chunk({"role": "assistant", "content": "hal"})], then=then))
    await gateway.start(
        config([provider(upstream, "a", preferences={"model_timeout": {"default": 1}})])
    )
    async with client.post(
        gateway.url + "/v1/chat/completions", json={**CHAT, "stream": True}
    ) as response:
        assert response.status == 200
        body = (await response.read()).decode()
    frames = [line[6:] for line in body.splitlines() if line.startswith("data: ")]
    assert json.loads(frames[0])["choices"][0]["delta"]["content"] == "hal"
    told = json.loads(frames[1])["error"]["message"]
    assert told.startswith("The provider `a` broke off its answer: ")


async def test_a_failure_in_mid_stream_names_its_provider_in_a_translated_answer_too(
    upstream, gateway, client
):
    """Headers are gone by then; which of five it was stands in the error itself, with its words."""
    error = {"error": {"message": "The engine is on fire", "type": "server_error"}}
    broken = f"data: {json.dumps(error)}\n\n".encode()
    begun = chunk({"role": "assistant", "content": "hal"})
    upstream.tell("a", Answer([begun, broken], pause_s=0.2))
    await gateway.start(config([provider(upstream, "a")]))
    asked = {"max_tokens": 9, "stream": True, "messages": CHAT["messages"], "model": CHAT["model"]}
    async with client.post(gateway.url + "/v1/messages", json=asked) as response:
        body = (await response.read()).decode()
    assert "The provider `a` broke off its answer: The engine is on fire" in body


async def test_all_channels_failing_shows_the_most_useful_failure(upstream, gateway, client):
    """The upstream's own words, in OpenAI's shape, with every attempt named."""
    upstream.tell(
        "a", whole({"error": {"message": "overloaded, sorry", "type": "server_error"}}, status=500)
    )
    await gateway.start(config([provider(upstream, "a")]))
    async with client.post(gateway.url + "/v1/chat/completions", json=CHAT) as response:
        value = await response.json()
    assert response.status in (500, 502, 503)
    assert "overloaded, sorry" in value["error"]["message"]
    assert response.headers["x-uniapi-attempts"] == "a#1=500, a#1=500"


async def test_a_clients_own_mistake_is_answered_at_once_and_unchanged(upstream, gateway, client):
    """A 400 in the same dialect is handed on byte for byte, asked once, and rests nothing."""
    upstream.tell(
        "a",
        whole(
            {
                "error": {
                    "message": "bad temperature",
                    "type": "invalid_request_error",
                    "param": "temperature",
                    "code": None,
                }
            },
            status=400,
        ),
        chat_whole(),
    )
    upstream.tell("b", chat_whole())
    await gateway.start(config([provider(upstream, "a"), provider(upstream, "b")]))
    async with client.post(gateway.url + "/v1/chat/completions", json=CHAT) as response:
        assert response.status == 400
        assert await response.json() == {
            "error": {
                "message": "bad temperature",
                "type": "invalid_request_error",
                "param": "temperature",
                "code": None,
            }
        }
    assert "b" not in upstream.seen
    async with client.post(gateway.url + "/v1/chat/completions", json=CHAT) as response:
        assert response.headers["x-uniapi-attempts"] == "a#1=200"
