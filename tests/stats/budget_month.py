"""A month of calls with budgets, reloads, restarts and kills, as a program:

    .venv/bin/python tests/stats/budget_month.py 200000

Up to thirty calls run at once, of five client keys at two providers, over thirty virtual days of a
zone that changes its clocks in the middle. What was spent is counted a second time beside the
gateway's own counting; after every restart, and at the end, both must agree to the last pico-dollar
for every client, provider, day and month, and no period may be over its budget by more than what
the estimates of its calls missed.
"""

from __future__ import annotations

import datetime
import random
import sys
import tempfile
import time
import zoneinfo
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

sys.path[:0] = [str(Path(__file__).parents[1] / "storage"), str(Path(__file__).parents[2])]
from faulty_disks import QuickDisk  # noqa: E402

from uniapi.canonical import Call, Operation, Principal, RequestRefused, Usage  # noqa: E402
from uniapi.config import parse_config  # noqa: E402
from uniapi.engines import engine_names  # noqa: E402
from uniapi.gateway import Spending  # noqa: E402
from uniapi.money import Calendar, PriceBook  # noqa: E402
from uniapi.routing import Catalog  # noqa: E402
from uniapi.stats import EVERYBODY, CallRecord, Recorder, of_client, of_provider  # noqa: E402
from uniapi.storage import DiskFolder, Folder  # noqa: E402

ZONE = zoneinfo.ZoneInfo("Europe/Berlin")
BEGIN_S = datetime.datetime(2026, 10, 10, tzinfo=ZONE).timestamp()
MONTH_S = 30 * 86400.0
MOST_AT_ONCE = 30
COMMITS, RESTARTS, RELOADS = 4000, 130, 220
"""In the month."""
CLIENTS, PROVIDERS = 5, 2
PERIODS = ("hour", "day", "week", "month", "year")


def localtime(at_s: float) -> time.struct_time:
    local = datetime.datetime.fromtimestamp(at_s, ZONE)
    offset = local.utcoffset() or datetime.timedelta()
    details = {"tm_gmtoff": int(offset.total_seconds()), "tm_zone": "x"}
    return time.struct_time(local.timetuple(), details)


CONFIG = f"""
providers:
  - {{provider: a, base_url: 'https://a.example/v1', api: k-0123456789abcdef, model: [m],
     preferences: {{budget: '$9/day,$200/month'}}}}
  - {{provider: b, base_url: 'https://b.example/v1', api: k-0123456789abcdef, model: [m]}}
api_keys:
{
    "".join(
        f"  - {{api: sk-client-{n}-0123456789abcdef, preferences: {{budget: '{budget}'}}}}"
        + chr(10)
        for n, budget in enumerate(
            ("$3/day", "$1/hour,$40/month", "$2/day,$9/week", "$55/month", "$4/day")
        )
    )
}
preferences: {{model_price: {{m: '5,25'}}, budget: '$14/day'}}
"""


class Clock:
    now = BEGIN_S

    def now_s(self) -> float:
        return self.now

    def monotonic_s(self) -> float:
        return self.now


@dataclass
class Running:
    """One call under way."""

    call: Call
    key_id: str
    provider_id: str
    held: Any
    cost_tokens: tuple[int, int]
    ends_at: float


@dataclass
class Truth:
    """What was spent, counted beside the gateway: by name, period and beginning."""

    sums: dict[tuple[str, str, int], int] = field(default_factory=lambda: defaultdict(int))
    missed: dict[tuple[str, str, int], int] = field(default_factory=lambda: defaultdict(int))
    waiting: list[tuple[CallRecord, int]] = field(default_factory=list)

    def commit(self, calendar: Calendar) -> None:
        """What waits is durable."""
        for record, held_pd in self.waiting:
            cost = record.cost_pd or 0
            names = (EVERYBODY, of_client(record.key_id), of_provider(record.provider_id or ""))
            for name in names:
                for period in PERIODS:
                    place = (name, period, calendar.bounds(period, record.at_s)[0])
                    self.sums[place] += cost
                    self.missed[place] += max(0, cost - held_pd)
        self.waiting.clear()


class Month:
    """One gateway's money over a month. `run` gives figures, and fails when something is wrong."""

    def __init__(self, folder: Folder, calls: int, seed: int = 1) -> None:
        self.folder, self.calls = folder, calls
        self.rng = random.Random(seed)
        self.clock = Clock()
        self.calendar = Calendar(localtime)
        self.config = parse_config(CONFIG, source="t", engines=engine_names(), environment={})[0]
        self.truth = Truth()
        self.running: list[Running] = []
        self.figures: dict[str, int] = defaultdict(int)
        self.start()

    def start(self) -> None:
        self.recorder = Recorder(self.folder, calendar=Calendar(localtime))
        self.recorder.open()
        self.spending = Spending(self.recorder.ledger, self.clock)
        self.configure()

    def configure(self) -> None:
        prices = PriceBook(self.config.preferences.prices)
        self.recorder.configure(self.config, prices)
        self.spending.configure(self.config, prices)
        self.channels = {
            key.key_id: tuple(Catalog(self.config).candidates(key, "m").channels())
            for key in self.config.client_keys
        }

    def run(self) -> dict[str, int]:
        reload_every = max(900, self.calls // RELOADS)
        restart_every = max(1500, self.calls // RESTARTS)
        for number in range(self.calls):
            self.clock.now = BEGIN_S + MONTH_S * number / self.calls
            self.end_what_is_over()
            self.begin(number)
            if number % max(7, self.calls // COMMITS) == 0:
                self.commit()
            if number % reload_every == reload_every - 1:
                self.configure()
            if number % restart_every == restart_every - 1:
                self.restart(is_killed=self.rng.random() < 0.7)
        self.clock.now = BEGIN_S + MONTH_S
        self.end_what_is_over(all_of_them=True)
        self.commit()
        self.compare()
        self.check_budgets()
        return dict(self.figures)

    def begin(self, number: int) -> None:
        key = self.rng.choice(self.config.client_keys)
        given, most = self.rng.randrange(200, 20_000), self.rng.randrange(50, 4000)
        call = Call(
            request_id=str(number),
            dialect="openai_chat",
            operation=Operation.GENERATE,
            principal=Principal(key_id=key.key_id, label=key.label),
            requested_model="m",
            stream=False,
            body=b"x" * given,
            json={"max_tokens": most},
            path="/v1/chat/completions",
            received_at_s=self.clock.now,
        )
        if len(self.running) >= MOST_AT_ONCE:
            self.end(self.running.pop(0))
        try:
            held = self.spending.admit(call, key, self.channels[key.key_id])
        except RequestRefused as refused:
            self.figures["refused"] += 1
            self.figures[f"answered {refused.error.status}"] += 1
            return
        channel = next(
            (
                one
                for one in self.channels[key.key_id]
                if not self.spending.over_budget(one.provider)
            ),
            None,
        )
        if channel is None or held is None:
            self.figures["passed over"] += 1
            if held is not None:
                held.release()
            return
        held.at(channel.provider)
        # The real input is some 20 % off the estimate; the output at most what was asked for.
        tokens = (int(given / 4 * self.rng.uniform(0.8, 1.3)), self.rng.randrange(1, most + 1))
        ends_at = self.clock.now + self.rng.expovariate(1 / 20)
        self.running.append(
            Running(call, key.key_id, channel.provider.provider_id, held, tokens, ends_at)
        )

    def end_what_is_over(self, *, all_of_them: bool = False) -> None:
        for one in [one for one in self.running if all_of_them or one.ends_at <= self.clock.now]:
            self.running.remove(one)
            self.end(one)

    def end(self, one: Running) -> None:
        record = CallRecord(
            request_id=one.call.request_id,
            at_s=one.call.received_at_s,
            key_id=one.key_id,
            key_label=one.call.principal.label,
            operation="chat",
            endpoint="POST /v1/chat/completions",
            requested_model="m",
            provider=one.provider_id,
            provider_id=one.provider_id,
            upstream_model="m",
            status=200,
            outcome="ok",
            stream=False,
            attempts=(),
            usage=Usage(input_tokens=one.cost_tokens[0], output_tokens=one.cost_tokens[1]),
        )
        least = one.held.least_pd
        self.recorder.record(record)
        one.held.release()
        self.truth.waiting.append((record, least))
        self.figures["served"] += 1

    def commit(self) -> None:
        assert self.recorder.commit(self.clock.now)
        self.truth.commit(self.calendar)

    def restart(self, *, is_killed: bool) -> None:
        """A kill takes what runs, and what was not durable yet."""
        self.running.clear()
        if is_killed:
            self.figures["killed"] += 1
            self.truth.waiting.clear()
        else:
            self.figures["restarted"] += 1
            self.recorder.close(self.clock.now)
            self.truth.commit(self.calendar)
        self.start()
        self.compare()

    def compare(self) -> None:
        """Every sum that the gateway would decide by is the true one."""
        now = self.clock.now
        for name in {name for name, _, _ in self.truth.sums}:
            for period in PERIODS:
                place = (name, period, self.calendar.bounds(period, now)[0])
                ours = self.recorder.ledger.spent_in_pd(name, period, now)
                assert ours == self.truth.sums.get(place, 0), place
        self.figures["compared"] += 1

    def check_budgets(self) -> None:
        """No period is over by more than what estimates missed."""
        limits = [(EVERYBODY, self.config.preferences.budgets)]
        limits += [(of_client(one.key_id), one.budgets) for one in self.config.client_keys]
        limits += [(of_provider(one.provider_id), one.budgets) for one in self.config.providers]
        for name, budgets in limits:
            for budget in budgets:
                for place, spent in self.truth.sums.items():
                    if place[:2] != (name, budget.period):
                        continue
                    over = spent - round(budget.dollars * 10**12)
                    self.figures["periods"] += 1
                    self.figures["periods over"] += over > 0
                    most = self.truth.missed[place]
                    assert over <= most, (place, over, most)


def main() -> int:
    calls = int(sys.argv[1]) if len(sys.argv) > 1 else 200_000
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        figures = Month(DiskFolder(Path(folder), QuickDisk()), calls).run()
    shown = ", ".join(f"{name} {count:,}" for name, count in sorted(figures.items()))
    print(f"{calls:,} calls in {time.perf_counter() - began:.0f} s: {shown}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
