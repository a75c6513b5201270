"""Function names as the API takes them: a letter or `_`, then letters, digits, `_`, `.`, `:`, `-`, up to 128 characters.

The map is a function of the request alone, so the decoder of the answer rebuilds it and gives the client its own names back.
https://ai.google.dev/api/caching#FunctionDeclaration (Vertex AI takes 64 characters of older models; longer names are rare and pass on the newer ones).
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable

from uniapi.canonical import HostedTool, Tool

MAX_NAME = 128
_REFUSED = re.compile(r"[^a-zA-Z0-9_.:-]")
_START = re.compile(r"[a-zA-Z_]")


class ToolNames:
    """Wire names of a request's tools, both ways. Two tools whose cleaned names collide stay apart by a checksum of the second."""

    def __init__(self, tools: Iterable[Tool | HostedTool]) -> None:
        self._tools: dict[str, Tool] = {}
        self._wire: dict[tuple[str | None, str], str] = {}
        for tool in tools:
            if isinstance(tool, Tool) and (tool.namespace, tool.name) not in self._wire:
                name = self._free_name(_qualified(tool.namespace, tool.name))
                self._wire[tool.namespace, tool.name] = name
                self._tools[name] = tool

    def wire(self, name: str, namespace: str | None = None) -> str:
        """The name to send; a tool that is not offered (one of an earlier turn) gets the plain cleaned one."""
        return self._wire.get((namespace, name)) or clean_name(_qualified(namespace, name))

    def tool(self, wire_name: str) -> Tool | None:
        """The client's tool behind a name the model used."""
        return self._tools.get(wire_name)

    def items(self) -> list[tuple[str, Tool]]:
        """Every tool once, under its wire name."""
        return list(self._tools.items())

    def _free_name(self, qualified: str) -> str:
        cleaned = clean_name(qualified)
        if cleaned not in self._tools:
            return cleaned
        return f"{cleaned[: MAX_NAME - 9]}_{zlib.crc32(qualified.encode('utf-8', 'replace')):08x}"


def clean_name(name: str) -> str:
    """`name` with every character the API refuses replaced; never empty."""
    cleaned = _REFUSED.sub("_", name)
    if not _START.match(cleaned):
        cleaned = "_" + cleaned
    return cleaned[:MAX_NAME]


def _qualified(namespace: str | None, name: str) -> str:
    if not namespace:
        return name
    return f"{namespace}{name}" if namespace.endswith("__") else f"{namespace}__{name}"
