"""A connection to one address that is known, without a task."""

from __future__ import annotations

import asyncio
import errno
import os
import socket
from collections.abc import Callable
from typing import Any

_UNDER_WAY = (errno.EINPROGRESS, errno.EWOULDBLOCK, errno.EINTR)


class Connecting:
    """Begins to connect; raises OSError where that fails at once. `connected` is called with the
    socket, before this returns where the other end is on this machine; `failed` with OSError or
    TimeoutError, once, later. Neither after `cancel`.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        family: int,
        address: Any,
        timeout_s: float,
        connected: Callable[[socket.socket], None],
        failed: Callable[[OSError | asyncio.TimeoutError], None],
    ) -> None:
        self._loop = loop
        self._connected = connected
        self._failed = failed
        self._timer: asyncio.TimerHandle | None = None
        self._socket = socket.socket(family, socket.SOCK_STREAM)
        try:
            self._socket.setblocking(False)
            code = self._socket.connect_ex(address)
            if code and code not in _UNDER_WAY:
                raise OSError(code, os.strerror(code))
        except BaseException:
            self._socket.close()
            raise
        if self._is_there():
            connected(self._socket)
            return
        self._timer = loop.call_later(timeout_s, self._give_up)
        loop.add_writer(self._socket, self._look)

    def cancel(self) -> None:
        if self._timer is not None:
            self._stop()
            self._socket.close()

    def _is_there(self) -> bool:
        """Whether the other end has answered: on this machine it does at once."""
        try:
            self._socket.getpeername()
        except OSError:
            return False
        return True

    def _look(self) -> None:
        self._stop()
        code = self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if code:
            self._socket.close()
            self._failed(OSError(code, os.strerror(code)))
        else:
            self._connected(self._socket)

    def _give_up(self) -> None:
        self._stop()
        self._socket.close()
        self._failed(asyncio.TimeoutError())

    def _stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._loop.remove_writer(self._socket)
