"""One connection of the lane of plain requests.

A connection is read here until a request comes that is not plain (`wire.plain_head`), or for a path
or method that is not ours. From that request's first byte on it is aiohttp's, which stays the only
reader of odd requests, and it never comes back. Nothing has been acted on by then.

Rules
 1. One request at a time: the next one's head is looked at when the answer before it is written.
    What a client sends ahead is kept, MAX_AHEAD_BYTES of it; then its socket is not read.
 2. A head is whole within HEAD_S of the connection's beginning, or of its own first byte, and has
    at most MAX_HEAD_BYTES. Between requests a connection may be idle for KEEPALIVE_S.
 3. A client that leaves cancels the handler of its request. One that only says that it sends no
    more has left as well, LEFT_S later: to TCP both begin alike.
 4. Of a request that was answered before all of its body came, the rest is read and dropped for
    LINGER_S, because most clients read the answer only then.

The handler of a request is a task that its connection holds.
"""

from __future__ import annotations

import asyncio
import logging
import re
from functools import partial
from typing import TYPE_CHECKING, cast

from uniapi.gateway import STALLED_READER_S
from uniapi.tcp import GONE, TcpTransport
from uniapi.wire import plain_head

from .connections import (
    BUSY,
    HEAD_S,
    LARGE_HEAD,
    LEFT_S,
    MAX_HEAD_BYTES,
    SLOW_HEAD,
    HeadRefusal,
)
from .edge_body import EdgeBody
from .incoming import Incoming
from .paths import find_route
from .unread import MOST_BYTES

if TYPE_CHECKING:
    from .edge import Edge

log = logging.getLogger("uniapi.edge")

KEEPALIVE_S = 75.0
LINGER_S = 10.0
MAX_AHEAD_BYTES = 128 * 1024
WITHOUT_END = 1 << 62
"""Bytes that are dropped, however many come."""

_HEAD_END = b"\r\n\r\n"
_LONE_LINE_FEED = re.compile(rb"(?<!\r)\n")


class EdgeConnection(asyncio.Protocol):
    """One connection; the ClientLine of the request that it serves."""

    __slots__ = (
        "_ahead",
        "_body",
        "_drained",
        "_due",
        "_edge",
        "_goes_on",
        "_has_served",
        "_is_full",
        "_is_held",
        "_seen",
        "_timer",
        "_transport",
        "is_last",
        "peer",
        "task",
    )

    def __init__(self, edge: Edge) -> None:
        self.peer: str | None = None
        self.is_last = edge.is_stopping
        self._edge = edge
        self._transport: TcpTransport | None = None
        self._ahead = bytearray()
        """What came and belongs to no request yet."""
        self._seen = 0
        """How much of `_ahead` holds no end of a head."""
        self._body: EdgeBody | None = None
        """Of the request being served or lingered for; None between requests."""
        self.task: asyncio.Task[None] | None = None
        """The handler of the request being served."""
        self._has_served = False
        self._goes_on = True
        self._is_full = False
        self._is_held = False
        """Whether the socket is not being read."""
        self._drained: asyncio.Future[None] | None = None
        self._due = 0.0
        self._timer: asyncio.TimerHandle | None = None

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # One of ours, or what a test has in its place.
        self._transport = cast("TcpTransport", transport)
        self._edge.connections.add(self)
        address = transport.get_extra_info("peername")
        self.peer = address[0] if address else None
        if not self._edge.table.opened(self):
            self.write(self._edge.unread.answer(BUSY, self.peer, b""))
            transport.close()
            return
        self._expect_within(HEAD_S)

    def data_received(self, data: bytes) -> None:
        body = self._body
        if body is not None and body.missing:
            taken = body.missing
            body.feed(data[:taken])
            data = data[taken:]
            if self.task is None and not body.missing:
                self._ahead += data
                self._next()
                return
        if not data:
            return
        if body is not None:
            self._ahead += data
            if len(self._ahead) > MAX_AHEAD_BYTES:
                self.hold()
        elif self._ahead:
            self._ahead += data
            self._look(self._ahead)
        else:
            self._look(data)

    def eof_received(self) -> bool:
        """The client sends no more."""
        if self.task is None or self._body is None or self._body.missing:
            return False
        self.is_last = True
        self._edge.loop.call_at(self._edge.loop.time() + LEFT_S, self._leave)
        return True

    def _leave(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def pause_writing(self) -> None:
        self._is_full = True

    def resume_writing(self) -> None:
        self._is_full = False
        if self._drained is not None and not self._drained.done():
            self._drained.set_result(None)

    def connection_lost(self, error: Exception | None) -> None:
        self._transport = None
        self._edge.connections.discard(self)
        self._edge.table.closed(self)
        if self._timer is not None:
            self._timer.cancel()
        if self.task is not None:
            self.task.cancel()

    # ClientLine

    def is_closing(self) -> bool:
        return self._transport is None or self._transport.is_closing()

    def write(self, data: bytes) -> int:
        return GONE if self._transport is None else self._transport.write(data)

    def backlog(self) -> int:
        return 0 if self._transport is None else self._transport.get_write_buffer_size()

    async def drain(self) -> None:
        if self._is_full and not self.is_closing():
            self._drained = self._edge.loop.create_future()
            await self._drained
            self._drained = None
        if self._transport is None:
            raise ConnectionResetError("the client has left")

    def abort(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    # reading

    def hold(self) -> None:
        """Read no more of the client's for now."""
        if not self._is_held and not self.is_closing() and self._transport is not None:
            self._is_held = True
            self._transport.pause_reading()

    def release(self) -> None:
        """Read on."""
        if self._is_held and not self.is_closing() and self._transport is not None:
            self._is_held = False
            self._transport.resume_reading()

    def _look(self, data: bytes | bytearray) -> None:
        """At the head of the next request, with which `data` begins: serve it, wait for its end, or
        hand it over.
        """
        end = data.find(_HEAD_END, max(0, self._seen - 3))
        if end < 0:
            self._wait_for_end(data)
            return
        front, written = self._edge.front, bytes(data[:end])
        known = front.known(written)
        if known is not None:
            visitor, length = known
            body = self._take(length, data, end + 4)
            incoming = Incoming(visitor.head, body, self, visitor.route, visitor=visitor)
            incoming.length = length
            self._serve(incoming)
            return
        head = plain_head(written)
        route = find_route(head.path, head.method) if head is not None else None
        if head is None or route is None or head.method not in route.methods:
            self._hand_over(data)
            return
        body = self._take(head.length or 0, data, end + 4)
        self._serve(Incoming(head, body, self, route, partial(front.remember, written)))

    def _wait_for_end(self, data: bytes | bytearray) -> None:
        """Of a head, unless it shows already that it is not plain."""
        if len(data) > MAX_HEAD_BYTES:
            self._refuse(LARGE_HEAD, data)
            return
        if not 0x41 <= data[0] <= 0x5A or _LONE_LINE_FEED.search(data, max(0, self._seen - 1)):
            self._hand_over(data)
            return
        if self._seen == 0 and self._has_served:
            self._expect_within(HEAD_S)
        if data is not self._ahead:
            self._ahead = bytearray(data)
        self._seen = len(data)
        self.release()

    def _take(self, length: int, data: bytes | bytearray, start: int) -> EdgeBody:
        """The body of the next request, which begins at `start`; what comes after it stays. Of what
        was sent ahead nothing is copied: a bytearray lets go of its front.
        """
        end = start + length
        body = self._body = EdgeBody(self, length, bytes(data[start:end]))
        if data is self._ahead:
            del self._ahead[:end]
            if self._is_held and len(self._ahead) <= MAX_AHEAD_BYTES // 2:
                self.release()
        elif end < len(data):
            self._ahead = bytearray(data[end:])
        return body

    def _serve(self, incoming: Incoming) -> None:
        self._seen = 0
        self._has_served = True
        self._edge.table.busy(self)
        self.task = self._edge.loop.create_task(self._answer(incoming))

    async def _answer(self, incoming: Incoming) -> None:
        try:
            reply = await self._edge.front.answer(incoming)
            self._goes_on = reply.keeps_alive
            is_ended = reply.is_ended
        except BaseException:
            self.abort()
            raise
        finally:
            self.task = None
        if not is_ended:
            self.abort()
        elif self._body is not None and self._body.missing:
            self._linger(self._body)
        else:
            self._next()

    def _linger(self, body: EdgeBody) -> None:
        body.drop()
        self.release()
        self._expect_within(LINGER_S)

    def _next(self) -> None:
        """The request is answered, and all of it was read."""
        self._body = None
        if self._transport is None:
            return
        if not self._goes_on or self._edge.is_stopping:
            self._close()
            return
        self._edge.table.idle(self)
        self._expect_within(KEEPALIVE_S)
        if self._ahead:
            self._look(self._ahead)
        elif self._is_held:
            self.release()

    def _hand_over(self, data: bytes | bytearray) -> None:
        """From here on the connection is aiohttp's."""
        if self._edge.odd.is_open:
            self._give_away(data)
            return
        self._ahead = bytearray(data)
        self.hold()
        self.task = self._edge.loop.create_task(self._open_odd_way())

    async def _open_odd_way(self) -> None:
        await self._edge.odd.open()
        self.task = None
        self.release()
        self._give_away(self._ahead)

    def _give_away(self, data: bytes | bytearray) -> None:
        transport, edge = self._transport, self._edge
        if transport is None or transport.is_closing():
            return
        if self._timer is not None:
            self._timer.cancel()
        self._transport = None
        edge.connections.discard(self)
        edge.table.closed(self)
        odd = edge.odd.connection()
        transport.set_protocol(odd)
        odd.connection_made(transport)
        if self._is_full:
            odd.pause_writing()
        odd.data_received(bytes(data))
        if self._is_held:
            transport.resume_reading()

    # time

    def _expect_within(self, seconds: float) -> None:
        """What is waited for has to come by then. A timer that is armed for an earlier moment stays
        and looks again, so that a request costs none.
        """
        due = self._due = self._edge.loop.time() + seconds
        if self._timer is not None and self._timer.when() > due:
            self._timer.cancel()
            self._timer = None
        if self._timer is None:
            self._timer = self._edge.loop.call_at(due, self._tick)

    def _tick(self) -> None:
        self._timer = None
        if self.task is not None or self._transport is None:
            return
        if self._edge.loop.time() < self._due:
            self._timer = self._edge.loop.call_at(self._due, self._tick)
        elif self._transport.is_closing():
            self._transport.abort()
        elif self._body is None and self._ahead:
            self._refuse(SLOW_HEAD, self._ahead)
        else:
            self._close()

    def _refuse(self, why: HeadRefusal, data: bytes | bytearray) -> None:
        """Say why, and drop what is still sent, so that the client comes to read it."""
        self.write(self._edge.unread.answer(why, self.peer, bytes(data[:MOST_BYTES])))
        if self._transport is None or self._transport.is_closing():
            return
        self._transport.write_eof()
        self._ahead = bytearray()
        self._goes_on = False
        self._body = EdgeBody(self, WITHOUT_END, b"")
        self._linger(self._body)

    # the end

    def _close(self) -> None:
        """Once the client has taken what was written, or STALLED_READER_S later."""
        if self._transport is not None:
            self._transport.close()
            self._expect_within(STALLED_READER_S)

    def stop(self) -> None:
        """No more requests: an idle connection ends now."""
        self.is_last = True
        if self._body is None:
            self._close()

    def give_way(self) -> None:
        """Another connection needs the place."""
        self.abort()

    def abandon(self) -> None:
        """End at once."""
        self.abort()
        if self.task is not None:
            self.task.cancel()
