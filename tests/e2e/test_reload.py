"""A configuration that changes while the gateway runs: from a file or a URL, noticed without a
signal, never dropping a stream, never half applied.
"""

import asyncio
import contextlib
import os
import resource
import signal

import aiohttp
import pytest
import yaml
from fakes import CLIENT_KEY, DONE, Answer, chat_whole, chunk, config, provider, whole

pytestmark = pytest.mark.slow
"""A process for nearly every test: `.ci/run` runs them."""

CHAT = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}
PATH = "/v1/chat/completions"


def rewrite(path, value):
    """As editors do: a new file takes the old one's place."""
    beside = path.with_suffix(".new")
    beside.write_text(value if isinstance(value, str) else yaml.safe_dump(value))
    os.replace(beside, path)


async def served_by(client, gateway):
    async with client.post(gateway.url + PATH, json=CHAT) as response:
        await response.read()
        return response.headers.get("x-uniapi-provider")


async def until(condition, seconds):
    """Wait until an awaited condition holds; how long it took."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    while not await condition():
        assert loop.time() - began < seconds, f"still not so after {seconds} s"
        await asyncio.sleep(0.1)
    return loop.time() - began


@pytest.mark.slow
async def test_five_hundred_open_streams_live_through_a_reload(upstream, gateway, client):
    """None is dropped or loses a byte, and the new configuration is in force within three seconds
    of the edit, without a signal.
    """
    streams = 500
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < 4 * streams:
        pytest.skip("not enough descriptors here")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 4 * streams), hard))
    words = [chunk({"content": f"w{number} "}) for number in range(8)]
    gate = asyncio.Event()
    upstream.tell("a", Answer([*words, chunk({}, "stop"), DONE], gate=gate))
    upstream.tell("b", chat_whole("from b"))
    await gateway.start(config([provider(upstream, "a")], {"model_timeout": {"default": 30}}))
    async with aiohttp.ClientSession(
        headers={"Authorization": f"Bearer {CLIENT_KEY}"},
        connector=aiohttp.TCPConnector(limit=0),
        timeout=aiohttp.ClientTimeout(total=50),
    ) as session:

        async def one(opened):
            async with session.post(gateway.url + PATH, json={**CHAT, "stream": True}) as response:
                first = await response.content.readany()
                opened.release()
                return response.status, first + await response.read()

        opened = asyncio.Semaphore(0)
        running = [asyncio.ensure_future(one(opened)) for _ in range(streams)]
        for _ in range(streams):
            await asyncio.wait_for(opened.acquire(), 20)
        rewrite(
            gateway.folder / "api.yaml",
            config([provider(upstream, "b", model=[{"up-model": "m"}, "new"])]),
        )

        async def is_new():
            async with client.get(gateway.url + "/v1/models") as response:
                return "new" in await response.text()

        await until(is_new, 3.0)
        assert await served_by(client, gateway) == "b"
        assert not any(stream.done() for stream in running)
        gate.set()
        bodies = await asyncio.gather(*running)
    assert {status for status, _ in bodies} == {200}
    assert all(
        body.endswith(DONE) and all(b"w%d " % number in body for number in range(8))
        for _, body in bodies
    )


async def test_bad_files_are_refused_and_the_last_good_one_stays(upstream, gateway, client):
    """Broken YAML, a wrong value, an empty file, no file: `/healthz` says stale, the log says why,
    calls go on; a good file ends it.
    """
    upstream.tell("a", chat_whole())
    upstream.tell("b", chat_whole())
    good = config([provider(upstream, "a")])
    await gateway.start(good)
    path = gateway.folder / "api.yaml"

    async def state():
        async with client.get(gateway.url + "/healthz") as response:
            return (await response.json())["config"]

    bad_rate = config([provider(upstream, "b", preferences={"api_key_rate_limit": "often"})])
    for text in ("providers: [", yaml.safe_dump(bad_rate), ""):
        rewrite(path, text)
        gateway.process.send_signal(signal.SIGHUP)

        async def is_stale():
            return await state() == "stale"

        await until(is_stale, 3)
        assert await served_by(client, gateway) == "a"
        rewrite(path, good)
        gateway.process.send_signal(signal.SIGHUP)

        async def is_ok():
            return await state() == "ok"

        await until(is_ok, 3)
    assert "providers[0].preferences.api_key_rate_limit" in gateway.log
    path.unlink()
    gateway.process.send_signal(signal.SIGHUP)
    await asyncio.sleep(0.3)
    assert await served_by(client, gateway) == "a"
    assert "Traceback" not in gateway.log
    rewrite(path, config([provider(upstream, "b")]))

    async def is_new():
        return await served_by(client, gateway) == "b"

    await until(is_new, 4)


async def test_what_still_exists_keeps_its_state(upstream, gateway, client):
    """A resting key rests on, a used-up limit stays used up, when something else in the file
    changes.
    """
    upstream.tell(
        "a",
        whole(
            {"error": {"message": "slow down", "type": "rate_limit"}},
            status=429,
            headers={"retry-after": "60"},
        ),
        chat_whole(),
    )
    upstream.tell("b", chat_whole())
    more = {"api_keys": [{"api": CLIENT_KEY, "preferences": {"rate_limit": "3/min"}}]}
    entries = [provider(upstream, "a", api=["sk-up-a-key-1", "sk-up-a-key-2"])]
    await gateway.start({**config(entries), **more})
    for _ in range(2):
        assert await served_by(client, gateway) == "a"
    rewrite(
        gateway.folder / "api.yaml",
        {**config([*entries, provider(upstream, "b", model=["other"])]), **more},
    )

    async def is_applied():
        return (
            "configuration: " in gateway.log and "b" in gateway.log.rpartition("configuration: ")[2]
        )

    await until(is_applied, 10)
    used = len(upstream.seen["a"])
    assert await served_by(client, gateway) == "a"
    assert [seen.headers["authorization"] for seen in upstream.seen["a"][used:]] == [
        "Bearer sk-up-a-key-2"
    ]
    async with client.post(gateway.url + PATH, json=CHAT) as response:
        assert response.status == 429


async def test_a_configuration_from_a_url(upstream, gateway, client):
    """Taken at the start, again at SIGHUP; the last good one is kept in the data dir (0600) and
    used from there when the URL is down; without a copy the start fails with 1.
    """

    def text(name):
        return Answer(
            [yaml.safe_dump(config([provider(upstream, name)])).encode()], content_type="text/yaml"
        )

    upstream.tell("conf", text("a"))
    upstream.tell("a", chat_whole())
    upstream.tell("b", chat_whole())
    environment = {"CONFIG_URL": f"http://127.0.0.1:{upstream.port}/conf/api.yaml"}
    await gateway.launch(environment=environment)
    assert await served_by(client, gateway) == "a"
    upstream.tell("conf", text("b"))
    gateway.process.send_signal(signal.SIGHUP)

    async def is_new():
        return await served_by(client, gateway) == "b"

    await until(is_new, 3)
    upstream.tell("conf", Answer([b"down"], status=503))
    gateway.process.send_signal(signal.SIGHUP)
    await asyncio.sleep(0.3)
    assert await served_by(client, gateway) == "b"
    upstream.tell("conf", Answer([b"providers: ["], content_type="text/yaml"))
    gateway.process.send_signal(signal.SIGHUP)

    async def is_stale():
        async with client.get(gateway.url + "/healthz") as response:
            return (await response.json())["config"] == "stale"

    await until(is_stale, 3)
    upstream.tell("conf", Answer([b"down"], status=503))
    assert await gateway.stop() == 0
    copy = gateway.folder / "data" / "config-copy.yaml"
    assert copy.stat().st_mode & 0o777 == 0o600
    await gateway.launch(environment=environment)
    assert await served_by(client, gateway) == "b"
    await gateway.stop()
    assert "last good copy" in gateway.log
    copy.unlink()
    with contextlib.suppress(AssertionError):
        await gateway.launch(environment=environment)
    assert await asyncio.wait_for(gateway.process.wait(), 5) == 1
    assert "Traceback" not in gateway.log
