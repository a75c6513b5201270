"""`explain REQUEST.json` says what the gateway sends: the same address, headers and bytes; and it
sends nothing itself.
"""

import asyncio
import json

import pytest
import warm
import yaml
from fakes import CLIENT_KEY, chat_stream, chat_whole, config, provider

UP_KEY = "sk-up-secret-0123456789abcdef"
PICTURE = "data:image/png;base64," + "iVBORw0KGgo" * 100
CHAT = {
    "model": "m",
    "seed": 7,
    "messages": [
        {"role": "system", "content": "be brief"},
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "what is this?"},
                {"type": "image_url", "image_url": {"url": PICTURE}},
            ],
        },
    ],
}
MESSAGES = {"model": "m", "max_tokens": 9, "system": "be brief", "messages": CHAT["messages"][1:]}
MESSAGES["messages"] = [{"role": "user", "content": "hello"}]


async def explained(folder, value, body, *arguments):
    (folder / "api.yaml").write_text(yaml.safe_dump(value))
    (folder / "request.json").write_text(json.dumps(body))
    words = ["explain", "request.json", "--json", *arguments]
    done = await asyncio.to_thread(warm.run, words, cwd=folder)
    assert UP_KEY not in done.stdout + done.stderr
    assert CLIENT_KEY not in done.stdout
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize(
    "path, body, stream",
    [
        ("/v1/chat/completions", CHAT, False),
        ("/v1/chat/completions", CHAT, True),
        ("/v1/messages", MESSAGES, False),
    ],
)
async def test_what_is_explained_is_what_is_sent(upstream, gateway, client, path, body, stream):
    """Relayed and translated, whole and streamed: byte for byte."""
    upstream.tell("a", chat_stream() if stream else chat_whole())
    value = config([provider(upstream, "a", api=[UP_KEY], model=[{"up": "m"}])])
    asked = {**body, "stream": stream}
    code, output, _ = await explained(gateway.folder, value, asked)
    assert code == 0
    assert upstream.seen == {}
    (request,) = json.loads(output)["requests"]
    await gateway.start(value)
    data = json.dumps(asked).encode()
    headers = {"content-type": "application/json"}
    async with client.post(gateway.url + path, data=data, headers=headers) as response:
        await response.read()
        assert response.status == 200
    (seen,) = upstream.seen["a"]
    assert request["body"].encode() == seen.body
    assert request["url"].endswith(seen.path)
    shown = dict(line.split(": ", 1) for line in request["headers"])
    assert shown["authorization"] == "…"
    sent = {name.lower(): text for name, text in seen.headers.items()}
    assert {name: shown[name] for name in shown if name != "authorization"}.items() <= sent.items()


async def test_what_stops_a_request_is_told(upstream, tmp_path):
    """In the words that the client would get; exit 1."""
    upstream.tell("a", chat_whole())
    value = config([provider(upstream, "a", api=[UP_KEY], model=["m"])])
    value["api_keys"][0]["preferences"] = {"credits": 0, "created_at": "2026-01-01T00:00:00+00:00"}
    value["preferences"] = {**value.get("preferences", {}), "model_price": {"default": "1,2"}}
    code, output, _ = await explained(tmp_path, value, CHAT)
    assert code == 1
    assert "credits" in json.loads(output)["stopped_by"]


async def test_what_is_dropped_and_what_it_may_cost_is_told(upstream, tmp_path):
    entry = provider(upstream, "a", api=[UP_KEY], model=["m"], engine="claude")
    value = config([entry])
    value["preferences"] = {**value.get("preferences", {}), "model_price": {"default": "1,2"}}
    body = {**CHAT, "max_tokens": 1000}
    _, output, _ = await explained(tmp_path, value, body)
    (request,) = json.loads(output)["requests"]
    assert (request["road"], request["dialect"]) == ("translated", "anthropic")
    assert "seed" in request["dropped"]
    assert request["dropped_why"]["seed"] == "this format lacks it (anthropic)"
    assert 0.002 < request["cost"] < 0.005
    assert request["price"] == "model_price.default"


@pytest.mark.parametrize(
    "body, arguments, said",
    [
        ({"messages": []}, (), "400: `model` is missing."),
        ({"contents": []}, (), "add --model NAME"),
        ({"model": "m"}, ("--client", "smtp"), "--client is one of"),
    ],
)
async def test_a_request_that_makes_no_sense_is_refused(upstream, tmp_path, body, arguments, said):
    """As the server would; exit 2, no traceback."""
    value = config([provider(upstream, "a", api=[UP_KEY], model=["m"])])
    code, _, error = await explained(tmp_path, value, body, *arguments)
    assert code == 2
    assert said in error
    assert "Traceback" not in error


async def test_a_person_reads_long_bodies_shortened(upstream, tmp_path):
    value = config([provider(upstream, "a", api=[UP_KEY], model=["m"])])
    await explained(tmp_path, value, CHAT)
    done = await asyncio.to_thread(warm.run, ["explain", "request.json"], cwd=tmp_path)
    assert f"({len(PICTURE)} characters)" in done.stdout
    assert "about" in done.stdout
    assert "nothing is sent" in done.stdout


async def test_each_loss_has_the_reason_of_the_row_that_loses_it(upstream, tmp_path):
    """A fact of the model, a word of the provider's entry: not one sentence for all."""
    tool = {"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}
    model, own = ["gpt-5"], {"tools": False}
    value = config([provider(upstream, "a", api=[UP_KEY], model=model, **own)])
    body = {**CHAT, "model": "gpt-5", "temperature": 0.3, "tools": [tool]}
    _, output, _ = await explained(tmp_path, value, body)
    (request,) = json.loads(output)["requests"]
    assert set(request["dropped"]) == set(request["dropped_why"])
    assert request["dropped_why"]["tools"] == "the provider has `tools: false`"
    assert "sampling is fixed" in request["dropped_why"]["temperature"]
    done = await asyncio.to_thread(warm.run, ["explain", "request.json"], cwd=tmp_path)
    assert f"dropped: temperature: {request['dropped_why']['temperature']}" in done.stdout
