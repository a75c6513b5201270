"""What was counted stays counted: `kill -9` again and again, at random moments, under load."""

import asyncio
import json
import random
import signal
import time

import aiohttp
import pytest
from fakes import CLIENT_KEY, Gateway, chat_whole, config, provider

ROUNDS = 50
ENOUGH_ROUNDS = 15
PATIENCE_S = 170.0
"""After so long it ends before ROUNDS, on a machine that is busy with other things."""
WORKERS = 6
LATE_S = 1.5
"""A call is on disk one second after it ended; half a second is for this machine, on which load, upstream and gateway share two cores."""
DOLLARS_A_CALL = 5
CHAT = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}
HEADERS = {"Authorization": f"Bearer {CLIENT_KEY}"}


class Load:
    """Calls without a pause. `ended`: request id → when its answer was there (monotonic)."""

    def __init__(self, url):
        self._url = url
        self.ended = {}

    async def run_for(self, seconds, session):
        workers = [asyncio.ensure_future(self._work(session)) for _ in range(WORKERS)]
        await asyncio.sleep(seconds)
        return workers

    async def _work(self, session):
        while True:
            try:
                async with session.post(self._url + "/v1/chat/completions", json=CHAT) as response:
                    await response.read()
                    assert response.status == 200
                self.ended[response.headers["x-request-id"]] = time.monotonic()
            except aiohttp.ClientError:
                return


def journaled(folder):
    """The request ids in the journal, in the order of its segments (none before the first second is over); a torn last line is no call."""
    found = []
    for path in sorted((folder / "data" / "stats" / "journal").glob("*")):
        lines = path.read_bytes().split(b"\n")[:-1]
        found += [value["id"] for value in map(json.loads, lines) if "outcome" in value]
    return found


async def reported(gateway, session):
    """(requests, dollars) as the running gateway says them."""
    async with session.get(gateway.url + "/v1/stats?hours=720") as response:
        requests = (await response.json())["totals"]["requests"]
    async with session.get(gateway.url + "/v1/api_keys_states") as response:
        (state,) = (await response.json())["api_keys_states"].values()
    assert state["balance"] == state["credits"] - state["total_cost"]
    return requests, state["total_cost"]


@pytest.mark.slow
@pytest.mark.timeout(420)
async def test_every_call_is_counted_exactly_once_wherever_it_is_killed(upstream, tmp_path):
    """What ended in time is in the journal once, nothing else is but calls that were under way; counts and balance of the next start equal the journal."""
    upstream.tell("a", chat_whole())
    value = config([provider(upstream, "a")], {"model_price": {"default": "1000000,1000000"}})
    value["api_keys"][0]["preferences"] = {"credits": 1e9}
    rng = random.Random(2026)
    began = time.monotonic()
    ended, under_way, rounds, in_time = {}, 0, 0, 0
    while rounds < ROUNDS and (rounds < ENOUGH_ROUNDS or time.monotonic() - began < PATIENCE_S):
        gateway = Gateway(tmp_path)
        try:
            await gateway.start(value)
            async with aiohttp.ClientSession(headers=HEADERS) as session:
                on_disk = journaled(tmp_path) if rounds else []
                assert (len(on_disk), len(on_disk) * DOLLARS_A_CALL) == await reported(gateway, session), f"after round {rounds}"
                load = Load(gateway.url)
                workers = await load.run_for(rng.uniform(0.1, 2.6), session)
                gateway.process.kill()
                killed_at = time.monotonic()
                await asyncio.gather(*workers)
        finally:
            await gateway.stop(signal.SIGKILL)
        rounds += 1
        under_way += WORKERS
        ended |= load.ended
        on_disk = journaled(tmp_path)
        owed = {request_id for request_id, at in load.ended.items() if at < killed_at - LATE_S}
        in_time += len(owed)
        assert len(on_disk) == len(set(on_disk)), "a call stands in the journal twice"
        assert owed <= set(on_disk), f"round {rounds}: {len(owed - set(on_disk))} of {len(owed)} calls that were due are missing"
        assert len(set(on_disk) - ended.keys()) <= under_way
    assert in_time > 10 * rounds, "the load was no load"
