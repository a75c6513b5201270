"""The inspector under five hundred streams at once: memory stays where its bound leaves it."""

import asyncio
from pathlib import Path

import aiohttp
import pytest
from fakes import CLIENT_KEY, DONE, Answer, chunk, config, provider

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(300),
    pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs Linux's /proc"),
]

STREAMS, ROUNDS = 500, 8
BOUND_MB = 32
"""Of the inspector (inspection.inspector.MEMORY_BYTES)."""


def resident_mb(pid):
    text = Path(f"/proc/{pid}/status").read_text()
    return int(text.partition("VmRSS:")[2].split()[0]) / 1024


async def one_stream(session, url, number):
    said = f"question {number} " + "word " * 4000
    chat = {"model": "m", "stream": True, "messages": [{"role": "user", "content": said}]}
    async with session.post(url, json=chat) as response:
        assert response.status == 200
        return len(await response.read())


async def test_five_hundred_streams_leave_memory_flat(upstream, gateway):
    """Ten megabytes of requests and eighty of answers a round. What streams need while they run
    differs from round to round; what is kept would show in each of the last ones.
    """
    pieces = [chunk({"content": f"{number} " + "answer " * 600}) for number in range(40)]
    upstream.tell("a", Answer([*pieces, chunk({}, "stop"), DONE], pause_s=0.01))
    await gateway.start(
        config([provider(upstream, "a")], {"inspect": {"last": 5000}}, role="admin"),
        "--log-level",
        "warning",
    )
    before = resident_mb(gateway.process.pid)
    url = gateway.url + "/v1/chat/completions"
    after = []
    headers = {"Authorization": f"Bearer {CLIENT_KEY}"}
    connector = aiohttp.TCPConnector(limit=STREAMS)
    async with aiohttp.ClientSession(headers=headers, connector=connector) as session:
        for _ in range(ROUNDS):
            streams = (one_stream(session, url, number) for number in range(STREAMS))
            lengths = await asyncio.gather(*streams)
            assert min(lengths) > 100_000
            after.append(resident_mb(gateway.process.pid))
        async with session.get(gateway.url + "/v1/requests?limit=500") as response:
            row = (await response.json())["inspect"]
    print(f"before {before:.0f} MB, after each round {[round(one) for one in after]} MB, {row}")
    assert row["memory_bytes"] <= BOUND_MB * 1024 * 1024
    assert row["kept"] > 100
    assert min(after[-3:]) < max(after[:3]) + BOUND_MB
