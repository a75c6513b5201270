"""Ten providers with twenty keys each, every one failing in its own way and healing, asked in four
dialects, whole and streamed: what some healthy channel could serve must be served. No test.

    .venv/bin/python tests/chaos/run.py [--seconds 600] [--clients 6] [--seed 1]

The gateway runs as a process, its upstreams in this one, all on 127.0.0.1. A provider's mode lasts
some seconds and is drawn anew; two of the ten are always sound, which two changes too. Printed: how
many calls were served, by client dialect and form; the failures by kind; calls upstream for each
call. Exit 1 when a call was not served.
"""

import argparse
import asyncio
import contextlib
import json
import random
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import aiohttp

TESTS = Path(__file__).parents[1]
sys.path[:0] = [str(TESTS / "e2e"), str(TESTS / "matrix")]

from fakes import CLIENT_KEY, Gateway  # noqa: E402  (the paths come first)
from replies import RENDERERS, Reply, error  # noqa: E402

DIALECTS = ("chat", "anthropic", "gemini", "responses")
ENGINES = {"chat": "gpt", "anthropic": "claude", "gemini": "gemini", "responses": "responses"}
ROOTS = {
    "chat": "/v1/chat/completions",
    "anthropic": "/v1/messages",
    "gemini": "/v1beta",
    "responses": "/v1/responses",
}
MODES = ("503", "429", "wall", "dead keys", "reset", "empty", "silent", "html 200", "cut")
PROVIDERS, KEYS, SOUND = 10, 20, 2
TEXT = "all is well here"
END_OF_TEXT = b"ell here"
"""Streams tell the text in two halves."""
PERIOD_S = (4.0, 20.0)
WALL = b"<html><head><title>Just a moment...</title></head><body>cf-ray</body></html>"
PROMPT = [{"role": "user", "content": "hi"}]


class Upstreams:
    """All ten, in one server; `modes` says how each fails at this moment."""

    def __init__(self, rng):
        self.rng = rng
        self.modes = ["sound"] * PROVIDERS
        self.calls = Counter()

    async def turn(self):
        """Draw the modes anew, again and again."""
        while True:
            sound = set(self.rng.sample(range(PROVIDERS), SOUND))
            self.modes = [
                "sound" if number in sound else self.rng.choice(("sound", *MODES))
                for number in range(PROVIDERS)
            ]
            await asyncio.sleep(self.rng.uniform(*PERIOD_S))

    async def serve(self, reader, writer):
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            while await self._exchange(reader, writer):
                pass
        writer.close()

    async def _exchange(self, reader, writer):
        head = await reader.readuntil(b"\r\n\r\n")
        line, *fields = head.decode("latin-1").split("\r\n")
        headers = dict(field.lower().split(": ", 1) for field in fields if field)
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        path = line.split(" ")[1]
        number = int(path.split("/")[1].removeprefix("p"))
        dialect = DIALECTS[number % len(DIALECTS)]
        stream = b'"stream":true' in body.replace(b" ", b"") or "streamGenerate" in path
        mode = self.modes[number]
        if mode == "dead keys":
            mode = "sound" if self._key_number(headers) % 5 == 0 else "401"
        self.calls[mode] += 1
        return await self._play(mode, dialect, stream, writer)

    def _key_number(self, headers):
        found = (headers.get(name, "") for name in ("authorization", "x-api-key", "x-goog-api-key"))
        return int("".join(found).rpartition("-")[2] or 0)

    async def _play(self, mode, dialect, stream, writer):
        """Whether the connection can be used again."""
        if mode == "silent":
            await asyncio.sleep(4)
            return False
        if mode == "reset":
            writer.transport.abort()
            return False
        if mode == "wall":
            return await _send(writer, 403, "text/html", [WALL])
        if mode == "html 200":
            return await _send(writer, 200, "text/html", [WALL])
        if mode in ("401", "429"):
            answer = error(dialect, int(mode))
            return await _send(writer, answer.status, answer.content_type, answer.pieces)
        if mode == "503":
            return await _send(writer, 503, "application/json", [b'{"error":{"message":"busy"}}'])
        answer = RENDERERS[dialect](Reply(text="" if mode == "empty" else TEXT), stream)
        pieces = answer.pieces
        if mode == "cut":
            # Before any output: what breaks off later cannot be served by anybody else.
            pieces = [pieces[0][:20]]
            await _send(writer, 200, answer.content_type, pieces, is_cut=True)
            return False
        return await _send(writer, 200, answer.content_type, pieces)


async def _send(writer, status, content_type, pieces, is_cut=False):
    body = b"".join(pieces)
    length = len(body) + (9 if is_cut else 0)
    head = (
        f"HTTP/1.1 {status} X\r\ncontent-type: {content_type}\r\ncontent-length: {length}\r\n\r\n"
    )
    writer.write(head.encode() + body)
    await writer.drain()
    return True


def configuration(port):
    providers = []
    for number in range(PROVIDERS):
        dialect = DIALECTS[number % len(DIALECTS)]
        providers.append(
            {
                "provider": f"p{number}",
                "base_url": f"http://127.0.0.1:{port}/p{number}{ROOTS[dialect]}",
                "engine": ENGINES[dialect],
                "api": [f"key-p{number}-0123456789-{key}" for key in range(KEYS)],
                "model": ["m"],
            }
        )
    key = {"api": CLIENT_KEY, "preferences": {"SCHEDULING_ALGORITHM": "round_robin"}}
    return {"providers": providers, "api_keys": [key], "preferences": {"model_timeout": 2}}


def ask(dialect, stream):
    """(path, body) of a call in this dialect."""
    match dialect:
        case "gemini":
            verb = "streamGenerateContent?alt=sse" if stream else "generateContent"
            return f"/v1beta/models/m:{verb}", {"contents": [{"parts": [{"text": "hi"}]}]}
        case "responses":
            return "/v1/responses", {"model": "m", "input": "hi", "stream": stream}
        case "anthropic":
            body = {"model": "m", "max_tokens": 50, "messages": PROMPT, "stream": stream}
            return "/v1/messages", body
    return "/v1/chat/completions", {"model": "m", "messages": PROMPT, "stream": stream}


async def client(session, url, rng, until, served, failed):
    """Calls one after the other, each in a dialect and form of its own."""
    while time.monotonic() < until:
        dialect, stream = rng.choice(DIALECTS), rng.random() < 0.5
        path, body = ask(dialect, stream)
        async with session.post(url + path, json=body) as answer:
            said = await answer.read()
        kind = f"{dialect} {'streamed' if stream else 'whole'}"
        if answer.status == 200 and END_OF_TEXT in said:
            served[kind] += 1
        else:
            tried = answer.headers.get("x-uniapi-attempts")
            failed[f"{kind}: {answer.status} {tried} {said[:120]!r}"] += 1
        await asyncio.sleep(rng.uniform(0, 0.05))


async def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--clients", type=int, default=6)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    rng = random.Random(chosen.seed)
    upstreams = Upstreams(rng)
    server = await asyncio.start_server(upstreams.serve, "127.0.0.1", 0)
    turning = asyncio.ensure_future(upstreams.turn())
    served, failed = Counter(), Counter()
    with tempfile.TemporaryDirectory(prefix="uniapi-chaos-") as folder:
        gateway = Gateway(Path(folder))
        await gateway.start(configuration(server.sockets[0].getsockname()[1]))
        headers = {"Authorization": f"Bearer {CLIENT_KEY}"}
        timeout = aiohttp.ClientTimeout(total=60)
        async with aiohttp.ClientSession(headers=headers, timeout=timeout) as session:
            until = time.monotonic() + chosen.seconds
            clients = (
                client(session, gateway.url, random.Random(number), until, served, failed)
                for number in range(chosen.clients)
            )
            await asyncio.gather(*clients)
        await gateway.stop()
    turning.cancel()
    server.close()
    count, lost = sum(served.values()), sum(failed.values())
    print(f"served {count} of {count + lost} ({count / max(1, count + lost):.4%})")
    print(
        f"calls upstream for each call {sum(upstreams.calls.values()) / max(1, count + lost):.3f}"
    )
    print(json.dumps({"served": served, "upstream": upstreams.calls}, indent=1, sort_keys=True))
    for what, number in failed.most_common(20):
        print(number, what)
    return 1 if lost else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
