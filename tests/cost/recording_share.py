"""What recording and money cost of a call, in CPU time: the whole gateway in this process answers
calls one after another and is looked at a thousand times a second of its own CPU time. Run by hand.

    .venv/bin/python tests/cost/recording_share.py [--seconds N] [KIND …]

Recording is everything below a function of `stats` (the record, sums, what was spent, the line of
the journal), whoever called it, and what other threads did meanwhile (they write the journal);
money is prices, budgets and the cache doctor. What a call does not need for its answer is both. 1
when recording is 5 % or more of a kind of call (docs/performance.md).
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[2])]
from profile_call import KINDS, PERIOD_S, sampled  # noqa: E402

MOST = 0.05
RECORDING = ("uniapi/stats/",)
MONEY = ("uniapi/money/", "uniapi/gateway/spending", "uniapi/gateway/cache_rounds")


def shares(stacks, elsewhere=0.0):
    """(recording, money) of all samples. `elsewhere`: samples that other threads are worth."""
    total = sum(stacks.values()) + elsewhere
    recorded, counted = elsewhere, 0
    for stack, count in stacks.items():
        names = stack.split(";")
        if any(name.startswith(RECORDING) for name in names):
            recorded += count
        elif any(name.startswith(MONEY) for name in names):
            counted += count
    return recorded / total, counted / total


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n\n")[0])
    parser.add_argument("kinds", nargs="*", metavar="KIND", help=", ".join(KINDS))
    parser.add_argument("--seconds", type=float, default=10.0)
    asked = parser.parse_args()
    worst = 0.0
    for kind in asked.kinds or KINDS:
        process_s, thread_s = time.process_time(), time.thread_time()
        stacks = asyncio.run(sampled(kind, asked.seconds))
        others_s = (time.process_time() - process_s) - (time.thread_time() - thread_s)
        recorded, counted = shares(stacks, max(0.0, others_s) / PERIOD_S)
        worst = max(worst, recorded)
        told = f"recording {100 * recorded:4.1f} %, money {100 * counted:4.1f} %"
        print(f"{kind:18} {told} of {sum(stacks.values())} samples")
    return 0 if worst < MOST else 1


if __name__ == "__main__":
    sys.exit(main())
