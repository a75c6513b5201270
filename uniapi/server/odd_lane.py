"""The way to aiohttp for the edge, which most processes never go: aiohttp is imported when the
first odd request comes, in a thread, because that is half of what a start costs.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from .connections import ConnectionTable
from .front import Front
from .unread import Unread

if TYPE_CHECKING:
    from .bounded import BoundedServer


class OddLane:
    """Makes aiohttp's connections. `is_open`: whether that takes no time."""

    def __init__(self, front: Front, table: ConnectionTable, unread: Unread) -> None:
        self._front = front
        self._table = table
        self._unread = unread
        self._server: BoundedServer | None = None

    @property
    def is_open(self) -> bool:
        return self._server is not None

    async def open(self) -> None:
        """Open it without holding up others."""
        await asyncio.get_running_loop().run_in_executor(None, _import)
        self.open_now()

    def open_now(self) -> None:
        from .aiohttp_lane import open_server

        if self._server is None:
            self._server = open_server(self._front, self._table, self._unread)

    def connection(self) -> asyncio.Protocol:
        """Reads a new connection, or one that is handed over, when this is open."""
        assert self._server is not None
        return self._server()

    async def close(self, patience_s: float) -> None:
        """End every connection; what is being answered has a moment left."""
        if self._server is not None:
            self._server.pre_shutdown()
            await asyncio.sleep(0)
            await self._server.shutdown(patience_s)


def _import() -> None:
    from . import aiohttp_lane  # noqa: F401
