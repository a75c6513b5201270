"""Hours of mixed traffic, in any number of seconds: four client dialects over six upstreams, of
which three calls in ten fail in every way, hang-ups, slow readers, large bodies, reloads good and
broken. Every call is accounted for in the client, the journal and the statistics. No test.

    .venv/bin/python tests/endurance/soak.py [--seconds 600] [--clients 8] [--seed 1] [--pace 5]

`--pace` is how many calls a second there are at most, of all clients together: for runs of hours
beside other work. What is done beside the calls (reloads, samples, `/healthz`) is then rarer too.
"""

import argparse
import asyncio
import random
import sys
import time
from collections import Counter

from ground import (
    CLIENTS,
    DIALECTS,
    FAILURES,
    Gateway,
    Upstreams,
    Watch,
    ask,
    configuration,
    id_of,
    request,
    status_of,
    tell,
    tracebacks,
)

FAILING = 0.3
LARGE_BYTES = (200_000, 2_000_000)
PACED_PATIENCE_S = 120.0
"""A paced run is one that gives way to others: an answer may take longer on a busy machine."""


class Traffic:
    """Calls one after the other; `answered` are the ids that a client has seen."""

    def __init__(self, gateway, until, pause_s, patience_s):
        self._gateway = gateway
        self._until = until
        self._pause_s = pause_s
        self._patience_s = patience_s
        self.answered = []
        self.statuses = Counter()
        self.hung_up = 0
        self.hung = 0

    async def run(self, rng):
        due = time.monotonic()
        while time.monotonic() < self._until:
            dialect, model = rng.choice(CLIENTS), rng.choice(DIALECTS)
            size = rng.choice(LARGE_BYTES) if rng.random() < 0.02 else 0
            path, body = ask(dialect, model, rng, stream=rng.random() < 0.5, size=size)
            data = request("POST", path, body)
            kind = rng.random()
            if kind < 0.05:
                await self._hang_up(data, rng)
            elif kind < 0.08:
                await self._read_slowly(data, rng)
            else:
                self._count(await self._gateway.send(data, self._patience_s))
            due = max(due, time.monotonic() - self._pause_s) + rng.uniform(0, 2 * self._pause_s)
            await asyncio.sleep(max(0.0, due - time.monotonic()))

    def _count(self, answer):
        if answer is None:
            self.hung += 1
        self.statuses[status_of(answer)] += 1
        number = id_of(answer)
        if number is not None:
            self.answered.append(number)

    async def _hang_up(self, data, rng):
        """In the middle of the request, or of the answer."""
        _, writer = await asyncio.open_connection("127.0.0.1", self._gateway.port)
        writer.write(data if rng.random() < 0.7 else data[: rng.randrange(len(data))])
        await asyncio.sleep(rng.uniform(0, 0.05))
        writer.transport.abort()
        self.hung_up += 1

    async def _read_slowly(self, data, rng):
        reader, writer = await asyncio.open_connection("127.0.0.1", self._gateway.port)
        writer.write(data)
        answer = b""
        try:
            while piece := await asyncio.wait_for(reader.read(200), self._patience_s):
                answer += piece
                await asyncio.sleep(0.005)
        except (ConnectionError, asyncio.TimeoutError):
            self.hung += 1
        writer.close()
        self._count(answer)


async def reload(gateway, value, until, rng, pause_s):
    """A good configuration, or a broken one, every few seconds (of a paced run every minute)."""
    count = 0
    while time.monotonic() < until:
        pause = rng.uniform(0.5, 1.5) * pause_s
        await asyncio.sleep(max(0.1, min(pause, until - time.monotonic())))
        count += 1
        gateway.write("providers: [" if count % 3 == 0 else {**value, "x-note": count})
    gateway.write(value)
    return count


async def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--pace", type=float, default=0.0, help="calls a second, of all together")
    chosen = parser.parse_args()
    is_paced = chosen.pace > 0
    pause_s = chosen.clients / chosen.pace if is_paced else 0.01
    rng = random.Random(chosen.seed)
    upstreams = await Upstreams(
        lambda dialect: rng.choice(FAILURES) if rng.random() < FAILING else "sound"
    ).start()
    gateway = Gateway()
    value = configuration(upstreams.port)
    await gateway.start(value)
    until = time.monotonic() + chosen.seconds
    traffic = Traffic(gateway, until, pause_s, PACED_PATIENCE_S if is_paced else 30.0)
    with Watch(gateway, *((10.0, 2.0) if is_paced else ())) as watch:
        clients = [traffic.run(random.Random(chosen.seed + one)) for one in range(chosen.clients)]
        reloading = reload(gateway, value, until, rng, 60.0 if is_paced else 3.5)
        *_, reloads = await asyncio.gather(*clients, reloading)
    await asyncio.sleep(3)
    report, files = watch.report(), watch.now()[1]
    totals = (await gateway.stats())["totals"]
    code = await gateway.stop()
    await upstreams.stop()
    faults = accounted(gateway, traffic, totals)
    if code != 0:
        faults.append(f"it ended with {code}")
    faults += tracebacks(gateway.log())
    if files > watch.samples[0][2] + 40:
        faults.append(f"{files} open files are left of {watch.samples[0][2]}")
    figures = {
        "seconds": chosen.seconds,
        "seed": chosen.seed,
        "pace": chosen.pace,
        "calls": sum(traffic.statuses.values()) + traffic.hung_up,
        "statuses": {str(name): count for name, count in traffic.statuses.items()},
        "upstream": upstreams.calls,
        "hung_up": traffic.hung_up,
        "reloads": reloads,
        **report,
    }
    return tell("soak", figures, faults)


def accounted(gateway, traffic, totals):
    """What is lost, doubled or hangs."""
    journal, faults = gateway.journal(), []
    lost = set(traffic.answered) - set(journal)
    doubled = len(journal) - len(set(journal))
    if lost:
        faults.append(f"{len(lost)} answered calls are not in the journal")
    if doubled:
        faults.append(f"{doubled} calls are in the journal twice")
    if len(journal) > len(traffic.answered) + traffic.hung_up + traffic.hung:
        faults.append(f"{len(journal)} calls in the journal, more than there were")
    if totals["requests"] != len(journal):
        faults.append(f"{totals['requests']} in the statistics, {len(journal)} in the journal")
    if traffic.hung:
        faults.append(f"{traffic.hung} calls were not answered in time")
    if 500 in traffic.statuses and "made a mistake" in gateway.log():
        faults.append("answers of 500 that are mistakes of ours")
    return faults


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
