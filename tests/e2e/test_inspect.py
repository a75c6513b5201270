"""The request inspector in a running gateway, and the promise that without it nothing of a prompt
or an answer is kept, logged or shown.
"""

import asyncio
import gzip
import json

import pytest
from fakes import CLIENT_KEY, Answer, chat_stream, chat_whole, config, provider, whole

PROMPT, ANSWER = "aardvark-48151623", "narwhal-42108642"
OTHER_KEY = "sk-other-client-key-abcdefgh"
CHAT_PATH = "/v1/chat/completions"


def chat(**members):
    return {"model": "m", "messages": [{"role": "user", "content": f"say {PROMPT}"}], **members}


def served_by(upstream, **preferences):
    value = config([provider(upstream, "a")], preferences, role="admin")
    value["api_keys"].append({"api": OTHER_KEY, "role": "friend"})
    return value


async def asked(client, gateway, path, **members):
    async with client.get(gateway.url + path, **members) as response:
        return response.status, await response.json()


async def answered(client, gateway, **members):
    async with client.post(gateway.url + CHAT_PATH, json=chat(**members)) as response:
        return response.headers["x-request-id"], await response.read()


def kept(folder):
    """Every byte of the data dir and the log, unpacked."""
    files = [path for path in (folder / "data").rglob("*") if path.is_file()]
    data = [path.read_bytes() for path in [*files, folder / "log"]]
    return b"\n".join(gzip.decompress(one) if one[:2] == b"\x1f\x8b" else one for one in data)


@pytest.mark.parametrize("stream", [False, True])
async def test_without_it_no_word_of_a_request_is_kept_logged_or_shown(
    upstream, gateway, client, stream
):
    """Neither of the prompt nor of the answer: in the data dir, in the log at its most talkative,
    in what the admin surface says; after the end, too.
    """
    upstream.tell("a", chat_stream(ANSWER, usage=True) if stream else chat_whole(ANSWER))
    await gateway.start(served_by(upstream), "--log-level", "debug")
    request_id, body = await answered(client, gateway, stream=stream)
    assert ANSWER.encode() in body
    shown = []
    for path in ("/v1/requests", f"/v1/requests/{request_id}", "/v1/status", "/v1/stats"):
        status, value = await asked(client, gateway, path)
        assert status == 200
        shown.append(json.dumps(value))
    async with client.get(gateway.url + "/metrics") as response:
        shown.append(await response.text())
    await gateway.stop()
    everything = "\n".join(shown) + kept(gateway.folder).decode(errors="replace")
    assert request_id in everything
    assert PROMPT not in everything
    assert ANSWER not in everything


async def test_with_it_the_last_requests_are_there_in_full(upstream, gateway, client):
    """In memory: nothing of it is on disk or in the log; the log says that it is on."""
    upstream.tell("a", whole({"error": {"message": "busy"}}, status=503), chat_stream(ANSWER))
    await gateway.start(served_by(upstream, inspect={"last": 5}))
    request_id, body = await answered(client, gateway, stream=True)
    status, full = await asked(client, gateway, f"/v1/requests/{request_id}")
    assert (status, full["inspected"], full["outcome"]) == (200, True, "ok")
    assert json.loads(full["received"]["body"]) == chat(stream=True)
    assert [one["answer"]["status"] for one in full["sent"]] == [503, 200]
    assert json.loads(full["sent"][1]["body"])["model"] == "up-model"
    assert full["sent"][1]["url"] == upstream.url("a")
    assert ANSWER in full["sent"][1]["answer"]["body"]
    assert full["answered"]["body"].encode() == body
    assert full["answered"]["headers"]["x-uniapi-provider"] == "a"
    _, listed = await asked(client, gateway, "/v1/requests")
    assert listed["requests"][0]["inspected"] is True
    assert listed["inspect"]["last"] == 5
    text = json.dumps(full)
    assert CLIENT_KEY not in text
    assert "sk-up-a-key" not in text
    await gateway.stop()
    assert "the inspector is on" in gateway.log
    assert PROMPT.encode() not in kept(gateway.folder)


async def test_a_refusal_is_there_with_what_the_client_was_told(upstream, gateway, client):
    """Nothing was sent."""
    await gateway.start(served_by(upstream, inspect={"last": 5}))
    request_id, body = await answered(client, gateway, model="nobody-serves-this")
    _, full = await asked(client, gateway, f"/v1/requests/{request_id}")
    assert (full["sent"], full["answered"]["status"]) == ([], 404)
    assert json.loads(full["answered"]["body"]) == json.loads(body)
    assert full["kind"] == "mistake"


async def test_what_is_no_request_at_all_is_there_as_it_came(upstream, gateway, client):
    """JSON that is none: the body, and what its sender was told; under its id, and in the list of
    those who were turned away.
    """
    await gateway.start(served_by(upstream, inspect={"last": 5}))
    sent = f"{{'messages': {PROMPT}"
    async with client.post(gateway.url + CHAT_PATH, data=sent) as response:
        assert response.status == 400
        request_id, said = response.headers["x-request-id"], await response.json()
    _, full = await asked(client, gateway, f"/v1/requests/{request_id}")
    assert full["received"]["body"] == sent
    assert json.loads(full["answered"]["body"]) == said
    _, status = await asked(client, gateway, "/v1/status?only=now")
    (row,) = status["strangers"]
    assert (row["request_id"], row["inspected"]) == (request_id, True)


async def test_on_disk_they_outlive_a_restart_and_are_gone_when_it_is_off(
    upstream, gateway, client
):
    """The configuration that says no more of it takes the files with it, without a restart."""
    upstream.tell("a", chat_whole(ANSWER))
    value = served_by(upstream, inspect={"last": 5, "to_disk": "2MB"})
    await gateway.start(value)
    request_id, _ = await answered(client, gateway)
    await gateway.stop()
    await gateway.start(value)
    _, full = await asked(client, gateway, f"/v1/requests/{request_id}")
    assert ANSWER in full["answered"]["body"]
    folder = gateway.folder / "data" / "requests"
    assert [path.suffix for path in folder.iterdir()] == [".requests"]
    (gateway.folder / "api.yaml").write_text(json.dumps(served_by(upstream)))
    while list(folder.iterdir()):
        await asyncio.sleep(0.05)
    _, full = await asked(client, gateway, f"/v1/requests/{request_id}")
    assert (full["inspected"], full["status"]) == (False, 200)
    assert "received" not in full


@pytest.mark.parametrize("path", ["/v1/requests", "/v1/requests/x", "/v1/keys/test"])
async def test_it_is_for_admins(upstream, gateway, client, path):
    """403 for every other key."""
    await gateway.start(served_by(upstream, inspect={"last": 5}))
    headers = {"Authorization": f"Bearer {OTHER_KEY}"}
    method = client.post if path == "/v1/keys/test" else client.get
    async with method(gateway.url + path, headers=headers) as response:
        assert response.status == 403


async def test_what_is_not_kept_is_not_found(upstream, gateway, client):
    """404, and a filter that makes no sense is 400."""
    await gateway.start(served_by(upstream))
    assert (await asked(client, gateway, "/v1/requests/nothing"))[0] == 404
    assert (await asked(client, gateway, "/v1/requests?status=fine"))[0] == 400


async def test_a_key_is_tested_on_demand_and_rests_no_longer(upstream, gateway, client):
    """One that is refused says why; one that answers is back."""
    refused = whole({"error": {"message": "invalid key"}}, status=401)
    listed = whole({"object": "list", "data": [{"id": "up-model", "object": "model"}]})
    upstream.tell("a", refused)
    await gateway.start(served_by(upstream))
    await answered(client, gateway)

    async def tested(**members):
        async with client.post(
            gateway.url + "/v1/keys/test", json={"provider": "a", **members}
        ) as response:
            return response.status, await response.json()

    status, row = await tested(key="1")
    assert (status, row["ok"]) == (200, False)
    assert "invalid key" in row["message"]
    upstream.tell("a", listed, refused, chat_whole("Hi"))
    status, row = await tested(key="1")
    assert (status, row["ok"]) == (200, True)
    _, value = await asked(client, gateway, "/v1/status?only=now")
    assert value["health"][0]["keys"][0]["rests"] == []
    assert (await tested(key="9"))[0] == 404
    assert (await tested())[0] == 400


async def test_a_stream_that_hangs_is_there_while_it_hangs(upstream, gateway, client):
    """What has been said so far."""
    begun = chat_stream(ANSWER)
    upstream.tell("a", Answer(begun.pieces[:2], then="hang"))
    await gateway.start(served_by(upstream, inspect={"last": 5}))
    async with client.post(gateway.url + CHAT_PATH, json=chat(stream=True)) as response:
        await response.content.readany()
        request_id = response.headers["x-request-id"]
        _, full = await asked(client, gateway, f"/v1/requests/{request_id}")
        assert ANSWER in full["answered"]["body"]
        assert full["sent"][0]["end_at_s"] is None
