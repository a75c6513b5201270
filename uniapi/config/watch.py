"""Noticing that the configuration file changed, by looking at it from time to time.

Polling works on every file system and mount; events do not. A change counts when the file has
looked the same at two looks in a row: one that is missing for a moment (editors replace it) or half
written (the half may well parse, with keys missing at its end) is left until it is quiet. A file
that stays away is a change like another.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Protocol


class FileStatus(Protocol):
    """What is read of a `stat` result."""

    @property
    def st_mtime_ns(self) -> int: ...

    @property
    def st_size(self) -> int: ...

    @property
    def st_ino(self) -> int: ...


class FileWatcher:
    """Remembers how a file looked when the watcher was made, or last said that it had changed."""

    def __init__(self, path: str, stat: Callable[[str], FileStatus] = os.stat) -> None:
        self._path = path
        self._stat = stat
        self._told = self._seen = self._look()

    def changed(self) -> bool:
        """True once for each change, at the second look that finds the same."""
        before, self._seen = self._seen, self._look()
        if self._seen != before or self._seen == self._told:
            return False
        self._told = self._seen
        return True

    def _look(self) -> tuple[int, int, int] | None:
        """None: there is no such file."""
        try:
            status = self._stat(self._path)
        except (OSError, ValueError):
            return None
        return status.st_mtime_ns, status.st_size, status.st_ino
