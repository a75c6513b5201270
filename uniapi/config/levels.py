"""What a key of `api.yaml` is. A level is a place in the file, written as a path
(`providers[].preferences`; those without a leading name, such as `timeout`, occur at several
places); its rows stand beside the reader that uses them, and `keys` has them all.

A row holds the form that reads its value and the field it becomes, so that nothing can be
advertised and do nothing: a level is read by its rows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal, TypeAlias

from uniapi.values import dataclass, replace

from .nodes import Member, Node, ProblemList
from .values import boolean, lower_texts, wrong

Reader: TypeAlias = Callable[[Node, ProblemList], Any]
Status = Literal["used", "ignored", "unbuilt"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """A way to write a value: `said` for messages and the table, `shapes` for the JSON Schema
    (names of SHAPES in json_schema.py), `reader` for us, `level` of what it holds.
    """

    said: str
    shapes: tuple[str, ...]
    reader: Reader
    level: Level | None = None


@dataclass(frozen=True, slots=True)
class Key:
    """One key at one level.

    `field` is the member of what the level builds that the value becomes; empty for a map whose own
    keys say so, and for `enabled`, by which nothing is built. `unbuilt`: known from the
    predecessor, accepted with a warning, without effect; `ignored`: accepted in silence.
    """

    name: str
    field: str
    form: Form
    default: str
    meaning: str
    is_required: bool = False
    is_secret: bool = False
    is_credential: bool = False
    """A variable that is set to nothing is an error here; elsewhere it is as if the key were not
    written.
    """
    status: Status = "used"
    level: str = ""


def without_effect(status: Status, *rows: tuple[str, Form, str]) -> tuple[Key, ...]:
    """Keys that are known and not used: (name, form, meaning)."""
    return tuple(Key(name, "", form, "", meaning, status=status) for name, form, meaning in rows)


@dataclass(frozen=True, slots=True)
class Level:
    """The keys of one place. `builds` is the type whose fields they become, None for a plain map;
    `joint` those of its fields that its reader makes itself, because several keys make them
    together or because they depend on other values.
    """

    path: str
    builds: type | None
    keys: tuple[Key, ...]
    joint: frozenset[str] = frozenset()

    @classmethod
    def of(cls, path: str, builds: type | None, *keys: Key, joint: str = "") -> Level:
        """`joint`: the names, with blanks between them."""
        rows = tuple(replace(key, level=path) for key in keys)
        return cls(path, builds, rows, frozenset(joint.split()))

    def by_name(self) -> Mapping[str, Key]:
        return {key.name: key for key in self.keys}


def refuse_empty_variable(node: Node, report: ProblemList) -> None:
    """An error where a credential is written as a variable that is set to nothing."""
    if node.empty_variables:
        report.error(
            node,
            f"the environment variable `{node.empty_variables[0]}` is set but empty, where a key is"
            " needed",
        )
        report.settle(node)


class Section:
    """A map whose keys a level knows.

    Reports unknown and unbuilt keys at once; `get` gives the value of a key, None when it is absent
    or empty.
    """

    def __init__(self, node: Node, level: Level, report: ProblemList) -> None:
        self.node = node
        self.report = report
        self._level = level
        self._known = level.by_name()
        self._values: dict[str, Node] = {}
        for member in node.members:
            self._take(member)
        for key in level.keys:
            if key.is_required and self.get(key.name) is None:
                report.error(
                    self._values.get(key.name, node),
                    f"`{key.name}` is missing: expected {key.form.said} ({key.meaning})",
                )

    def _take(self, member: Member) -> None:
        name = member.key.text
        key = self._known.get(name)
        if key is None:
            self.report.unknown(member.key, self._level.path)
        elif key.status == "unbuilt":
            self.report.warning(
                member.key, f"`{name}` is accepted and has no effect: not built ({key.meaning})"
            )
        elif key.status == "used":
            self._values[name] = member.value
            if key.is_credential:
                refuse_empty_variable(member.value, self.report)

    def get(self, name: str) -> Node | None:
        node = self._values.get(name)
        return None if node is None or node.kind == "null" else node

    def value(self, name: str) -> Any:
        """The value of one key by its form; None when it is absent, empty or wrong (which is then
        reported).
        """
        node = self.get(name)
        return None if node is None else self._known[name].form.reader(node, self.report)

    def fields(self) -> dict[str, Any]:
        """What the rows read, by field, without the level's joint ones: the keys that are there and
        right. Where two keys become one field, the first row counts.
        """
        found: dict[str, Any] = {}
        for key in self._level.keys:
            if not key.field or key.field in self._level.joint:
                continue
            value = self.value(key.name)
            if value is not None:
                found.setdefault(key.field, value)
        return found


def section(node: Node | None, level: Level, report: ProblemList) -> Section | None:
    """The map at `node`; None when there is none or it is something else, which is then
    reported.
    """
    if node is None or node.kind == "null":
        return None
    if node.kind != "map":
        some = ", ".join(f"`{key.name}`" for key in level.keys[:3])
        name, colon, _ = node.text.partition(":") if node.kind == "text" else ("", "", "")
        is_glued = bool(colon) and name in level.by_name()
        hint = f", with a blank after the colon of `{name}:`" if is_glued else ""
        wrong(node, report, f"a map with keys such as {some}{hint}")
        return None
    return Section(node, level, report)


def patterns(node: Node, level: Level, report: ProblemList) -> Mapping[str, tuple[str, ...]] | None:
    """A `match`: member → patterns in lower case.

    An empty one would fit everything and is refused.
    """
    read = section(node, level, report)
    if read is None:
        return None
    found = read.fields()
    if not found and not any(read.get(key.name) for key in level.keys):
        report.error(node, f"expected at least one of {', '.join(key.name for key in level.keys)}")
        return None
    return found


def match_key(level: Level) -> Key:
    """The row of a rule's `match`, whose members are `level`'s."""
    form = Form(
        said="a map of member to patterns",
        shapes=("level",),
        reader=lambda node, report: patterns(node, level, report),
        level=level,
    )
    return Key("match", "match", form, "", "all of these must fit", is_required=True)


def pattern_words(node: Node, report: ProblemList) -> tuple[str, ...] | None:
    """One pattern or several; YAML's many words for a boolean become `true` and `false`."""
    if node.kind == "bool":
        return ("true" if boolean(node, report) else "false",)
    return lower_texts(node, report)


def as_written(node: Node, report: ProblemList) -> Node:
    """The value as it stands, for a reader that needs more than the value to read it."""
    return node
