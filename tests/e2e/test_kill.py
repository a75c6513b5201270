"""What was counted stays counted: `kill -9` again and again, at random moments, under load."""

import asyncio
import random
import re
import signal
import time

import aiohttp
import pytest
from fakes import CLIENT_KEY, Gateway, chat_whole, config, provider

ROUNDS = 50
SHORT_S, LONG_S = (0.05, 1.2), (1.6, 2.6)
"""How long a round lasts: anywhere within the first commits; and each fifth one long enough for
calls that must be on disk.
"""
WORKERS = 4
PAUSE_S = 0.01
"""Between two calls of a worker: the machine shall have time for the gateway."""
LATE_S = 1.5
"""A call is on disk one second after it ended; half a second is for this machine, on which load,
upstream and gateway share two cores.
"""
DOLLARS_A_CALL = 5
CHAT = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}
CALL_LINE = re.compile(rb'^{"id":"([^"]+)".*}$\n', re.MULTILINE)
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
                await asyncio.sleep(PAUSE_S)
            except aiohttp.ClientError:
                return


def journaled(folder):
    """The request ids in the journal, in the order of its segments (none before the first second is
    over); a torn last line is no call.
    """
    found = []
    for path in sorted((folder / "data" / "stats" / "journal").glob("*")):
        found += CALL_LINE.findall(path.read_bytes())
    return [request_id.decode() for request_id in found]


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
    """What ended in time is in the journal once, nothing else is but calls that were under way;
    counts and balance of the next start equal the journal.
    """
    upstream.tell("a", chat_whole())
    value = config([provider(upstream, "a")], {"model_price": {"default": "1000000,1000000"}})
    value["api_keys"][0]["preferences"] = {"credits": 1e9}
    rng = random.Random(2026)
    ended, on_disk, under_way, in_time = {}, [], 0, 0
    for number in range(ROUNDS):
        gateway = Gateway(tmp_path)
        try:
            await gateway.start(value)
            async with aiohttp.ClientSession(headers=HEADERS) as session:
                assert (len(on_disk), len(on_disk) * DOLLARS_A_CALL) == await reported(
                    gateway, session
                ), f"before round {number}"
                load = Load(gateway.url)
                workers = await load.run_for(
                    rng.uniform(*(LONG_S if number % 5 == 4 else SHORT_S)), session
                )
                gateway.process.kill()
                killed_at = time.monotonic()
                await asyncio.gather(*workers)
        finally:
            await gateway.stop(signal.SIGKILL)
        under_way += WORKERS
        ended |= load.ended
        on_disk = journaled(tmp_path)
        owed = {request_id for request_id, at in load.ended.items() if at < killed_at - LATE_S}
        in_time += len(owed)
        assert len(on_disk) == len(set(on_disk)), "a call stands in the journal twice"
        assert owed <= set(on_disk), (
            f"round {number}: {len(owed - set(on_disk))} of {len(owed)} calls that were "
            f"due are missing"
        )
        assert len(set(on_disk) - ended.keys()) <= under_way
    assert in_time > 10 * ROUNDS, "the load was no load"
