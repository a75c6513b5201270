"""Calls of a second that are written and counted together."""

import random

from sample_calls import attempt, call

from uniapi.canonical import Usage
from uniapi.money import Calendar
from uniapi.stats.aggregate import Aggregate
from uniapi.stats.batch import Batch
from uniapi.stats.calendar import hour_of
from uniapi.stats.journal_line import encode_call
from uniapi.stats.ledger import Ledger
from uniapi.storage import MemoryFolder

AROUND_AN_HOUR_S = (1_790_002_799.2, 1_790_002_799.9994, 1_790_002_799.9996, 1_790_002_800.0)


def any_call(choose):
    """One that differs from others in a few of all members."""
    seconds = choose((0.05, 0.1, 0.1004, 1.5, 700.0))
    tries = [
        attempt(credential_id=choose("ab"), outcome=outcome, duration_s=seconds)
        for outcome in choose(((), ("ok",), ("rate_limited", "ok")))
    ]
    return call(
        at_s=choose(AROUND_AN_HOUR_S),
        key_id=choose("kl"),
        provider_id=choose((None, "p", "q")),
        status=choose((200, 404)),
        outcome=choose(("ok", "refused")),
        attempts=tuple(tries),
        usage=choose(
            (
                None,
                Usage(input_tokens=7),
                Usage(input_tokens=5, output_tokens=6, is_estimate=True),
                Usage(output_tokens=3, total_tokens=-1),
            )
        ),
        cost_pd=choose((None, 0, 1, 12_345_678_901_234_567)),
        first_token_s=choose((None, seconds)),
        total_s=choose((seconds, float("nan"))),
        client_ip=choose((None, "10.0.0.1")),
        message=choose(("", "no")),
    )


def test_together_they_come_to_what_each_comes_to():
    """Counts, sums and lines are those of the calls one by one, to the pico-dollar."""
    choose = random.Random(16).choice
    calls = [any_call(choose) for _ in range(2000)]
    together, singly = {}, {}
    batch = Batch(calls)
    for equals in batch:
        together.setdefault(equals.hour, Aggregate()).add_equal(equals.calls, equals.figures)
    for one in calls:
        singly.setdefault(hour_of(one.at_s), Aggregate()).add(one)
    assert len(list(batch)) < len(calls)
    assert together == singly
    assert len(together) == 2
    assert batch.lines() == b"".join(map(encode_call, calls))


def test_what_is_settled_together_is_what_each_was_charged():
    """By key, from the moment on that the key's spending counts, and by period."""
    choose = random.Random(17).choice
    calls = [any_call(choose) for _ in range(2000)]
    ledger = Ledger(MemoryFolder(), Calendar())
    ledger.restate("k", AROUND_AN_HOUR_S[1], 0)
    for one in calls:
        ledger.charge(one)
    ledger.settle(calls)
    counted = [
        one.cost_pd or 0 for one in calls if one.key_id == "k" and one.at_s > 1_790_002_799.5
    ]
    assert ledger.dump()["k"][0] == ledger.spent_pd("k") == sum(counted)
    periods = sorted(ledger.dump_periods())
    spent = {(name, period): sums for name, period, sums in periods}
    live = {
        (name, period): [[start, ledger.spent_in_pd(name, period, start)] for start, _ in sums]
        for (name, period), sums in spent.items()
    }
    assert spent == live
    everything = sum(one.cost_pd or 0 for one in calls)
    assert sum(amount for _, amount in spent["*", "hour"]) == everything
