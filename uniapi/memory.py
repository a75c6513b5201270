"""What Python's memory management costs a running gateway, kept small.

The collector of reference cycles looks at every object that lives, again and again while a large
body is read: a quarter of a second each time, in which nobody's stream goes on. So what the start
made is never looked at again, the young are looked at in small numbers, and everything once in a
while, when nobody is served.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

YOUNG = 10_000
"""New objects (less those that are gone) between two looks at the young: some two milliseconds."""
MIDDLE = 10
OLD = 1000
TIDY_PERIOD_S = 60.0
LARGE_BYTES = 512 * 1024
"""More than a read of a socket, which must cost no call of the system."""
_M_MMAP_THRESHOLD = -3
_M_ARENA_MAX = -8
"""mallopt(3), glibc 2.36."""
MOST_FOR_ANSWERS = 256 * 1000 * 1000
MOST_PUT_OFF = 10
"""Times that tidying waits for a moment without a call."""


SWITCH_S = 0.0005
"""How long a thread that reads a large body keeps the loop waiting, each time that the loop has
something to do; a call waits some twenty times. Python's own 5 ms made that a tenth of a second.
"""


def settle() -> None:
    """To be called once, when everything that stays has been made."""
    sys.setswitchinterval(SWITCH_S)
    if hasattr(gc, "freeze"):
        gc.freeze()
    gc.set_threshold(YOUNG, MIDDLE, OLD)


def share_heap() -> None:
    """To be called once, before there are threads. Tell glibc to ask the system for what is large,
    and to give it back at once: left to itself it keeps whatever was large once, and 44 MB became
    137 under mixed traffic. And that all threads have one heap: for each of its own it reserves 64
    MB of addresses, which is what a host counts that limits them (412 MB at the start became 92).
    Other libraries have no such calls, and need none.
    """
    library = _c_library()
    _call(library, "mallopt", _M_MMAP_THRESHOLD, LARGE_BYTES)
    _call(library, "mallopt", _M_ARENA_MAX, 1)


def a_quarter(limit: int | None) -> int:
    """Bytes that all answers together may hold where nobody says how many."""
    return MOST_FOR_ANSWERS if limit is None else min(limit // 4, MOST_FOR_ANSWERS)


def memory_limit(root: Path = Path("/")) -> int | None:
    """Bytes that this process may have: the least that the machine, its own limits and those of its
    control group say (docs.kernel.org/admin-guide/cgroup-v2.html, `memory.max`; v1:
    `memory.limit_in_bytes`; 2026-11-30). None where nobody does.
    """
    return min([*_limits_of_process(), *_limits_of_groups(root)], default=None)


def _limits_of_process() -> Iterator[int]:
    try:
        yield os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
        import resource

        for kind in (resource.RLIMIT_AS, resource.RLIMIT_DATA):
            most = resource.getrlimit(kind)[0]
            if most != resource.RLIM_INFINITY:
                yield most
    except (ImportError, AttributeError, ValueError, OSError):
        return


def _limits_of_groups(root: Path) -> Iterator[int]:
    """Of the control group, and of those around it."""
    for line in _text(root / "proc/self/cgroup").splitlines():
        _, controllers, path = [*line.split(":", 2), "", ""][:3]
        is_newer = not controllers
        if not is_newer and "memory" not in controllers.split(","):
            continue
        top = root / ("sys/fs/cgroup" if is_newer else "sys/fs/cgroup/memory")
        name = "memory.max" if is_newer else "memory.limit_in_bytes"
        inner = top / path.lstrip("/")
        for folder in (inner, *inner.parents):
            most = _text(folder / name).strip()
            if most.isdecimal():
                yield int(most)
            if folder == top:
                break


def _text(path: Path) -> str:
    try:
        return path.read_text("ascii")
    except (OSError, ValueError):
        return ""


class Tidying:
    """The job that collects everything, and gives back to the system what is free; `is_quiet` says
    whether nobody is served.
    """

    def __init__(self, is_quiet: Callable[[], bool]) -> None:
        self._is_quiet = is_quiet
        self._put_off = 0

    async def tidy(self) -> None:
        if not self._is_quiet() and self._put_off < MOST_PUT_OFF:
            self._put_off += 1
            return
        self._put_off = 0
        gc.collect()
        _call(_c_library(), "malloc_trim", 0)


def _c_library() -> Any:
    try:
        import ctypes

        return ctypes.CDLL(None)
    except (ImportError, OSError, TypeError):
        return None


def _call(library: Any, name: str, *arguments: int) -> None:
    """A function of the C library, where there is one."""
    function = getattr(library, name, None)
    if function is not None:
        function(*arguments)
