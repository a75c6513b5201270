"""A map of limited size that forgets: what is old, and what was used the longest time ago.

For what an answer leaves behind that a later call of the same client may need.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

from uniapi.clock import Monotonic

V = TypeVar("V")

LASTS_S = 3600.0
"""How long an entry is kept."""
_OVERHEAD_BYTES = 300
"""What an entry costs beside its content, roughly."""


class ExpiringMap(Generic[V]):
    """Entries with their sizes, in memory only; for every thread. `now` is seconds on a clock that
    does not jump.
    """

    def __init__(self, max_bytes: int) -> None:
        self.max_bytes = max_bytes
        self._lock = threading.Lock()
        self._size = 0
        self._entries: OrderedDict[Hashable, tuple[float, int, V]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._entries)

    def put(self, key: Hashable, value: V, size: int, now: Monotonic) -> None:
        """Keep `value`, which takes `size` bytes."""
        with self._lock:
            self._forget(key)
            self._entries[key] = (now + LASTS_S, size + _OVERHEAD_BYTES, value)
            self._size += size + _OVERHEAD_BYTES
            while self._size > self.max_bytes:
                self._forget(next(iter(self._entries)))

    def get(self, key: Hashable, now: Monotonic) -> V | None:
        """What is kept under `key`, None when nothing is (any more)."""
        with self._lock:
            found = self._entries.get(key)
            if found is None:
                return None
            if found[0] <= now:
                self._forget(key)
                return None
            self._entries.move_to_end(key)
            return found[2]

    def _forget(self, key: Hashable) -> None:
        found = self._entries.pop(key, None)
        if found is not None:
            self._size -= found[1]
