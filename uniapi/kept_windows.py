"""Long rate windows across a restart: what `limits` counted over a day and longer, in one small
file of the data dir.
"""

from __future__ import annotations

import json
import logging

from .clock import Clock
from .limits import Limits
from .storage import Folder

log = logging.getLogger("uniapi.app")

WINDOWS_FILE = "windows.json"
MOST_BYTES_PER_S = 100_000.0
"""It is written as a whole, so a larger file is written less often than each second."""


class KeptWindows:
    """`load` once, before anything is counted; then, each second, `changed` on the event loop and
    `write` in a thread.
    """

    def __init__(self, limits: Limits, folder: Folder, clock: Clock) -> None:
        self._limits = limits
        self._folder = folder
        self._clock = clock
        self._written_changes = 0
        self._due_at = 0.0
        self._is_troubled = False

    def load(self) -> None:
        """Take in what an earlier process counted.

        A missing or damaged file is as if nothing had been.
        """
        try:
            stored = json.loads(self._folder.read(WINDOWS_FILE))
        except (OSError, ValueError, RecursionError):
            return
        if isinstance(stored, dict):
            self._limits.load(stored, self._clock.monotonic_s(), self._clock.now_s())

    def changed(self, *, at_once: bool = False) -> tuple[int, bytes] | None:
        """What is to be written, None when nothing was counted since the last time, or when that
        was lately and much (unless `at_once`).
        """
        changes, now = self._limits.long_changes(), self._clock.monotonic_s()
        if changes == self._written_changes or (now < self._due_at and not at_once):
            return None
        content = json.dumps(
            self._limits.dump(now, self._clock.now_s()), separators=(",", ":")
        ).encode()
        self._due_at = now + len(content) / MOST_BYTES_PER_S
        return changes, content

    def write(self, changed: tuple[int, bytes]) -> None:
        """Make it durable. A disk that does not take it is said once, and tried again the next
        time.
        """
        changes, content = changed
        try:
            self._folder.replace(WINDOWS_FILE, content)
        except OSError as error:
            if not self._is_troubled:
                log.warning(
                    "the counts of long rate limits cannot be kept in the data dir (%s): it is"
                    " tried again",
                    error.strerror,
                )
            self._is_troubled = True
            return
        if self._is_troubled:
            log.warning("the counts of long rate limits are kept again")
        self._is_troubled = False
        self._written_changes = changes
