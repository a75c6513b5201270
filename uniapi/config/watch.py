"""Noticing that the configuration file changed, by looking at it from time to time.

Polling works on every file system and mount; events do not. A file that is missing for a moment (editors replace it) or half written is no matter: the
first is not a change, the second does not parse, so the old configuration stays and the rest of the writing is the next change.
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
    """Remembers how a file looked; `changed` says whether it looks different since it was last asked (or since the watcher was made)."""

    def __init__(self, path: str, stat: Callable[[str], FileStatus] = os.stat) -> None:
        self._path = path
        self._stat = stat
        self._seen = self._look()

    def changed(self) -> bool:
        """True once for each change; a missing file is not one, its return is when it looks different."""
        now = self._look()
        if now is None or now == self._seen:
            return False
        self._seen = now
        return True

    def _look(self) -> tuple[int, int, int] | None:
        try:
            status = self._stat(self._path)
        except (OSError, ValueError):
            return None
        return status.st_mtime_ns, status.st_size, status.st_ino
