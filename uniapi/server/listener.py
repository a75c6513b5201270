"""The listening socket, and who reads what comes in by it."""

from __future__ import annotations

import asyncio
import contextlib
import socket

from uniapi.gateway import STALLED_READER_S
from uniapi.tcp import Door, bound_sockets

from .connections import ConnectionTable, backlog_for, connections_for
from .edge import Edge
from .front import Front
from .odd_lane import OddLane
from .unread import Unread

LAST_PATIENCE_S = 1.0

_LIFE = {
    "TCP_USER_TIMEOUT": int(STALLED_READER_S * 1000),
    "TCP_KEEPIDLE": 120,
    "TCP_KEEPINTVL": 30,
    "TCP_KEEPCNT": 6,
}
"""What the system does for a client that vanished without a word (tcp(7) of Linux 6.12): nothing of
what was written is acknowledged, or taken, for so many ms; nobody answers its questions, which
begin after so many seconds of silence.
"""


def expect_life(listening: socket.socket) -> None:
    """Whoever comes in by this socket is gone when it is not heard of for STALLED_READER_S: what is
    set here goes over to each connection.
    """
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in _LIFE.items():
        option = getattr(socket, name, None)
        if option is not None:
            with contextlib.suppress(OSError):
                listening.setsockopt(socket.IPPROTO_TCP, option, value)


class Listener:
    """Listens for the front. `has_edge`: plain requests are read by the edge, the others by
    aiohttp; else all are.
    """

    def __init__(self, front: Front, *, files: int, has_edge: bool) -> None:
        loop = asyncio.get_running_loop()
        table = ConnectionTable(connections_for(files), loop.time, loop.call_soon)
        unread = Unread(loop.time)
        self._loop = loop
        self._backlog = backlog_for(files)
        self.odd = OddLane(front, table, unread)
        self._edge = Edge(loop, front, table, unread, self.odd) if has_edge else None
        if not has_edge:
            self.odd.open_now()
        self._doors: list[Door] = []

    def connection(self) -> asyncio.Protocol:
        """Reads a new connection."""
        return self._edge() if self._edge is not None else self.odd.connection()

    async def start(self, host: str, port: int) -> int:
        """Listen; gives the port. `::` is every address, of IPv4 too, where the system can do that.
        Raises OSError.
        """
        sockets = await bound_sockets(host, port, self._backlog)
        for listening in sockets:
            expect_life(listening)
            self._doors.append(Door(self._loop, listening, self.connection, self._backlog))
        found: int = sockets[0].getsockname()[1]
        return found

    def stop(self) -> None:
        """No new connections; those that wait for an answer get it, and end."""
        for door in self._doors:
            door.close()
        self._doors.clear()
        if self._edge is not None:
            self._edge.stop()

    async def close(self) -> None:
        """End what is left."""
        await self.odd.close(LAST_PATIENCE_S)
        if self._edge is not None:
            await self._edge.close(LAST_PATIENCE_S)
