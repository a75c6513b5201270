"""So many lines a minute about one address: strangers fill no log."""

from __future__ import annotations

from collections import OrderedDict

QUIET_S = 60.0
MAX_ADDRESSES = 1000


class Quiet:
    """`most` lines a minute for each address; addresses are remembered while they are heard of,
    1,000 at most.
    """

    def __init__(self, most: int = 1) -> None:
        self._most = most
        self._seen: OrderedDict[str, tuple[float, int, int]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._seen)

    def unwritten(self, address: str, now: float) -> int | None:
        """How many lines about this address were left out since its last one; None: this one is
        left out too.
        """
        since, written, left_out = self._seen.pop(address, (now, 0, 0))
        if now - since >= QUIET_S:
            since, written = now, 0
        is_left_out = written >= self._most
        self._seen[address] = (
            (since, written, left_out + 1) if is_left_out else (since, written + 1, 0)
        )
        if len(self._seen) > MAX_ADDRESSES:
            self._seen.popitem(last=False)
        return None if is_left_out else left_out
