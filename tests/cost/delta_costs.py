"""What one more delta of a translated stream costs, for every pair of dialects, many in one read
and each in a read of its own. Run by hand.

    .venv/bin/python tests/cost/delta_costs.py [--roots A B] [--kinds text reasoning call]
    … --instructions        thousand instructions instead of µs (needs valgrind; a minute each)

Measured is the pipe alone, from the upstream's bytes to the client's: the difference between a
long stream and a short one, by the deltas it has more. Each root (a clone; this one unless told)
is measured in a process of its own, the roots in turns, and the least of all rounds is told.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parents[2]
SHORT, LONG = 100, 300
READ = 50
"""Frames that one read of a burst brings."""
ROUNDS = 7
STREAMS = 12


class Worker:
    """Measures one root when it is asked to."""

    def __init__(self, root):
        self._process = subprocess.Popen(
            [sys.executable, __file__, "--work", root],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def ask(self, *question):
        print(json.dumps(question), file=self._process.stdin, flush=True)
        return json.loads(self._process.stdout.readline())

    def close(self):
        self._process.stdin.close()
        self._process.wait()


def reads(frames, way):
    """What the reads of a stream bring."""
    if way == "single":
        return frames
    return [b"".join(frames[at : at + READ]) for at in range(0, len(frames), READ)]


def seconds(upstream, client, kind, way):
    """CPU seconds for short streams and for long ones."""
    from delta_frames import FRAMES
    from pipes_of import pipe

    used = []
    for count in (SHORT, LONG):
        pieces = reads(FRAMES[upstream](kind, count), way)
        pipes = [pipe(upstream, client) for _ in range(STREAMS)]
        begun = time.process_time()
        for made in pipes:
            for piece in pieces:
                made.feed(piece)
        used.append(time.process_time() - begun)
        assert all(made.is_over or made.may_end for made in pipes)
        assert all(made.report.failure is None for made in pipes)
    return used


def per_delta(rounds):
    """Of (short, long) streams."""
    short, long = (min(used) for used in zip(*rounds, strict=True))
    return (long - short) / STREAMS / (LONG - SHORT)


def work(root):
    sys.path[:0] = [root, str(HERE / "tests/cost")]
    for line in sys.stdin:
        print(json.dumps(seconds(*json.loads(line))), flush=True)


def only(root, upstream, client, kind, way, count):
    """For valgrind: nothing but streams of so many deltas."""
    sys.path[:0] = [root, str(HERE / "tests/cost")]
    from delta_frames import FRAMES
    from pipes_of import pipe

    pieces = reads(FRAMES[upstream](kind, count), way)
    for _ in range(STREAMS):
        made = pipe(upstream, client)
        for piece in pieces:
            made.feed(piece)
    os._exit(0)


def instructions(root, *question):
    """Thousand instructions for one delta more."""
    used = []
    for count in (SHORT, LONG):
        command = ["valgrind", "--tool=cachegrind", "--cache-sim=no"]
        command += ["--cachegrind-out-file=/dev/null", sys.executable, __file__]
        command += ["--only", root, *question, str(count)]
        done = subprocess.run(
            command, capture_output=True, text=True, env={**os.environ, "PYTHONHASHSEED": "0"}
        )
        told = [line for line in done.stderr.splitlines() if "refs:" in line]
        if not told:
            raise SystemExit(done.stderr)
        used.append(int(told[-1].rpartition(" ")[2].replace(",", "")))
    return per_delta([used]) / 1000


def main():
    if sys.argv[1:2] == ["--work"]:
        return work(sys.argv[2])
    if sys.argv[1:2] == ["--only"]:
        return only(*sys.argv[2:7], int(sys.argv[7]))
    parser = argparse.ArgumentParser(description=__doc__.partition("\n\n")[0])
    parser.add_argument("--roots", nargs="+", default=[str(HERE)])
    parser.add_argument("--kinds", nargs="+", default=["text"])
    parser.add_argument("--ways", nargs="+", default=["burst", "single"])
    parser.add_argument("--upstreams", nargs="+")
    parser.add_argument("--clients", nargs="+")
    parser.add_argument("--instructions", action="store_true")
    asked = parser.parse_args()
    sys.path[:0] = [str(HERE), str(HERE / "tests/cost")]
    from delta_frames import FRAMES
    from pipes_of import CLIENTS

    questions = [
        (upstream, client, kind, way)
        for kind in asked.kinds
        for way in asked.ways
        for upstream in asked.upstreams or FRAMES
        for client in asked.clients or CLIENTS
        if client != upstream.partition(" ")[0]
    ]
    workers = [Worker(root) for root in asked.roots]
    for question in questions:
        if asked.instructions:
            costs = [instructions(root, *question) for root in asked.roots]
        else:
            rounds = [[worker.ask(*question) for worker in workers] for _ in range(ROUNDS)]
            costs = [1e6 * per_delta(each) for each in zip(*rounds, strict=True)]
        upstream, client, kind, way = question
        told = "".join(f"{cost:8.2f}" for cost in costs)
        print(f"{kind:9} {way:6} {upstream:22} -> {client:16} {told}", flush=True)
    for worker in workers:
        worker.close()
    return None


if __name__ == "__main__":
    main()
