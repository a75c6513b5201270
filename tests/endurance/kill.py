"""`kill -9` again and again, biased towards the moments that matter: a start, a checkpoint, a new
segment of the journal, pruning, a reload, SIGTERM. Nothing counted twice, nothing lost that was
older than a second and a half, every balance what the journal says. No test.

    .venv/bin/python tests/endurance/kill.py [--rounds 100] [--seed 1]
"""

import argparse
import asyncio
import random
import signal
import sys
import time

from ground import Gateway, Upstreams, ask, configuration, id_of, request, status_of, tell

LATE_S = 1.5
"""A call is on disk a second after its end; half a second is for a busy machine."""
WORKERS = 4
MOMENTS = {
    "start": (0.0, 0.2),
    "first commits": (0.05, 1.2),
    "commits": (1.6, 2.6),
    "sigterm": (0.2, 1.5),
    "reload": (0.3, 1.0),
}


class Load:
    """Calls without a pause; `ended` is when each was answered."""

    def __init__(self, gateway, rng):
        self._gateway = gateway
        self._rng = rng
        self.ended = {}
        self.begun = 0

    async def run(self):
        while True:
            path, body = ask("chat", "chat", self._rng)
            self.begun += 1
            answer = await self._gateway.send(request("POST", path, body), 10.0)
            if status_of(answer) != 200:
                return
            self.ended[id_of(answer)] = time.monotonic()


async def one_round(gateway, value, rng, moment):
    """Gives (ended calls, when it was killed, calls under way)."""
    await gateway.start(value)
    load = Load(gateway, rng)
    workers = [asyncio.ensure_future(load.run()) for _ in range(WORKERS)]
    await asyncio.sleep(rng.uniform(*MOMENTS[moment]))
    if moment == "reload":
        gateway.write({**value, "x-note": rng.random()})
        gateway.process.send_signal(signal.SIGHUP)
        await asyncio.sleep(rng.uniform(0, 0.3))
    if moment == "sigterm":
        gateway.process.send_signal(signal.SIGTERM)
        await asyncio.sleep(rng.uniform(0, 0.4))
    killed_at = time.monotonic()
    await gateway.stop(signal.SIGKILL)
    await asyncio.gather(*workers)
    return load.ended, killed_at, WORKERS


async def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    rng = random.Random(chosen.seed)
    upstreams = await Upstreams(lambda dialect: "sound").start()
    value = configuration(upstreams.port)
    # Segments of 64 KB, so that new ones and checkpoints come often.
    value["preferences"]["retention"] = {"raw_bytes": "256KB"}
    gateway = Gateway()
    ended, seen, under_way, faults, owed_in_all = {}, set(), 0, [], 0
    latest = 0.0
    for number in range(chosen.rounds):
        moment = rng.choice(list(MOMENTS))
        late, killed_at, running = await one_round(gateway, value, rng, moment)
        ended |= late
        under_way += running
        journal = gateway.journal()
        if len(journal) != len(set(journal)):
            faults.append(f"round {number} ({moment}): a call is in the journal twice")
        seen |= set(journal)
        missing = {one: at for one, at in late.items() if one not in seen}
        latest = max([latest, *(killed_at - at for at in missing.values())])
        owed = {one for one, at in late.items() if at < killed_at - LATE_S}
        owed_in_all += len(owed)
        if owed - seen:
            faults.append(f"round {number} ({moment}): {len(owed - seen)} of {len(owed)} are lost")
        if list(gateway.folder.rglob("*.tmp")) and number == chosen.rounds - 1:
            faults.append("half-written files are left after a start")
    await gateway.start(value)
    totals = (await gateway.stats())["totals"]
    leftovers = [path.name for path in gateway.folder.rglob(".*.tmp")]
    code = await gateway.stop()
    await upstreams.stop()
    if totals["requests"] != len(seen):
        faults.append(f"{totals['requests']} in the statistics, {len(seen)} ever in the journal")
    if leftovers:
        faults.append(f"half-written files are left: {leftovers}")
    if code != 0:
        faults.append(f"the last one ended with {code}")
    figures = {
        "rounds": chosen.rounds,
        "seed": chosen.seed,
        "calls": len(ended),
        "journalled": len(seen),
        "under_way_when_killed": under_way,
        "youngest_lost_s": round(latest, 3),
    }
    return tell("kill", figures, faults)


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
