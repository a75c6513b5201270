"""Both readers of requests fed the same bytes without a socket, thousands a second: whatever the
edge takes as plain is to aiohttp's parser the same one request, with the same body, and ends in the
same place; what is not plain never brings that parser down, and is never framed in two ways.

    python tests/server/fuzz_heads.py --count 1000000 --seed 7

prints each input of which that is not so and ends with 1. `fuzz_lanes.py` compares whole answers.
"""

import argparse
import asyncio
import os
import random
import sys
import time
from collections import Counter
from pathlib import Path

for package in ("AIOHTTP", "MULTIDICT", "YARL", "FROZENLIST", "PROPCACHE"):
    os.environ.setdefault(f"{package}_NO_EXTENSIONS", "1")
sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[2])]
from aiohttp.base_protocol import BaseProtocol  # noqa: E402
from aiohttp.http import HttpRequestParser  # noqa: E402
from aiohttp.http_exceptions import HttpProcessingError  # noqa: E402
from broken import Chance, pieces  # noqa: E402

from uniapi.server.aiohttp_lane import _folded  # noqa: E402
from uniapi.server.connections import MAX_HEAD_BYTES  # noqa: E402
from uniapi.server.paths import find_route  # noqa: E402
from uniapi.wire import plain_head  # noqa: E402

DECIDE = ("content-length", "transfer-encoding", "host")
MOST_MESSAGES = 16


class Readers:
    """aiohttp's parser as the odd lane has it, one for each input, and the edge's."""

    def __init__(self, loop):
        self._loop = loop
        self._protocol = BaseProtocol(loop)

    def parser(self):
        return HttpRequestParser(
            self._protocol,
            self._loop,
            2**16,
            max_line_size=MAX_HEAD_BYTES,
            max_field_size=MAX_HEAD_BYTES,
            auto_decompress=False,
            max_msg_queue_size=MOST_MESSAGES,
        )

    def judge(self, rng, data):
        """(kind, fault): how many requests were plain, and what the readers disagree about."""
        count = 0
        while data:
            end = data.find(b"\r\n\r\n")
            head = taken_by_edge(data[:end]) if end >= 0 else None
            if head is None:
                return self._odd(rng, count, data)
            length = head.length or 0
            whole = data[: end + 4 + length]
            fault = self._differs(head, whole, data[end + 4 : end + 4 + length])
            if fault is not None:
                return "plain", fault
            count += 1
            data = data[len(whole) :]
        return "plain", None

    def _differs(self, head, whole, body):
        """What aiohttp reads in the bytes that the edge takes for one request."""
        try:
            messages, is_upgraded, tail = self.parser().feed_data(whole)
        except HttpProcessingError as error:
            return f"plain to the edge, refused by aiohttp: {error}"
        if len(messages) != 1 or is_upgraded or tail:
            return f"one request to the edge, {len(messages)} to aiohttp, {tail!r}"
        message, payload = messages[0]
        headers = dict(_folded(message.headers.items()))
        query = message.url.raw_query_string
        said = (message.method, message.url.raw_path, query, headers, not message.should_close)
        if said != (head.method, head.path, head.query, dict(head.headers), head.keeps_alive):
            return f"the edge reads {head}, aiohttp {said}"
        if message.chunked or message.upgrade:
            return "aiohttp reads it on in another way"
        taken = payload.read_nowait()
        if taken != body or payload.is_eof() != (len(body) == (head.length or 0)):
            return f"a body of {body!r} to the edge, {taken!r} to aiohttp"
        return None

    def _odd(self, rng, count, data):
        """In any pieces: nothing but a refusal or requests that are framed in one way."""
        parser, kind = self.parser(), "odd behind plain" if count else "odd"
        try:
            for piece in pieces(rng, data):
                messages, is_upgraded, _ = parser.feed_data(piece)
                for message, _ in messages:
                    fault = ambiguous(message)
                    if fault is not None:
                        return kind, fault
                if is_upgraded:
                    return f"{kind}, upgraded", None
        except HttpProcessingError:
            return f"{kind}, refused", None
        return f"{kind}, read or waited for", None


def taken_by_edge(data):
    """The head where the edge serves it: plain, and for a path and a method that are ours."""
    head = plain_head(data)
    route = find_route(head.path, head.method) if head is not None else None
    return head if route is not None and head.method in route.methods else None


def ambiguous(message):
    """Why a request that aiohttp took could be read in another way by whoever stands before us."""
    for name in DECIDE:
        found = message.headers.getall(name, [])
        if len(found) > 1:
            return f"{name} came {len(found)} times and was taken"
    if "content-length" in message.headers and message.chunked:
        return "a length and chunks were both taken"
    if any(mark in value for value in message.headers.values() for mark in "\r\n\0"):
        return "a line end in a value was taken"
    return None


def fuzz(count, seed, report):
    """(kinds, how many inputs were read differently)."""
    rng = random.Random(seed)
    chance, kinds, found = Chance(rng), Counter(), 0
    loop = asyncio.new_event_loop()
    readers = Readers(loop)
    for _ in range(count):
        data = chance.request()
        kind, fault = readers.judge(rng, data)
        kinds[kind] += 1
        if fault is not None:
            found += 1
            report(data, fault)
    loop.close()
    return kinds, found


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    begun = time.monotonic()

    def report(data, fault):
        print(f"sent {data}\n     {fault}\n", flush=True)

    kinds, found = fuzz(options.count, options.seed, report)
    print(
        f"{options.count} inputs, seed {options.seed}: {found} read differently, in"
        f" {time.monotonic() - begun:.0f} s; {dict(kinds)}"
    )
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
