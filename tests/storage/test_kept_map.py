"""A bounded map that is kept."""

import errno

import pytest
from faulty_disks import FailingDisk

from uniapi.storage import DiskFolder, KeptMap


@pytest.fixture
def disk():
    return FailingDisk()


@pytest.fixture
def folder(tmp_path, disk):
    return DiskFolder(tmp_path, disk)


def pins(folder, now_s=0.0, limit=100):
    kept = KeptMap(folder, "pins", limit=limit, lasts_s=1000.0)
    kept.load(now_s)
    return kept


def test_what_was_flushed_is_there_after_a_restart(folder):
    """Values, replacements and removals."""
    kept = pins(folder)
    kept.put("a", ["openai", "k1"], 0.0)
    kept.put("b", 1, 0.0)
    kept.flush(0.0)
    kept.put("a", ["openai", "k2"], 1.0)
    kept.remove("b")
    kept.flush(1.0)
    again = pins(folder, 2.0)
    assert (again.get("a", 2.0), again.get("b", 2.0)) == (["openai", "k2"], None)


def test_numbers_add_up_as_long_as_they_are_kept(folder):
    kept = pins(folder)
    kept.add("a", (1, 20), 0.0)
    kept.flush(0.0)
    again = pins(folder, 1.0)
    again.add("a", [2, 5], 1.0)
    again.add("b", (7,), 1.0)
    again.flush(1.0)
    third = pins(folder, 2.0)
    assert (third.get("a", 2.0), third.get("b", 2.0)) == ([3, 25], [7])
    third.add("b", (1,), 1001.0)
    assert third.get("b", 1001.0) == [1]


def test_entries_end_and_the_oldest_make_room(folder):
    """Time and number are bounded, in memory and after a restart."""
    kept = pins(folder, limit=3)
    for place, name in enumerate("abcd"):
        kept.put(name, place, float(place))
    kept.flush(4.0)
    assert [kept.get(name, 5.0) for name in "abcd"] == [None, 1, 2, 3]
    assert [pins(folder, 1001.5, limit=3).get(name, 1001.5) for name in "abcd"] == [
        None,
        None,
        2,
        3,
    ]
    assert None is kept.get("d", 1003.0)


def test_the_file_stays_small(folder):
    """Thousands of changes to a few names do not pile up."""
    kept = pins(folder)
    for turn in range(3000):
        kept.put(f"n{turn % 3}", turn, 0.0)
        kept.flush(0.0)
    assert len(folder.read("pins.jsonl").splitlines()) < 1100
    assert pins(folder).get("n2", 0.0) == 2999


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EROFS, errno.EIO])
def test_a_bad_disk_is_said_and_made_up_for(folder, disk, code):
    """Nothing is lost while the process lives."""
    kept = pins(folder)
    kept.put("a", 1, 0.0)
    kept.flush(0.0)
    disk.code = code
    kept.put("b", 2, 0.0)
    kept.flush(0.0)
    assert kept.trouble
    disk.code = None
    kept.flush(0.0)
    assert None is kept.trouble
    assert [pins(folder).get(name, 0.0) for name in "ab"] == [1, 2]


@pytest.mark.parametrize(
    "content",
    [b"", b"[", b'["a",0.0,1]\n["b",0', b'["a",0.0,1]\n{}\n[1]\n["c","x",1]\n\xff\n[[[[\n'],
)
def test_damage_costs_only_the_damaged_lines(folder, content):
    """A torn tail or rubbish is passed over, and what is put afterwards is kept."""
    folder.replace("pins.jsonl", content)
    kept = pins(folder)
    assert (1 if b'"a"' in content else None) == kept.get("a", 0.0)
    kept.put("new", 5, 0.0)
    kept.flush(0.0)
    assert pins(folder).get("new", 0.0) == 5


def test_a_file_deleted_under_us_is_written_anew(folder):
    """With everything that is still valid."""
    kept = pins(folder)
    kept.put("a", 1, 0.0)
    kept.flush(0.0)
    folder.remove("pins.jsonl")
    kept.put("b", 2, 0.0)
    kept.flush(0.0)
    assert [pins(folder).get(name, 0.0) for name in "ab"] == [1, 2]
