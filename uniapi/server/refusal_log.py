"""A line in the log for everybody who is refused before their call became one: a wrong key, a path
that is not there, a body that is no JSON. A person whose client is refused looks there first.

Wrong keys are a line a minute for each address, with the number of those that were not written: a
stranger who tries keys fills no disk. So are other refusals from the hundredth on.
"""

from __future__ import annotations

import logging
import re
from typing import Any

from uniapi.canonical import ClientError
from uniapi.clock import Monotonic
from uniapi.config import mask
from uniapi.values import dataclass

from .quiet import Quiet

log = logging.getLogger("uniapi.front")

MOST_LINES = 100
"""A minute and address, of other refusals than for wrong keys."""
LONGEST_WORDS = 80
"""Of a path, a code or a client's name: they are strangers' words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stranger:
    """Who was refused: the address, the key presented (None: none), the client's own name."""

    request_id: str
    method: str
    path: str
    address: str | None
    key: str | None
    agent: str


class RefusalLog:
    """Writes the lines."""

    def __init__(self) -> None:
        self._wrong_keys = Quiet()
        self._others = Quiet(MOST_LINES)

    def write(self, who: Stranger, error: ClientError, now: Monotonic) -> None:
        """One line, unless this address had its lines within the minute."""
        quiet = self._wrong_keys if error.status == 401 else self._others
        unwritten = quiet.unwritten(who.address or "", now)
        if unwritten is None:
            return
        more = f" ({unwritten} more since the last line)" if unwritten else ""
        level = logging.WARNING if error.status in (401, 403) else logging.INFO
        key = f" key {mask(who.key)}" if who.key is not None else " no key"
        agent = f" by {_cut(who.agent)}" if who.agent else ""
        log.log(
            level,
            "%s - %s %s %d %s from %s%s%s%s",
            who.request_id,
            who.method[:LONGEST_WORDS],
            _cut(who.path),
            error.status,
            _cut(error.code or _said(error.message)),
            who.address or "unknown",
            key,
            agent,
            more,
            extra={"fields": _fields(who, error)},
        )


def _fields(who: Stranger, error: ClientError) -> dict[str, Any]:
    """The same as members of a JSON line; what is not known is left out."""
    fields = {
        "request_id": who.request_id,
        "method": who.method[:LONGEST_WORDS],
        "path": _cut(who.path),
        "status": error.status,
        "code": _cut(error.code or "refused"),
        "param": error.param,
        "address": who.address,
        "client_key": None if who.key is None else mask(who.key),
        "agent": _cut(who.agent) or None,
    }
    return {name: value for name, value in fields.items() if value is not None}


def _said(message: str) -> str:
    """What is wrong, without what the client sent: that stands behind a colon or a «not»."""
    return re.split(r": |, not |; ", message, maxsplit=1)[0].rstrip(".") or "refused"


def _cut(words: str) -> str:
    return words if len(words) <= LONGEST_WORDS else words[: LONGEST_WORDS - 1] + "…"
