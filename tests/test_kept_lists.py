"""Model lists in the data dir: kept when they changed, by a thread, and read by the next start."""

import errno

import pytest

from uniapi.gateway import ModelLists
from uniapi.kept_lists import MODEL_LISTS_FILE, KeptLists
from uniapi.storage import MemoryFolder

STORED = {"p": {"source": "s", "models": ["m", "n"]}}


class Folder(MemoryFolder):
    writes = 0
    is_full = False

    def replace(self, name, content):
        if self.is_full:
            raise OSError(errno.ENOSPC, "No space left on device")
        self.writes += 1
        super().replace(name, content)


def lists_of(stored):
    made = ModelLists(None)
    made.load(stored)
    return made


def test_a_change_is_written_once_and_only_by_the_flush():
    """The event loop only notes it: a slow disk held it for ten seconds."""
    folder = Folder()
    kept = KeptLists(lists_of(STORED), folder)
    kept.flush()
    kept.note()
    assert folder.writes == 0
    kept.flush()
    kept.flush()
    assert folder.writes == 1
    again = ModelLists(None)
    KeptLists(again, folder).load()
    assert again.dump() == STORED


def test_a_full_disk_is_said(caplog):
    folder = Folder()
    folder.is_full = True
    kept = KeptLists(lists_of(STORED), folder)
    kept.note()
    kept.flush()
    assert "cannot be kept" in caplog.text


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"[" * 100_000, b'{"p": 1}'])
def test_a_damaged_file_is_as_if_nothing_had_been_listed(content):
    folder = Folder()
    folder.replace(MODEL_LISTS_FILE, content)
    lists = ModelLists(None)
    KeptLists(lists, folder).load()
    assert lists.dump() == {}
