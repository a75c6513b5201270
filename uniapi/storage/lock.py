"""One writer: an advisory lock held for the life of the process.

The operating system frees it however the process ends, so there is no stale state to clean up.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from pathlib import Path

from .system import FILE_MODE


class LockHeld(Exception):
    """Another process has the lock; `pid` is its number when it could be read."""

    def __init__(self, pid: int | None) -> None:
        super().__init__(f"held by process {pid}" if pid else "held by another process")
        self.pid = pid


class DirectoryLock:
    """The lock of a data dir: the file `lock` in it, which holds the owner's pid for people to
    read.
    """

    def __init__(self, directory: Path) -> None:
        self._path = directory / "lock"
        self._descriptor: int | None = None

    def acquire(self) -> None:
        """Take the lock or raise LockHeld at once; raises OSError when the file cannot be made."""
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, FILE_MODE)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            text = os.read(descriptor, 32).decode("ascii", "replace").strip()
            os.close(descriptor)
            raise LockHeld(int(text) if text.isascii() and text.isdigit() else None) from None
        except OSError:
            os.close(descriptor)
            raise
        self._descriptor = descriptor
        self._sign()

    def renew(self) -> None:
        """Take the lock again when its file is no longer the one we hold (the data dir was deleted
        or put back under us). Raises as `acquire` does; the old lock is kept then.
        """
        held = self._descriptor
        if held is None or self._is_in_place(held):
            return
        self.acquire()
        os.close(held)

    def release(self) -> None:
        """Give it back; the pid of who held it does not stay behind."""
        if self._descriptor is not None:
            with contextlib.suppress(OSError):
                os.ftruncate(self._descriptor, 0)
            os.close(self._descriptor)
            self._descriptor = None

    def _sign(self) -> None:
        """Write our pid, for people; a full disk does not make the lock worth less."""
        assert self._descriptor is not None
        try:
            os.ftruncate(self._descriptor, 0)
            os.pwrite(self._descriptor, f"{os.getpid()}\n".encode(), 0)
        except OSError:
            return

    def _is_in_place(self, descriptor: int) -> bool:
        try:
            named = os.stat(self._path)
        except OSError:
            return False
        held = os.fstat(descriptor)
        return (named.st_dev, named.st_ino) == (held.st_dev, held.st_ino)
