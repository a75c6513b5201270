"""A configuration file as nodes that know where they stand, and the report that collects what is
wrong. `yaml_tree` makes them.
"""

from __future__ import annotations

from typing import Literal

from uniapi.values import dataclass

from .problems import Problem
from .secrets import looks_secret, mask

Kind = Literal["map", "list", "text", "int", "float", "bool", "null", "time"]

_KIND_WORDS = {"map": "a map", "list": "a list", "null": "nothing"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One value of the file.

    `text` is a scalar's text after expansion, `written` what the file holds; `path` as in
    `providers[2].model[0]`; line and column from 1.
    """

    path: str
    line: int
    column: int
    kind: Kind
    text: str = ""
    written: str = ""
    empty_variables: tuple[str, ...] = ()
    """Variables in it that are set to nothing and have no default."""
    items: tuple[Node, ...] = ()
    members: tuple[Member, ...] = ()

    def member(self, name: str) -> Node | None:
        """The value that a map has under a name; None: nothing is written there."""
        values = (one.value for one in self.members if one.key.text == name)
        found = next(values, None)
        return None if found is None or found.kind == "null" else found

    @property
    def is_scalar(self) -> bool:
        """A single value that can be read as text: anything but a map, a list and nothing."""
        return self.kind not in _KIND_WORDS

    def shown(self) -> str:
        """What was found, for a message: short, and never a secret."""
        if self.kind in _KIND_WORDS:
            return _KIND_WORDS[self.kind]
        text = mask(self.written) if looks_secret(self.written) else self.written
        text = text if len(text) <= 60 else text[:57] + "…"
        return f"`{text}`" if text else "empty text"


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One `key: value` of a map; `key.text` is its name, `key.path` the path of the value."""

    key: Node
    value: Node


class ProblemList:
    """Collects problems; `problems()` gives them in file order."""

    def __init__(self) -> None:
        self._problems: dict[Problem, None] = {}
        self._settled: set[tuple[int, int]] = set()
        self.unknown_keys: list[tuple[Node, str]] = []
        """Names that their level does not know, with the level's path."""

    def error(self, node: Node, message: str) -> None:
        self._add("error", node, message)

    def warning(self, node: Node, message: str) -> None:
        self._add("warning", node, message)

    def unknown(self, key: Node, level: str) -> None:
        """A name that is no key of `level`; what to say of it takes the whole table."""
        self.unknown_keys.append((key, level))

    def add(self, problem: Problem) -> None:
        self._problems[problem] = None

    def settle(self, node: Node) -> None:
        """Nothing more is said about the value at this place: its first problem explains those that
        would follow.
        """
        self._settled.add((node.line, node.column))

    def problems(self) -> tuple[Problem, ...]:
        return tuple(sorted(self._problems, key=lambda problem: (problem.line, problem.column)))

    def error_count(self) -> int:
        return sum(problem.severity == "error" for problem in self._problems)

    def _add(self, severity: Literal["error", "warning"], node: Node, message: str) -> None:
        if (node.line, node.column) not in self._settled:
            self.add(
                Problem(
                    severity=severity,
                    path=node.path,
                    message=message,
                    line=node.line,
                    column=node.column,
                )
            )
