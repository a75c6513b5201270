"""`ENABLE_MODERATION`: the user's last words are shown to a moderation model first.

Flagged is refused; no answer lets the call pass, and the log says so.
"""

import asyncio

import aiohttp
import pytest
from fakes import CLIENT_KEY, Answer, chat_whole, config, provider, whole

pytestmark = pytest.mark.slow
"""A process for nearly every test: `.ci/run` runs them."""

FLAGGED = whole(
    {
        "id": "modr-1",
        "model": "up-mod",
        "results": [{"flagged": True, "categories": {}, "category_scores": {}}],
    }
)
HARMLESS = whole(
    {
        "id": "modr-1",
        "model": "up-mod",
        "results": [{"flagged": False, "categories": {}, "category_scores": {}}],
    }
)
BAD = "something bad"
CLIENTS = {
    "chat": (
        "/v1/chat/completions",
        {"model": "m", "messages": [{"role": "user", "content": BAD}]},
    ),
    "responses": (
        "/v1/responses",
        {
            "model": "m",
            "input": [{"role": "user", "content": [{"type": "input_text", "text": BAD}]}],
        },
    ),
    "messages": (
        "/v1/messages",
        {
            "model": "m",
            "max_tokens": 9,
            "messages": [{"role": "user", "content": [{"type": "text", "text": BAD}]}],
        },
    ),
    "gemini": (
        "/v1beta/models/m:generateContent",
        {"contents": [{"role": "user", "parts": [{"text": BAD}]}]},
    ),
}


def with_moderation(upstream, *models):
    """A provider that chats, and one that has these moderation models, when there are any."""
    value = config(
        [
            provider(upstream, "a"),
            *(
                [provider(upstream, "mod", model=[{"up-mod": model} for model in models])]
                if models
                else []
            ),
        ]
    )
    value["api_keys"] = [{"api": CLIENT_KEY, "preferences": {"ENABLE_MODERATION": True}}]
    return value


@pytest.mark.parametrize("model", ["omni-moderation-latest", "omni-moderation-2024-09-26"])
async def test_a_flagged_text_is_refused_in_every_dialect(upstream, gateway, client, model):
    """400 in the client's own shape, before the chat model is asked; harmless texts pass."""
    upstream.tell("a", chat_whole())
    upstream.tell("mod", FLAGGED)
    await gateway.start(with_moderation(upstream, model))
    for path, body in CLIENTS.values():
        async with client.post(gateway.url + path, json=body) as response:
            value = await response.json()
        assert response.status == 400, value
        assert "moderation" in str(value["error"]["message"])
    assert "a" not in upstream.seen
    assert [(seen.path, seen.json) for seen in upstream.seen["mod"]] == [
        ("/mod/v1/moderations", {"model": "up-mod", "input": BAD})
    ] * len(CLIENTS)
    async with client.post(
        gateway.url + "/v1/chat/completions", json=CLIENTS["chat"][1]
    ) as response:
        assert (await response.json())["error"]["code"] == "content_policy_violation"
    upstream.tell("mod", HARMLESS)
    async with client.post(
        gateway.url + "/v1/chat/completions", json=CLIENTS["chat"][1]
    ) as response:
        assert response.status == 200


@pytest.mark.parametrize(
    "answer",
    [
        None,
        whole({"error": {"message": "no"}}, status=500),
        whole({"results": 3}),
        whole([]),
        Answer([b"<html>"], content_type="text/html"),
    ],
    ids=["no such model", "500", "results of a wrong type", "no object", "no JSON"],
)
async def test_no_moderation_lets_the_call_pass_with_a_line_in_the_log(upstream, gateway, answer):
    """A gateway that stops with its moderation provider would be worse than none.

    What the user said is not logged.
    """
    upstream.tell("a", chat_whole())
    upstream.tell("mod", answer)
    await gateway.start(
        with_moderation(upstream, *([] if answer is None else ["omni-moderation-latest"]))
    )
    headers = {"Authorization": f"Bearer {CLIENT_KEY}"}
    path, body = CLIENTS["chat"]
    async with (
        aiohttp.ClientSession(headers=headers) as session,
        session.post(gateway.url + path, json=body) as response,
    ):
        assert response.status == 200
    await gateway.stop()
    assert "without moderation" in gateway.log
    assert BAD not in gateway.log


async def test_the_next_channel_is_asked_when_one_does_not_answer(upstream, gateway, client):
    """One try for each channel that has the model."""
    upstream.tell("a", chat_whole())
    upstream.tell("mod", whole({"error": {"message": "no"}}, status=503))
    upstream.tell("mod2", FLAGGED)
    value = with_moderation(upstream, "omni-moderation-latest")
    value["providers"].append(
        provider(upstream, "mod2", model=[{"up-mod": "omni-moderation-latest"}])
    )
    await gateway.start(value)
    path, body = CLIENTS["chat"]
    async with client.post(gateway.url + path, json=body) as response:
        assert response.status == 400
    assert len(upstream.seen["mod"]) == 1


async def test_it_is_asked_as_the_client_would_ask(upstream, gateway, client):
    """With the keys, rests and limits of the served operation: a limited key rests and the next one
    is asked, through a nested client key, and nothing is recorded of it.
    """
    limited = whole(
        {"error": {"message": "slow down", "type": "rate_limit"}},
        status=429,
        headers={"retry-after": "60"},
    )
    upstream.tell("a", chat_whole())
    upstream.tell("mod", limited, FLAGGED)
    value = with_moderation(upstream, "omni-moderation-latest")
    value["providers"][1]["api"] = ["sk-up-mod-key-1", "sk-up-mod-key-2"]
    inner = "sk-inner-client-key-000"
    value["api_keys"] = [
        {**value["api_keys"][0], "model": ["a/*", f"{inner}/*"]},
        {"api": inner, "model": ["mod/*"]},
    ]
    await gateway.start(value)
    path, body = CLIENTS["chat"]
    for _ in range(2):
        async with client.post(gateway.url + path, json=body) as response:
            assert response.status == 400
    assert [seen.headers["authorization"][-5:] for seen in upstream.seen["mod"]] == [
        "key-1",
        "key-2",
        "key-2",
    ]
    assert [seen.path for seen in upstream.seen["mod"]] == ["/mod/v1/moderations"] * 3
    await gateway.stop()
    assert gateway.log.count("(refused: The request was flagged") == 2


async def test_a_client_that_leaves_meanwhile_is_counted_as_such(upstream, gateway):
    """The moderation call is given up, the chat model never asked, and the log has one line that
    says so.
    """
    upstream.tell("mod", Answer([], then="hang"))
    await gateway.start(with_moderation(upstream, "omni-moderation-latest"))
    path, body = CLIENTS["chat"]
    async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {CLIENT_KEY}"}) as session:
        asking = asyncio.ensure_future(session.post(gateway.url + path, json=body))
        while not upstream.seen.get("mod"):
            await asyncio.sleep(0.01)
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
    await asyncio.wait_for(upstream.seen["mod"][0].closed.wait(), 0.5)
    assert "a" not in upstream.seen
    for _ in range(50):
        if "(client_left)" in gateway.log:
            break
        await asyncio.sleep(0.02)
    assert gateway.log.count("(client_left)") == 1
