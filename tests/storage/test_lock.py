"""One writer to a data dir."""

import os

import pytest

from uniapi.storage import DirectoryLock, LockHeld


def test_a_second_owner_is_refused_with_the_pid_of_the_first(tmp_path):
    """The message names who holds it; release frees it."""
    first = DirectoryLock(tmp_path)
    first.acquire()
    with pytest.raises(LockHeld) as caught:
        DirectoryLock(tmp_path).acquire()
    assert os.getpid() == caught.value.pid
    first.release()
    second = DirectoryLock(tmp_path)
    second.acquire()
    second.release()


def test_a_deleted_lock_file_is_taken_again(tmp_path):
    """After somebody emptied the data dir the owner locks the new file, so that no second writer
    gets in.
    """
    lock = DirectoryLock(tmp_path)
    lock.acquire()
    (tmp_path / "lock").unlink()
    lock.renew()
    with pytest.raises(LockHeld):
        DirectoryLock(tmp_path).acquire()
    lock.release()


def test_a_lock_lost_to_another_is_said(tmp_path):
    """Somebody else was quicker after the file was deleted."""
    lock, other = DirectoryLock(tmp_path), DirectoryLock(tmp_path)
    lock.acquire()
    (tmp_path / "lock").unlink()
    other.acquire()
    with pytest.raises(LockHeld):
        lock.renew()
    lock.release()
    other.release()
