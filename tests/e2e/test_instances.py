"""Three gateways behind a real nginx with a consistent hash on the client key: a key lives in one of
them, so its limits are exact; one is killed, its keys move and come back, and nobody else's streams
notice. The configuration of nginx is the one that docs/hosting.md shows.

Slow, and skipped where there is no nginx.
"""

import asyncio
import os
import re
import shutil
import signal
import socket
import subprocess
from pathlib import Path

import aiohttp
import pytest
import yaml
from fakes import FakeUpstream, Gateway, chat_whole, chunk
from fakes import Answer, DONE

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
    """Three gateways, each with its data dir, and nginx before them."""
    upstream.tell("p", chat_whole())
    config = {
        "providers": [
            {
                "provider": "p",
                "base_url": upstream.url("p"),
                "api": "sk-upstream-0123456789",
                "model": ["m", "slow"],
            }
        ],
        "api_keys": [
            {"api": key, "preferences": {"rate_limit": f"{PER_MINUTE}/min"}} for key in KEYS
        ],
    }
    gateways, ports = [], []
    for number in range(3):
        folder = tmp_path / f"gateway-{number}"
        folder.mkdir()
        gateway = Gateway(folder)
        await gateway.start(config)
        gateways.append(gateway)
        ports.append(int(gateway.url.rpartition(":")[2]))
    nginx = Nginx(tmp_path / "nginx", ports)
    await nginx.ready()
    yield nginx, gateways
    nginx.stop()
    for gateway in gateways:
        await gateway.stop()


async def ask(session, url, key, header="authorization", model="m", **more):
    value = f"Bearer {key}" if header == "authorization" else key
    body = {"model": model, "messages": [{"role": "user", "content": "hi"}], **more}
    address = f"{url}/v1/chat/completions"
    async with session.post(address, json=body, headers={header: value}) as response:
        await response.read()
        return response.status


def places(gateways):
    """key number → the gateways whose logs have served it."""
    found = {}
    for number, gateway in enumerate(gateways):
        for place, key in enumerate(KEYS):
            masked = f"{key[:6]}…{key[-4:]}"
            if masked in gateway.log:
                found.setdefault(place, set()).add(number)
    return found


async def used_by(gateways, session, key):
    """The gateways that have counted calls of a key, by their own `/v1/token_usage`."""
    found = {}
    for number, gateway in enumerate(gateways):
        address = f"{gateway.url}/v1/dashboard/billing/usage"
        async with session.get(address, headers={"authorization": f"Bearer {key}"}) as response:
            assert response.status == 200
        found[number] = gateway.log.count(f"…{key[-4:]}")
    return found
