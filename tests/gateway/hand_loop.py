"""An event loop whose time is turned by hand: a test says how much passes, and hours take no time.

Nothing on such a loop may wait for the world: its selector never looks at a socket, and work in
threads is not waited for.
"""

import asyncio
import selectors

START_S = 1000.0
START_EPOCH_S = 1_700_000_000.0
"""What the calendar says when the loop's clock shows `START_S`."""
ROUNDING_S = 1e-9


class _Turner(selectors.SelectSelector):
    """Where a loop would sleep until its next timer, its clock is put forward instead."""

    def __init__(self, loop):
        super().__init__()
        self._loop = loop

    def select(self, timeout=None):
        if timeout != 0:
            self._loop.skip(timeout)
        return []


class HandLoop(asyncio.SelectorEventLoop):
    """`pass_time(0)` runs what is ready, and what becomes ready by that; longer times also run the
    timers that come due, each at its own moment.
    """

    def __init__(self):
        self._now = self._until = START_S
        super().__init__(_Turner(self))

    def time(self):
        return self._now

    def pass_time(self, seconds):
        self._until = self._now + seconds
        self.run_forever()

    def skip(self, seconds):
        """Nothing is ready for so long (None: for ever): go there, or stop if that is too far."""
        if seconds is None or self._now + seconds > self._until + ROUNDING_S:
            self._now = self._until
            self.stop()
        else:
            self._now += seconds


class HandClock:
    """The gateway's Clock on such a loop."""

    def __init__(self, loop):
        self._loop = loop

    def now_s(self):
        return START_EPOCH_S + self._loop.time() - START_S

    def monotonic_s(self):
        return self._loop.time()

    async def sleep(self, seconds):
        await asyncio.sleep(seconds)
