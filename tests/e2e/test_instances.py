"""Three gateways behind a real nginx with a consistent hash on the client key: a key lives in one
of them, so its limits are exact; one is killed, its keys move and come back, and nobody else's
streams notice. The configuration of nginx is the one that docs/hosting.md shows.

Slow, and skipped where there is no nginx.
"""

import asyncio
import re
import shutil
import signal
import socket
import subprocess
from pathlib import Path

import aiohttp
import pytest
from fakes import Answer, Gateway, chat_whole, chunk

ROOT = Path(__file__).parents[2]
NGINX = shutil.which("nginx")
PAGE = (ROOT / "docs" / "hosting.md").read_text(encoding="utf-8")
KEYS = [f"sk-client-{number:02}-0123456789" for number in range(24)]
PER_MINUTE = 5

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(240),
    pytest.mark.skipif(NGINX is None, reason="no nginx here"),
]


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def documented(ports, port, folder):
    """The page's configuration with the ports of this test in it."""
    (block,) = re.findall(r"<!-- nginx: several -->\n```nginx\n(.*?)```", PAGE, re.DOTALL)
    for number, real in enumerate(ports, 1):
        block = block.replace(f"127.0.0.1:800{number}", f"127.0.0.1:{real}")
    block = re.sub(r"listen 443 ssl;(\n.*?ssl_.*?;)*", f"listen 127.0.0.1:{port};", block)
    block = block.replace("fail_timeout=10s", "fail_timeout=1s")
    paths = "\n".join(
        f"{name}_temp_path {folder}/{name};"
        for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    return (
        f"daemon off; worker_processes 1; pid {folder}/pid; error_log {folder}/error.log;\n"
        f"events {{}}\nhttp {{ access_log off;\n{paths}\n{block}\n}}\n"
    )


class Nginx:
    def __init__(self, folder, ports):
        folder.mkdir()
        self.port = free_port()
        (folder / "nginx.conf").write_text(documented(ports, self.port, folder))
        self.process = subprocess.Popen(
            [NGINX, "-p", folder, "-c", folder / "nginx.conf", "-e", folder / "error.log"]
        )
        self.url = f"http://127.0.0.1:{self.port}"

    async def ready(self):
        for _ in range(100):
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", self.port)
                writer.close()
                return
            except OSError:
                await asyncio.sleep(0.05)
        raise AssertionError("nginx did not start")

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(10)


@pytest.fixture
async def team(tmp_path, upstream):
    """Three gateways, each with its data dir and a place of its own upstream, and nginx before
    them.
    """
    gateways, ports = [], []
    for number in range(3):
        upstream.tell(f"p{number}", chat_whole())
        upstream.tell(f"slow{number}", Answer([chunk({"content": "one"})], then="hang"))
        folder = tmp_path / f"gateway-{number}"
        folder.mkdir()
        gateway = Gateway(folder)
        await gateway.start(config(upstream, number))
        gateways.append(gateway)
        ports.append(int(gateway.url.rpartition(":")[2]))
    nginx = Nginx(tmp_path / "nginx", ports)
    await nginx.ready()
    yield Team(nginx, gateways, ports, upstream)
    nginx.stop()
    for gateway in gateways:
        await gateway.stop()


def config(upstream, number):
    def provider(name, model):
        base_url = upstream.url(f"{name}{number}")
        return {"provider": name, "base_url": base_url, "api": "sk-upstream-1", "model": [model]}

    limit = {"rate_limit": f"{PER_MINUTE}/min"}
    keys = [{"api": key, "preferences": limit} for key in KEYS]
    return {"providers": [provider("p", "m"), provider("slow", "slow")], "api_keys": keys}


class Team:
    def __init__(self, nginx, gateways, ports, upstream):
        self.nginx, self.gateways, self.ports, self.upstream = nginx, gateways, ports, upstream
        self.session = aiohttp.ClientSession()

    async def ask(self, key, header="authorization"):
        """(status, which gateway has asked its upstream)."""
        before = self._counts()
        headers = {} if key is None else {header: f"Bearer {key}" if header[0] == "a" else key}
        body = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}
        address = f"{self.nginx.url}/v1/chat/completions"
        async with self.session.post(address, json=body, headers=headers) as response:
            await response.read()
        after = self._counts()
        places = [number for number in range(3) if after[number] > before[number]]
        return response.status, places[0] if places else None

    def _counts(self):
        return [len(self.upstream.seen.get(f"p{number}", ())) for number in range(3)]


async def test_a_key_lives_in_one_gateway(team):
    """By whichever header; its limit is exact; a killed gateway's keys move and come back, the
    others' keys and running streams stay; without a key it is 401.
    """
    homes = {}
    for key in KEYS:
        status, homes[key] = await team.ask(key)
        assert status == 200
        assert await team.ask(key, "x-api-key") == (200, homes[key])
        assert await team.ask(key, "x-goog-api-key") == (200, homes[key])
    assert set(homes.values()) == {0, 1, 2}
    assert await team.ask(None) == (401, None)
    exact = KEYS[0]
    statuses = [(await team.ask(exact))[0] for _ in range(4)]
    assert statuses == [200] * (PER_MINUTE - 3) + [429] * (4 - PER_MINUTE + 3)

    lost = homes[KEYS[1]]
    staying = next(key for key in KEYS if homes[key] != lost)
    stream = await team.session.post(
        f"{team.nginx.url}/v1/chat/completions",
        json={"model": "slow", "stream": True, "messages": [{"role": "user", "content": "hi"}]},
        headers={"authorization": f"Bearer {staying}"},
    )
    assert b"one" in await stream.content.readany()
    dead = team.gateways[lost]
    dead.process.kill()
    await dead.process.wait()
    moved = await team.ask(KEYS[1])
    assert moved[0] == 200
    assert moved[1] != lost
    for key in KEYS:
        if homes[key] not in (lost, homes[exact]) and key != staying:
            assert await team.ask(key) == (200, homes[key])
            break
    assert not stream.content.at_eof()
    stream.close()

    await dead.launch("--config", str(dead.folder / "api.yaml"), port=team.ports[lost])
    # Each of its keys asks once, as nginx looks at a gateway that failed again after a second.
    for key in (key for key in KEYS[2:] if homes[key] == lost):
        _, place = await team.ask(key)
        if place == lost:
            break
        await asyncio.sleep(0.5)
    assert place == lost
    await team.session.close()
