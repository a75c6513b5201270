"""The HTTP server with a bound on its connections, so that the process never runs out of
descriptors.

asyncio does badly there: it logs a traceback for every connection that waits, a thousand a second,
and calls that were let in fail because no descriptor is left to reach the provider. So the limit is
raised as far as the system allows, and what is more than half of it is told 503 at once.
"""

from __future__ import annotations

import asyncio
import logging
import resource
from typing import Any

from aiohttp import web
from aiohttp.web_protocol import RequestHandler

log = logging.getLogger("uniapi.server")

WANTED_FILES = 65536
RESERVED_FILES = 24
"""Standard streams, the event loop's own, the lock, the log, the journal, files being replaced,
name look-ups.
"""
MOST_BACKLOG = 1024
QUIET_S = 60.0
"""At most one line a minute about refused connections."""
_BODY = (
    b'{"error":{"message":"This gateway has as many connections as its open-file limit'
    b' allows.","type":"server_error","param":null,"code":"too_many_connections"}}'
)
_BUSY = (
    b"HTTP/1.1 503 Service Unavailable\r\ncontent-type: application/json\r\nretry-after:"
    b" 2\r\nconnection: close\r\ncontent-length: %d\r\n\r\n%b"
    % (
        len(_BODY),
        _BODY,
    )
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


class BoundedServer(web.Server):
    """Refuses the connections that are too many, without reading their request."""

    def __init__(self, handler: Any, *, most_connections: int, **options: Any) -> None:
        super().__init__(handler, **options)
        self._most = most_connections
        self._open = 0
        self._quiet_until = 0.0

    def connection_made(self, handler: RequestHandler, transport: asyncio.Transport) -> None:
        super().connection_made(handler, transport)
        self._open += 1
        if self._open <= self._most:
            return
        transport.write(_BUSY)
        transport.close()
        now = asyncio.get_running_loop().time()
        if now >= self._quiet_until:
            self._quiet_until = now + QUIET_S
            log.warning(
                "more than %d connections, which is what the open-file limit allows: new ones get"
                " 503 (raise it with `ulimit -n`)",
                self._most,
            )

    def connection_lost(self, handler: RequestHandler, exc: BaseException | None = None) -> None:
        self._open -= 1
        super().connection_lost(handler, exc)
