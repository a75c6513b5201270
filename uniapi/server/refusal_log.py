"""A line in the log for everybody who is refused before their call became one: a wrong key, a path
that is not there, a body that is no JSON. A person whose client is refused looks there first.

Wrong keys are a line a minute for each address, with the number of those that were not written: a
stranger who tries keys fills no disk.
"""

from __future__ import annotations

import logging
from collections import OrderedDict
from dataclasses import dataclass

from uniapi.canonical import ClientError
from uniapi.clock import Monotonic
from uniapi.config import mask

log = logging.getLogger("uniapi.front")

QUIET_S = 60.0
MAX_ADDRESSES = 1000
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
    """Writes the lines. Addresses are remembered for as long as they are quiet, 1,000 at most."""

    def __init__(self) -> None:
        self._wrong_keys: OrderedDict[str, tuple[float, int]] = OrderedDict()

    def write(self, who: Stranger, error: ClientError, now: Monotonic) -> None:
        """One line, unless this address had its line about wrong keys within the minute."""
        more = ""
        if error.status == 401:
            unwritten = self._count(who.address or "", now)
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
            _cut(error.code or "refused"),
            who.address or "unknown",
            key,
            agent,
            more,
        )

    def _count(self, address: str, now: Monotonic) -> int | None:
        """How many of this address were not written since its last line; None: this one is not
        written either.
        """
        since, unwritten = self._wrong_keys.pop(address, (now - QUIET_S, 0))
        is_quiet = now - since < QUIET_S
        self._wrong_keys[address] = (since, unwritten + 1) if is_quiet else (now, 0)
        if len(self._wrong_keys) > MAX_ADDRESSES:
            self._wrong_keys.popitem(last=False)
        return None if is_quiet else unwritten


def _cut(words: str) -> str:
    return words if len(words) <= LONGEST_WORDS else words[: LONGEST_WORDS - 1] + "…"
