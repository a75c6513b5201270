"""The lane of plain requests: a protocol of our own on the listening socket. Each connection is an
EdgeConnection; what they have in common is the Edge.
"""

from __future__ import annotations

import asyncio
from typing import Protocol

from .connections import ConnectionTable
from .edge_connection import EdgeConnection
from .front import Front
from .unread import Unread


class OddWay(Protocol):
    """Where odd requests go: `connection` makes the protocol that takes over a connection, once
    `open` has made that possible.
    """

    @property
    def is_open(self) -> bool: ...

    async def open(self) -> None: ...

    def connection(self) -> asyncio.Protocol: ...


class Edge:
    """Makes the connections, and knows those that are open."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        front: Front,
        table: ConnectionTable,
        unread: Unread,
        odd: OddWay,
    ) -> None:
        self.loop = loop
        self.front = front
        self.table = table
        self.unread = unread
        self.odd = odd
        self.is_stopping = False
        self.connections: set[EdgeConnection] = set()

    def __call__(self) -> EdgeConnection:
        return EdgeConnection(self)

    def stop(self) -> None:
        """Idle connections end now, the others with the answer that they wait for."""
        self.is_stopping = True
        for connection in list(self.connections):
            connection.stop()

    async def close(self, patience_s: float) -> None:
        """End every connection; what is being answered has a moment left."""
        self.stop()
        tasks = [one.task for one in self.connections if one.task is not None]
        if tasks:
            await asyncio.wait(tasks, timeout=patience_s)
        for connection in list(self.connections):
            connection.abandon()
        await asyncio.gather(*tasks, return_exceptions=True)
