"""The journal: what was written is read once, whatever happened to the files."""

import errno
import os
import shutil
import stat

import pytest
from faulty_disks import FailingDisk, QuickDisk

from uniapi.storage import START, DiskFolder, Journal, MemoryFolder, Position

DAY = "2026-11-03"


@pytest.fixture
def disk():
    return FailingDisk()


@pytest.fixture
def folder(tmp_path, disk):
    return DiskFolder(tmp_path / "stats", disk)


def opened(folder, known=START, **members):
    journal = Journal(folder, schema=1, **members)
    journal.open(known)
    return journal


def entries(folder, start=START):
    return [line for _, line in Journal(folder, schema=1).read(start) if not line.startswith(b"{")]


@pytest.mark.parametrize(
    "make", [lambda path: DiskFolder(path, QuickDisk()), lambda path: MemoryFolder()]
)
def test_lines_come_back_in_order_from_any_place(tmp_path, make):
    """A position read together with a line leads back to it; the end of a write is where the next
    line begins.
    """
    folder = make(tmp_path / "stats")
    journal = opened(folder)
    journal.write([b"a\n", b"b\n"], DAY)
    middle = journal.end
    journal.write([b"c\n"], DAY)
    assert entries(folder) == [b"a", b"b", b"c"]
    assert entries(folder, middle) == [b"c"]
    assert entries(folder, journal.end) == []
    assert journal.tail(5)[-2:] == [b"b", b"c"]
    places = {line: place for place, line in journal.read(START)}
    assert next(line for _, line in journal.read(places[b"b"])) == b"b"
    journal.close()


def test_files_and_folders_are_private(folder):
    """0600 and 0700."""
    journal = opened(folder)
    journal.write([b"a\n"], DAY)
    journal.close()
    (name,) = folder.names("journal")
    assert stat.S_IMODE((folder.path / "journal" / name).stat().st_mode) == 0o600
    assert stat.S_IMODE((folder.path / "journal").stat().st_mode) == 0o700


def test_a_segment_ends_by_size_and_by_day(folder):
    """Numbers go up; a new day begins a new segment."""
    journal = opened(folder, segment_bytes=40)
    for line in (b"a" * 50 + b"\n", b"b\n"):
        journal.write([line], DAY)
    journal.write([b"c\n"], "2026-11-04")
    journal.close()
    assert folder.names("journal") == [
        "00000001-2026-11-03.jsonl",
        "00000002-2026-11-03.jsonl",
        "00000003-2026-11-04.jsonl",
    ]


def test_a_torn_tail_is_not_read_and_not_built_upon(folder):
    """What a kill left of a line never counts, not even when it is whole but for its line break."""
    journal = opened(folder)
    journal.write([b"a\n"], DAY)
    known = journal.end
    journal.close()
    with (folder.path / "journal" / folder.names("journal")[0]).open("ab") as file:
        file.write(b"torn")
    journal = opened(folder, known)
    journal.write([b"b\n"], DAY)
    journal.close()
    assert entries(folder) == [b"a", b"b"]
    assert len(folder.names("journal")) == 2


def test_a_restart_goes_on_in_the_same_segment(folder):
    """A journal that ended well is continued."""
    for line in (b"a\n", b"b\n"):
        journal = opened(folder)
        journal.write([line], DAY)
        journal.close()
    assert len(folder.names("journal")) == 1
    assert entries(folder) == [b"a", b"b"]


@pytest.mark.parametrize("can_truncate", [True, False])
@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO])
def test_a_failed_write_leaves_nothing_and_can_be_repeated(folder, disk, code, can_truncate):
    """The lines of a failed write are not there afterwards; written again when the disk is back
    they are there once.
    """
    journal = opened(folder)
    journal.write([b"a\n"], DAY)
    end = journal.end
    disk.code, disk.can_truncate = code, can_truncate
    for _ in range(3):
        with pytest.raises(OSError):
            journal.write([b"one\n", b"two\n"], DAY)
        assert end == journal.end
    disk.code = None
    journal.write([b"one\n", b"two\n"], DAY)
    journal.close()
    assert entries(folder) == [b"a", b"one", b"two"]


def test_a_first_write_that_fails_can_be_repeated_on_another_day(folder, disk):
    """No segment number is used twice."""
    journal = opened(folder)
    disk.code, disk.can_truncate = errno.ENOSPC, False
    with pytest.raises(OSError):
        journal.write([b"one\n", b"two\n"], DAY)
    disk.code = None
    journal.write([b"one\n", b"two\n"], "2026-11-04")
    journal.close()
    assert entries(folder) == [b"one", b"two"]


@pytest.mark.parametrize("damage", ["unlink", "cut", "replace", "folder"])
def test_a_segment_lost_under_us_is_noticed(folder, damage):
    """The journal goes on behind every position it ever gave."""
    journal = opened(folder)
    journal.write([b"a\n"], DAY)
    known = journal.end
    path = folder.path / "journal" / folder.names("journal")[0]
    if damage == "unlink":
        path.unlink()
    elif damage == "cut":
        os.truncate(path, 3)
    elif damage == "replace":
        path.unlink()
        path.write_bytes(b"x" * known.offset)
    else:
        shutil.rmtree(folder.path)
    journal.write([b"b\n"], DAY)
    assert journal.losses == 1
    assert journal.end > known
    assert entries(folder, known) == [b"b"]
    journal.close()


@pytest.mark.parametrize("cut", [0, 5])
def test_a_restart_after_damage_goes_on_behind_what_was_known(folder, cut):
    """A checkpoint that knows more than the files hold is right."""
    journal = opened(folder)
    journal.write([b"a\n"], DAY)
    known = journal.end
    journal.close()
    os.truncate(folder.path / "journal" / folder.names("journal")[0], cut)
    journal = opened(folder, known)
    journal.write([b"b\n"], DAY)
    assert journal.end > known
    assert entries(folder, known) == [b"b"]
    journal.close()


def test_pruning_goes_by_day_and_by_size_but_keeps_what_is_not_counted_yet(folder):
    """`keep_from` protects the segments that a restart would read."""
    journal = opened(folder, segment_bytes=10)
    for day in (1, 2, 3, 4, 5):
        journal.write([b"x" * 100 + b"\n"], f"2026-11-0{day}")
    assert journal.prune(before_day="2026-11-09", total_bytes=0, keep_from=1) == 0
    assert journal.prune(before_day="2026-11-02", total_bytes=10**6, keep_from=9) == 1
    assert journal.prune(before_day="", total_bytes=300, keep_from=9) == 2
    assert folder.names("journal") == ["00000004-2026-11-04.jsonl", "00000005-2026-11-05.jsonl"]
    assert Position(5, 132) >= journal.end
    journal.close()


def test_rubbish_of_any_length_is_passed_over(folder):
    """A line far too long to be ours does not fill the memory and does not hide what follows."""
    journal = opened(folder)
    journal.write([b"a\n"], DAY)
    journal.close()
    with (folder.path / "journal" / folder.names("journal")[0]).open("ab") as file:
        file.write(b"z" * 3_000_000 + b"\n" + b"b\n")
    assert [line for line in entries(folder) if len(line) == 1] == [b"a", b"b"]


@pytest.mark.parametrize("size", [40, 70, 1000])
def test_the_newest_lines_come_first_over_segments_and_blocks(tmp_path, size):
    """All of them, with the place at which each begins, from any place backwards; a torn tail is
    no line.
    """
    folder = DiskFolder(tmp_path / "stats", QuickDisk())
    journal = opened(folder, segment_bytes=size)
    written = [b"%03d %s" % (number, b"x" * (number * 977 % 90000)) for number in range(60)]
    for line in written:
        journal.write([line + b"\n"], DAY)
    with (tmp_path / "stats" / journal.segments()[-1][1]).open("ab") as file:
        file.write(b"torn")
    found = [(place, line) for place, line in journal.newest(10**9) if line[:1] != b"{"]
    assert [line for _, line in found] == written[::-1]
    places = {line: place for place, line in journal.read(START)}
    assert all(places[line] == place for place, line in found)
    before = found[20][0]
    rest = [line for _, line in journal.newest(10**9, before) if line[:1] != b"{"]
    assert rest == written[::-1][21:]
    journal.close()


def test_no_more_of_the_journal_is_read_than_was_allowed(tmp_path):
    """A journal of a year is not read for the last fifty calls; a segment that somebody overwrote
    with one endless line is passed over.
    """
    folder = DiskFolder(tmp_path / "stats", QuickDisk())
    journal = opened(folder, segment_bytes=100_000)
    for _ in range(10):
        journal.write([b"y" * 99 + b"\n"] * 1000, DAY)
    assert 1900 < sum(1 for _ in journal.newest(200_000)) <= 2010
    (tmp_path / "stats" / journal.segments()[-1][1]).write_bytes(b"z" * 3_000_000 + b"\n")
    assert [line[:1] for _, line in journal.newest(4_000_000)][:2] == [b"y", b"y"]
    journal.close()
