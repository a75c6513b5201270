"""What Python's memory management costs a running gateway, kept small.

The collector of reference cycles looks at every object that lives, again and again while a large
body is read: a quarter of a second each time, in which nobody's stream goes on. So what the start
made is never looked at again, the young are looked at in small numbers, and everything once in a
while, when nobody is served.
"""

from __future__ import annotations

import gc
import logging
from collections.abc import Callable

log = logging.getLogger("uniapi.app")

YOUNG = 10_000
"""New objects (less those that are gone) between two looks at the young: some two milliseconds."""
MIDDLE = 10
OLD = 1000
TIDY_PERIOD_S = 60.0
MOST_PUT_OFF = 10
"""Times that tidying waits for a moment without a call."""


def settle() -> None:
    """To be called once, when everything that stays has been made."""
    if hasattr(gc, "freeze"):
        gc.freeze()
    gc.set_threshold(YOUNG, MIDDLE, OLD)


class Tidying:
    """The job that collects everything, and gives back to the system what is free; `is_quiet` says
    whether nobody is served.
    """

    def __init__(self, is_quiet: Callable[[], bool]) -> None:
        self._is_quiet = is_quiet
        self._put_off = 0
        self._give_back = _trimmer()

    async def tidy(self) -> None:
        if not self._is_quiet() and self._put_off < MOST_PUT_OFF:
            self._put_off += 1
            return
        self._put_off = 0
        gc.collect()
        self._give_back()


def _trimmer() -> Callable[[], object]:
    """glibc keeps what was freed: 200 MB stayed after a few large bodies. Other libraries have no
    such call, and need none.
    """
    try:
        import ctypes

        trim = ctypes.CDLL(None).malloc_trim
    except (ImportError, OSError, AttributeError, TypeError):
        return bool
    return lambda: trim(0)
