"""Who was refused lately before their call became one, for the page."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

from uniapi.canonical import ClientError
from uniapi.clock import Epoch
from uniapi.config import mask

from .refusal_log import LONGEST_WORDS, Stranger

MAX_STRANGERS = 50
LONGEST_MESSAGE = 300


class Strangers:
    """One row for what an address did wrong in one way, the latest 50; in memory."""

    def __init__(self) -> None:
        self._rows: OrderedDict[tuple[str, int, str], dict[str, Any]] = OrderedDict()

    def note(self, who: Stranger, error: ClientError, now_s: Epoch) -> None:
        path = who.path[:LONGEST_WORDS]
        name = (who.address or "", error.status, path)
        times = self._rows.pop(name, {}).get("times", 0) + 1
        self._rows[name] = {
            "at": now_s,
            "request_id": who.request_id,
            "method": who.method[:LONGEST_WORDS],
            "path": path,
            "status": error.status,
            "message": error.message[:LONGEST_MESSAGE],
            "address": who.address,
            "key": None if who.key is None else mask(who.key),
            "agent": who.agent[:LONGEST_WORDS],
            "times": times,
        }
        if len(self._rows) > MAX_STRANGERS:
            self._rows.popitem(last=False)

    def rows(self) -> tuple[dict[str, Any], ...]:
        """The latest first."""
        return tuple(reversed(self._rows.values()))
