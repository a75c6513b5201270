"""A bounded map that outlives the process: names to small JSON values, each for a limited time.
Changes are appended; now and then the file is rewritten.

Reading it twice changes nothing (the later line of a name wins), so a torn or repeated line does no
harm.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable
from operator import add
from typing import TYPE_CHECKING, Any

from .folder import Folder

if TYPE_CHECKING:
    from uniapi.clock import Epoch

SPARE_LINES = 1000


class KeptMap:
    """`put` and `get` are in memory; `flush` makes the changes durable and is for a job, in a
    thread. The oldest entries go when there are more than `limit`.

    `trouble` says why the last flush failed, None when it did not; the changes wait in memory and
    the next flush writes them.
    """

    def __init__(self, folder: Folder, name: str, *, limit: int, lasts_s: float) -> None:
        self._folder = folder
        self._file = f"{name}.jsonl"
        self._limit = limit
        self._lasts_s = lasts_s
        self._entries: dict[str, tuple[float, Any]] = {}
        self._changed: dict[str, None] = {}
        self._lines = 0
        self._size: int | None = None
        self._must_rewrite = False
        self._lock = threading.Lock()
        self.trouble: str | None = None

    def load(self, now_s: Epoch) -> None:
        """Take in what an earlier process kept.

        A missing or unreadable file is an empty map; lines that make no sense are left out.
        """
        try:
            content = self._folder.read(self._file)
        except OSError:
            return
        for line in content.split(b"\n")[:-1]:
            self._lines += 1
            self._take(line, now_s)
        self._size = len(content)
        self._must_rewrite = not content.endswith(b"\n")
        self._bound()
        self._changed.clear()

    def get(self, name: str, now_s: Epoch) -> Any:
        """The value, None when there is none or its time is over."""
        found = self._entries.get(name)
        if found is None or found[0] + self._lasts_s <= now_s:
            return None
        return found[1]

    def ends_at_s(self, name: str) -> float:
        """When an entry's time is over; 0 when there is none."""
        found = self._entries.get(name)
        return 0.0 if found is None else found[0] + self._lasts_s

    def put(self, name: str, value: Any, now_s: Epoch) -> None:
        """Keep a JSON value under a name, from now on for the time that entries last."""
        with self._lock:
            self._entries.pop(name, None)
            self._entries[name] = (now_s, value)
            self._changed[name] = None
            if len(self._entries) > self._limit:
                self._bound()

    def add(self, name: str, amounts: Iterable[int], now_s: Epoch) -> None:
        """Add whole numbers to those that are kept under a name, one to each; and `put` them."""
        with self._lock:
            found = self._entries.pop(name, None)
            if found is not None and found[0] + self._lasts_s > now_s:
                amounts = map(add, found[1], amounts)
            self._entries[name] = (now_s, list(amounts))
            self._changed[name] = None
            if len(self._entries) > self._limit:
                self._bound()

    def remove(self, name: str) -> None:
        with self._lock:
            if self._entries.pop(name, None) is not None:
                self._changed[name] = None

    def __len__(self) -> int:
        return len(self._entries)

    def names(self) -> list[str]:
        """The names in the order in which they were put; those whose time is over included."""
        return list(self._entries)

    def flush(self, now_s: Epoch) -> None:
        """Write what changed since the last flush. Never raises; see `trouble`."""
        with self._lock:
            lines = [self._line(name) for name in self._changed]
            self._changed.clear()
        if not lines and not self._must_rewrite:
            return
        try:
            is_ours = self._size is not None and self._size == self._folder.size(self._file)
            if (
                self._must_rewrite
                or not is_ours
                or self._lines + len(lines) > 2 * len(self._entries) + SPARE_LINES
            ):
                self._rewrite(now_s)
            else:
                self._append(lines)
        except OSError as error:
            self._must_rewrite = True
            self.trouble = error.strerror or str(error)
            return
        self._must_rewrite = False
        self.trouble = None

    def _append(self, lines: list[bytes]) -> None:
        appender = self._folder.appender(self._file)
        try:
            appender.write_synced(b"".join(lines))
            self._size = appender.size()
            self._lines += len(lines)
        finally:
            appender.close()

    def _rewrite(self, now_s: Epoch) -> None:
        with self._lock:
            for name in [
                name for name, (at_s, _) in self._entries.items() if at_s + self._lasts_s <= now_s
            ]:
                del self._entries[name]
            lines = [self._line(name) for name in self._entries]
        content = b"".join(lines)
        self._folder.replace(self._file, content)
        self._lines, self._size = len(lines), len(content)

    def _line(self, name: str) -> bytes:
        found = self._entries.get(name)
        entry = [name] if found is None else [name, round(found[0], 3), found[1]]
        return json.dumps(entry, separators=(",", ":")).encode() + b"\n"

    def _take(self, line: bytes, now_s: Epoch) -> None:
        try:
            entry = json.loads(line)
        except (ValueError, RecursionError):
            return
        if not isinstance(entry, list) or not entry or not isinstance(entry[0], str):
            return
        if len(entry) == 1:
            self._entries.pop(entry[0], None)
        elif (
            len(entry) == 3
            and isinstance(entry[1], int | float)
            and entry[1] + self._lasts_s > now_s
        ):
            self._entries.pop(entry[0], None)
            self._entries[entry[0]] = (min(float(entry[1]), now_s), entry[2])

    def _bound(self) -> None:
        while len(self._entries) > self._limit:
            oldest = next(iter(self._entries))
            del self._entries[oldest]
            self._changed.pop(oldest, None)
