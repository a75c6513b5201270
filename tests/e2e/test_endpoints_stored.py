"""State that lives upstream: what an account issued is asked of that account alone, and only by the
client key it was issued to.
"""

import asyncio
import json

import aiohttp
import pytest
from fakes import CLIENT_KEY, Answer, chat_whole, config, provider, whole

pytestmark = pytest.mark.slow
"""A process for nearly every test: `.ci/run` runs them."""

OTHER_KEY = "sk-other-client-key-0123456789"
ASK = {"model": "m", "input": "hi"}
RESPONSES = "/v1/responses"


def answer(response_id="resp_1", **more):
    message = {
        "type": "message",
        "id": "msg_1",
        "role": "assistant",
        "status": "completed",
        "content": [{"type": "output_text", "text": "hi", "annotations": []}],
    }
    usage = {"input_tokens": 1, "output_tokens": 1, "total_tokens": 2}
    return whole(
        {
            "id": response_id,
            "object": "response",
            "status": "completed",
            "model": "up-model",
            "output": [message],
            "usage": usage,
            **more,
        }
    )


def responses(upstream, name, keys=("k1", "k2"), **more):
    return provider(
        upstream,
        name,
        base_url=upstream.url(name, RESPONSES),
        api=[f"sk-up-{name}-{key}" for key in keys],
        **more,
    )


def used(upstream, name):
    """The upstream keys of the requests seen, in order."""
    return [
        seen.headers["authorization"].rpartition("-")[2] for seen in upstream.seen.get(name, [])
    ]


async def post(client, gateway, body, path=RESPONSES):
    async with client.post(gateway.url + path, json=body) as response:
        return response.status, await response.json()


async def test_a_conversation_stays_with_the_key_that_holds_it(upstream, gateway, client):
    """`previous_response_id` goes back to its owner, whatever turn the ring is at, streamed answers
    included.
    """
    created = {
        "type": "response.created",
        "sequence_number": 0,
        "response": {"id": "resp_s", "model": "up-model", "status": "in_progress"},
    }
    delta = {
        "type": "response.output_text.delta",
        "sequence_number": 1,
        "item_id": "msg",
        "output_index": 0,
        "content_index": 0,
        "delta": "hi",
    }
    done = {
        "type": "response.completed",
        "sequence_number": 2,
        "response": {"id": "resp_s", "model": "up-model", "status": "completed", "output": []},
    }
    frames = [
        f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode()
        for event in (created, delta, done)
    ]
    upstream.tell("a", answer("resp_1"), answer("resp_2"), Answer(frames), answer("resp_4"))
    await gateway.start(
        config(
            [responses(upstream, "a", preferences={"api_key_schedule_algorithm": "round_robin"})]
        )
    )
    await post(client, gateway, ASK)
    await post(client, gateway, ASK)
    async with client.post(gateway.url + RESPONSES, json={**ASK, "stream": True}) as response:
        assert b"response.completed" in await response.read()
    for previous in ("resp_1", "resp_2", "resp_s", "resp_1"):
        status, _ = await post(client, gateway, {**ASK, "previous_response_id": previous})
        assert status == 200
    assert used(upstream, "a") == ["k1", "k2", "k1", "k1", "k2", "k1", "k1"]


async def test_an_unknown_id_is_sent_only_when_one_key_could_own_it(upstream, gateway, client):
    """With one key it may be theirs; with two nobody can say, and a guess would be wrong half of
    the time.
    """
    upstream.tell("one", answer())
    upstream.tell("two", answer())
    upstream.tell("c", chat_whole())
    one = responses(upstream, "one", ["k1"], model=[{"up-model": "single"}])
    await gateway.start(
        config(
            [
                one,
                responses(upstream, "two", model=[{"up-model": "double"}]),
                provider(upstream, "c", model=["chat"]),
            ]
        )
    )
    assert (
        await post(
            client, gateway, {"model": "single", "input": "x", "previous_response_id": "resp_x"}
        )
    )[0] == 200
    status, value = await post(
        client, gateway, {"model": "double", "input": "x", "previous_response_id": "resp_x"}
    )
    assert (status, value["error"]["param"]) == (404, "previous_response_id")
    status, value = await post(
        client, gateway, {"model": "chat", "input": "x", "previous_response_id": "resp_x"}
    )
    assert (status, value["error"]["code"]) == (400, "unsupported_state")
    assert "two" not in upstream.seen
    assert "c" not in upstream.seen


async def test_a_bound_call_never_falls_back(upstream, gateway, client):
    """The owner's failure is the answer: another account does not have the conversation."""
    failure = whole({"error": {"message": "down", "type": "server_error"}}, status=500)
    upstream.tell("a", answer("resp_1"), failure)
    upstream.tell("b", answer("resp_b"))
    await gateway.start(
        config([responses(upstream, "a"), responses(upstream, "b"), provider(upstream, "c")])
    )
    await post(client, gateway, ASK)
    status, value = await post(client, gateway, {**ASK, "previous_response_id": "resp_1"})
    said = "The provider `a` failed (500): down."
    assert (status, value["error"]["message"]) == (500, said)
    assert "b" not in upstream.seen
    assert "c" not in upstream.seen


@pytest.mark.parametrize(
    "body, member",
    [
        ({"conversation": "conv_x"}, "conversation"),
        ({"conversation": {"id": "conv_x"}}, "conversation"),
        ({"input": [{"type": "item_reference", "id": "msg_x"}]}, "input[0].id"),
        (
            {"input": [{"role": "user", "content": [{"type": "input_file", "file_id": "file-x"}]}]},
            "input[0].content[0].file_id",
        ),
        ({"tools": [{"type": "code_interpreter", "container": "cntr_x"}]}, "tools[0].container"),
    ],
)
async def test_every_kind_of_reference_is_found_and_named(upstream, gateway, client, body, member):
    """An unknown one among two keys is a 404 that says where it stands."""
    upstream.tell("a", answer())
    await gateway.start(config([responses(upstream, "a")]))
    status, value = await post(client, gateway, {**ASK, **body})
    assert (status, value["error"]["param"]) == (404, member)
    assert "a" not in upstream.seen


async def test_items_and_containers_of_an_answer_are_known_afterwards(upstream, gateway, client):
    """The Vercel AI SDK refers to items by id; a container is used again by name."""
    call = {
        "type": "code_interpreter_call",
        "id": "ci_1",
        "status": "completed",
        "code": "1",
        "container_id": "cntr_1",
        "outputs": [],
    }
    upstream.tell("a", answer("resp_1", output=[call]), answer("resp_2"))
    await gateway.start(config([responses(upstream, "a")]))
    await post(client, gateway, ASK)
    references = [{"type": "item_reference", "id": "ci_1"}, {"role": "user", "content": "go on"}]
    assert (await post(client, gateway, {**ASK, "input": references}))[0] == 200
    assert (
        await post(
            client, gateway, {**ASK, "tools": [{"type": "code_interpreter", "container": "cntr_1"}]}
        )
    )[0] == 200
    assert used(upstream, "a") == ["k1", "k1", "k1"]


async def test_a_stored_response_is_read_listed_cancelled_and_deleted_at_its_owner(
    upstream, gateway, client
):
    """Path and query arrive at the provider's own address; after the deletion the id is
    forgotten.
    """
    upstream.tell(
        "a",
        answer("resp_1"),
        answer("resp_2"),
        answer("resp_2"),
        whole({"object": "list", "data": []}),
        answer("resp_2"),
        whole({"deleted": True}),
    )
    await gateway.start(
        config(
            [responses(upstream, "a", preferences={"api_key_schedule_algorithm": "round_robin"})]
        )
    )
    await post(client, gateway, ASK)
    await post(client, gateway, ASK)
    for method, path in (
        ("GET", f"/resp_2?include[]=x&key={CLIENT_KEY}&include[]=y"),
        ("GET", "/resp_2/input_items?limit=2"),
        ("POST", "/resp_2/cancel"),
        ("DELETE", "/resp_2"),
    ):
        async with client.request(method, gateway.url + RESPONSES + path) as response:
            assert (response.status, response.headers["x-uniapi-provider"]) == (200, "a"), (
                await response.text()
            )
    seen = [(one.method, one.path) for one in upstream.seen["a"][2:]]
    root = "/a/v1/responses/resp_2"
    assert seen == [
        ("GET", f"{root}?include%5B%5D=x&include%5B%5D=y"),
        ("GET", f"{root}/input_items?limit=2"),
        ("POST", f"{root}/cancel"),
        ("DELETE", root),
    ]
    assert used(upstream, "a") == ["k1", "k2", "k2", "k2", "k2", "k2"]
    async with client.get(gateway.url + RESPONSES + "/resp_2") as response:
        assert (response.status, (await response.json())["error"]["param"]) == (404, "response_id")


async def test_a_stored_response_can_be_streamed_again(upstream, gateway, client):
    """`?stream=true` relays the events as they come."""
    done = {
        "type": "response.completed",
        "sequence_number": 7,
        "response": {
            "id": "resp_1",
            "status": "completed",
            "output": [{"type": "reasoning", "summary": [1]}],
        },
    }
    frame = f"event: response.completed\ndata: {json.dumps(done)}\n\n".encode()
    upstream.tell("a", Answer([frame]))
    await gateway.start(config([responses(upstream, "a", ["k1"])]))
    async with client.get(
        gateway.url + RESPONSES + "/resp_1?stream=true&starting_after=6"
    ) as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        assert frame == await response.read()
    assert upstream.seen["a"][0].path.endswith("/resp_1?stream=true&starting_after=6")


async def test_a_response_that_is_gone_upstream_rests_nothing(upstream, gateway, client):
    """The provider's 404 is the client's news; the channel goes on serving."""
    gone = whole(
        {
            "error": {
                "message": "Response with id 'resp_1' not found.",
                "type": "invalid_request_error",
                "param": None,
                "code": None,
            }
        },
        status=404,
    )
    upstream.tell("a", gone, answer())
    await gateway.start(config([responses(upstream, "a", ["k1"]), provider(upstream, "b")]))
    async with client.get(gateway.url + RESPONSES + "/resp_1") as response:
        assert (response.status, "not found" in (await response.json())["error"]["message"]) == (
            404,
            True,
        )
    async with client.post(gateway.url + RESPONSES, json=ASK) as response:
        assert response.headers["x-uniapi-attempts"] == "a#1=200"


async def test_another_client_keys_id_does_not_exist(upstream, gateway):
    """Nor does it tell whether it exists."""
    upstream.tell("a", answer("resp_1"))
    value = config([responses(upstream, "a")])
    value["api_keys"].append({"api": OTHER_KEY})
    await gateway.start(value)
    async with aiohttp.ClientSession() as session:
        mine, theirs = (
            {"Authorization": f"Bearer {CLIENT_KEY}"},
            {"Authorization": f"Bearer {OTHER_KEY}"},
        )
        async with session.post(gateway.url + RESPONSES, json=ASK, headers=mine) as response:
            assert response.status == 200
        answers = []
        for response_id in ("resp_1", "resp_never"):
            async with session.get(
                gateway.url + RESPONSES + f"/{response_id}", headers=theirs
            ) as response:
                answers.append(
                    (response.status, (await response.text()).replace(response_id, "ID"))
                )
        assert (404, answers[1]) == (answers[0][0], answers[0])
        async with session.get(gateway.url + RESPONSES + "/resp_1", headers=mine) as response:
            assert response.status == 200


async def test_owners_are_remembered_over_a_restart(upstream, gateway, client):
    """They are kept in the data dir, without the client's key in clear."""
    upstream.tell("a", answer("resp_1"), answer("resp_2"))
    value = config(
        [responses(upstream, "a", preferences={"api_key_schedule_algorithm": "round_robin"})]
    )
    await gateway.start(value)
    await post(client, gateway, ASK)
    assert await gateway.stop() == 0
    await gateway.start(value)
    await post(client, gateway, {**ASK, "previous_response_id": "resp_1"})
    assert used(upstream, "a") == ["k1", "k1"]
    kept = (gateway.folder / "data" / "pins.jsonl").read_text()
    assert "resp_1" in kept
    assert CLIENT_KEY not in kept
    assert "sk-up-a" not in kept


async def test_compaction_is_relayed_or_refused(upstream, gateway, client):
    """Where Responses is spoken it goes through, usage counted; toward another dialect it is a 400
    that says so.
    """
    compacted = {
        "id": "resp_c",
        "object": "response.compaction",
        "output": [{"type": "compaction", "encrypted_content": "x"}],
        "usage": {"input_tokens": 3, "output_tokens": 1},
    }
    upstream.tell("a", whole(compacted))
    upstream.tell("b", chat_whole())
    await gateway.start(
        config([responses(upstream, "a", ["k1"]), provider(upstream, "b", model=["chat"])])
    )
    assert (200, compacted) == await post(client, gateway, ASK, RESPONSES + "/compact")
    assert upstream.seen["a"][0].path == "/a/v1/responses/compact"
    status, value = await post(client, gateway, {**ASK, "model": "chat"}, RESPONSES + "/compact")
    assert status == 400
    assert "compact" in value["error"]["message"]
    assert "b" not in upstream.seen


async def test_websockets_and_plain_reads_are_refused_as_codex_expects(upstream, gateway, client):
    """426 makes Codex fall back to HTTP; a plain GET is 405; bad ids and unknown
    sub-paths are 404.
    """
    upstream.tell("a", answer())
    await gateway.start(config([responses(upstream, "a")]))
    async with client.get(
        gateway.url + RESPONSES, headers={"Upgrade": "websocket", "Connection": "Upgrade"}
    ) as response:
        assert response.status == 426
    async with client.get(gateway.url + RESPONSES) as response:
        assert (response.status, response.headers["allow"]) == (405, "POST")
    async with client.get(gateway.url + RESPONSES + "/resp_1/nothing") as response:
        assert response.status == 404
    async with client.get(gateway.url + RESPONSES + "/%2e%2e") as response:
        assert response.status in (404, 405)
    async with client.put(gateway.url + RESPONSES + "/resp_1") as response:
        assert response.status == 405
    await asyncio.sleep(0)
    assert "a" not in upstream.seen


async def test_gemini_caches_and_anthropic_containers_are_bound_too(upstream, gateway, client):
    """Unknown among two keys: 404 in each dialect's own shape, naming the member."""
    upstream.tell("g", whole({}))
    upstream.tell("c", whole({}))
    two = {"api": ["sk-up-x-k1", "sk-up-x-k2"]}
    google = provider(
        upstream, "g", base_url=upstream.url("g", "/v1beta"), **{**two, "model": ["gem"]}
    )
    claude = provider(
        upstream, "c", base_url=upstream.url("c", "/v1/messages"), **{**two, "model": ["claude"]}
    )
    await gateway.start(config([google, claude]))
    contents = {
        "contents": [{"role": "user", "parts": [{"text": "x"}]}],
        "cachedContent": "cachedContents/1",
    }
    status, value = await post(client, gateway, contents, "/v1beta/models/gem:generateContent")
    assert (status, value["error"]["status"]) == (404, "NOT_FOUND")
    assert "cachedContent" in value["error"]["message"]
    body = {
        "model": "claude",
        "max_tokens": 5,
        "messages": [{"role": "user", "content": "x"}],
        "container": "container_1",
    }
    status, value = await post(client, gateway, body, "/v1/messages")
    assert (status, value["error"]["type"]) == (404, "not_found_error")
