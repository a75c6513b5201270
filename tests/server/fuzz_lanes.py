"""Requests that are broken by chance, through both lanes: the same verdict, the same answer, no
hang, no mistake of ours.

    python tests/server/fuzz_lanes.py --count 1000000 --seed 7

prints each request on which the lanes differ and ends with 1. `test_lanes.py` makes a short run;
`fuzz_heads.py` compares the readers alone, ten times as fast.
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
from broken import Chance, pieces  # noqa: E402
from lanes import Lanes, ask  # noqa: E402


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
    rng, found = random.Random(seed), 0
    chance = Chance(rng)
    lanes = Lanes()
    for _ in range(count):
        sent = pieces(rng, chance.request())
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
