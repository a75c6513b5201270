"""A request as the front sees it, whichever lane read it: its head, its body as it comes, and the
line to whoever sent it.

Two lanes fill it in: `edge` reads plain requests, `aiohttp_lane` everything else. What a request
means is decided behind this, once for both.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol
from urllib.parse import parse_qsl

from uniapi.wire import RequestHead

from .paths import Route
from .visitors import Visitor


class ClientLine(Protocol):
    """The connection to a client, for the answer to one request.

    `peer` is the address at its other end, None where there is none. `is_last`: it ends with this
    answer, whatever the request wants. `write` never blocks, and gives the backlog behind it, or
    `tcp.GONE` when the client has left and nothing was written; `backlog` is what was written and
    not taken yet, in bytes; `drain` waits while that is too much, and raises ConnectionError when
    the client leaves. `abort` cuts it off.
    """

    @property
    def peer(self) -> str | None: ...

    @property
    def is_last(self) -> bool: ...

    def is_closing(self) -> bool: ...

    def write(self, data: bytes) -> int: ...

    def backlog(self) -> int: ...

    async def drain(self) -> None: ...

    def abort(self) -> None: ...


class RequestBody(Protocol):
    """The body of a request, as it comes.

    `whole` is all of it where all has come and nothing was read; else None, and `read` gives what
    has come, at once where something has. It raises asyncio.TimeoutError when nothing comes for so
    many seconds, RequestRefused for framing that is broken, ConnectionError when the client leaves.
    """

    def whole(self) -> bytes | None: ...

    def at_eof(self) -> bool: ...

    async def read(self, seconds: float) -> bytes: ...


def keeps_nothing(visitor: Visitor) -> None:
    """Where no head is remembered."""


class Incoming:
    """One request. What its head says of it stands in `head`, but for the length of its body, None
    where none is stated; `route` is where it goes, where the lane has looked already; `visitor` is
    who sends it, where the lane knows, and `keep` is told who it is where it does not.
    """

    __slots__ = ("_query", "body", "head", "keep", "length", "line", "route", "visitor")

    def __init__(
        self,
        head: RequestHead,
        body: RequestBody,
        line: ClientLine,
        route: Route | None = None,
        keep: Callable[[Visitor], None] = keeps_nothing,
        visitor: Visitor | None = None,
    ) -> None:
        self.head = head
        self.length = head.length
        self.body = body
        self.line = line
        self.route = route
        self.visitor = visitor
        self.keep = keep
        self._query: dict[str, str] | None = None

    @property
    def method(self) -> str:
        return self.head.method

    @property
    def path(self) -> str:
        return self.head.path

    @property
    def headers(self) -> Mapping[str, str]:
        return self.head.headers

    @property
    def query(self) -> dict[str, str]:
        """The members of the query; of one that comes several times, the last."""
        if self._query is None:
            text = self.head.query
            self._query = dict(parse_qsl(text, keep_blank_values=True)) if text else {}
        return self._query
