"""What recording costs of a call, in CPU time: the whole gateway in this process answers calls one
after another, its journal is written once a second. Run by hand.

    .venv/bin/python tests/cost/recording_share.py [--seconds N] [KIND …]

Recording is `Recorder.record` (the price, sums, what was spent, the line of the journal) and the
flush, whichever thread it runs in. It is set against what the gateway itself used: the process's
CPU time by the part of samples, taken all the while, in which a function of the gateway ran; the
client and the upstream are in the same process. 1 when a kind of call has 5 % or more.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[2])]
from profile_call import KINDS, Sampler, answer_as  # noqa: E402
from whole_gateway import WholeGateway  # noqa: E402

from uniapi.memory import settle  # noqa: E402

MOST = 0.05
FLUSH_PERIOD_S = 1.0


class Timed:
    """A recorder, and the CPU seconds that its `record` took, without those of reading the clock:
    a third of what a short function seems to take.
    """

    def __init__(self, recorder):
        self._recorder = recorder
        self.cpu_s = 0.0

    def record(self, call):
        before = time.thread_time()
        begun = time.thread_time()
        try:
            return self._recorder.record(call)
        finally:
            self.cpu_s += time.thread_time() - begun - (begun - before)

    def __getattr__(self, name):
        return getattr(self._recorder, name)


async def measured(kind, seconds):
    """CPU seconds of (recording, flushes, the gateway), and how many calls there were."""
    model, _, streamed = kind.partition("-")
    with tempfile.TemporaryDirectory() as folder:
        gateway = await WholeGateway(Path(folder) / "data").start()
        answer_as(gateway, kind)
        for _ in range(50):
            await gateway.ask(model, stream=bool(streamed))
        settle()
        app, calls, flush_s = gateway.app, 0, 0.0
        app.recorder = timed = Timed(app.recorder)
        await app.kept.commit()
        begun_s, until, next_flush = time.process_time(), time.monotonic() + seconds, 0.0
        with Sampler() as sampler:
            while time.monotonic() < until:
                await gateway.ask(model, stream=bool(streamed))
                calls += 1
                if time.monotonic() >= next_flush:
                    next_flush = time.monotonic() + FLUSH_PERIOD_S
                    before = time.process_time()
                    await app.kept.commit()
                    flush_s += time.process_time() - before
        used_s = time.process_time() - begun_s
        await gateway.stop()
    own = sum(sampler.stacks.values()) / max(1, sampler.looked)
    return timed.cpu_s, flush_s, used_s * own, calls


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n\n")[0])
    parser.add_argument("kinds", nargs="*", metavar="KIND", help=", ".join(KINDS))
    parser.add_argument("--seconds", type=float, default=10.0)
    asked = parser.parse_args()
    worst = 0.0
    for kind in asked.kinds or KINDS:
        recorded_s, flushed_s, gateway_s, calls = asyncio.run(measured(kind, asked.seconds))
        share = (recorded_s + flushed_s) / gateway_s
        worst = max(worst, share)
        print(
            f"{kind:18} recording {100 * share:4.1f} %: {1e6 * recorded_s / calls:5.1f} µs and"
            f" {1e6 * flushed_s / calls:4.1f} µs of flushes, of {1e6 * gateway_s / calls:6.1f} µs"
            f" a call ({calls} calls)"
        )
    return 0 if worst < MOST else 1


if __name__ == "__main__":
    sys.exit(main())
