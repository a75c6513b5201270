"""Tool names and call ids as the API takes them: letters, digits, `_` and `-`, names up to 128
characters.
"""

from __future__ import annotations

import re

from uniapi.dialects.tool_names import DistinctNames

_REFUSED = re.compile(r"[^a-zA-Z0-9_-]")


class ToolNames(DistinctNames):
    longest = 128

    def cleaned(self, name: str) -> str:
        return _REFUSED.sub("_", name)[: self.longest] or "tool"


class DistinctIds:
    """Ids of calls as the API takes them, each but once in a conversation: servers that count
    their calls in every answer give the same ones again.
    """

    def __init__(self) -> None:
        self._taken: set[str] = set()
        self._counts: dict[str, int] = {}

    def wire(self, call_id: str) -> str:
        base = wire_id = clean_call_id(call_id)
        while wire_id in self._taken:
            self._counts[base] = self._counts.get(base, 1) + 1
            wire_id = f"{base}_{self._counts[base]}"
        self._taken.add(wire_id)
        return wire_id


def clean_call_id(call_id: str) -> str:
    """`call_id` with every character the API refuses replaced; never empty."""
    return _REFUSED.sub("_", call_id) or "call"
