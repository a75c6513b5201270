"""Tool names and call ids as Converse takes them: letters, digits, `_` and `-`, at most 64 of them.

The maps are functions of the request alone, so the decoder of the answer rebuilds them and gives
the client its own names back. Newer service models also allow `.` and `:` in ids; the narrower
alphabet is good everywhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from uniapi.canonical import HostedTool, Tool
from uniapi.dialects.tool_names import checksum, qualified_name

MAX_LENGTH = 64
_REFUSED = re.compile(r"[^a-zA-Z0-9_-]")


class ToolNames:
    """Wire names of a request's tools, both ways.

    A name that had to be changed, and might now be another's, ends in a checksum of the original.
    """

    def __init__(self, tools: Iterable[Tool | HostedTool]) -> None:
        self._tools: dict[str, Tool] = {}
        for tool in tools:
            if isinstance(tool, Tool):
                self._tools.setdefault(self.wire(tool.name, tool.namespace), tool)

    def wire(self, name: str, namespace: str | None = None) -> str:
        """The name to send."""
        return cleaned(qualified_name(name, namespace), "tool")

    def tool(self, wire_name: str) -> Tool | None:
        """The client's tool behind a name the model used."""
        return self._tools.get(wire_name)


def cleaned(text: str, stand_in: str) -> str:
    """`text` itself when the API takes it; else its letters with a checksum, the same for the same
    text. `stand_in` replaces what has no letters.
    """
    kept = _REFUSED.sub("_", text)
    if kept == text and 0 < len(text) <= MAX_LENGTH:
        return text
    ending = f"_{checksum(text)}"
    return (kept.strip("_")[: MAX_LENGTH - len(ending)] or stand_in) + ending
