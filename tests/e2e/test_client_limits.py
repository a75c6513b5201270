"""What a client key may: from where, until when, how often, how much at once; and what a provider's
key may. Each refusal says when to come back, where that helps.
"""

import asyncio
import json

import aiohttp
import pytest
from fakes import Answer, chat_whole, chunk, config, provider, whole

pytestmark = pytest.mark.slow
"""A process for nearly every test: `.ci/run` runs them."""

CHAT = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}


def keys(upstream, *entries, **more):
    """A configuration with one provider and client keys `sk-client-key-number-0`, `-1`, …, each
    with these preferences.
    """
    value = config([provider(upstream, "a", **more)])
    value["api_keys"] = [
        {"api": f"sk-client-key-number-{number}", "preferences": entry}
        for number, entry in enumerate(entries)
    ]
    return value


async def ask(gateway, number=0, body=CHAT):
    """(status, headers, JSON) of one call by a client key."""
    headers = {"Authorization": f"Bearer sk-client-key-number-{number}"}
    async with (
        aiohttp.ClientSession(headers=headers) as session,
        session.post(gateway.url + "/v1/chat/completions", json=body) as response,
    ):
        return response.status, response.headers, await response.json()


async def test_addresses_and_expiry(upstream, gateway):
    """A key used from elsewhere, or after its time, is refused with 403; the others go on."""
    upstream.tell("a", chat_whole())
    await gateway.start(
        keys(
            upstream,
            {"allowed_ips": ["127.0.0.0/8"]},
            {"allowed_ips": ["10.0.0.0/8"]},
            {"expires_at": "2020-01-01T00:00:00Z"},
            {"expires_at": "2999-01-01"},
        )
    )
    statuses = [(await ask(gateway, number))[0] for number in range(4)]
    assert statuses == [200, 403, 403, 200]
    assert len(upstream.seen["a"]) == 2


async def test_a_clients_rate_is_per_key_and_model(upstream, gateway):
    """The third in a minute gets 429 with an honest `retry-after`; another key and another model
    are not touched.
    """
    upstream.tell("a", chat_whole())
    value = keys(
        upstream,
        {"rate_limit": {"m": "2/min", "default": "100/min"}},
        {},
        model=[{"up-model": "m"}, "other"],
    )
    await gateway.start(value)
    assert [(await ask(gateway))[0] for _ in range(2)] == [200, 200]
    status, headers, body = await ask(gateway)
    assert (status, body["error"]["code"]) == (429, "rate_limit_exceeded")
    assert 50 <= int(headers["retry-after"]) <= 60
    assert "2/min" in body["error"]["message"]
    assert (await ask(gateway, 0, {**CHAT, "model": "other"}))[0] == 200
    assert (await ask(gateway, 1))[0] == 200
    assert len(upstream.seen["a"]) == 4


async def test_so_many_at_once(upstream, gateway):
    """`max_concurrency`: one more gets 429; when one ends, however it ends, there is room again."""
    upstream.tell("a", Answer([chunk({"content": "x"})], then="hang"))
    await gateway.start(keys(upstream, {"max_concurrency": 1}))
    headers = {"Authorization": "Bearer sk-client-key-number-0"}
    async with (
        aiohttp.ClientSession(headers=headers) as session,
        session.post(
            gateway.url + "/v1/chat/completions", json={**CHAT, "stream": True}
        ) as response,
    ):
        await response.content.readany()
        status, refused, body = await ask(gateway)
        assert (status, body["error"]["code"]) == (429, "rate_limit_exceeded")
        assert int(refused["retry-after"]) >= 1
        response.close()
    await asyncio.sleep(0.3)
    upstream.tell("a", chat_whole())
    assert (await ask(gateway))[0] == 200


async def test_tokens_a_minute_are_corrected_by_what_was_used(upstream, gateway):
    """`tpm` lets in by estimate; the reported usage counts afterwards: a small prompt with a large
    answer uses up the minute.
    """
    answer = json.loads(chat_whole().pieces[0])
    upstream.tell(
        "a",
        whole(
            {
                **answer,
                "usage": {"prompt_tokens": 10, "completion_tokens": 990, "total_tokens": 1000},
            }
        ),
    )
    await gateway.start(keys(upstream, {"rate_limit": "900/tpm"}, {"rate_limit": "100/tpr"}))
    assert (await ask(gateway))[0] == 200
    status, headers, body = await ask(gateway)
    assert (status, body["error"]["code"]) == (429, "rate_limit_exceeded")
    assert int(headers["retry-after"]) > 30
    assert (await ask(gateway, 1))[0] == 200
    status, _, _ = await ask(
        gateway, 1, {**CHAT, "messages": [{"role": "user", "content": "many words " * 100}]}
    )
    assert status == 413


async def test_a_failed_call_uses_up_no_tokens(upstream, gateway):
    """Nothing was answered, so nothing is held against the minute."""
    bad = whole({"error": {"message": "no", "type": "server_error"}}, status=500)
    upstream.tell("a", bad, bad, chat_whole())
    await gateway.start(keys(upstream, {"rate_limit": "300/tpm"}))
    long = {**CHAT, "messages": [{"role": "user", "content": "word " * 180}]}
    assert (await ask(gateway, 0, long))[0] >= 500
    assert (await ask(gateway, 0, long))[0] == 200


async def test_a_providers_key_rests_within_its_own_limit(upstream, gateway):
    """`api_key_rate_limit`: the second key takes over; with both used up the client gets 429 and
    the time, and the upstream is left alone.
    """
    upstream.tell("a", chat_whole())
    more = {
        "api": ["sk-up-a-key-1", "sk-up-a-key-2"],
        "preferences": {"api_key_rate_limit": "1/min"},
    }
    await gateway.start(keys(upstream, {}, **more))
    results = [await ask(gateway) for _ in range(3)]
    assert [status for status, _, _ in results] == [200, 200, 429]
    assert 50 <= int(results[2][1]["retry-after"]) <= 60
    assert {seen.headers["authorization"] for seen in upstream.seen["a"]} == {
        "Bearer sk-up-a-key-1",
        "Bearer sk-up-a-key-2",
    }
    assert len(upstream.seen["a"]) == 2


@pytest.mark.parametrize("stopped_by", ["SIGTERM", "SIGKILL"])
async def test_a_day_is_a_day_across_a_restart(upstream, gateway, stopped_by):
    """Windows of a day and longer live in the data dir: at a stop the last count, after a kill what
    was there a second before.
    """
    upstream.tell("a", chat_whole())
    value = keys(upstream, {"rate_limit": "2/day"})
    await gateway.start(value)
    assert [(await ask(gateway))[0] for _ in range(2)] == [200, 200]
    if stopped_by == "SIGTERM":
        await gateway.stop()
    else:
        kept = gateway.folder / "data" / "windows.json"
        for _ in range(200):
            if (
                kept.exists()
                and sum(
                    slot[2]
                    for window in json.loads(kept.read_text())["windows"]
                    for slot in window["slots"]
                )
                == 2
            ):
                break
            await asyncio.sleep(0.05)
        gateway.process.kill()
        await gateway.process.wait()
    await gateway.start(value)
    status, headers, _ = await ask(gateway)
    assert status == 429
    assert int(headers["retry-after"]) > 80_000
