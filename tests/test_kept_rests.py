"""What rests across a restart: refused keys and empty purses, by fingerprint, with the time that
has passed.
"""

import json

import pytest

from uniapi.kept_rests import KeptRests
from uniapi.routing import Health, Rest, Rested
from uniapi.storage import MemoryFolder

KEY = Rested("a", "0123456789abcdef", None)
PAIR = Rested("a", "0123456789abcdef", "m")
REFUSED = Rest(reason="refused", first_s=600.0, cap_s=21600.0, is_guess=True)
QUOTA = Rest(reason="quota", seconds=9000.0)


class Clock:
    """Both scales, turned by hand; a restart sets the monotonic one back."""

    def __init__(self, monotonic, epoch):
        self.monotonic, self.epoch = monotonic, epoch

    def monotonic_s(self):
        return self.monotonic

    def now_s(self):
        return self.epoch


def _run(folder, clock):
    """A process: what rests in it, and its keeper."""
    health = Health()
    kept = KeptRests(health, folder, clock)
    kept.load()
    return health, kept


def _rests(health, clock):
    return [
        (one.upstream_model, one.reason, round(one.seconds_left), one.state)
        for one in health.snapshot(clock.monotonic)
    ]


def test_refused_and_empty_keys_rest_on():
    """With what is left of their time; rates and channels begin anew."""
    folder, clock = MemoryFolder(), Clock(500.0, 1_800_000_000.0)
    health, kept = _run(folder, clock)
    health.rest(KEY, REFUSED, "sk-secret is wrong", 500.0)
    health.rest(PAIR, QUOTA, "", 500.0)
    health.rest(Rested("a", "k2", "m"), Rest(reason="rate", seconds=900.0), "", 500.0)
    health.rest(Rested("a", None, "m"), Rest(reason="failure", seconds=900.0), "", 500.0)
    kept.note()
    kept.flush()
    later = Clock(7.0, 1_800_000_100.0)
    health, _ = _run(folder, later)
    assert _rests(health, later) == [
        (None, "refused", 500, "resting"),
        ("m", "quota", 8900, "resting"),
    ]
    assert b"sk-secret" not in folder.read("rests.jsonl")


def test_a_back_off_goes_on_where_it_was():
    """The second refusal, after the restart, doubles the first."""
    folder, clock = MemoryFolder(), Clock(500.0, 1_800_000_000.0)
    health, kept = _run(folder, clock)
    health.rest(KEY, REFUSED, "", 500.0)
    kept.note()
    kept.flush()
    later = Clock(7.0, 1_800_000_700.0)
    health, _ = _run(folder, later)
    assert _rests(health, later) == [(None, "refused", 0, "half_open")]
    assert health.rest(KEY, REFUSED, "", 7.0) == 7.0 + 1200.0


@pytest.mark.parametrize("end", ["succeeded", "cleared"])
def test_what_ended_is_forgotten(end):
    """A key that serves again, or was woken, does not rest after the next start."""
    folder, clock = MemoryFolder(), Clock(500.0, 1_800_000_000.0)
    health, kept = _run(folder, clock)
    health.rest(KEY, REFUSED, "", 500.0)
    kept.note()
    kept.flush()
    if end == "cleared":
        health.clear(["a"])
    else:
        health.begin([KEY], "who", 1100.0)
        health.succeeded([KEY], 1100.0)
    kept.note()
    kept.flush()
    assert not _run(folder, clock)[0].rests


@pytest.mark.parametrize(
    "line",
    [
        ["a\nk", 1_800_000_000, [1]],
        ["a\nk\n", 1_800_000_000, ["x", "refused", 1, 1, True]],
        ["a\nk\n", 1_800_000_000, [1_800_000_900, "rate", 1, 1, True]],
        ["a\n\nm", 1_800_000_000, [1_800_000_900, "quota", 1, 1, True]],
        ["a", 1_800_000_000, None],
    ],
)
def test_lines_of_others_are_left_out(line):
    """A damaged or foreign file is as if nothing had rested."""
    folder, clock = MemoryFolder(), Clock(500.0, 1_800_000_000.0)
    folder.replace("rests.jsonl", json.dumps(line).encode() + b"\n")
    assert not _run(folder, clock)[0].rests
