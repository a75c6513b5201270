"""Work that grows with a request is done in a thread where the request is long, so that other
clients' calls go on meanwhile.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import TypeVar

from uniapi.canonical import Call
from uniapi.values import fields, is_dataclass
from uniapi.wire import LARGE_BYTES

LONG_BYTES = 64 * 1024
"""No body that is shorter is long."""
MANY_CONTAINERS = 2000
"""Objects and lists: what is done with each of them takes some microseconds."""

Result = TypeVar("Result")


def is_long(call: Call) -> bool:
    """Whether a look at all that a call says takes more than a few milliseconds."""
    body = call.body
    if len(body) + call.upload_bytes <= LONG_BYTES:
        return False
    if len(body) + call.upload_bytes > LARGE_BYTES:
        return True
    return body.count(b"{") + body.count(b"[") > MANY_CONTAINERS


def let_go_soon(things: list[object]) -> None:
    """Values that nobody needs once the call's own frames are gone: a large one is let go piece by
    piece, in a thread, because Python lets no other thread in until all of a value is gone.
    """
    loop = asyncio.get_running_loop()
    loop.call_soon(partial(loop.run_in_executor, None, let_go, things))


def let_go(things: list[object]) -> None:
    """Empty `things`: whatever contains others goes before them, and they one by one."""
    while things:
        thing = things.pop()
        if isinstance(thing, dict):
            things.extend(thing.values())
        elif isinstance(thing, list | tuple):
            things.extend(thing)
        elif is_dataclass(thing):
            things.extend([getattr(thing, one.name, None) for one in fields(thing)])


async def aside(work: Callable[[], Result]) -> Result:
    """What `work` gives, which runs in a thread."""
    return await asyncio.get_running_loop().run_in_executor(None, work)
