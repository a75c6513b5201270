"""What is said to who sent something that never becomes a request: in the dialect of whoever seems
to ask, as far as the bytes tell, with a line in the log.
"""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Callable

from .connections import BUSY, HeadRefusal
from .paths import dialect_of
from .quiet import Quiet

log = logging.getLogger("uniapi.server")

MOST_LINES = 20
"""About bytes that are no request, a minute and address."""
MOST_BYTES = 4096
"""So much is looked at, to guess who asks."""

_REQUEST_LINE = re.compile(rb"[A-Za-z]{1,16} (/[!-~]{0,1024})")
_FIELD_NAME = re.compile(rb"\r\n([!-9;-~]{1,64}):")


class Unread:
    """Says no, for every lane. `now`: seconds that only go forward."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._quiet = Quiet(MOST_LINES)

    def answer(self, why: HeadRefusal, address: str | None, data: bytes) -> bytes:
        """The whole answer to `data`, which came from this address."""
        request_id = os.urandom(12).hex()
        if why is not BUSY:
            self._tell(why, address or "unknown", request_id)
        return why.answer(request_id, _dialect(data[:MOST_BYTES]))

    def _tell(self, why: HeadRefusal, address: str, request_id: str) -> None:
        unwritten = self._quiet.unwritten(address, self._now())
        if unwritten is not None:
            more = f" ({unwritten} more since the last line)" if unwritten else ""
            log.info("%s - %s from %s%s", request_id, why.what, address, more)


def _dialect(data: bytes) -> str:
    """Of the path and the names of headers that stand in `data`."""
    line = _REQUEST_LINE.match(data)
    path = line[1].partition(b"?")[0].decode("ascii") if line else "/"
    return dialect_of(path, {name.decode("ascii").lower() for name in _FIELD_NAME.findall(data)})
