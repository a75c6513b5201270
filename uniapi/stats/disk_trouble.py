"""What keeps the counts from being written, said once, and how soon it is tried again."""

from __future__ import annotations

import logging

log = logging.getLogger("uniapi.stats")

LONGEST_PAUSE = 10
"""Commits left out, at most, between two tries on a disk that fails."""


class DiskTrouble:
    """`reason` is None while the disk takes everything."""

    def __init__(self) -> None:
        self.reason: str | None = None
        self._pause = self._last_pause = 0

    def failed(self, error: OSError | MemoryError) -> None:
        """Say it once; try again soon, and then not so soon."""
        said = error.strerror if isinstance(error, OSError) else "no memory is left"
        reason = said or str(error) or type(error).__name__
        if reason != self.reason:
            log.error(
                "statistics cannot be written (%s): they are kept in memory, and writing is tried"
                " again",
                reason,
            )
        self.reason = reason
        self._last_pause = self._pause = min(2 * self._last_pause or 1, LONGEST_PAUSE)

    def worked(self, dropped: int) -> None:
        """`dropped`: the calls that were counted without their line in the journal meanwhile."""
        if self.reason is not None:
            lost = (
                f"; {dropped} calls were counted without their line in the journal"
                if dropped
                else ""
            )
            log.warning("statistics are written again%s", lost)
        self.reason = None
        self._last_pause = 0

    def lets_pass(self) -> bool:
        """Whether this commit is left out; each call counts as one."""
        if not self._pause:
            return False
        self._pause -= 1
        return True

    def try_now(self) -> None:
        """The next commit is not left out."""
        self._pause = 0
