"""YAML text → a tree of nodes that know where they stand, and the report that collects what is
wrong.

Made from PyYAML's composed nodes, with the meaning of its safe loader: anchors, aliases and merge
keys work, `yes` is a boolean, unknown tags are refused. Nothing is turned into a number or a time
yet, so that a key or model name made of digits stays the text it was. `${VAR}` and
`${VAR:-default}` are expanded scalar by scalar, after the syntax is settled, so a value can never
break it. Size, depth and what aliases unfold to are bounded.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

import yaml

from .schema import Problem
from .secrets import looks_secret, mask

MAX_CHARACTERS = 1024 * 1024
MAX_DEPTH = 60
MAX_NODES = 100_000

Kind = Literal["map", "list", "text", "int", "float", "bool", "null", "time"]

_YAML = "tag:yaml.org,2002:"
_SCALAR_KINDS: Mapping[str, Kind] = {
    _YAML + "str": "text",
    _YAML + "value": "text",
    _YAML + "merge": "text",
    _YAML + "int": "int",
    _YAML + "float": "float",
    _YAML + "bool": "bool",
    _YAML + "null": "null",
    _YAML + "timestamp": "time",
}
_COLLECTION_TAGS = {_YAML + "map", _YAML + "seq"}
_KIND_WORDS = {"map": "a map", "list": "a list", "null": "nothing"}
_VARIABLE = re.compile(r"\$\$\{|\$\{(?:([A-Za-z_][A-Za-z0-9_]*)(?:(:-)([^{}]*))?\})?")


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


def read_tree(text: str, environment: Mapping[str, str], report: ProblemList) -> Node | None:
    """The root node of the file; None when there is none, which is then reported."""
    if len(text) > MAX_CHARACTERS:
        report.add(
            Problem(
                severity="error",
                path="",
                message=f"the file has {len(text)} characters; at most {MAX_CHARACTERS} are read",
            )
        )
        return None
    try:
        composed = _compose(text)
        if composed is None:
            report.add(
                Problem(
                    severity="error",
                    path="",
                    message="the file is empty: expected `providers` and `api_keys`",
                    line=1,
                    column=1,
                )
            )
            return None
        return _Growth(environment, report).node(composed, "", 0)
    except yaml.YAMLError as error:
        report.add(_broken(error, text))
        return None


class _Loader(yaml.SafeLoader):
    """Composes nodes and nothing more; refuses to go deeper than MAX_DEPTH, because the composer
    recurses.
    """

    depth = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]
            problem = f"nested more than {MAX_DEPTH} levels deep"
            raise yaml.MarkedYAMLError(problem=problem, problem_mark=mark)
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node


def _compose(text: str) -> yaml.Node | None:
    loader = _Loader(text)
    try:
        return loader.get_single_node()
    finally:
        loader.dispose()


class _Growth:
    """Turns composed nodes into ours.

    Aliases are followed anew at each use, because a path and a place in a map belong to the use.
    """

    def __init__(self, environment: Mapping[str, str], report: ProblemList) -> None:
        self._environment = environment
        self._report = report
        self._left = MAX_NODES
        self._resolver = yaml.resolver.Resolver()

    def node(self, composed: yaml.Node, path: str, depth: int) -> Node:
        self._left -= 1
        if self._left < 0:
            raise _at(composed, f"aliases unfold to more than {MAX_NODES} values")
        if depth > MAX_DEPTH:
            raise _at(
                composed,
                f"nested more than {MAX_DEPTH} levels deep (does an alias contain itself?)",
            )
        if isinstance(composed, yaml.ScalarNode):
            return self._scalar(composed, path)
        if composed.tag not in _COLLECTION_TAGS:
            raise _at(composed, f"unknown tag `{composed.tag}`")
        line, column = _place(composed)
        if isinstance(composed, yaml.SequenceNode):
            items = tuple(
                self.node(item, f"{path}[{index}]", depth + 1)
                for index, item in enumerate(composed.value)
            )
            return Node(path=path, line=line, column=column, kind="list", items=items)
        assert isinstance(composed, yaml.MappingNode)
        return Node(
            path=path,
            line=line,
            column=column,
            kind="map",
            members=tuple(self._members(composed, path, depth)),
        )

    def _members(self, composed: yaml.MappingNode, path: str, depth: int) -> Iterator[Member]:
        """The members in file order, those of `<<` after the map's own; a name given twice is
        reported and the first one kept.
        """
        seen: dict[str, Node] = {}
        merged: list[yaml.Node] = []
        for key, value in composed.value:
            if key.tag == _YAML + "merge":
                merged.extend(value.value if isinstance(value, yaml.SequenceNode) else [value])
                continue
            if not isinstance(key, yaml.ScalarNode):
                raise _at(key, "expected text as the name of a map's member, found a map or list")
            name = self._scalar(key, path)
            name = Node(
                path=_joined(path, name.text),
                line=name.line,
                column=name.column,
                kind=name.kind,
                text=name.text,
                written=name.written,
            )
            if name.text in seen:
                self._report.error(
                    name,
                    f"{name.shown()} is already given on line {seen[name.text].line}: keep one of"
                    " the two",
                )
                continue
            seen[name.text] = name
            yield Member(key=name, value=self.node(value, name.path, depth + 1))
        for source in merged:
            if not isinstance(source, yaml.MappingNode):
                raise _at(source, "expected a map, or a list of maps, after `<<`")
            self._left -= 1
            inherited = self.node(source, path, depth + 1)
            for member in inherited.members:
                if member.key.text not in seen:
                    seen[member.key.text] = member.key
                    yield member

    def _scalar(self, composed: yaml.ScalarNode, path: str) -> Node:
        line, column = _place(composed)
        written = composed.value
        tag = composed.tag
        text = written
        empty: tuple[str, ...] = ()
        if "${" in written:
            here = Node(
                path=path, line=line, column=column, kind="text", text=written, written=written
            )
            text = _VARIABLE.sub(lambda found: self._expanded(found, here), written)
            empty = tuple(self._empty_variables(written))
            if composed.style is None and text != written:
                tag = self._resolver.resolve(yaml.ScalarNode, text, (True, False))  # type: ignore[no-untyped-call]
        if tag not in _SCALAR_KINDS:
            raise _at(composed, f"unknown tag `{tag}`")
        return Node(
            path=path,
            line=line,
            column=column,
            kind=_SCALAR_KINDS[tag],
            text=text,
            written=written,
            empty_variables=empty,
        )

    def _empty_variables(self, written: str) -> Iterator[str]:
        for found in _VARIABLE.finditer(written):
            name, has_default, _ = found.groups()
            if name and not has_default and self._environment.get(name) == "":
                yield name

    def _expanded(self, found: re.Match[str], here: Node) -> str:
        name, has_default, default = found.groups()
        if found[0] == "$${":
            return "${"
        if name is None:
            self._report.warning(
                here,
                "`${` is not followed by a variable name and `}`: it is left as it stands; write"
                " `$${` to say so",
            )
            return found[0]
        value = self._environment.get(name)
        if value or (value is not None and not has_default):
            return value
        if has_default:
            return str(default)
        self._report.error(
            here,
            f"the environment variable `{name}` is not set; set it, or give a default:"
            f" `${{{name}:-value}}`",
        )
        self._report.settle(here)
        return found[0]


def _place(composed: yaml.Node) -> tuple[int, int]:
    return composed.start_mark.line + 1, composed.start_mark.column + 1


def _at(composed: yaml.Node, message: str) -> yaml.MarkedYAMLError:
    return yaml.MarkedYAMLError(problem=message, problem_mark=composed.start_mark)


def _joined(path: str, name: str) -> str:
    """`path.name`, or `path["gpt-4.1"]` when the name is more than a word."""
    name = "/".join(mask(piece) if looks_secret(piece) else piece for piece in name.split("/", 1))
    if not re.fullmatch(r"\w+(?:-\w+)*", name):
        return f'{path}["{name[:60]}"]'
    return f"{path}.{name}" if path else name


_HINTS = (
    ("'\\t'", "indent with blanks, not with tabs"),
    ("character '@'", "text that begins with `@` needs quotes: '@cf/meta/…'"),
    ("character '`'", "text that begins with a backquote needs quotes"),
    ("character '%'", "text that begins with `%` needs quotes"),
    (
        "mapping values are not allowed",
        (
            "check the indentation of this line and the one above; text that contains `: ` needs"
            " quotes"
        ),
    ),
    ("expected <block end>", "check the indentation of this line: it must fit the lines above"),
    (
        "could not find expected ':'",
        "a `:` is missing on this line or the one above, or the indentation is off",
    ),
    ("undefined alias", "text that begins with `*` needs quotes"),
    ("unexpected end of stream", "a quote is opened and not closed"),
)


_WIDE = {"：": ":", "，": ",", "“": '"', "”": '"', "‘": "'", "’": "'", "－": "-", "　": " "}
"""What an editor in Chinese or Japanese puts where YAML wants its own signs."""


def _wide_hint(line: str) -> str:
    """`: write …` for the first such sign of a line, outside of a comment."""
    found = next((sign for sign in line.partition("#")[0] if sign in _WIDE), None)
    return f": the line has a `{found}`; write `{_WIDE[found]}`" if found is not None else ""


def _broken(error: yaml.YAMLError, text: str) -> Problem:
    """PyYAML's complaint with its place and, for the usual mistakes, what to do."""
    line = column = 0
    message = str(error)
    if isinstance(error, yaml.MarkedYAMLError):
        mark = error.problem_mark or error.context_mark
        if mark is not None:
            line, column = mark.line + 1, mark.column + 1
        message = ", ".join(piece for piece in (error.context, error.problem) if piece)
    elif isinstance(error, yaml.reader.ReaderError):
        before = text[: error.position]
        line, column = before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1
        message = f"the character #x{ord(str(text[error.position])):04x} is not allowed in YAML"
    lines = text.splitlines()[max(line - 2, 0) : line]
    wide = next(filter(None, map(_wide_hint, lines)), "")
    hint = wide or next((f": {advice}" for sign, advice in _HINTS if sign in message), "")
    return Problem(
        severity="error",
        path="",
        message=f"not valid YAML: {message}{hint}",
        line=line,
        column=column,
    )
