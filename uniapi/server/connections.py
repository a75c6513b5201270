"""The clients' connections, counted: when there are as many as descriptors allow, the one that has
been idle the longest gives way to the newest. A stranger who opens many and says nothing, or says
it slowly, locks nobody out. One that has just come gives way to nobody before its socket was looked
at: asyncio lets in many at once, and each of them may have its request waiting there.

Idle is a connection on which no request is being answered: its head is not here yet, or the last
answer is written. asyncio does badly without such a bound: it logs a traceback for every connection
that waits, a thousand a second, and calls that were let in fail because no descriptor is left to
reach the provider.
"""

from __future__ import annotations

import logging
import resource
from collections.abc import Callable, Mapping
from typing import NamedTuple, Protocol

from uniapi.canonical import ClientError
from uniapi.dialects import CLIENT_DIALECTS
from uniapi.wire import answer_head, dump_json

from .paths import PLAIN_DIALECT

log = logging.getLogger("uniapi.server")

MAX_HEAD_BYTES = 64 * 1024
"""Of a request: its line and headers."""
HEAD_S = 15.0
"""From the opening of a connection, or the first byte of a later request, to the end of its
head.
"""
LEFT_S = 0.25
"""What can be said within it is said to a client that sends no more (`nc` at the end of its input,
a health check); its upstream is not paid for longer.
"""
WANTED_FILES = 65536
RESERVED_FILES = 24
"""Standard streams, the event loop's own, the lock, the log, the journal, files being replaced,
name look-ups.
"""
MOST_BACKLOG = 1024
QUIET_S = 60.0
"""At most one line a minute about connections that had to go."""


class Holder(Protocol):
    """A connection in the table."""

    def give_way(self) -> None:
        """Close at once: another one needs the place."""
        ...


class ConnectionTable:
    """The connections of one server, whoever reads their requests. `now`: seconds that only go
    forward; `later` calls a function in the event loop's next round.
    """

    def __init__(self, most: int, now: Callable[[], float], later: Callable[..., object]) -> None:
        self._most = most
        self._now = now
        self._later = later
        self._open: set[Holder] = set()
        self._new: set[Holder] = set()
        """Their sockets were not looked at yet."""
        self._idle: dict[Holder, None] = {}
        self._quiet_until = 0.0

    def __len__(self) -> int:
        return len(self._open)

    def opened(self, one: Holder) -> bool:
        """A connection has come. False: every other one is answering a request or has just come
        too, so this one is to be told `BUSY` and closed.
        """
        self._open.add(one)
        if len(self._open) > self._most:
            longest_idle = next(iter(self._idle), None)
            self._tell(is_refused=longest_idle is None)
            if longest_idle is None:
                return False
            self.closed(longest_idle)
            longest_idle.give_way()
        self._new.add(one)
        # asyncio begins to read in this round; what has come is read in the next one, after what
        # is called there.
        self._later(self._later, self._looked_at, one)
        return True

    def _looked_at(self, one: Holder) -> None:
        """The socket of a new one was read, if there was anything to read."""
        if one in self._new:
            self._new.discard(one)
            self._idle[one] = None

    def busy(self, one: Holder) -> None:
        """The head of a request is here: it is being answered."""
        self._new.discard(one)
        self._idle.pop(one, None)

    def idle(self, one: Holder) -> None:
        """Its answer is written."""
        if one in self._open:
            self._idle[one] = None

    def closed(self, one: Holder) -> None:
        self._open.discard(one)
        self._new.discard(one)
        self._idle.pop(one, None)

    def _tell(self, *, is_refused: bool) -> None:
        now = self._now()
        if now < self._quiet_until:
            return
        self._quiet_until = now + QUIET_S
        what = "new ones get 503" if is_refused else "the longest idle give way to new ones"
        log.warning(
            "more than %d connections, which is what the open-file limit allows: %s (raise it with"
            " `ulimit -n`)",
            self._most,
            what,
        )


class HeadRefusal(NamedTuple):
    """Why what came on a connection never became a request. `what` is for the log."""

    status: int
    code: str
    message: str
    what: str
    headers: Mapping[str, str] = {}

    def answer(self, request_id: str, dialect: str = PLAIN_DIALECT) -> bytes:
        """A whole answer, and the end of its connection."""
        kind = "server_error" if self.status >= 500 else "invalid_request_error"
        error = ClientError(status=self.status, message=self.message, code=self.code, type=kind)
        encode = CLIENT_DIALECTS[dialect].encode_error
        assert encode is not None
        body = dump_json(encode(error))
        headers = {
            "content-type": "application/json",
            "x-request-id": request_id,
            "server": "uni-api",
            "x-content-type-options": "nosniff",
            **self.headers,
            "connection": "close",
            "content-length": str(len(body)),
        }
        return answer_head(self.status, headers) + body


BUSY = HeadRefusal(
    503,
    "too_many_connections",
    "This gateway has as many connections as its open-file limit allows.",
    "one connection too many",
    {"retry-after": "2"},
)
LARGE_HEAD = HeadRefusal(
    431,
    "head_too_large",
    f"The request line and headers are larger than {MAX_HEAD_BYTES} bytes.",
    "a head that is too large",
)
SLOW_HEAD = HeadRefusal(
    408,
    "request_timeout",
    f"The request line and headers were not here within {HEAD_S:g} s.",
    "a head that came too slowly",
)
NO_HTTP = HeadRefusal(
    400, "bad_request", "This is no HTTP/1.1 request.", "a request that is no HTTP"
)
WRONG_VERSION = HeadRefusal(
    505,
    "http_version",
    "HTTP/1.1 is spoken here.",
    "another version of HTTP",
)
WRONG_CODING = HeadRefusal(
    400,
    "unsupported_transfer_coding",
    "Of transfer codings only `chunked` is understood.",
    "a transfer coding that is not understood",
)


def raise_file_limit() -> int:
    """Raise the soft limit of open files as far as this user may, up to WANTED_FILES; gives the
    limit in force.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    target = WANTED_FILES if hard == resource.RLIM_INFINITY else min(hard, WANTED_FILES)
    if soft != resource.RLIM_INFINITY and soft < target:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (target, hard))
            soft = target
        except (OSError, ValueError):
            log.debug("the open-file limit stays at %d", soft)
    return WANTED_FILES if soft == resource.RLIM_INFINITY else soft


def backlog_for(files: int) -> int:
    """How many connections may wait, which is also how many asyncio accepts in one go, before the
    bound can look at them.
    """
    return max(8, min(MOST_BACKLOG, files // 8))


def connections_for(files: int) -> int:
    """How many client connections fit: each may need one of its own towards a provider."""
    return max(4, (files - RESERVED_FILES - backlog_for(files)) // 2)
