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
    """Time, size or inode: any of them, at the second look that finds the same."""
    disk = Disk()
    watcher = FileWatcher("api.yaml", disk.stat)
    before = watcher.changed()
    disk.file = later
    assert (before, watcher.changed(), watcher.changed(), watcher.changed()) == (
        False,
        False,
        True,
        False,
    )


def test_a_file_that_is_being_written_is_left_until_it_is_quiet() -> None:
    """Its first half may be a valid configuration with keys missing at the end."""
    disk = Disk()
    watcher = FileWatcher("api.yaml", disk.stat)
    told = []
    for size in (3, 300, 301, 301, 301):
        disk.file = Status(st_size=size)
        told.append(watcher.changed())
    assert told == [False, False, False, True, False]


def test_a_file_that_is_away_for_a_moment_is_no_change() -> None:
    """Editors delete and write anew; what comes back as it was is no change, another one is."""
    disk = Disk()
    watcher = FileWatcher("api.yaml", disk.stat)
    disk.file = None
    gone = watcher.changed()
    disk.file = Status()
    same = [watcher.changed(), watcher.changed()]
    disk.file = Status(st_ino=7)
    assert (gone, same, watcher.changed(), watcher.changed()) == (
        False,
        [False, False],
        False,
        True,
    )


def test_a_file_that_stays_away_is_a_change_and_so_is_its_return() -> None:
    """Somebody has to be told that the configuration is gone, and that it is back."""
    disk = Disk()
    watcher = FileWatcher("api.yaml", disk.stat)
    disk.file = None
    gone = [watcher.changed() for _ in range(3)]
    disk.file = Status()
    assert (gone, watcher.changed(), watcher.changed()) == ([False, True, False], False, True)


def test_a_file_that_comes_later_is_a_change() -> None:
    """The watcher may be there first."""
    disk = Disk()
    disk.file = None
    watcher = FileWatcher("api.yaml", disk.stat)
    disk.file = Status()
    assert (watcher.changed(), watcher.changed()) == (False, True)
