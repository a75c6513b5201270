"""The store between restarts: damage, bad disks, odd clocks, retention."""

import errno
import logging
import os
import shutil
import stat
import threading

import pytest
from faulty_disks import FailingDisk, QuickDisk
from sample_calls import NOON_S, call, client_key, config

from uniapi.config import Retention
from uniapi.stats import Recorder, TooNew, summary
from uniapi.stats.calendar import hour_of
from uniapi.stats.columns import CALLS
from uniapi.stats.ledger import Ledger
from uniapi.stats.packing import Damaged, gathered, upgraded
from uniapi.stats.pending_hours import PendingHours
from uniapi.stats.store import Store
from uniapi.stats.write_queue import MAX_WAITING
from uniapi.storage import DiskFolder

HOUR_S, DAY_S = 3600, 86400


@pytest.fixture
def disk():
    return FailingDisk()


@pytest.fixture
def start(tmp_path, disk):
    """Open the store of one data dir, again and again."""

    def opened(**retention):
        recorder = Recorder(DiskFolder(tmp_path / "data", disk), Retention(**retention))
        recorder.open()
        return recorder

    return opened


@pytest.fixture
def stats(tmp_path):
    return tmp_path / "data" / "stats"


def count(recorder, from_s=0.0, to_s=NOON_S + 400 * DAY_S):
    return recorder.window(from_s, to_s).totals()[CALLS]


def outlined(recorder, from_s, to_s):
    """Calls by the moment of their outline."""
    return {
        at: sum(row[0] for row in outline.values())
        for at, outline in recorder.outlines(from_s, to_s).items()
    }


def kept(recorder, number, now_s=NOON_S):
    """Record and commit so many calls."""
    for _ in range(number):
        recorder.record(call(at_s=now_s))
    assert recorder.commit(now_s)


def folded(recorder, days):
    """Calls over some days, each folded into its file."""
    for day in range(days):
        for hour in (0, 5):
            kept(recorder, 1, NOON_S + day * DAY_S + hour * HOUR_S)
    recorder.commit(NOON_S + days * DAY_S)


def test_a_call_is_in_the_reports_at_once(start):
    """Before it is written, after, after a fold, and after a restart."""
    recorder = start()
    recorder.record(call())
    assert count(recorder) == 1
    recorder.commit(NOON_S)
    assert count(recorder) == 1
    recorder.commit(NOON_S + HOUR_S)
    assert sorted(os.listdir(recorder._store._folder.path / "days")) == ["2026-11-03.gz"]
    assert count(recorder) == 1
    assert count(start()) == 1


def test_everything_is_private(start, stats):
    """No file can be read by the neighbours on a shared host."""
    old = os.umask(0)
    try:
        recorder = start()
        folded(recorder, 2)
        recorder.add_credits("key1", 1.0, NOON_S)
    finally:
        os.umask(old)
    paths = [stats.parent, *stats.parent.rglob("*")]
    assert {0o600} == {stat.S_IMODE(path.stat().st_mode) for path in paths if path.is_file()}
    assert {0o700} == {stat.S_IMODE(path.stat().st_mode) for path in paths if path.is_dir()}


def test_a_window_has_the_hours_it_names(start):
    """By hours at its edges, by whole days within."""
    recorder = start()
    folded(recorder, 4)
    recorder.record(call(at_s=NOON_S + 4 * DAY_S))
    assert count(recorder) == 9
    assert count(recorder, NOON_S, NOON_S + 5 * HOUR_S) == 2
    assert count(recorder, NOON_S + HOUR_S, NOON_S + DAY_S - 1) == 1
    assert count(recorder, NOON_S + HOUR_S, NOON_S + 3 * DAY_S + 4 * HOUR_S) == 6
    assert outlined(recorder, NOON_S, NOON_S + DAY_S) == {
        NOON_S: 1,
        NOON_S + 5 * HOUR_S: 1,
        NOON_S + DAY_S: 1,
    }
    assert sum(outlined(recorder, NOON_S, NOON_S + 4 * DAY_S).values()) == 9


def test_a_reader_beside_the_running_server_sees_what_is_committed(start, tmp_path):
    """Before and after a fold that happens between its two looks."""
    recorder = start()
    kept(recorder, 2)
    beside = Recorder.read_only(tmp_path / "data")
    assert count(beside) == 2
    kept(recorder, 1)
    recorder.commit(NOON_S + HOUR_S)
    assert count(beside) == 3
    assert count(Recorder.read_only(tmp_path / "data")) == 3


def test_the_reader_writes_nothing(start, tmp_path, stats):
    """Not even about damage."""
    recorder = start()
    folded(recorder, 2)
    (stats / "checkpoint.gz").write_bytes(b"rubbish")
    before = sorted((path, path.stat().st_mtime_ns) for path in stats.rglob("*"))
    assert count(Recorder.read_only(tmp_path / "data")) == 4
    assert before == sorted((path, path.stat().st_mtime_ns) for path in stats.rglob("*"))


@pytest.mark.parametrize("content", [b"", b"rubbish", None])
@pytest.mark.parametrize("names", [["checkpoint.gz"], ["checkpoint.gz", "checkpoint-before.gz"]])
def test_damaged_checkpoints_cost_nothing(start, stats, names, content):
    """The one before, or the day files and the journal, lead to the same counts and the same
    balance.
    """
    recorder = start()
    recorder.configure(config())
    folded(recorder, 3)
    kept(recorder, 2, NOON_S + 3 * DAY_S)
    recorder.close(NOON_S + 3 * DAY_S)
    expected = summary(recorder.window(0, NOON_S * 2), {}), recorder.ledger.spent_pd("key1")
    for name in names:
        whole = (stats / name).read_bytes()
        (stats / name).write_bytes(whole[: len(whole) // 2] if content is None else content)
    again = start()
    assert expected == (summary(again.window(0, NOON_S * 2), {}), again.ledger.spent_pd("key1"))
    kept(again, 1, NOON_S + 3 * DAY_S)
    assert count(start()) == 9


def test_a_damaged_day_is_counted_anew_from_the_journal(start, stats, caplog):
    """Said once, the file kept for whoever wants to look."""
    recorder = start()
    folded(recorder, 2)
    path = stats / "days" / "2026-11-03.gz"
    path.write_bytes(path.read_bytes()[:-20])
    recorder = start()
    assert count(recorder) == 2
    count(recorder)
    recorder.commit(NOON_S + 3 * DAY_S)
    assert 4 == count(recorder) == count(start())
    assert (stats / "days" / "2026-11-03.gz.damaged").exists()
    assert sum("cannot be read" in message for message in caplog.messages) == 1


def test_a_newer_store_is_kept_and_left_alone(start, tmp_path, stats, caplog):
    """A downgrade begins anew beside it; the reader refuses."""
    from uniapi.stats import packing

    recorder = start()
    kept(recorder, 1)
    recorder.close(NOON_S)
    newer = packing._member({"schema": packing.SCHEMA + 1, "whatever": []})
    (stats / "checkpoint.gz").write_bytes(newer)
    with pytest.raises(TooNew):
        Recorder.read_only(tmp_path / "data")
    recorder = start()
    kept(recorder, 3)
    recorder.close(NOON_S)
    assert count(start()) == 3
    assert newer == (tmp_path / "data" / "stats.schema-2" / "checkpoint.gz").read_bytes()
    assert any("later version" in message for message in caplog.messages)


def test_an_older_document_is_lifted_step_by_step():
    """Each migration leads one version on; a version that nothing leads from is damage."""
    steps = {1: lambda old: {**old, "b": old["a"] + 1}, 2: lambda old: {**old, "c": old["b"] + 1}}
    assert upgraded({"schema": 1, "a": 1}, steps, 3) == {"schema": 1, "a": 1, "b": 2, "c": 3}
    with pytest.raises(Damaged):
        upgraded({"schema": 0}, steps, 3)
    with pytest.raises(TooNew):
        upgraded({"schema": 4}, steps, 3)


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO])
def test_a_bad_disk_is_said_once_and_nothing_is_lost(start, disk, code, caplog):
    """Counts go on in memory, over hours; when the disk is back everything is written, once."""
    recorder = start()
    kept(recorder, 1)
    disk.code = code
    for turn in range(100):
        recorder.record(call(at_s=NOON_S + turn * 60))
        recorder.commit(NOON_S + turn * 60)
        recorder.compact(NOON_S + turn * 60)
    assert os.strerror(code) == recorder.trouble
    assert count(recorder) == 101
    disk.code = None
    for _ in range(12):
        recorder.commit(NOON_S + 7200)
    assert None is recorder.trouble
    assert 101 == count(recorder) == count(start())
    assert [record.levelname for record in caplog.records if "written" in record.message] == [
        "ERROR",
        "WARNING",
    ]


def test_a_disk_that_is_bad_for_long_costs_lines_of_the_journal_but_no_counts(start, disk, caplog):
    """Memory is bounded; the balance is exact."""
    recorder = start()
    recorder.configure(config())
    disk.code = errno.ENOSPC
    for _ in range(MAX_WAITING + 700):
        recorder.record(call())
    recorder.commit(NOON_S)
    assert len(recorder._store._waiting.take()) <= MAX_WAITING
    recorder._store._waiting.give_back()
    spent = recorder.ledger.spent_pd("key1")
    disk.code = None
    for _ in range(4):
        recorder.commit(NOON_S)
    recorder.close(NOON_S)
    again = start()
    assert (MAX_WAITING + 700, spent) == (count(again), again.ledger.spent_pd("key1"))
    assert any("1000 calls were counted without" in message for message in caplog.messages)


def test_calls_without_a_line_are_durable_with_the_first_commit_that_works(start, disk):
    """Killed right after it, the next start knows them all."""
    recorder = start()
    recorder.configure(config())
    kept(recorder, 1)
    disk.code = errno.ENOSPC
    for _ in range(MAX_WAITING + 700):
        recorder.record(
            call(
                attempts=(),
                provider=None,
                provider_id=None,
                upstream_model=None,
                client_ip=None,
                cost_pd=3,
            )
        )
    assert not recorder.commit(NOON_S)
    disk.code = None
    while not recorder.commit(NOON_S):
        pass
    again = start()
    assert (MAX_WAITING + 701, recorder.ledger.spent_pd("key1")) == (
        count(again),
        again.ledger.spent_pd("key1"),
    )


def test_a_disk_that_is_bad_for_weeks_does_not_fill_the_memory(start, disk):
    """Early days are kept as one hour each; no call is lost."""
    recorder = start()
    disk.code = errno.EROFS
    for hour in range(20 * 24):
        for _ in range(15):
            recorder.record(call(at_s=NOON_S + hour * HOUR_S))
    assert not recorder.commit(NOON_S)
    assert len(recorder._store._waiting._spill) < 24 * 5 + 30
    disk.code = None
    for _ in range(12):
        recorder.commit(NOON_S + 20 * DAY_S)
    recorder.commit(NOON_S + 20 * DAY_S + HOUR_S)
    assert count(recorder) == count(start()) == 20 * 24 * 15


def test_an_unreadable_disk_at_the_start_is_tried_again(tmp_path, caplog):
    """The store opens itself as soon as it can, and what was counted meanwhile joins in."""

    class NoEntry(DiskFolder):
        is_closed = True

        def within(self, name):
            return type(self)(self.path / name)

        def names(self, within=""):
            if type(self).is_closed:
                raise PermissionError(errno.EACCES, "Permission denied")
            return super().names(within)

    first = Recorder(DiskFolder(tmp_path))
    first.open()
    first.configure(config())
    kept(first, 2)
    first.close(NOON_S)
    recorder = Recorder(NoEntry(tmp_path))
    recorder.open()
    recorder.record(call(cost_pd=5))
    assert recorder.trouble == "Permission denied"
    NoEntry.is_closed = False
    for _ in range(3):
        recorder.commit(NOON_S)
    assert count(recorder) == 3
    assert 2 * first.ledger.spent_pd("key1") // 2 + 5 == recorder.ledger.spent_pd("key1")


def test_a_call_that_ends_while_the_store_is_read_is_charged_once(tmp_path):
    """The store is opened late, in a thread, while requests go on."""

    class Late(DiskFolder):
        meanwhile = None

        def within(self, name):
            return type(self)(self.path / name)

        def names(self, within=""):
            if type(self).meanwhile is None:
                raise PermissionError(errno.EACCES, "Permission denied")
            type(self).meanwhile(within)
            return super().names(within)

    recorder = Recorder(Late(tmp_path))
    recorder.open()
    recorder.configure(config())
    ends = iter([call(cost_pd=5)])
    Late.meanwhile = lambda within: (
        recorder._store.record(one) if within == "journal" and (one := next(ends, None)) else None
    )
    for _ in range(4):
        recorder.commit(NOON_S)
    assert (count(recorder), recorder.ledger.spent_pd("key1")) == (1, 5)


@pytest.mark.parametrize("what", ["journal", "stats", "segment"])
def test_files_deleted_under_us_cost_nothing_that_is_counted(start, stats, what, caplog):
    """What the memory knows is written down again at once."""
    recorder = start()
    kept(recorder, 3)
    if what == "segment":
        next((stats / "journal").iterdir()).unlink()
    else:
        shutil.rmtree(stats if what == "stats" else stats / "journal")
    kept(recorder, 1)
    assert 4 == count(recorder) == count(start())
    assert any("deleted or cut" in message for message in caplog.messages)


def test_the_clock_may_jump(start, caplog):
    """Back by days, or far ahead and back: everything is counted where its own time says, and
    nothing ages away by mistake.
    """
    caplog.set_level(logging.ERROR)
    recorder = start()
    folded(recorder, 2)
    for now_s in (NOON_S - 3 * DAY_S, NOON_S + 3000 * DAY_S, NOON_S + 2 * DAY_S):
        kept(recorder, 1, now_s)
        recorder.compact(now_s)
    recorder.commit(NOON_S + 2 * DAY_S + HOUR_S)
    assert 6 == count(recorder) == count(start())
    assert count(start(), to_s=NOON_S + 4000 * DAY_S) == 7
    assert caplog.messages == []


def test_a_call_of_a_time_that_cannot_be_is_counted(start):
    """The first hour or the last one of the calendar."""
    recorder = start()
    for at_s in (-5.0, 1e11, 1e300, float("nan")):
        recorder.record(call(at_s=at_s))
    assert recorder.commit(NOON_S)
    assert recorder.commit(NOON_S + HOUR_S)
    assert count(start(), 0.0, 1e11) == 4


def test_days_lose_their_hours_and_then_go(start):
    """As `retention` says; reports by day, model and key stay the same until the day goes."""
    recorder = start(raw_s=DAY_S, hourly_s=3 * DAY_S, daily_s=10 * DAY_S)
    folded(recorder, 5)
    before = summary(recorder.window(0, NOON_S + 5 * DAY_S), {})
    recorder.compact(NOON_S + 5 * DAY_S)
    after = summary(recorder.window(0, NOON_S + 5 * DAY_S), {})
    assert {**before, "provider_keys": 0, "ip_request_counts": 0} == {
        **after,
        "provider_keys": 0,
        "ip_request_counts": 0,
    }
    assert outlined(recorder, NOON_S, NOON_S + DAY_S - 1) == {NOON_S: 2}
    assert count(recorder, NOON_S - 12 * HOUR_S, NOON_S + HOUR_S) == 2
    recorder.compact(NOON_S + 12 * DAY_S - 43200)
    assert count(recorder) == 8
    kept(recorder, 1, NOON_S + 2 * DAY_S)
    recorder.commit(NOON_S + 12 * DAY_S)
    assert 9 == count(recorder) == count(start())


def test_the_size_is_bounded(start, stats):
    """The journal by its bytes, but never what the next start needs; the days by losing hours
    first.
    """
    recorder = start(raw_bytes=300_000)
    for turn in range(30):
        for number in range(100):
            recorder.record(call(f"call-{turn}-{number}", at_s=NOON_S + turn * 60))
        recorder.commit(NOON_S + turn * 60)
        recorder.compact(NOON_S + turn * 60)
    recorder.close(NOON_S + HOUR_S / 2)
    assert sum(path.stat().st_size for path in (stats / "journal").iterdir()) < 500_000
    assert count(start()) == 3000
    folded(recorder, 4)
    total = count(recorder)
    shelf = recorder._store._shelf
    size = sum(path.stat().st_size for path in (stats / "days").iterdir())
    shelf.shrink(size - 10)
    assert total == count(recorder)
    assert [shelf.day(day).is_compacted for day in shelf.days()] == [True, False, False, False]
    shelf.shrink(0)
    assert len(shelf.days()) == 1


def test_the_journals_bound_holds_while_it_is_written(start, stats):
    """Not only once an hour: 240,000 calls in a few minutes left four times as much as allowed."""
    recorder = start(raw_bytes=400_000)
    largest = 0
    for turn in range(60):
        for number in range(200):
            recorder.record(call(f"call-{turn}-{number}", at_s=NOON_S + turn))
        recorder.commit(NOON_S + turn)
        sizes = [path.stat().st_size for path in (stats / "journal").iterdir()]
        largest = max(largest, sum(sizes))
    assert largest < 400_000 + 4 * 100_000 + 200_000
    recorder.close(NOON_S + 60)
    assert count(start()) == 12_000


class ForgetfulHours(PendingHours):
    """Runs out of memory when it has counted the first calls of a batch, once."""

    has_memory = False

    def count(self, equals):
        super().count(equals)
        if not self.has_memory:
            self.has_memory = True
            raise MemoryError


class Forgetful(Store):
    """Counts with them."""

    def __init__(self, folder, ledger):
        super().__init__(folder, ledger)
        self._pending = ForgetfulHours(self._shelf)


def test_running_out_of_memory_while_counting_loses_and_doubles_nothing(tmp_path):
    """The calls are in the journal by then; their sums and the balance are read anew."""
    folder = DiskFolder(tmp_path, QuickDisk())
    ledger = Ledger(folder)
    store = Forgetful(folder, ledger)
    store.open()
    for number in range(5):
        store.record(call(f"call-{number}", requested_model=f"m{number % 2}", cost_pd=7))
    assert not store.commit(NOON_S)
    store.record(call("call-5", cost_pd=7))
    for second in range(1, 4):
        store.commit(NOON_S + second)
    hours = store.kept(hour_of(NOON_S), hour_of(NOON_S))
    assert gathered(hours.pieces()).totals()[CALLS] == 6
    assert ledger.spent_pd("key1") == 42


def test_a_leap_of_the_clock_between_two_runs_throws_nothing_away(start, stats):
    """What is looked through at the start is what the clock of the last run makes old."""
    recorder = start()
    recorder.record(call("one", at_s=NOON_S))
    recorder.close(NOON_S + 1)
    again = start()
    again.compact(NOON_S + 400 * DAY_S)
    assert count(start()) == 1


def test_what_the_checkpoint_before_the_newest_needs_is_kept(start, stats):
    """However little `retention` allows: the newest may turn out to be damaged."""
    recorder = start(raw_bytes=1)
    for turn in range(6):
        for number in range(100):
            recorder.record(call(f"call-{turn}-{number}"))
        recorder.commit(NOON_S + turn)
        recorder.compact(NOON_S + turn)
    spent = recorder.ledger.spent_pd("key1")
    (stats / "checkpoint.gz").write_bytes(b"rubbish")
    again = start()
    assert (count(again), again.ledger.spent_pd("key1")) == (600, spent)


def test_what_a_killed_process_left_half_written_is_removed(start, stats):
    """Temporary files do not pile up."""
    start().commit(NOON_S)
    (stats / "days").mkdir(parents=True, exist_ok=True)
    for leftover in (stats / ".checkpoint.gz.77.tmp", stats / "days" / ".x.gz.77.tmp"):
        leftover.write_bytes(b"half")
    start()
    assert list(stats.rglob("*.tmp")) == []


def test_without_a_folder_everything_works_in_memory(caplog):
    """`DISABLE_DATABASE`: the same reports, folded and compacted too, nothing on disk."""
    recorder = Recorder()
    recorder.open()
    recorder.configure(config(client_key(credits=1.0)))
    folded(recorder, 3)
    recorder.compact(NOON_S + 3 * DAY_S)
    recorder.add_credits("key1", 1.0, NOON_S)
    assert (recorder.is_in_memory, count(recorder), recorder.trouble) == (True, 6, None)
    recorder.close(NOON_S)
    assert caplog.messages == []


def test_metrics_only_grow(start):
    """Through commits and folds."""
    recorder = start()
    seen = []
    for turn in range(5):
        kept(recorder, 1, NOON_S + turn * HOUR_S)
        recorder.record(call())
        seen.append(recorder.lifetime().totals()[CALLS])
    assert seen == [2, 4, 6, 8, 10]


def test_the_last_failures_are_known_after_a_restart(start):
    """For the status page: with their attempts and reasons."""
    recorder = start()
    recorder.record(call("bad", outcome="overloaded"))
    recorder.record(call("good"))
    recorder.record(call("left", outcome="client_left"))
    recorder.commit(NOON_S)
    assert [one.request_id for one in start().recent_failures] == ["bad"]


def test_recording_while_another_thread_commits_and_reports(start):
    """The event loop records, a thread writes, another one reads: no call is lost or
    counted twice.
    """
    recorder = start()
    done = threading.Event()
    seen = []

    def commits():
        turn = 0
        while not done.is_set():
            turn += 1
            recorder.commit(NOON_S + turn * 900)

    def reports():
        while not done.is_set():
            seen.append(count(recorder))

    threads = [threading.Thread(target=commits), threading.Thread(target=reports)]
    for thread in threads:
        thread.start()
    for _ in range(3000):
        recorder.record(call())
    done.set()
    for thread in threads:
        thread.join()
    recorder.close(NOON_S)
    assert seen == sorted(seen)
    assert count(recorder) == count(start()) == 3000
