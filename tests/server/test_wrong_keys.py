"""Whoever tries keys waits longer and longer; in a bounded memory, and nobody else waits."""

import asyncio

from uniapi.server.wrong_keys import (
    FORGOTTEN_S,
    FREE,
    MAX_ADDRESSES,
    MAX_WAITING,
    MOST_S,
    WrongKeys,
)


class Clock:
    def __init__(self):
        self.now = 0.0
        self.slept = []
        self.gate = None

    def monotonic_s(self):
        return self.now

    async def sleep(self, seconds):
        self.slept.append(seconds)
        if self.gate is not None:
            await self.gate.wait()


async def test_each_wrong_key_of_an_address_is_answered_later_than_the_one_before():
    """From the one on that no mistake explains, and never later than MOST_S."""
    clock = Clock()
    keys = WrongKeys()
    for _ in range(FREE + 300):
        await keys.slow_down("203.0.113.7", clock)
    assert len(clock.slept) == 300
    assert clock.slept == sorted(clock.slept)
    assert clock.slept[0] < clock.slept[50] < clock.slept[-1] == MOST_S
    await keys.slow_down("203.0.113.8", clock)
    assert len(clock.slept) == 300


async def test_a_quiet_minute_is_a_new_beginning():
    clock = Clock()
    keys = WrongKeys()
    for _ in range(FREE + 1):
        await keys.slow_down("a", clock)
    clock.now = FORGOTTEN_S
    await keys.slow_down("a", clock)
    assert len(clock.slept) == 1


async def test_addresses_and_those_who_wait_are_bounded():
    clock = Clock()
    clock.gate = asyncio.Event()
    keys = WrongKeys()
    for number in range(MAX_ADDRESSES + 50):
        await keys.slow_down(f"2001:db8::{number:x}", clock)
    assert len(keys._seen) == MAX_ADDRESSES
    keys._seen["a"] = (0.0, 1000)
    waiting = [asyncio.ensure_future(keys.slow_down("a", clock)) for _ in range(MAX_WAITING + 20)]
    await asyncio.wait(waiting, timeout=0)
    await asyncio.sleep(0)
    assert sum(one.done() for one in waiting) == 20
    clock.gate.set()
    await asyncio.gather(*waiting)
