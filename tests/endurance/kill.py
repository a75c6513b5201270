"""`kill -9` again and again, biased towards the moments that matter: a start, a write (a commit, a
new segment of the journal, a checkpoint, pruning), a reload, SIGTERM. Nothing counted twice,
nothing lost that was older than a second and a half, every balance what the journal says. No test.

    .venv/bin/python tests/endurance/kill.py [--rounds 100] [--seed 1] [--late 1.5]

The journal is 256 KB in segments of 64 KB, about 150 calls each: every second or third commit
begins a segment, writes a checkpoint and prunes. `--late` is for busy machines, where the job that
commits every second may itself be late.
"""

import argparse
import asyncio
import contextlib
import os
import random
import signal
import sys
import time
from collections import Counter

from ground import Gateway, Upstreams, ask, configuration, id_of, request, status_of, tell

LATE_S = 1.5
"""A call is on disk a second after its end; half a second is for a busy machine."""
WORKERS = 4
PAUSE_S = 0.04
WATCHED_S = 0.002
MOMENTS = ("start", "first commits", "commits", "write", "write", "write", "sigterm", "reload")
"""By chance; "write" and half of "sigterm" wait until a file of the data dir changes."""


class Load:
    """Call after call; `ended` is when each was answered."""

    def __init__(self, gateway, rng):
        self._gateway = gateway
        self._rng = rng
        self.ended = {}

    async def run(self):
        while True:
            path, body = ask("chat", "chat", self._rng)
            answer = await self._gateway.send(request("POST", path, body), 10.0)
            if status_of(answer) != 200:
                return
            self.ended[id_of(answer)] = time.monotonic()
            await asyncio.sleep(self._rng.uniform(0, 2 * PAUSE_S))


def files(folder):
    """What the data dir looks like: names, sizes and times of all its files."""
    found = set()
    for place, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(OSError):
                state = os.stat(f"{place}/{name}")
                found.add((name, state.st_size, state.st_mtime_ns))
    return found


async def write_seen(gateway, patience_s, kind):
    """The kinds of files that changed, as soon as one of `kind` has (None: as one has)."""
    folder, until = gateway.folder / "data", time.monotonic() + patience_s
    before = files(folder)
    while time.monotonic() < until and gateway.process.returncode is None:
        now = files(folder)
        kinds = {kind_of(one[0]) for one in now ^ before}
        if kind in kinds or (kind is None and kinds):
            return kinds
        await asyncio.sleep(WATCHED_S)
    return set()


async def until_moment(gateway, value, rng, moment, late_s):
    """What was being written when it is over, where that was seen."""
    if moment == "reload":
        await asyncio.sleep(rng.uniform(0.3, 1.0))
        gateway.write({**value, "x-note": rng.random()})
        gateway.process.send_signal(signal.SIGHUP)
        await asyncio.sleep(rng.uniform(0, 0.3))
        return set()
    if moment == "sigterm":
        await asyncio.sleep(rng.uniform(0.2, 1.5))
        gateway.process.send_signal(signal.SIGTERM)
        if rng.random() < 0.5:
            return await write_seen(gateway, 1.0, None)
        await asyncio.sleep(rng.uniform(0, 0.4))
        return set()
    if moment == "write":
        await asyncio.sleep(rng.choice((0.2, 1.2, 2.2)))
        seen = await write_seen(gateway, 2 * late_s, rng.choice((None, "journal", "checkpoint")))
        await asyncio.sleep(rng.choice((0, 0, rng.uniform(0, 0.02))))
        return seen
    span = {"first commits": (0.05, 1.2), "commits": (1.6, 2.6)}[moment]
    await asyncio.sleep(rng.uniform(*span))
    return set()


async def one_round(gateway, value, rng, moment, late_s):
    """Gives (ended calls, when it was killed, what was being written)."""
    if moment == "start":
        await gateway.launch(value)
        await asyncio.sleep(rng.uniform(0.05, 1.2))
        killed_at = time.monotonic()
        await gateway.stop(signal.SIGKILL)
        return {}, killed_at, set()
    await gateway.start(value)
    load = Load(gateway, rng)
    workers = [asyncio.ensure_future(load.run()) for _ in range(WORKERS)]
    writing = await until_moment(gateway, value, rng, moment, late_s)
    killed_at = time.monotonic()
    await gateway.stop(signal.SIGKILL)
    await asyncio.gather(*workers)
    return load.ended, killed_at, writing


def kind_of(name):
    """What a changed file says of the moment."""
    for kind in ("checkpoint", "caches", "lock"):
        if kind in name:
            return kind
    return "journal" if name.endswith(".jsonl") else "other"


async def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--late", type=float, default=LATE_S)
    chosen = parser.parse_args()
    rng = random.Random(chosen.seed)
    upstreams = await Upstreams(lambda dialect: "sound").start()
    value = configuration(upstreams.port)
    value["preferences"]["retention"] = {"raw_bytes": "256KB"}
    gateway = Gateway()
    ended, seen, owed_in_all, faults = 0, set(), 0, []
    moments, writes, oldest, leftovers = Counter(), Counter(), 0.0, 0
    for number in range(chosen.rounds):
        moment = rng.choice(MOMENTS)
        late, killed_at, writing = await one_round(gateway, value, rng, moment, chosen.late)
        ended += len(late)
        moments[moment] += 1
        writes.update(writing)
        leftovers += any(gateway.folder.rglob("*.tmp"))
        journal = gateway.journal()
        if len(journal) != len(set(journal)):
            faults.append(f"round {number} ({moment}): a call is in the journal twice")
        seen |= set(journal)
        ages = {one: killed_at - at for one, at in late.items() if one not in seen}
        oldest = max([oldest, *ages.values()])
        owed_in_all += sum(1 for at in late.values() if killed_at - at > chosen.late)
        lost = sum(1 for age in ages.values() if age > chosen.late)
        if lost:
            faults.append(f"round {number} ({moment}): {lost} of {len(late)} are lost")
    await gateway.start(value)
    totals = (await gateway.stats())["totals"]
    kept = [path.name for path in gateway.folder.rglob(".*.tmp")]
    code = await gateway.stop()
    await upstreams.stop()
    if totals["requests"] != len(seen):
        faults.append(f"{totals['requests']} in the statistics, {len(seen)} ever in the journal")
    if kept:
        faults.append(f"half-written files are left: {kept}")
    if code != 0:
        faults.append(f"the last one ended with {code}")
    figures = {
        "rounds": chosen.rounds,
        "seed": chosen.seed,
        "moments": dict(moments),
        "while_written": dict(writes),
        "half_written_files": leftovers,
        "calls": ended,
        "journalled": len(seen),
        "owed": owed_in_all,
        "oldest_lost_s": round(oldest, 3),
    }
    return tell("kill", figures, faults)


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
