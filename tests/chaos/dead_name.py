"""What a provider whose name never resolves costs the calls to others: p50 and p99 of these alone,
and while calls to the dead one hang in their look-ups. No test.

    sudo unshare -m .venv/bin/python tests/chaos/dead_name.py [--calls 2000]

Needs a mount namespace of its own (`unshare -m`, as root): /etc/resolv.conf names a resolver of
this script there, which takes every question and never answers. Exit 1 when a call to the sound
provider failed, or none to the dead one hung.
"""

import argparse
import asyncio
import contextlib
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import aiohttp

TESTS = Path(__file__).parents[1]
sys.path[:0] = [str(TESTS / "e2e"), str(TESTS / "matrix")]

from fakes import CLIENT_KEY, Gateway  # noqa: E402  (the paths come first)
from replies import RENDERERS, Reply  # noqa: E402

RESOLVER = "127.0.0.94"
CHAT = "/v1/chat/completions"


class Silence(asyncio.DatagramProtocol):
    """A name server that never answers; `questions` counts them."""

    def __init__(self):
        self.questions = 0

    def datagram_received(self, data, addr):
        self.questions += 1


async def serve(reader, writer):
    """A sound chat upstream."""
    with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
        while True:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
            length = int(head.partition("content-length: ")[2].partition("\r\n")[0] or 0)
            await reader.readexactly(length)
            body = b"".join(RENDERERS["chat"](Reply(text="well"), False).pieces)
            writer.write(
                b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"
                b"content-length: %d\r\n\r\n" % len(body) + body
            )
            await writer.drain()
    writer.close()


def configuration(port):
    providers = [
        {
            "provider": name,
            "base_url": address,
            "api": "key-0123456789",
            "model": [{"m": name}],
        }
        for name, address in (
            ("sound", f"http://127.0.0.1:{port}/v1"),
            ("dead", "http://never-answers.example/v1"),
        )
    ]
    return {"providers": providers, "api_keys": [{"api": CLIENT_KEY}]}


async def ask(session, url, model):
    """(status, seconds) of one call."""
    began = time.monotonic()
    body = {"model": model, "messages": [{"role": "user", "content": "hi"}]}
    async with session.post(url + CHAT, json=body) as answer:
        await answer.read()
    return answer.status, time.monotonic() - began


async def measured(session, url, calls):
    """(p50, p99) in milliseconds of so many calls to the sound provider, four at a time."""
    took = []

    async def client():
        while len(took) < calls:
            status, seconds = await ask(session, url, "sound")
            assert status == 200, f"a call to the sound provider got {status}"
            took.append(seconds * 1000)

    await asyncio.gather(*(client() for _ in range(4)))
    took.sort()
    return round(took[len(took) // 2], 2), round(took[len(took) * 99 // 100], 2)


async def hang(session, url, hung):
    """Call the dead provider again and again."""
    while True:
        status, seconds = await ask(session, url, "dead")
        hung.append((status, seconds))
        await asyncio.sleep(0.05)


async def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--calls", type=int, default=2000)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="uniapi-name-") as folder:
        (Path(folder) / "resolv.conf").write_text(f"nameserver {RESOLVER}\n")
        mount = ["mount", "--bind", f"{folder}/resolv.conf", "/etc/resolv.conf"]
        subprocess.run(mount, check=True)
        loop = asyncio.get_running_loop()
        _, silence = await loop.create_datagram_endpoint(Silence, local_addr=(RESOLVER, 53))
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        gateway = Gateway(Path(folder))
        await gateway.start(configuration(server.sockets[0].getsockname()[1]))
        headers = {"Authorization": f"Bearer {CLIENT_KEY}"}
        hung = []
        async with aiohttp.ClientSession(headers=headers) as session:
            await measured(session, gateway.url, chosen.calls // 4)
            alone = await measured(session, gateway.url, chosen.calls)
            hanging = [asyncio.ensure_future(hang(session, gateway.url, hung)) for _ in range(20)]
            await asyncio.sleep(1)
            beside = await measured(session, gateway.url, chosen.calls)
            for _ in range(60):
                if not hung:
                    await asyncio.sleep(1)
            for one in hanging:
                one.cancel()
        await gateway.stop()
        server.close()
    figures = {
        "alone, p50 and p99 in ms": alone,
        "beside the dead name": beside,
        "calls to the dead name that were answered": len(hung),
        "the first of them, status and s": hung[0] if hung else None,
        "questions to the resolver": silence.questions,
    }
    print(json.dumps(figures, indent=1))
    return 0 if hung and silence.questions else 1


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
