"""YAML text → a tree of nodes that know where they stand.

Made from PyYAML's composed nodes, with the meaning of its safe loader: anchors, aliases and merge
keys work, `yes` is a boolean, unknown tags are refused. Nothing is turned into a number or a time
yet, so that a key or model name made of digits stays the text it was. `${VAR}` and
`${VAR:-default}` are expanded scalar by scalar, after the syntax is settled, so a value can never
break it. Size, depth and what aliases unfold to are bounded.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import yaml

from .load import RemoteVariables
from .nodes import Kind, Member, Node, ProblemList
from .problems import Problem
from .secrets import looks_secret, mask
from .yaml_faults import broken_yaml

MAX_CHARACTERS = 1024 * 1024


MAX_DEPTH = 60


MAX_NODES = 100_000


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


_VARIABLE = re.compile(r"\$\$\{|\$\{(?:([A-Za-z_][A-Za-z0-9_]*)(?:(:-)([^{}]*))?\})?")


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
        report.add(broken_yaml(error, text))
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
        unset = (
            "is not set for a configuration from elsewhere; name it in CONFIG_ENV"
            if isinstance(self._environment, RemoteVariables)
            else "is not set; set it"
        )
        self._report.error(
            here,
            f"the environment variable `{name}` {unset}, or give a default: `${{{name}:-value}}`",
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
