"""The file watcher, with a `stat` of our own."""

from dataclasses import dataclass

import pytest

from uniapi.config import FileWatcher


@dataclass
class Status:
    st_mtime_ns: int = 1
    st_size: int = 10
    st_ino: int = 100


class Disk:
    """One file that can be changed and taken away."""

    def __init__(self) -> None:
        self.file: Status | None = Status()

    def stat(self, path: str) -> Status:
        assert path == "api.yaml"
        if self.file is None:
            raise FileNotFoundError(path)
        return self.file


@pytest.mark.parametrize("later", [Status(st_mtime_ns=2), Status(st_size=11), Status(st_ino=101)])
def test_a_change_is_told_once(later: Status) -> None:
    """Time, size or inode: any of them."""
    disk = Disk()
    watcher = FileWatcher("api.yaml", disk.stat)
    first = watcher.changed()
    disk.file = later
    assert (first, watcher.changed(), watcher.changed()) == (False, True, False)


def test_a_file_that_vanishes_is_no_change_and_its_return_is_one_when_it_differs() -> None:
    """Editors delete and write anew."""
    disk = Disk()
    watcher = FileWatcher("api.yaml", disk.stat)
    disk.file = None
    gone = watcher.changed()
    disk.file = Status()
    same = watcher.changed()
    disk.file = Status(st_ino=7)
    assert (gone, same, watcher.changed()) == (False, False, True)


def test_a_half_written_file_is_followed_by_another_change() -> None:
    """The rest of the writing is seen at the next look."""
    disk = Disk()
    watcher = FileWatcher("api.yaml", disk.stat)
    disk.file = Status(st_size=3)
    half = watcher.changed()
    disk.file = Status(st_size=300)
    assert (half, watcher.changed()) == (True, True)


def test_a_file_that_comes_later_is_a_change() -> None:
    """The watcher may be there first."""
    disk = Disk()
    disk.file = None
    watcher = FileWatcher("api.yaml", disk.stat)
    disk.file = Status()
    assert watcher.changed()
