"""Listening sockets, and whoever comes in by them."""

from __future__ import annotations

import asyncio
import errno
import logging
import socket
from collections.abc import Callable

from .transport import TcpTransport

log = logging.getLogger("uniapi.server")

REST_S = 1.0
"""When the system has no descriptor or no memory for another connection: nobody is let in for so
long.
"""
_NO_ROOM = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)
_NOT_HERE = (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)


async def bound_sockets(host: str, port: int, backlog: int) -> list[socket.socket]:
    """Sockets that listen at every address of `host`; `::` is every address, of IPv4 too, where the
    system can do that. Raises OSError.
    """
    if host == "::" and socket.has_dualstack_ipv6():
        family = socket.AF_INET6
        return [
            socket.create_server((host, port), family=family, backlog=backlog, dualstack_ipv6=True)
        ]
    loop = asyncio.get_running_loop()
    flags = socket.AI_PASSIVE
    infos = await loop.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=flags)
    bound: list[socket.socket] = []
    fault: OSError | None = None
    for family, address in dict.fromkeys((info[0], info[4]) for info in infos):
        try:
            # An address of IPv6 has four members, and its zone is one of them.
            bound.append(socket.create_server(address, family=family, backlog=backlog))
        except OSError as error:
            fault = error
            if error.errno not in _NOT_HERE:
                break
    if fault is not None and (not bound or fault.errno not in _NOT_HERE):
        for one in bound:
            one.close()
        raise fault
    return bound


class Door:
    """Lets in whoever comes to a listening socket, `most` at a time; `make` makes the protocol of
    each.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        listening: socket.socket,
        make: Callable[[], asyncio.Protocol],
        most: int,
        rest_s: float = REST_S,
    ) -> None:
        listening.setblocking(False)
        self._loop = loop
        self._listening = listening
        self._make = make
        self._most = most
        self._rest_s = rest_s
        self._resting: asyncio.TimerHandle | None = None
        self._open()

    def _open(self) -> None:
        self._resting = None
        self._loop.add_reader(self._listening, self._let_in)

    def _let_in(self) -> None:
        for _ in range(self._most):
            try:
                connected, peer = self._listening.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:
                if error.errno not in _NO_ROOM:
                    raise
                log.error("nobody can be let in for a moment: %s", error.strerror)
                self._loop.remove_reader(self._listening)
                self._resting = self._loop.call_later(self._rest_s, self._open)
                return
            TcpTransport(self._loop, connected, self._make(), peer)

    def close(self) -> None:
        """Nobody comes in any more."""
        if self._resting is not None:
            self._resting.cancel()
        self._loop.remove_reader(self._listening)
        self._listening.close()
