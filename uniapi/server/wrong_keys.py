"""Whoever tries keys is answered slower and slower: each wrong key of an address makes the next
answer to one later. A right key is answered at once, whoever else has that address.
"""

from __future__ import annotations

from collections import OrderedDict

from uniapi.clock import Clock, Monotonic

FREE = 20
"""A person whose client has an old key is told at once, and their client may ask again."""
STEP_S = 0.02
MOST_S = 2.0
FORGOTTEN_S = 60.0
"""After so long without a wrong key an address begins anew."""
MAX_ADDRESSES = 1000
MAX_WAITING = 100
"""Those beyond are answered at once: nobody fills the process by waiting in it."""


class WrongKeys:
    """Counts them by address, of those that were met last, and delays their answers."""

    def __init__(self) -> None:
        self._seen: OrderedDict[str, tuple[float, int]] = OrderedDict()
        self._waiting = 0

    async def slow_down(self, address: str, clock: Clock) -> None:
        """One more from this address: wait as long as its answer is to take."""
        delay_s = self._delay_s(address, clock.monotonic_s())
        if not delay_s or self._waiting >= MAX_WAITING:
            return
        self._waiting += 1
        try:
            await clock.sleep(delay_s)
        finally:
            self._waiting -= 1

    def _delay_s(self, address: str, now: Monotonic) -> float:
        last_at, count = self._seen.pop(address, (now, 0))
        count = 1 if now - last_at >= FORGOTTEN_S else count + 1
        self._seen[address] = (now, count)
        if len(self._seen) > MAX_ADDRESSES:
            self._seen.popitem(last=False)
        return min(MOST_S, STEP_S * max(0, count - FREE))
