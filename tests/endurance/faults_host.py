"""The host misbehaves in ways of which each has its own scene: a date that jumps, a disk that is
slow or fails, thousands of idle connections, a log that nobody reads, a sleep of half a minute,
clients that never read, a data dir full of what is too old, very many long windows, requests of
every size under `tpr`. No test.

    .venv/bin/python tests/endurance/faults_host.py [--only SCENE] [--quick | --slow]

`--slow` adds the scene that lasts five minutes: clients that never read; `--quick` leaves out those
of half a minute and more.
"""

import argparse
import asyncio
import contextlib
import errno
import json
import random
import signal
import sys
import time
from collections import Counter
from pathlib import Path

from faults import SSE, Client
from ground import (
    CLIENTS,
    KEY,
    Gateway,
    Upstreams,
    Watch,
    ask,
    configuration,
    provider,
    request,
    status_of,
    tell,
    tracebacks,
)

SHIMS = str(Path(__file__).with_name("shims"))
DAY_S = 86400
DELTA = b'data: {"id":"c","choices":[{"index":0,"delta":{"content":"%b"}}]}\n\n'
LAST = b'data: {"id":"c","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n'
END = LAST + b"data: [DONE]\n\n"
OTHER_KEY = "sk-endurance-other-key-0123456789"


class Stage:
    """A gateway before upstreams that are sound but where `choose` says otherwise."""

    def __init__(self, choose=None, **preferences):
        self._choose = choose or (lambda dialect: "sound")
        self._preferences = preferences
        self.gateway = Gateway()
        self.faults = []

    async def __aenter__(self):
        self.upstreams = await Upstreams(self._choose).start()
        self.value = configuration(self.upstreams.port, **self._preferences)
        return self

    async def __aexit__(self, *reason):
        process = self.gateway.process
        if process is not None and process.returncode is None:
            process.kill()
        await self.upstreams.stop()

    async def end(self):
        """In order, and without a traceback."""
        code = await self.gateway.stop()
        if code != 0:
            self.faults.append(f"it ended with {code}")
        self.faults += tracebacks(self.gateway.log())

    def blame(self, is_wrong, text):
        if is_wrong:
            self.faults.append(text)

    def served(self, client):
        """Every call of the good client was served, and is in the journal once."""
        wrong = {status: n for status, n in client.statuses.items() if status != 200}
        self.blame(wrong, f"the good client was answered {wrong}")
        journal = self.gateway.journal()
        self.blame(set(client.ids) - set(journal), "answered calls are not in the journal")
        self.blame(len(journal) != len(set(journal)), "calls are in the journal twice")


async def jumping_clock(stage):
    """The date is wrong by hours, days, years, both ways, again and again."""
    wrong_by = stage.gateway.folder / "clock"
    environment = {"PYTHONPATH": SHIMS, "UNIAPI_TEST_CLOCK": str(wrong_by)}
    await stage.gateway.start(stage.value, environment=environment)
    client, statuses = Client(stage.gateway, random.Random(1)), Counter()
    running = asyncio.ensure_future(client.run())
    jumps = (3600, -3600, 40 * DAY_S, -3 * DAY_S, -1_700_000_000, 4000 * DAY_S, 1e11, 0)
    for seconds in jumps:
        wrong_by.write_text(str(seconds))
        await asyncio.sleep(2.5)
        for path in ("/v1/stats?hours=24", "/v1/requests?last=5", "/metrics"):
            statuses[status_of(await stage.gateway.get(path))] += 1
    client.over = True
    await running
    await stage.end()
    stage.served(client)
    stage.blame(set(statuses) != {200}, f"reports were answered {statuses}")
    return {"jumps": len(jumps), "good_calls": client.statuses[200]}


async def slow_disk(stage):
    """Every opening, renaming and fsync takes three seconds, also where a long list is kept."""
    disk_s = 3.0
    models = b",".join(b'{"id":"model-%d","object":"model"}' % one for one in range(5000))
    listed = b'{"object":"list","data":[%b]}' % models
    head = b"HTTP/1.1 200 X\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"
    stage.upstreams.choose = lambda dialect: (
        head % len(listed) + listed if dialect == "lister" else "sound"
    )
    lister = provider(stage.upstreams.port, "chat")
    lister["base_url"] = lister["base_url"].replace("/chat/", "/lister/", 1)
    del lister["model"]
    stage.value["providers"].append({**lister, "provider": "lister"})
    environment = {"PYTHONPATH": SHIMS, "UNIAPI_TEST_DISK_S": str(disk_s)}
    await stage.gateway.start(stage.value, environment=environment)
    client = Client(stage.gateway, random.Random(2))
    running = asyncio.ensure_future(client.run())
    with Watch(stage.gateway) as watch:
        await asyncio.sleep(15)
        client.over = True
        await running
    await stage.end()
    stage.served(client)
    stage.blame(
        watch.longest_wait_s > disk_s, f"others waited {watch.longest_wait_s:.1f} s for the disk"
    )
    return {"good_calls": client.statuses[200], "others_waited_s": round(watch.longest_wait_s, 2)}


async def failing_disk(stage):
    """Nothing can be written, for one reason after the other; then it can, and nothing is lost."""
    says = stage.gateway.folder / "disk"
    environment = {"PYTHONPATH": SHIMS, "UNIAPI_TEST_DISK_ERROR": str(says)}
    says.write_text("")
    await stage.gateway.start(stage.value, environment=environment)
    client, reports = Client(stage.gateway, random.Random(5)), Counter()
    running = asyncio.ensure_future(client.run())
    reasons = (errno.EROFS, errno.EIO, errno.ENOSPC, errno.EDQUOT, errno.EACCES)
    for number in reasons:
        for text in (str(number), ""):
            says.write_text(text)
            await asyncio.sleep(3)
            reports[status_of(await stage.gateway.get("/v1/stats?hours=24"))] += 1
    client.over = True
    await running
    totals = (await stage.gateway.stats())["totals"]
    await stage.end()
    stage.served(client)
    stage.blame(set(reports) != {200}, f"reports were answered {reports}")
    stage.blame(
        totals["requests"] != client.statuses[200],
        f"{totals['requests']} of {client.statuses[200]} are in the statistics",
    )
    return {"reasons": len(reasons), "good_calls": client.statuses[200]}


async def idle_thousands(stage):
    """2,000 connections that say nothing, or half a head, where 512 descriptors are allowed."""
    await stage.gateway.start(stage.value, files=512)
    client, held = Client(stage.gateway, random.Random(6)), []
    running = asyncio.ensure_future(client.run())
    for number in range(2000):
        with contextlib.suppress(OSError):
            _, writer = await asyncio.open_connection("127.0.0.1", stage.gateway.port)
            if number % 2:
                writer.write(b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\n")
            held.append(writer)
    await asyncio.sleep(3)
    client.over = True
    await running
    for writer in held:
        writer.transport.abort()
    await stage.end()
    stage.served(client)
    longest_s = round(client.longest_s, 2)
    return {"idle": len(held), "good_calls": client.statuses[200], "longest_good_call_s": longest_s}


async def unread_log(stage):
    """Whoever reads the log stands still: thousands of lines, and an end in order."""
    await stage.gateway.start(stage.value, is_log_read=False)
    client = Client(stage.gateway, random.Random(3))
    running = [asyncio.ensure_future(client.run()) for _ in range(8)]
    until = time.monotonic() + 120
    while client.statuses[200] < 3000 and time.monotonic() < until:
        await asyncio.sleep(0.2)
    client.over = True
    await asyncio.gather(*running)
    began = time.monotonic()
    await stage.end()
    stage.served(client)
    stage.blame(client.statuses[200] < 3000, "it stood still with its log")
    return {"good_calls": client.statuses[200], "end_s": round(time.monotonic() - began, 2)}


async def long_sleep(stage):
    """SIGSTOP for 30 s in the middle of streams that their provider ends meanwhile; time-outs are
    2 s.
    """
    begun, goes_on = [], asyncio.Event()

    async def play(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(SSE + DELTA % b"one ")
        await writer.drain()
        begun.append(writer)
        await goes_on.wait()
        writer.write(DELTA % b"two" + END)
        with contextlib.suppress(ConnectionError):
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(play, "127.0.0.1", 0)
    sleeper = {**provider(server.sockets[0].getsockname()[1], "chat", "up"), "provider": "sleeper"}
    stage.value["providers"].append({**sleeper, "model": ["sleeper"]})
    await stage.gateway.start(stage.value)
    body = {"model": "sleeper", "stream": True, "messages": [{"role": "user", "content": "x"}]}
    calls = [
        asyncio.ensure_future(stage.gateway.post("/v1/chat/completions", body, 120.0))
        for _ in range(10)
    ]
    while len(begun) < len(calls):
        await asyncio.sleep(0.05)
    await asyncio.sleep(0.3)
    stage.gateway.process.send_signal(signal.SIGSTOP)
    goes_on.set()
    await asyncio.sleep(30)
    stage.gateway.process.send_signal(signal.SIGCONT)
    answers = await asyncio.gather(*calls)
    await stage.end()
    server.close()
    whole = sum(b"two" in (one or b"") and b"[DONE]" in (one or b"") for one in answers)
    stage.blame(whole != len(calls), f"{whole} of {len(calls)} streams came whole")
    return {"streams": len(calls), "whole": whole}


async def never_read(stage):
    """Two clients of a key that may have two calls at a time take nothing of their answers, one
    whole, one a stream: after 300 s their places are free.
    """
    text = b"x" * 1000
    event = DELTA % text
    long = b"HTTP/1.1 200 X\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"
    answer = json.dumps(
        {"choices": [{"index": 0, "message": {"content": "y" * 20_000_000}}]}
    ).encode()
    kinds = {"long": long % len(answer) + answer, "flood": SSE + event * 20_000}
    stage.upstreams.choose = lambda dialect: kinds.get(dialect, "sound")
    for name in kinds:
        flood = provider(stage.upstreams.port, "chat", "up")
        flood["base_url"] = flood["base_url"].replace("/chat/", f"/{name}/", 1)
        stage.value["providers"].append({**flood, "provider": name, "model": [name]})
    stage.value["api_keys"].append(
        {"api": OTHER_KEY, "model": ["all"], "preferences": {"max_concurrency": 2}}
    )
    await stage.gateway.start(stage.value)

    def asked(name, streams):
        body = {"model": name, "stream": streams, "messages": [{"role": "user", "content": "x"}]}
        return request("POST", "/v1/chat/completions", body).replace(
            KEY.encode(), OTHER_KEY.encode()
        )

    began, writers = time.monotonic(), []
    for name, streams in (("long", False), ("flood", True)):
        reader, writer = await asyncio.open_connection("127.0.0.1", stage.gateway.port, limit=1000)
        writer.write(asked(name, streams))
        reader._transport.pause_reading()
        writers.append(writer)
    await asyncio.sleep(3)
    first = status_of(await stage.gateway.send(asked("chat", False), 60.0))
    freed_s = None
    while time.monotonic() - began < 420:
        if status_of(await stage.gateway.send(asked("chat", False), 60.0)) == 200:
            freed_s = time.monotonic() - began
            break
        await asyncio.sleep(1)
    for writer in writers:
        writer.transport.abort()
    await stage.end()
    stage.blame(first != 429, f"a third call at the same time was answered {first}")
    stage.blame(freed_s is None or freed_s > 330, f"the places were free after {freed_s} s")
    return {"third_call": first, "freed_s": freed_s and round(freed_s)}


async def too_old(stage):
    """What is older than retention says goes soon after a start: no process lives an hour here."""
    wrong_by = stage.gateway.folder / "clock"
    environment = {"PYTHONPATH": SHIMS, "UNIAPI_TEST_CLOCK": str(wrong_by)}
    stage.value["preferences"]["retention"] = {"raw": "1d", "raw_bytes": "256KB"}
    for days in range(9, 0, -1):
        wrong_by.write_text(str(-days * DAY_S))
        await stage.gateway.start(stage.value, environment=environment)
        for number in range(20):
            path, body = ask("chat", "chat", random.Random(number))
            await stage.gateway.post(path, body)
        await stage.end()
    kept = []
    for _ in range(2):
        wrong_by.write_text("0")
        await stage.gateway.start(stage.value, environment=environment)
        await asyncio.sleep(3)
        await stage.end()
    folder = stage.gateway.folder / "data" / "stats" / "journal"
    kept = sorted(path.name for path in folder.glob("*"))
    size = sum(path.stat().st_size for path in folder.glob("*"))
    day = time.strftime("%Y-%m-%d", time.gmtime(time.time() - 2 * DAY_S))
    old = [name for name in kept if name.partition("-")[2] < day]
    stage.blame(len(old) > 1, f"kept although older than a day: {old}")
    return {"days": 9, "segments": len(kept), "bytes": size}


async def many_windows(stage):
    """300 provider keys with a day's limit for three models: each count is on disk soon, and
    nobody waits for that.
    """
    keys = [f"sk-upstream-window-{one:04d}" for one in range(300)]
    names = ("w1", "w2", "w3")
    entry = {**provider(stage.upstreams.port, "chat", "up"), "provider": "windows", "api": keys}
    entry["model"] = list(names)
    entry["preferences"] = {**entry["preferences"], "api_key_rate_limit": "1500/day"}
    stage.value["providers"].append(entry)
    await stage.gateway.start(stage.value)
    file = stage.gateway.folder / "data" / "windows.jsonl"
    with Watch(stage.gateway) as watch:
        clients = [Client(stage.gateway, random.Random(name), name) for name in names for _ in "ab"]
        running = [asyncio.ensure_future(client.run()) for client in clients]
        longest_s, before, since = 0.0, None, time.monotonic()
        until = time.monotonic() + 20
        while time.monotonic() < until:
            state = file.stat().st_mtime_ns if file.exists() else None
            if state != before:
                before, since = state, time.monotonic()
            longest_s = max(longest_s, time.monotonic() - since)
            await asyncio.sleep(0.05)
        for client in clients:
            client.over = True
        await asyncio.gather(*running)
    await stage.end()
    for client in clients:
        stage.blame(set(client.statuses) != {200}, f"answered {client.statuses}")
    stage.blame(longest_s > 5, f"the windows were not written for {longest_s:.1f} s")
    calls = sum(client.statuses[200] for client in clients)
    waited_s = round(watch.longest_wait_s, 2)
    return {"calls": calls, "unwritten_s": round(longest_s, 2), "others_waited_s": waited_s}


async def large_requests(stage):
    """`tpr` counts what is there, wherever it stands in a request of any client dialect."""
    for entry in stage.value["providers"]:
        entry["preferences"] = {**entry["preferences"], "api_key_rate_limit": "100/min,2000/tpr"}
    await stage.gateway.start(stage.value)
    small, large = Counter(), Counter()
    for client in CLIENTS:
        for size, found in ((0, small), (40_000, large)):
            path, body = ask(client, "chat", random.Random(size), size=0)
            text = "word " * (size // 5)
            for place in ("system", "user", "tool") if size else ("user",):
                said = json.loads(json.dumps(body))
                place_text(said, client, place, text)
                found[status_of(await stage.gateway.post(path, said))] += 1
    await stage.end()
    stage.blame(set(small) != {200}, f"small requests were answered {small}")
    stage.blame(200 in large, f"requests of 8,000 words were answered {large}")
    return {"small": statuses(small), "large": statuses(large)}


def place_text(body, client, place, text):
    """More text where instructions, a turn, or a tool's description stand."""
    match client, place:
        case "chat", "system":
            body["messages"].insert(0, {"role": "system", "content": text})
        case "chat", "user":
            body["messages"][0]["content"] += text
        case "chat", "tool":
            body["tools"] = [{"type": "function", "function": {"name": "f", "description": text}}]
        case "anthropic", "system":
            body["system"] = text
        case "anthropic", "user":
            body["messages"][0]["content"] += text
        case "anthropic", "tool":
            body["tools"] = [{"name": "f", "description": text, "input_schema": {"type": "object"}}]
        case "gemini", "system":
            body["systemInstruction"] = {"parts": [{"text": text}]}
        case "gemini", "user":
            body["contents"][0]["parts"][0]["text"] += text
        case "gemini", "tool":
            body["tools"] = [{"functionDeclarations": [{"name": "f", "description": text}]}]
        case "responses", "system":
            body["instructions"] = text
        case "responses", "user":
            body["input"] += text
        case _:
            body["tools"] = [{"type": "function", "name": "f", "description": text}]


def statuses(found):
    return {str(name): count for name, count in found.items()}


SCENES = {
    "jumping clock": jumping_clock,
    "slow disk": slow_disk,
    "failing disk": failing_disk,
    "idle thousands": idle_thousands,
    "unread log": unread_log,
    "long sleep": long_sleep,
    "too old": too_old,
    "many windows": many_windows,
    "large requests": large_requests,
    "never read": never_read,
}
SLOW = ("never read",)
LONG = ("slow disk", "failing disk", "long sleep", "too old", *SLOW)


async def play(name):
    async with Stage() as stage:
        began = time.monotonic()
        figures = await SCENES[name](stage)
        seconds = round(time.monotonic() - began)
        return tell(f"faults: {name}", {"seconds": seconds, **figures}, stage.faults)


async def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--only", choices=list(SCENES))
    parser.add_argument("--slow", action="store_true")
    parser.add_argument("--quick", action="store_true")
    chosen = parser.parse_args()
    left_out = LONG if chosen.quick else () if chosen.slow else SLOW
    names = [name for name in SCENES if name not in left_out]
    return max([await play(name) for name in ([chosen.only] if chosen.only else names)])


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
