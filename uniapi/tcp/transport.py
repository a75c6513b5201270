"""One connection as a transport. It behaves as asyncio's own does: what a socket does not take at
once is kept, `pause_writing` and `resume_writing` say when that is too much, `connection_lost` is
the last call, and never comes from within another one.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
from asyncio.trsock import TransportSocket
from typing import Any

from uniapi.errors import log_mistake

log = logging.getLogger("uniapi.tcp")

READ_BYTES = 64 * 1024
"""Taken from a socket at once. asyncio would make room for 256 KiB for each read, which the system
has to map and unmap: five times the price of a short one.
"""
ROOM = memoryview(bytearray(READ_BYTES))
"""Where all connections read into: what is read is taken out before anything else is read."""
GONE = -1
"""What a write gives when there is nobody to write to."""
MUCH_UNSENT = 64 * 1024
LITTLE_UNSENT = 16 * 1024
"""asyncio's own bounds."""


class TcpTransport(asyncio.Transport):
    """A connected socket and its protocol, which hears of it before this returns. `peer` is the
    address at the other end, as the system gives it.
    """

    __slots__ = (
        "_is_closing",
        "_is_done",
        "_is_full",
        "_is_lost",
        "_is_paused",
        "_loop",
        "_peer",
        "_protocol",
        "_says_no_more",
        "_socket",
        "_unsent",
    )

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        connected: socket.socket,
        protocol: asyncio.Protocol,
        peer: Any = None,
    ) -> None:
        connected.setblocking(False)
        with contextlib.suppress(OSError):
            # Its other end may be gone already.
            connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._loop = loop
        self._socket = connected
        self._protocol: asyncio.Protocol = protocol
        self._peer = peer
        self._unsent = bytearray()
        self._is_full = False
        """The protocol was told to write no more."""
        self._is_paused = False
        self._is_closing = False
        self._is_lost = False
        """Nothing goes out any more; `connection_lost` is on its way."""
        self._says_no_more = False
        """After `write_eof`."""
        self._is_done = False
        """The other end sends no more."""
        protocol.connection_made(self)
        if not self._is_closing and not self._is_paused:
            self._listen()

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        match name:
            case "peername":
                return self._peer
            case "socket":
                return TransportSocket(self._socket)
            case "sockname":
                with contextlib.suppress(OSError):
                    return self._socket.getsockname()
        return default

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        assert isinstance(protocol, asyncio.Protocol)
        self._protocol = protocol

    def get_protocol(self) -> asyncio.BaseProtocol:
        return self._protocol

    # reading

    def is_reading(self) -> bool:
        return not self._is_closing and not self._is_paused

    def pause_reading(self) -> None:
        if not self._is_closing and not self._is_paused:
            self._is_paused = True
            self._loop.remove_reader(self._socket)

    def resume_reading(self) -> None:
        if self._is_paused and not self._is_closing:
            self._is_paused = False
            if not self._is_done:
                self._listen()

    def _listen(self) -> None:
        try:
            self._loop.add_reader(self._socket, self._read)
        except OSError as error:
            # The system watches no more sockets (epoll_ctl(2): ENOMEM, ENOSPC): whoever counts its
            # connections must hear that this one is over.
            self._lose(error)

    def _read(self) -> None:
        try:
            count = self._socket.recv_into(ROOM)
        except (BlockingIOError, InterruptedError):
            return
        except OSError as error:
            self._lose(error)
            return
        try:
            if count:
                self._protocol.data_received(bytes(ROOM[:count]))
            else:
                self._end()
        except Exception as error:
            log_mistake(log, error, "a connection was cut off: what came could not be dealt with")
            self._lose(error)

    def _end(self) -> None:
        """The other end sends no more."""
        if self._protocol.eof_received():
            self._is_done = True
            self._loop.remove_reader(self._socket)
        else:
            self.close()

    # writing

    # asyncio's gives nothing; who is told how much waits needs no second call for each piece.
    def write(  # type: ignore[override]
        self, data: bytes | bytearray | memoryview
    ) -> int:
        """As asyncio's; gives how much waits to be taken, or GONE where nothing was written because
        this is closing.
        """
        if self._is_closing:
            return GONE
        unsent = self._unsent
        if not unsent:
            try:
                sent = self._socket.send(data) if data else 0
            except (BlockingIOError, InterruptedError):
                sent = 0
            except OSError as error:
                self._lose(error)
                return 0
            if sent == len(data):
                return 0
            data = memoryview(data)[sent:]
            self._loop.add_writer(self._socket, self._write_on)
        unsent += data
        if len(unsent) > MUCH_UNSENT and not self._is_full:
            self._is_full = True
            self._protocol.pause_writing()
        return len(unsent)

    def get_write_buffer_size(self) -> int:
        return len(self._unsent)

    def can_write_eof(self) -> bool:
        return True

    def write_eof(self) -> None:
        if not self._is_closing and not self._says_no_more:
            self._says_no_more = True
            if not self._unsent:
                self._shut()

    def _write_on(self) -> None:
        """The socket takes more of what it did not take."""
        unsent = self._unsent
        try:
            sent = self._socket.send(unsent)
        except (BlockingIOError, InterruptedError):
            return
        except OSError as error:
            self._lose(error)
            return
        del unsent[:sent]
        if self._is_full and len(unsent) <= LITTLE_UNSENT:
            self._is_full = False
            self._protocol.resume_writing()
        if self._unsent:
            return
        self._unsent = bytearray()
        self._loop.remove_writer(self._socket)
        if self._is_closing:
            self._lose(None)
        elif self._says_no_more:
            self._shut()

    def _shut(self) -> None:
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_WR)

    # the end

    def is_closing(self) -> bool:
        return self._is_closing

    def close(self) -> None:
        """Once all is sent."""
        if not self._is_closing:
            if not self._is_paused:
                self._loop.remove_reader(self._socket)
            self._is_closing = True
            if not self._unsent:
                self._lose(None)

    def abort(self) -> None:
        """At once."""
        self._lose(None)

    def _lose(self, error: Exception | None) -> None:
        if self._is_lost:
            return
        if not self._is_closing and not self._is_paused:
            self._loop.remove_reader(self._socket)
        if self._unsent:
            self._unsent.clear()
            self._loop.remove_writer(self._socket)
        self._is_closing = self._is_lost = True
        self._loop.call_soon(self._gone, error)

    def _gone(self, error: Exception | None) -> None:
        protocol, self._protocol = self._protocol, _NOBODY
        try:
            protocol.connection_lost(error)
        finally:
            self._socket.close()


_NOBODY = asyncio.Protocol()
"""Of what is gone."""
