"""Same dialect in and out is untouched: what the client sent is what the provider gets, what the
provider says is what the client reads.
"""

import json

import pytest
from fakes import DONE, Answer, chat_stream, chat_whole, chunk, config, provider, whole

PLAIN = {"model": ["up-model"]}
UNKNOWN = (
    b'{ "model" : "up-model",\t"messages":[{"role":"user","content":"h\\u0069"}], '
    b'"vendor_thing": {"a": [1, 2.50, 1e3]}, "stream": %s, "stream_options": '
    b'{"include_usage": true} }'
)
ODD_STREAM = Answer(
    [
        b": a comment\n\n",
        (
            b"event: vendor\r\n"
            b'data: {"object":"chat.completion.chunk","id":"1",'
            b'"choices":[{"index":0,"delta":{"content":"h'
        ),
        b'i","vendor":1},"finish_reason":null}]}\r\n\r\n',
        b"data: not json at all\n\n",
        (
            b'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}],'
            b'"usage":{"prompt_tokens":1}}\n'
            b"\n"
        ),
        DONE,
    ]
)


async def post(client, gateway, body):
    async with client.post(
        gateway.url + "/v1/chat/completions",
        data=body,
        headers={"Content-Type": "application/json"},
    ) as response:
        return response.status, response.headers, await response.read()


async def test_without_an_alias_every_byte_is_the_same_both_ways(upstream, gateway, client):
    """Unknown members, spacing, number spelling, comments, event names and frames that are no JSON
    all survive.
    """
    upstream.tell(
        "a",
        ODD_STREAM,
        whole(
            {
                "choices": [
                    {
                        "index": 0,
                        "message": {"role": "assistant", "content": "x"},
                        "finish_reason": "stop",
                    }
                ],
                "vendor": 2.50,
            }
        ),
    )
    await gateway.start(config([provider(upstream, "a", **PLAIN)]))
    sent = UNKNOWN % b"true"
    status, _, body = await post(client, gateway, sent)
    assert (200, b"".join(ODD_STREAM.pieces)) == (status, body)
    assert sent == upstream.seen["a"][0].body
    sent = UNKNOWN % b"false"
    status, headers, body = await post(client, gateway, sent)
    assert status == 200
    assert json.loads(body)["vendor"] == 2.5
    assert sent == upstream.seen["a"][1].body
    assert "x-uniapi-dropped" not in headers


async def test_an_alias_changes_the_model_and_nothing_else(upstream, gateway, client):
    """One value is spliced in the request and in each frame of the answer; every other byte is
    equal.
    """
    upstream.tell("a", chat_stream(usage=True))
    await gateway.start(config([provider(upstream, "a")]))
    sent = (UNKNOWN % b"true").replace(b'"up-model"', b'"m"')
    _, headers, body = await post(client, gateway, sent)
    assert upstream.seen["a"][0].body == UNKNOWN % b"true"
    assert (
        b"".join(chat_stream(usage=True).pieces).replace(b'"model": "up-model"', b'"model": "m"')
        == body
    )
    assert (headers["x-uniapi-provider"], headers["x-uniapi-model"]) == ("a", "up-model")


@pytest.mark.parametrize(
    "other", [b'"model":"dear",', b'"Model":"dear",', b'"\\u006dodel":"dear",']
)
async def test_a_second_model_does_not_reach_the_provider(upstream, gateway, client, other):
    """What was checked is what is asked: other readers take another of two members."""
    upstream.tell("a", chat_stream(usage=True))
    await gateway.start(config([provider(upstream, "a")]))
    sent = (UNKNOWN % b"true").replace(b'"up-model"', b'"m"').replace(b"{", b"{" + other, 1)
    assert (await post(client, gateway, sent))[0] == 200
    assert b"dear" not in upstream.seen["a"][0].body
    assert json.loads(upstream.seen["a"][0].body)["model"] == "up-model"


@pytest.mark.parametrize(
    "other",
    [
        '"max_tokens": 90000,',
        '"MAX_TOKENS": 90000,',
        # Servers in Go fold the Kelvin sign too.
        '"max_to\\u212aens": 90000,',
        '"Messages": [90000],',
        '"Previous_Response_ID": "90000",',
        '"messages": [90000],',
        '"\\u006dessages": [90000],',
        '"tools": [90000], "tools": [],',
        '"vendors": [90000], "vendors": [],',
    ],
)
async def test_what_another_reader_takes_for_a_limit_is_not_relayed(
    upstream, gateway, client, other
):
    """The last of two counts here; another spelling of a member that decides counts nowhere. A
    vendor's own members go on, whatever their letters.
    """
    upstream.tell("a", chat_stream(usage=True))
    await gateway.start(config([provider(upstream, "a", **PLAIN)]))
    sent = (
        '{%s"model": "up-model", "max_tokens": 7, "VendorsOwn": 1, "stream": true,'
        ' "messages": [{"role": "user", "content": "\\"max_tokens\\" {\\"max_tokens\\":1}"}]}'
    )
    assert (await post(client, gateway, (sent % other).encode()))[0] == 200
    (seen,) = upstream.seen["a"]
    assert b"90000" not in seen.body
    assert (seen.json["max_tokens"], seen.json["VendorsOwn"]) == (7, 1)


async def test_usage_is_asked_for_upstream_and_hidden_from_a_client_that_did_not_ask(
    upstream, gateway, client
):
    """The gateway can count, and the client gets exactly the chunks it expects."""
    upstream.tell("a", chat_stream(usage=True))
    await gateway.start(config([provider(upstream, "a", **PLAIN)]))
    _, _, body = await post(
        client,
        gateway,
        b'{"model": "up-model", "messages": [{"role": "user", "content": "hi"}], "stream": true}',
    )
    assert upstream.seen["a"][0].json["stream_options"] == {"include_usage": True}
    assert b"".join(chat_stream(usage=False).pieces) == body
    async with client.get(gateway.url + "/v1/stats") as response:
        report = await response.json()
    counted = report["model_token_counts"][0]
    assert (
        counted["model"],
        counted["total_prompt_tokens"],
        counted["total_completion_tokens"],
        counted["request_count"],
    ) == ("up-model", 3, 2, 1)
    assert report["channel_model_success_rates"] == [
        {"provider": "a", "model": "up-model", "success_rate": 1.0, "total_requests": 1}
    ]


async def test_the_provider_gets_our_credential_and_none_of_the_clients(upstream, gateway, client):
    """Whatever carrier the client used, its key stays here; configured and passed-through headers
    go along.
    """
    upstream.tell("a", chat_whole())
    preferences = {"headers": {"X-Extra": "1"}, "passthrough_request_headers": ["X-Trace"]}
    await gateway.start(config([provider(upstream, "a", preferences=preferences)]))
    headers = {"x-api-key": "sk-test-client-key-0123456789", "X-Trace": "t1", "X-Other": "no"}
    async with client.post(
        gateway.url + "/v1/chat/completions?key=sk-test-client-key-0123456789",
        json={"model": "m", "messages": [{"role": "user", "content": "hi"}]},
        headers=headers,
    ) as response:
        assert response.status == 200
    seen = upstream.seen["a"][0]
    assert seen.headers["authorization"] == "Bearer sk-up-a-key"
    assert (seen.headers["x-extra"], seen.headers["x-trace"]) == ("1", "t1")
    assert "sk-test-client-key" not in str(seen.headers) + seen.path
    assert "x-other" not in seen.headers


async def test_overrides_leave_the_rest_json_equal(upstream, gateway, client):
    """`post_body_parameter_overrides` merges and removes; nothing else changes."""
    upstream.tell("a", chat_whole())
    overrides = {"top_p": 0.5, "__remove__": "temperature", "m": {"seed": 7}}
    await gateway.start(
        config([provider(upstream, "a", preferences={"post_body_parameter_overrides": overrides})])
    )
    body = {
        "model": "m",
        "messages": [{"role": "user", "content": "hi"}],
        "temperature": 1,
        "vendor": [1],
    }
    async with client.post(gateway.url + "/v1/chat/completions", json=body) as response:
        assert response.status == 200
    assert {
        "model": "up-model",
        "messages": body["messages"],
        "vendor": [1],
        "top_p": 0.5,
        "seed": 7,
    } == upstream.seen["a"][0].json


async def test_an_answer_without_its_name_is_left_alone(upstream, gateway, client):
    """Frames that name no model have nothing to splice."""
    frame = (
        b'data: {"object":"chat.completion.chunk","choices":[{"index":0,'
        b'"delta":{"content":"model"},"finish_reason":"stop"}]}\n'
        b"\n"
    )
    upstream.tell("a", Answer([frame, DONE]))
    await gateway.start(config([provider(upstream, "a")]))
    _, _, body = await post(
        client, gateway, b'{"model":"m","messages":[{"role":"user","content":"x"}],"stream":true}'
    )
    assert frame + DONE == body


def test_the_fakes_chunks_are_what_they_seem():
    """The fixture itself: one frame, ending in a blank line."""
    assert chunk({"content": "x"}).endswith(b"\n\n")
