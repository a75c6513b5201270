"""Names of tools between wires that take different ones.

Every map is a function of the request alone, so the decoder of the answer rebuilds it and gives the
client its own names back.
"""

from __future__ import annotations

import re
import zlib
from abc import ABC, abstractmethod
from collections.abc import Container, Iterable

from uniapi.canonical import HostedTool, Tool


def qualified_name(name: str, namespace: str | None) -> str:
    """The name of a tool on a wire without namespaces (Codex groups its tools in them): joined by
    two underscores.
    """
    if not namespace:
        return name
    return f"{namespace}{name}" if namespace.endswith("__") else f"{namespace}__{name}"


def checksum(name: str) -> str:
    """Eight letters that tell apart what became alike on its way to the wire."""
    return f"{zlib.crc32(name.encode('utf-8', 'replace')):08x}"


def offered_name(name: str, offered: Container[str]) -> str:
    """The tool that a model means by `name`: some put the namespace of their own training before
    it (`functions.Bash`, `default_api:Bash`) or the end of their own call syntax behind it
    (gpt-oss: `Bash<|channel|>commentary`). The name itself when none such was offered.
    """
    if name in offered or len(name) > _LONGEST:
        return name
    bare = name.partition("<|")[0].strip()
    candidates = (bare, *(bare[match.end() :] for match in _SEPARATOR.finditer(bare)))
    return next((known for known in candidates if known in offered), name)


_SEPARATOR = re.compile(r"[.:/]+")
_LONGEST = 256
"""No name of a tool with something before and behind it is longer."""


class DistinctNames(ABC):
    """Wire names of a request's tools, both ways, on a wire that takes some of the characters.

    Two tools whose cleaned names collide stay apart by a checksum of the second.
    """

    longest: int
    """How many characters the wire takes."""

    def __init__(self, tools: Iterable[Tool | HostedTool]) -> None:
        self._offered: Iterable[Tool | HostedTool] | None = tools
        self._by_wire_name: dict[str, Tool] = {}
        self._wire_names: dict[tuple[str | None, str], str] = {}

    @property
    def _tools(self) -> dict[str, Tool]:
        """By their wire names. Most answers ask for none, and some requests offer thousands."""
        if self._offered is not None:
            offered, self._offered = self._offered, None
            for tool in offered:
                self._name(tool)
        return self._by_wire_name

    def _name(self, tool: Tool | HostedTool) -> None:
        if isinstance(tool, Tool) and (tool.namespace, tool.name) not in self._wire_names:
            name = self._free_name(qualified_name(tool.name, tool.namespace))
            self._wire_names[tool.namespace, tool.name] = name
            self._by_wire_name[name] = tool

    @abstractmethod
    def cleaned(self, name: str) -> str:
        """`name` as the wire takes it, never empty; to be written by the dialect."""

    def wire(self, name: str, namespace: str | None = None) -> str:
        """The name to send; a tool that is not offered (one of an earlier turn) gets the plain
        cleaned one.
        """
        known = self._wire_names.get((namespace, name)) if self._tools else None
        return known or self.cleaned(qualified_name(name, namespace))

    def tool(self, wire_name: str) -> Tool | None:
        """The client's tool behind a name the model used."""
        tools = self._tools
        return tools.get(offered_name(wire_name, tools))

    def items(self) -> list[tuple[str, Tool]]:
        """Every tool once, under its wire name."""
        return list(self._tools.items())

    def _free_name(self, qualified: str) -> str:
        cleaned = self.cleaned(qualified)
        if cleaned not in self._by_wire_name:
            return cleaned
        return f"{cleaned[: self.longest - 9]}_{checksum(qualified)}"
