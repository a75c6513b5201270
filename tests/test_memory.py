"""Tidying waits for a quiet moment, but not for ever."""

import gc

from uniapi.memory import MOST_PUT_OFF, Tidying


class Cycle:
    def __init__(self, gone):
        self.itself = self
        self.gone = gone

    def __del__(self):
        self.gone.append(True)


async def test_cycles_go_when_nobody_is_served_and_at_the_latest_after_a_while():
    gone, is_quiet = [], True
    tidying = Tidying(lambda: is_quiet)
    await tidying.begin()
    gc.disable()
    try:
        Cycle(gone)
        await tidying.tidy()
        assert len(gone) == 1
        is_quiet = False
        Cycle(gone)
        for _ in range(MOST_PUT_OFF):
            await tidying.tidy()
        assert len(gone) == 1
        await tidying.tidy()
        assert len(gone) == 2
    finally:
        gc.enable()
