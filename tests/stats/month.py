"""A month of calls through the recorder, on a simulated clock: what it costs on disk, in memory, at
the start, and in a report.

    .venv/bin/python tests/stats/month.py --calls 1000000

prints the figures; the test beside this file runs a smaller month and looks at what does not depend
on the machine.
"""

from __future__ import annotations

import argparse
import random
import resource
import sys
import tempfile
import time
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[2])]

from sample_calls import attempt, call  # noqa: E402

from uniapi.canonical import Usage  # noqa: E402
from uniapi.stats import Recorder, stats_report, status_figures  # noqa: E402
from uniapi.storage import DiskFolder  # noqa: E402

DAYS = 30
HOUR_S = 3600
FIRST_S = 1_793_664_000.0
"""2026-11-03 00:00 UTC."""
MODELS, PROVIDERS, KEYS, CLIENTS = 20, 8, 10, 12
"""A small team's gateway: so many models, each at some of so many providers with so many keys each,
asked for by so many client keys.
"""


def month_of_calls(recorder, number, each_hour=lambda: None):
    """Record `number` calls over thirty days, more by day than by night, committing and compacting
    as the jobs of the gateway do. Gives the time at the end.
    """
    rng = random.Random(1)
    hours = DAYS * 24
    weights = [1 + 3 * (8 <= hour % 24 < 23) for hour in range(hours)]
    made, share = 0, number / sum(weights)
    due = 0.0
    for hour in range(hours):
        due += weights[hour] * share
        start_s = FIRST_S + hour * HOUR_S
        count = round(due) - made
        for place in range(count):
            recorder.record(one_call(rng, made, start_s + HOUR_S * place / count))
            made += 1
            if place % 250 == 249:
                recorder.commit(start_s + HOUR_S * place / count)
        recorder.commit(start_s + HOUR_S - 1)
        recorder.compact(start_s + HOUR_S - 1)
        each_hour()
    return FIRST_S + hours * HOUR_S - 1


def one_call(rng, number, at_s):
    model, client = rng.randrange(MODELS), min(rng.randrange(CLIENTS), rng.randrange(CLIENTS))
    provider = (model + rng.randrange(3)) % PROVIDERS
    name = f"provider-{provider}"
    tries = [
        _attempt(rng, name, model, outcome)
        for outcome in (("rate_limited", "ok") if rng.random() < 0.1 else ("ok",))
    ]
    if rng.random() < 0.02:
        tries[-1] = _attempt(rng, name, model, "server_error")
    outcome = tries[-1].outcome
    usage = (
        Usage(
            input_tokens=rng.randrange(50_000),
            output_tokens=rng.randrange(4000),
            cache_read_tokens=rng.randrange(20_000),
        )
        if outcome == "ok"
        else None
    )
    return call(
        f"req_{number:024x}",
        at_s=at_s,
        outcome=outcome,
        key_id=f"client{client:02}abcdef",
        key_label=f"person-{client}",
        requested_model=f"model-{model}",
        provider=name,
        provider_id=name,
        upstream_model=f"vendor/model-{model}-2026-01-01",
        attempts=tuple(tries),
        usage=usage,
        cost_pd=None if usage is None else rng.randrange(10**11),
        first_token_s=rng.expovariate(1),
        total_s=rng.expovariate(0.1),
        client_ip=f"10.0.{client}.1",
    )


def _attempt(rng, name, model, outcome):
    key = rng.randrange(KEYS)
    return attempt(
        outcome,
        name,
        f"{name}-key{key:02}",
        upstream_model=f"vendor/model-{model}-2026-01-01",
        duration_s=rng.expovariate(0.1),
    )


def size_of(folder):
    """Bytes of all files in a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def resident_mb():
    """Of this process, now where the system says (Linux), else the most it ever was."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() / 1e6
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3


def _timed(name, do):
    began, began_cpu = time.perf_counter(), time.process_time()
    result = do()
    print(
        f"{name:<34} {time.perf_counter() - began:7.3f} s   "
        f"({time.process_time() - began_cpu:.3f} s CPU)"
    )
    return result


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=1_000_000)
    parser.add_argument(
        "--folder",
        type=Path,
        help="kept when given; a month that is there already is not made again",
    )
    given = parser.parse_args()
    folder = given.folder or Path(tempfile.mkdtemp())
    end_s = FIRST_S + DAYS * 24 * HOUR_S - 1
    if not (folder / "stats").is_dir():
        memory = []
        recorder = Recorder(DiskFolder(folder))
        recorder.open()
        end_s = _timed(
            f"{given.calls:,} calls",
            lambda: month_of_calls(recorder, given.calls, lambda: memory.append(resident_mb())),
        )
        recorder.close(end_s)
        print(
            "resident MB after day 1, 5, 10, …  "
            + "  ".join(f"{memory[24 * day - 1]:.0f}" for day in (1, 5, 10, 15, 20, 25, 30))
        )
    print(f"on disk                            {size_of(folder) / 1e6:7.1f} MB")
    again = Recorder(DiskFolder(folder))
    _timed("start", again.open)
    for hours in (24, 168, 720):
        _timed(f"/v1/stats of {hours} hours", lambda hours=hours: stats_report(again, hours, end_s))
    for hours in (24, 168, 720):
        _timed(
            f"/v1/status of {hours} hours", lambda hours=hours: status_figures(again, hours, end_s)
        )


if __name__ == "__main__":
    main()
