"""Long rate windows across a restart: what `limits` counted over a day and longer, in one file of
the data dir. Each second the windows that were counted into are appended, a line each; now and then
the file is rewritten with all of them.

Reading it is harmless at any place: the later line of a window wins, and a torn one is no line.
"""

from __future__ import annotations

import json
import logging
from typing import Any

from .clock import Clock
from .limits import Limits, LongWindow
from .storage import Folder

log = logging.getLogger("uniapi.app")

WINDOWS_FILE = "windows.jsonl"
EARLIER_FILE = "windows.json"
"""One JSON object with all windows, as versions before 2026-12 wrote it."""
MOST_BYTES_PER_S = 500_000.0
"""More than that is written less often than each second."""
SPARE_BYTES = 1_000_000


class KeptWindows:
    """`load` once, before anything is counted; then `flush` each second, in a thread."""

    def __init__(self, limits: Limits, folder: Folder, clock: Clock) -> None:
        self._limits = limits
        self._folder = folder
        self._clock = clock
        self._due_at = 0.0
        self._size: int | None = None
        self._whole_size = 0
        self._is_troubled = False

    def load(self) -> None:
        """Take in what an earlier process counted.

        A missing or damaged file is as if nothing had been.
        """
        entries = self._read()
        self._limits.load({"windows": entries}, self._clock.monotonic_s(), self._clock.now_s())

    def _read(self) -> list[Any]:
        try:
            lines = self._folder.read(WINDOWS_FILE).split(b"\n")[:-1]
        except OSError:
            return self._read_earlier()
        latest: dict[str, Any] = {}
        for line in lines:
            entry = _parsed(line)
            if isinstance(entry, dict):
                name = json.dumps([entry.get(part) for part in ("scope", "counts", "window_s")])
                latest[name] = entry
        return list(latest.values())

    def _read_earlier(self) -> list[Any]:
        try:
            found = _parsed(self._folder.read(EARLIER_FILE))
        except OSError:
            return []
        entries = found.get("windows") if isinstance(found, dict) else None
        return entries if isinstance(entries, list) else []

    def flush(self, *, at_once: bool = False) -> None:
        """Make durable what was counted since the last time, unless that was lately and much. A
        disk that does not take it is said once, and tried again the next time.
        """
        now = self._clock.monotonic_s()
        if now < self._due_at and not at_once:
            return
        changed = self._limits.changed_windows()
        if not changed:
            return
        try:
            written = self._write(changed)
        except OSError as error:
            self._limits.not_kept(changed)
            self._size = None
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
        self._due_at = now + written / MOST_BYTES_PER_S

    def _write(self, changed: list[LongWindow]) -> int:
        """Gives how many bytes that were. Raises OSError."""
        is_ours = self._size is not None and self._size == self._folder.size(WINDOWS_FILE)
        if not is_ours or (self._size or 0) > 2 * self._whole_size + SPARE_BYTES:
            content = self._lines(self._limits.long_windows())
            self._folder.replace(WINDOWS_FILE, content)
            self._folder.remove(EARLIER_FILE)
            self._size = self._whole_size = len(content)
            return len(content)
        content = self._lines(changed)
        appender = self._folder.appender(WINDOWS_FILE)
        try:
            appender.write_synced(content)
            self._size = appender.size()
        finally:
            appender.close()
        return len(content)

    def _lines(self, windows: list[LongWindow]) -> bytes:
        now, now_s = self._clock.monotonic_s(), self._clock.now_s()
        return b"".join(
            json.dumps(one.dump(now, now_s), separators=(",", ":")).encode() + b"\n"
            for one in windows
        )


def _parsed(text: bytes) -> Any:
    """None for what is no JSON."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
