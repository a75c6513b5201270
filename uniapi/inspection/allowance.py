"""The one bound of everything the inspector holds in memory."""

from __future__ import annotations

from collections.abc import Callable


class Allowance:
    """So many bytes in all; `make_room(n)` is asked to let go of older things first.

    Used on the event loop only.
    """

    def __init__(self, most: int, make_room: Callable[[int], None]) -> None:
        self.most = most
        self.used = 0
        self._make_room = make_room

    def claim(self, wanted: int) -> int:
        """How much of `wanted` may be held."""
        if self.used + wanted > self.most:
            self._make_room(self.used + wanted - self.most)
        granted = max(0, min(wanted, self.most - self.used))
        self.used += granted
        return granted

    def release(self, size: int) -> None:
        self.used -= size
