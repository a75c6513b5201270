"""Requests that are broken by chance, through both lanes: the same verdict, the same answer, no
hang, no mistake of ours.

    python tests/server/fuzz_lanes.py --count 1000000 --seed 7

prints each request on which the lanes differ and ends with 1. `test_lanes.py` makes a short run.
"""

import argparse
import asyncio
import logging
import os
import random
import sys
import time
from pathlib import Path

for package in ("AIOHTTP", "MULTIDICT", "YARL", "FROZENLIST", "PROPCACHE"):
    os.environ.setdefault(f"{package}_NO_EXTENSIONS", "1")
sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[2])]
from lanes import Lanes, ask, corpus  # noqa: E402

TOKENS = [
    *(
        b"\r\n",
        b"\n",
        b"\r",
        b"\0",
        b" ",
        b"\t",
        b":",
        b",",
        b"\x0b",
        b"\x7f",
        b"\xc3\xa9",
        b"\xff",
    ),
    *(b"\r\n\r\n", b"\r\n ", b"\r\n\t", b"0\r\n\r\n", b"HTTP/1.1", b"HTTP/1.0", b"HTTP/2.0", b"/"),
    *(b"Content-Length: 5\r\n", b"Content-Length: 56\r\n", b"Transfer-Encoding: chunked\r\n"),
    *(
        b"Host: y\r\n",
        b"Connection: close\r\n",
        b"Connection: keep-alive\r\n",
        b"Expect: 100-continue\r\n",
    ),
    *(
        b"Upgrade: websocket\r\n",
        b"Connection: Upgrade\r\n",
        b"X-Api-Key: other\r\n",
        b"%",
        b"%00",
        b"%2f",
    ),
    *(
        b"?",
        b"&",
        b"=",
        b"#",
        b"//",
        b"/v1",
        b"key=",
        b"[1m]",
        b"Content-Encoding: gzip\r\n",
        b"GET ",
        b"POST ",
    ),
    *(
        b"Origin: https://a.example\r\n",
        b"anthropic-version: 1\r\n",
        b"x" * 300,
        b"a: b\r\n" * 60,
        b"{",
        b"]",
    ),
]


def broken(chance, requests):
    """One request after a few accidents, sometimes behind or before another one."""
    data = bytearray(chance.choice(requests))
    for _ in range(chance.choice((0, 1, 1, 1, 2, 2, 3, 5))):
        accident(chance, data)
    if chance.random() < 0.2:
        data = bytearray(chance.choice(requests)) + data
    if chance.random() < 0.1:
        data += chance.choice(requests)
    return bytes(data)


def accident(chance, data):
    at = chance.randrange(len(data) + 1)
    kind = chance.randrange(7)
    if kind == 0:
        data[at:at] = chance.choice(TOKENS)
    elif kind == 1:
        del data[at : at + chance.choice((1, 1, 2, 5, 30))]
    elif kind == 2:
        data[at : at + 1] = bytes([chance.randrange(256)])
    elif kind == 3:
        lines = data.split(b"\r\n")
        lines.insert(chance.randrange(len(lines) + 1), chance.choice(lines))
        data[:] = b"\r\n".join(lines)
    elif kind == 4:
        lines = data.split(b"\r\n")
        lines.insert(chance.randrange(len(lines)), chance.choice(TOKENS).rstrip(b"\r\n"))
        data[:] = b"\r\n".join(lines)
    elif kind == 5:
        data[at : at + 20] = data[at : at + 20].swapcase()
    else:
        data[at:at] = data[at : at + chance.randrange(40)]


def pieces(chance, data):
    """In one piece, mostly, or in some."""
    if chance.random() < 0.6 or len(data) < 2:
        return [data]
    cuts = sorted(chance.randrange(1, len(data)) for _ in range(chance.choice((1, 1, 2, 4))))
    return [data[start:end] for start, end in zip([0, *cuts], [*cuts, len(data)], strict=True)]


def is_alike(edge, odd):
    """Where one read brings a request and then bytes that are none, or any bytes behind the last
    request of a connection, aiohttp forgets what it has read before; the edge has answered it by
    then.
    """
    if edge == odd:
        return True
    (said, answers, is_open), (odd_said, odd_answers, odd_is_open) = edge, odd
    is_refused = bool(odd_said) and odd_said[-1] in (400, 431, 505) and not odd_is_open
    has_ended = bool(answers) and b"connection: close" in answers[-1]
    if not is_refused or is_open or not (has_ended or said[-1:] == odd_said[-1:]):
        return False
    kept = len(odd_said) - 1
    return answers[:kept] == odd_answers[:kept] and len(said) >= len(odd_said)


async def fuzz(count, seed, report):
    """How many of `count` differ; each is reported."""
    chance, requests, found = random.Random(seed), list(corpus()), 0
    lanes = Lanes()
    for _ in range(count):
        sent = pieces(chance, broken(chance, requests))
        edge, odd = await ask(lanes.edge, sent), await ask(lanes.aiohttp, sent)
        if not is_alike(edge, odd) or 500 in edge[0] + odd[0]:
            found += 1
            report(sent, edge, odd)
    await lanes.close()
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    logging.disable(logging.CRITICAL)
    begun = time.monotonic()

    def report(sent, edge, odd):
        print(f"sent    {sent}\nedge    {edge}\naiohttp {odd}\n", flush=True)

    found = asyncio.run(fuzz(options.count, options.seed, report))
    print(
        f"{options.count} requests, seed {options.seed}: {found} answered differently, in"
        f" {time.monotonic() - begun:.0f} s"
    )
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
