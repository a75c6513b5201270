"""The host misbehaves, and strangers attack: one scene after the other, each with a good client
that must be served all the while, and an end in order. No test.

    .venv/bin/python tests/endurance/faults.py [--seconds 20] [--seed 1] [--only SCENE]

`--seconds` is how long each scene lasts. `attacks` runs all attacks at once in 512 MB of memory
with 128 descriptors.
"""

import argparse
import asyncio
import contextlib
import gzip
import random
import shutil
import signal
import sys
import time
from collections import Counter

from ground import (
    KEY,
    Gateway,
    Upstreams,
    Watch,
    ask,
    configuration,
    id_of,
    provider,
    request,
    status_of,
    tell,
    tracebacks,
)

MEMORY = 512 * 1024 * 1024
LITTLE_MEMORY = 420 * 1024 * 1024
"""So little that large bodies meet a MemoryError."""
FILES = 128
FEW_FILES = 40
SSE = b"HTTP/1.1 200 X\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n"


class Client:
    """A good one: call after call, until `over`; what was not served is told."""

    def __init__(self, gateway, rng, model="chat"):
        self._gateway = gateway
        self._rng = rng
        self._model = model
        self.statuses = Counter()
        self.ids = []
        self.longest_s = 0.0
        self.over = False

    async def run(self):
        while not self.over:
            path, body = ask("chat", self._model, self._rng, stream=self._rng.random() < 0.5)
            began = time.monotonic()
            answer = await self._gateway.send(request("POST", path, body), 60.0)
            self.longest_s = max(self.longest_s, time.monotonic() - began)
            self.statuses[status_of(answer)] += 1
            if status_of(answer) == 200:
                self.ids.append(id_of(answer))
            await asyncio.sleep(0.02)


async def attacks(gateway, scene):
    """Everything of a stranger, a client and a provider at once."""

    async def idle():
        held = []
        for _ in range(200):
            with contextlib.suppress(OSError):
                _, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
                writer.write(b"GET / HTT")
                held.append(writer)
            await asyncio.sleep(0.01)
        await asyncio.sleep(1)
        for writer in held:
            writer.close()

    async def bomb():
        body = b'{"model":"chat","messages":[{"role":"user","content":"' + b'\\"' * 3_000_000
        data = request(
            "POST", "/v1/chat/completions", gzip.compress(body), "content-encoding: gzip\r\n"
        )
        await gateway.send(data)

    async def many():
        messages = [{"role": "user", "content": "x"}] * 100_000
        await gateway.post("/v1/messages", {"model": "chat", "max_tokens": 1, "messages": messages})

    async def names():
        for number in range(20):
            body = {"model": "y" * 1_000_000 + str(number), "messages": []}
            await gateway.post("/v1/chat/completions", body)

    async def strangers():
        data = request("POST", "/v1/chat/completions", {}).replace(KEY.encode(), b"sk-wrong-key-0")
        await asyncio.gather(*(gateway.send(data) for _ in range(10)))

    async def schemas():
        inner = {f"p{one}": {"$ref": "#/$defs/a"} for one in range(8)}
        schema = {"$ref": "#/$defs/a", "$defs": {"a": {"type": "object", "properties": inner}}}
        tools = [
            {"type": "function", "function": {"name": f"f{one}", "parameters": schema}}
            for one in range(50)
        ]
        body = {"model": "gemini", "messages": [{"role": "user", "content": "x"}], "tools": tools}
        await gateway.post("/v1/chat/completions", body)

    async def provider_answers():
        body = {"model": "hostile", "messages": [{"role": "user", "content": "x"}], "stream": True}
        await gateway.post("/v1/chat/completions", body)

    async def unread():
        body = {"model": "hostile", "messages": [{"role": "user", "content": "x"}]}
        _, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
        writer.write(request("POST", "/v1/chat/completions", body))
        await asyncio.sleep(2)
        writer.transport.abort()

    async def again(attack):
        while time.monotonic() < scene.until:
            with contextlib.suppress(OSError):
                await attack()
            await asyncio.sleep(0.05)

    kinds = (idle, bomb, many, names, strangers, schemas, provider_answers, unread)
    await asyncio.gather(*map(again, kinds))


async def deleted_data_dir(gateway, scene):
    while time.monotonic() < scene.until:
        await asyncio.sleep(scene.rng.uniform(0.5, 2))
        shutil.rmtree(gateway.folder / "data", ignore_errors=True)


async def full_disk(gateway, scene):
    """Files may have 64 KB (set for the process): the journal cannot grow."""
    import resource

    resource.prlimit(gateway.process.pid, resource.RLIMIT_FSIZE, (65536, 65536))
    await asyncio.sleep(max(0, scene.until - time.monotonic()))


async def stopped(gateway, scene):
    """SIGSTOP for longer than the time-out of a first token, again and again."""
    while time.monotonic() < scene.until:
        await asyncio.sleep(1)
        gateway.process.send_signal(signal.SIGSTOP)
        await asyncio.sleep(3)
        gateway.process.send_signal(signal.SIGCONT)


async def hang_ups(gateway, scene):
    while time.monotonic() < scene.until:
        gateway.process.send_signal(signal.SIGHUP)
        await asyncio.sleep(0.05)


async def dead_peers(gateway, scene):
    """Providers that accept and say nothing, whose name is unknown, or that refuse."""
    bodies = [
        {"model": model, "messages": [{"role": "user", "content": "x"}]}
        for model in ("silent", "nameless", "closed")
    ]
    while time.monotonic() < scene.until:
        await asyncio.gather(
            *(gateway.post("/v1/chat/completions", body) for body in bodies for _ in range(5))
        )


async def edge(gateway, scene):
    """Everything that can be done to a listening socket: heads that drip in, thousands of requests
    sent ahead, large bodies announced and never sent, resets in the middle, two lengths.
    """
    call = request("POST", "/v1/chat/completions", {"model": "chat", "messages": []})
    silent = call.partition(b"content-length: ")[0] + b"content-length: 30000000\r\n\r\n{"
    twice = call.replace(b"content-length: ", b"Content-Length: 5\r\ncontent-length: ", 1)
    ahead = b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n" * 2000 + call

    async def held(begin, drops):
        _, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
        writer.write(begin)
        for place in range(drops):
            await asyncio.sleep(0.1)
            writer.write(call[place : place + 1])
        await asyncio.sleep(0.5)
        writer.transport.abort()

    async def again(attack):
        while time.monotonic() < scene.until:
            with contextlib.suppress(OSError):
                await attack()
            await asyncio.sleep(0.02)

    def dripping():
        return held(b"", 20)

    def announced():
        return held(silent, 0)

    def reset():
        return held(call[: scene.rng.randrange(1, len(call))], 0)

    kinds = (*[dripping] * 60, *[announced] * 20, *[reset] * 10)
    whole = (lambda: gateway.send(ahead), lambda: gateway.send(twice))
    await asyncio.gather(*map(again, (*kinds, *whole)))


async def endless(gateway, scene):
    """Eight answers at once that look like a picture and never end, streamed and whole, to clients
    of two dialects.
    """
    asked = {"model": "endless", "messages": [{"role": "user", "content": "x"}], "max_tokens": 9}

    async def again(path, stream):
        while time.monotonic() < scene.until:
            with contextlib.suppress(OSError):
                await gateway.post(path, {**asked, "stream": stream})

    paths = ("/v1/chat/completions", "/v1/messages")
    await asyncio.gather(*(again(path, stream) for path in paths for stream in (True, False) * 2))


class Scene:
    def __init__(self, seconds, seed):
        self.until = time.monotonic() + seconds
        self.rng = random.Random(seed)


SCENES = {
    "attacks": (attacks, {"memory": MEMORY, "files": FILES}),
    "deleted data dir": (deleted_data_dir, {}),
    "full disk": (full_disk, {}),
    "stopped": (stopped, {}),
    "hang-ups": (hang_ups, {}),
    "dead peers": (dead_peers, {"files": FILES}),
    "little memory": (attacks, {"memory": LITTLE_MEMORY, "files": FILES}),
    "few descriptors": (attacks, {"files": FEW_FILES}),
    "endless answers": (endless, {"memory": MEMORY, "files": FILES}),
    "edge": (edge, {"memory": MEMORY}),
}
MAY_REFUSE = ("little memory", "few descriptors")
"""Scenes in which also the good client may be refused, but not left without an answer."""
KEEPS_JOURNAL = (
    "attacks",
    "endless answers",
    *MAY_REFUSE,
    "stopped",
    "hang-ups",
    "dead peers",
    "edge",
)
"""Scenes after which every answered call is in the journal."""


def hostile(rng):
    """What a hostile provider says."""
    event = b'data: {"choices":[{"index":0,"delta":{"content":"%b"}}]}\n\n'
    return rng.choice(
        (
            SSE + event % (b"x" * 1_000_000) * 20,
            SSE + b'data: {"choices":[{"index":0,"delta":{"content":""}}]}\n\n' * 40_000,
            SSE + b"data: " + b"x" * 20_000_000,
            b"HTTP/1.1 200 X\r\ncontent-type: application/json\r\n\r\n" + b"[]," * 3_000_000,
            b"HTTP/1.1 400 X\r\ncontent-type: application/json\r\n\r\n"
            + b'{"a":"'
            + b"x" * 9_000_000,
            b"HTTP/1.1 200 X\r\ncontent-encoding: gzip\r\ncontent-type: application/json\r\n\r\n"
            + gzip.compress(b" " * 30_000_000),
        )
    )


async def play(name, seconds, seed):
    happens, limits = SCENES[name]
    scene = Scene(seconds, seed)

    def choose(dialect):
        return hostile(scene.rng) if dialect == "hostile" else "sound"

    upstreams = await Upstreams(choose).start()
    value = configuration(upstreams.port)
    value["providers"] += [
        {
            **provider(upstreams.port, "chat", "up"),
            "provider": "hostile",
            "model": ["hostile"],
            "base_url": f"http://127.0.0.1:{upstreams.port}/hostile/v1/chat/completions",
        },
        {**provider(1, "chat", "up"), "provider": "closed", "model": ["closed"]},
        {
            **provider(1, "chat", "up"),
            "provider": "nameless",
            "model": ["nameless"],
            "base_url": "http://nobody.invalid/v1/chat/completions",
        },
    ]
    dead = await asyncio.start_server(_accepts, "127.0.0.1", 0)
    value["providers"].append(
        {
            **provider(dead.sockets[0].getsockname()[1], "chat", "up"),
            "provider": "silent",
            "model": ["silent"],
        }
    )
    unending = await asyncio.start_server(_never_ends, "127.0.0.1", 0)
    value["providers"].append(
        {
            **provider(unending.sockets[0].getsockname()[1], "chat", "up"),
            "provider": "endless",
            "model": ["endless"],
        }
    )
    gateway = await Gateway().start(value, **limits)
    client = Client(gateway, scene.rng)
    running = asyncio.ensure_future(client.run())
    scene.until = time.monotonic() + seconds
    with Watch(gateway) as watch:
        await happens(gateway, scene)
        await asyncio.sleep(1.5)
        client.over = True
        await running
    code = await gateway.stop()
    await upstreams.stop()
    dead.close()
    unending.close()
    faults = tracebacks(gateway.log())
    if code != 0:
        faults.append(f"it ended with {code}")
    unserved = sum(client.statuses.values()) - client.statuses[200]
    if name in MAY_REFUSE:
        unserved = client.statuses[500] + (0 if client.statuses[200] else 1)
    if unserved:
        faults.append(f"{unserved} calls of the good client were not served: {client.statuses}")
    if name in KEEPS_JOURNAL:
        journal = gateway.journal()
        lost = set(client.ids) - set(journal)
        if lost or len(journal) != len(set(journal)):
            faults.append(f"{len(lost)} calls are not in the journal")
    figures = {
        "seconds": seconds,
        "seed": seed,
        "good_calls": client.statuses[200],
        "not_served": unserved,
        "longest_good_call_s": round(client.longest_s, 2),
        "longest_steps_cpu_ms": [cpu for cpu, _, _ in gateway.long_steps()[:3]],
        **watch.report(),
    }
    for step in gateway.long_steps()[:3]:
        print("step", *step, file=sys.stderr)
    return tell(f"faults: {name}", figures, faults)


async def _accepts(reader, writer):
    with contextlib.suppress(ConnectionError):
        await reader.read()
    writer.close()


async def _never_ends(reader, writer):
    """A picture without an end, as an event or as a whole answer, as it was asked for."""
    with contextlib.suppress(ConnectionError):
        asked = await reader.readuntil(b"\r\n\r\n") + await reader.read(65536)
        if b'"stream":true' in asked.replace(b" ", b""):
            writer.write(SSE + b'data: {"choices":[{"index":0,"delta":{"images":["')
        else:
            writer.write(
                b"HTTP/1.1 200 X\r\ncontent-type: application/json\r\n\r\n"
                b'{"choices":[{"index":0,"message":{"images":["'
            )
        while True:
            writer.write(b"QUJD" * 16384)
            await writer.drain()


async def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", choices=list(SCENES))
    chosen = parser.parse_args()
    names = [chosen.only] if chosen.only else list(SCENES)
    return max([await play(name, chosen.seconds, chosen.seed) for name in names])


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
