"""Killed anywhere, every call that was committed is counted exactly once, and the balance equals
the journal.
"""

import shutil
import tempfile
from collections import Counter
from pathlib import Path

import pytest
from faulty_disks import DyingDisk, Killed, QuickDisk
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sample_calls import NOON_S, call

from uniapi.stats import Recorder
from uniapi.stats.columns import CALLS
from uniapi.stats.journal_line import decode_call
from uniapi.stats.packing import SCHEMA
from uniapi.storage import START, DiskFolder, Journal

DAY_S = 86400
steps = st.one_of(
    st.tuples(st.just("record"), st.integers(1, 3), st.sampled_from([0, -3600, -DAY_S])),
    st.tuples(
        st.just("commit"), st.sampled_from([1, 1, 1, 40, 1800, 3600, DAY_S, -2 * DAY_S]), st.just(0)
    ),
    st.tuples(st.just("compact"), st.just(0), st.just(0)),
)
lives = st.lists(
    st.tuples(st.lists(steps, max_size=25), st.integers(1, 60)), min_size=1, max_size=5
)
torn_and_replayed = [
    (
        [
            ("record", 1, 0),
            ("commit", 1, 0),
            ("commit", DAY_S, 0),
            ("record", 1, 0),
            ("commit", 1, 0),
            ("record", 1, 0),
        ],
        32,
    ),
    ([], 6),
]
"""A kill in the middle of a line leaves a torn tail; the next life replays the whole lines before
it and writes nothing but a checkpoint.
"""


class World:
    """A data dir and what ought to be in it.

    Every call has a model and a price of its own, so that each can be told from the others.
    """

    def __init__(self, path):
        self.path = path
        self.now_s = NOON_S
        self.count = 0
        self.certain = set()
        self.open = set()

    def live(self, life, kill_at):
        disk = DyingDisk(kill_at)
        recorder = Recorder(DiskFolder(self.path, disk))
        try:
            recorder.open()
            for step in life:
                self.do(recorder, *step)
            recorder.close(self.now_s)
            self.certain |= self.open
            self.open = set()
        except Killed:
            pass
        self.check()

    def do(self, recorder, what, amount, shift):
        if what == "record":
            for _ in range(amount):
                self.count += 1
                self.open.add(self.count)
                recorder.record(
                    call(
                        at_s=self.now_s + shift,
                        requested_model=str(self.count),
                        cost_pd=1000 + self.count,
                    )
                )
        elif what == "commit":
            self.now_s += amount
            if recorder.commit(self.now_s):
                self.certain |= self.open
                self.open.clear()
        else:
            recorder.compact(self.now_s)

    def check(self):
        """What is counted is exact; what was not certain is certain now, one way or the other."""
        recorder = Recorder(DiskFolder(self.path, QuickDisk()))
        recorder._store.open_read_only()
        counts = recorder.window(0, NOON_S + 400 * DAY_S)
        found = Counter()
        for key, cell in counts.cells.items():
            found[int(key.requested_model)] += cell[CALLS]
        assert set(found) - self.open == self.certain
        assert set(found.values()) <= {1}
        self.certain, self.open = set(found), set()
        assert sum(1000 + number for number in self.certain) == recorder.ledger.spent_pd("key1")
        journal = Journal(DiskFolder(self.path / "stats"), schema=SCHEMA)
        lines = Counter(
            int(one.requested_model)
            for _, line in journal.read(START)
            if (one := decode_call(line))
        )
        assert found == lines


@given(lives)
@example(torn_and_replayed)
@settings(max_examples=25)
def test_killed_at_any_system_call(script):
    """Several lives, each killed at some call that changes a file; clocks that leap forward and
    back; hours folded and days compacted in between.
    """
    path = Path(tempfile.mkdtemp())
    try:
        world = World(path / "data")
        for life, kill_at in script:
            world.live(life, kill_at)
        world.live([("commit", 3600, 0)], None)
    finally:
        shutil.rmtree(path)


@pytest.mark.parametrize("kill_at", range(1, 70, 2))
def test_killed_at_every_step_of_a_fold(tmp_path, kill_at):
    """The longest way through the disk: two days folded, a checkpoint, a compaction."""
    world = World(tmp_path / "data")
    world.live([("record", 2, 0), ("record", 1, -DAY_S), ("commit", 1, 0)], None)
    life = [
        ("record", 2, 0),
        ("commit", 3600, 0),
        ("record", 1, -DAY_S),
        ("commit", 3600, 0),
        ("compact", 0, 0),
    ]
    world.live(life, kill_at)
    world.live(life, kill_at + 3)
    world.live(life, None)
