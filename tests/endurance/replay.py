"""Recorded traffic of real providers at full speed, 32 calls at a time, through the edge and again
through aiohttp alone (UNIAPI_EDGE): statistics are equal call by call, in everything but times and
ids, and every client is answered the same. No test.

    .venv/bin/python tests/endurance/replay.py [--days 1] [--records DIR] [--at-once 32]

`--records` is a folder of the conformance kit's recordings (`dev/*.jsonl`), by default the one
beside this repository; where there is none, what the vendors' renderers of `tests/matrix` say is
played instead. One day is every recording asked for by each of the four client dialects.
"""

import argparse
import asyncio
import base64
import json
import os
import random
import re
import sys
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from ground import (
    CLIENTS,
    DIALECTS,
    RENDERERS,
    RESTLESS,
    ROOT,
    Gateway,
    Reply,
    ask,
    configuration,
    error,
    id_of,
    provider,
    request,
    status_of,
    tell,
    tracebacks,
)

KIT = Path(os.environ.get("UNIAPI_SHARED") or ROOT.parent / "shared") / "conformance" / "dev"
DIALECT_OF = {
    "chat": "chat",
    "messages": "anthropic",
    "generateContent": "gemini",
    "converse": "converse",
    "cohere-v2-chat": "cohere",
    "responses": "responses",
}
TIMES = {"id", "at", "s", "first"}
"""What of a journal line may differ between two runs."""
VARIES = re.compile(rb'"(?:id|item_id|response_id|responseId|call_id|tool_call_id)": ?"[^"]*"')
MOMENTS = re.compile(rb'"(?:created|created_at|completed_at|createTime)": ?"?[0-9][^,}]*')
MOST_SHOWN = 10
CHUNK_BYTES = 700
LAST_CHUNK = b"0\r\n\r\n"


@dataclass(frozen=True)
class Recording:
    """What a provider said, and what it had been asked where that is known."""

    name: str
    dialect: str
    stream: bool
    status: int
    content_type: str
    content: bytes
    asked: dict | None


def recordings(folder):
    found = []
    for path in sorted(folder.glob("*.jsonl")):
        for line in path.read_text().splitlines():
            record = json.loads(line)
            if record["api"] in DIALECT_OF:
                found.append(recording(record))
    return found or rendered()


def recording(record):
    said = record["response"]
    content_type = said["headers"].get("content-type") or "application/json"
    if "sse" in said:
        content = said["sse"].encode()
    elif "base64" in said:
        content = base64.b64decode(said["base64"])
    elif "text" in said:
        content = said["text"].encode()
    elif record["stream"] and isinstance(said["body"], list):
        content_type = "text/event-stream"
        content = b"".join(b"data: %b\r\n\r\n" % json.dumps(one).encode() for one in said["body"])
    else:
        content = json.dumps(said["body"], ensure_ascii=False).encode()
    asked = record["request"]["body"]
    return Recording(
        name=record["id"],
        dialect=DIALECT_OF[record["api"]],
        stream=record["stream"],
        status=said["status"],
        content_type=content_type,
        content=content,
        asked=asked if isinstance(asked, dict) else None,
    )


def rendered():
    """Answers of six dialects, whole and streamed, with calls, reasoning and refusals."""
    calls = (("c1", "f", {"a": 1}),)
    replies = [
        Reply(text="all is well"),
        Reply(text="ö" * 900, reasoning="hm"),
        Reply(text="", calls=calls, finish="tool_calls"),
        Reply(text="cut", finish="length"),
    ]
    made = []
    for dialect in DIALECTS:
        answers = [
            (streams, RENDERERS[dialect](reply, streams))
            for reply in replies
            for streams in (False, True)
        ]
        answers += [(False, error(dialect, status)) for status in (400, 401, 404, 429, 500)]
        made += [
            Recording(
                name=f"{dialect}-{number}",
                dialect=dialect,
                stream=streams,
                status=answer.status,
                content_type=answer.content_type,
                content=b"".join(answer.pieces),
                asked=None,
            )
            for number, (streams, answer) in enumerate(answers)
        ]
    return made


class Providers:
    """Plays each recording to whoever asks under its name over kept connections."""

    def __init__(self, played):
        self._played = {one.name: one for one in played}
        self.calls = 0

    async def start(self):
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=1 << 26)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    def stop(self):
        self._server.close()

    async def _serve(self, reader, writer):
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = re.search(rb"content-length: (\d+)", head, re.I)
                await reader.readexactly(int(length[1]) if length else 0)
                self.calls += 1
                name = head.split(b" ")[1].split(b"/")[1].split(b":")[0].decode()
                await self._play(self._played[name], writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            writer.close()

    async def _play(self, one, writer):
        head = f"HTTP/1.1 {one.status} X\r\ncontent-type: {one.content_type}\r\n"
        if not one.stream:
            writer.write(f"{head}content-length: {len(one.content)}\r\n\r\n".encode() + one.content)
            await writer.drain()
            return
        head += "transfer-encoding: chunked\r\n\r\n"
        # In chunks, and in one write: whether a fault in a stream is met before its first text is
        # sent on, and becomes a status, would else be a matter of time.
        starts = range(0, len(one.content), CHUNK_BYTES)
        pieces = [one.content[at : at + CHUNK_BYTES] for at in starts]
        chunks = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces)
        writer.write(head.encode() + chunks + LAST_CHUNK)
        await writer.drain()


def configured(played, port):
    """A provider for each recording, whose only model has its name."""
    value = configuration(port)
    value["providers"] = [
        {**provider(port, one.dialect, "up"), "provider": one.name, "model": [{"up": one.name}]}
        for one in played
    ]
    for one, entry in zip(played, value["providers"], strict=True):
        entry["base_url"] = entry["base_url"].replace(f"/{one.dialect}", f"/{one.name}", 1)
        entry["preferences"] = {**RESTLESS, "AUTO_RETRY": False}
    value["preferences"]["model_timeout"] = {"default": 60}
    value["preferences"]["rate_limit"] = "999999/min"
    return value


def asked(one, client, number):
    """The bytes of a call: what the provider had been asked where the client speaks as it does."""
    path, body = ask(client, one.name, random.Random(number), stream=one.stream)
    if one.asked is not None and client == one.dialect:
        body = {**one.asked, **{name: body[name] for name in ("model", "stream") if name in body}}
    return request("POST", path, body).replace(b"connection: close\r\n", b"", 1)


class Line:
    """One connection of a client, used again and again."""

    def __init__(self, port):
        self._port = port
        self._reader = self._writer = None

    async def ask(self, data):
        """Head and body of the answer."""
        if self._writer is None or self._writer.is_closing():
            self._reader, self._writer = await asyncio.open_connection(
                "127.0.0.1", self._port, limit=1 << 27
            )
        self._writer.write(data)
        return await asyncio.wait_for(self._answer(), 300)

    async def _answer(self):
        head = await self._reader.readuntil(b"\r\n\r\n")
        length = re.search(rb"content-length: (\d+)", head, re.I)
        if length is not None:
            body = await self._reader.readexactly(int(length[1]))
        else:
            body = b"".join([piece async for piece in self._chunks()])
        if b"connection: close" in head.lower():
            self.close()
        return head, body

    async def _chunks(self):
        while size := int(await self._reader.readuntil(b"\r\n"), 16):
            yield (await self._reader.readexactly(size + 2))[:-2]
        await self._reader.readexactly(2)

    def close(self):
        if self._writer is not None:
            self._writer.close()
            self._writer = None


async def played_by(lane, played, days, at_once):
    """({call: (status, answer, line of the journal)}, sums, seconds, what went wrong)."""
    providers = await Providers(played).start()
    gateway = await Gateway().start(
        configured(played, providers.port), environment={"UNIAPI_EDGE": lane}
    )
    answers, faults, began = {}, [], time.monotonic()
    for day in range(days):
        for client in CLIENTS:
            # One after the other: what is learned of a provider is learned in the same order.
            waiting = [(number, one) for number, one in enumerate(played)]
            await asyncio.gather(
                *(work(gateway, waiting, client, day, answers) for _ in range(at_once))
            )
    seconds = time.monotonic() - began
    await asyncio.sleep(2)
    totals = await gateway.stats()
    code = await gateway.stop()
    providers.stop()
    if code != 0:
        faults.append(f"{lane}: it ended with {code}")
    faults += [f"{lane}: {text}" for text in tracebacks(gateway.log())]
    lines, count = journal_lines(gateway)
    if count != len(answers):
        faults.append(f"{lane}: {count} lines in the journal for {len(answers)} calls")
    found = {}
    for call, (status, shape, number) in answers.items():
        if number not in lines:
            faults.append(f"{lane}: {call} ({status}) is not in the journal")
        found[call] = (status, shape, lines.get(number))
    return found, unordered(timeless(totals)), seconds, faults


async def work(gateway, waiting, client, day, answers):
    line = Line(gateway.port)
    while waiting:
        number, one = waiting.pop()
        head, body = await line.ask(asked(one, client, number))
        answers[day, client, one.name] = (status_of(head), shape_of(head, body), id_of(head))
    line.close()


def shape_of(head, body):
    """What a client is told, without ids and moments."""
    kind = re.search(rb"\r\ncontent-type: ([^\r]*)", head, re.I)
    told = MOMENTS.sub(b"", VARIES.sub(b"", body))
    return (kind[1] if kind else b"").decode(), len(told)


def journal_lines(gateway):
    """({request id: its line without times}, how many lines)."""
    lines, count = {}, 0
    for path in sorted((gateway.folder / "data" / "stats" / "journal").glob("*")):
        for text in path.read_text().splitlines():
            line = json.loads(text)
            if "outcome" in line:
                count += 1
                lines[line["id"]] = timeless(line)
    return lines, count


def timeless(value):
    """It without the members that say when, how long, or which id."""
    if isinstance(value, dict):
        return {
            name: timeless(inner)
            for name, inner in value.items()
            if name not in TIMES
            and not re.search(r"_s$|_ms$|seconds|latenc|_at$|hour|uptime", name)
        }
    return [timeless(one) for one in value] if isinstance(value, list) else value


def unordered(value):
    """It with its lists sorted: rows that are alike stand in the order in which they came."""
    if isinstance(value, dict):
        return {name: unordered(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return sorted(map(unordered, value), key=lambda one: json.dumps(one, sort_keys=True))
    return value


def differences(place, one, other):
    """Where two values differ, in words."""
    if isinstance(one, dict) and isinstance(other, dict) and one.keys() == other.keys():
        for name in one:
            yield from differences(f"{place}.{name}", one[name], other[name])
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for number, pair in enumerate(zip(one, other, strict=True)):
            yield from differences(f"{place}[{number}]", *pair)
    elif one != other:
        yield f"{place}: {one} by the edge, {other} by aiohttp"


async def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--days", type=int, default=1)
    parser.add_argument("--records", type=Path, default=KIT)
    parser.add_argument("--at-once", type=int, default=32)
    chosen = parser.parse_args()
    played = recordings(chosen.records)
    edge, edge_sums, edge_s, faults = await played_by("", played, chosen.days, chosen.at_once)
    other, sums, other_s, more = await played_by("aiohttp", played, chosen.days, chosen.at_once)
    faults += more
    differing = [call for call in edge if edge[call] != other.get(call)]
    faults += [
        f"{call}: edge {edge[call]}, aiohttp {other[call]}" for call in differing[:MOST_SHOWN]
    ]
    faults += list(differences("sums", edge_sums, sums))[:MOST_SHOWN]
    figures = {
        "recordings": len(played),
        "is_kit": chosen.records.is_dir(),
        "calls": len(edge),
        "at_once": chosen.at_once,
        "differing": len(differing),
        "statuses": {
            str(name): count for name, count in Counter(one[0] for one in edge.values()).items()
        },
        "edge_s": round(edge_s, 1),
        "aiohttp_s": round(other_s, 1),
    }
    return tell("replay", figures, faults)


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
