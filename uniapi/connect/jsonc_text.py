"""Members of a JSON text found, put and dropped in place, so that everything else keeps its bytes:
comments (`//`, `/* */`), trailing commas, order, indentation. The grammar is JSON with these two
liberties, which is what Claude Code, Gemini CLI, OpenCode and Zed read.
"""

from __future__ import annotations

import json
import re

from uniapi.values import dataclass, field

_BLANK = re.compile(r"(?:\s|//[^\n]*|/\*.*?\*/)*", re.DOTALL)
_STRING = re.compile(r'"(?:[^"\\\x00-\x1f]|\\.)*"')
_WORD = re.compile(r"-?\d[\d.eE+-]*|true|false|null")
_DEEPEST = 100


class TextRefused(ValueError):
    """The text is not what its format says, or holds what cannot be edited safely; says where."""


@dataclass(slots=True)
class _Member:
    key_start: int
    value: _Value


@dataclass(slots=True)
class _Value:
    """`members` only of an object; `comma_end` is where a trailing comma of it ends."""

    start: int
    end: int = 0
    members: dict[str, _Member] | None = None
    trailing_comma: int | None = None
    order: list[str] = field(default_factory=list)


def find(text: str, path: tuple[str, ...]) -> str | None:
    """The text of a member's value, or None where there is none."""
    value = _top(text)
    for name in path:
        if value.members is None or name not in value.members:
            return None
        value = value.members[name].value
    return text[value.start : value.end]


def put(text: str, path: tuple[str, ...], raw: str) -> str:
    """The text with this value (JSON) there; objects on the way to it are made.

    Raises TextRefused when something else than an object is in the way.
    """
    if not text.strip():
        text = "{}\n"
    value = _top(text)
    for depth, name in enumerate(path):
        if value.members is None:
            way = ".".join(path[:depth]) or "the whole"
            raise TextRefused(f"{way} is no object, so {'.'.join(path)} cannot be put into it")
        member = value.members.get(name)
        if member is None:
            return _inserted(text, value, path[depth:], raw, depth)
        value = member.value
    return text[: value.start] + _indented(raw, _indent_at(text, value.start)) + text[value.end :]


def drop(text: str, path: tuple[str, ...]) -> str:
    """The text without that member; the same text where there is none."""
    value = _top(text)
    for name in path[:-1]:
        if value.members is None or name not in value.members:
            return text
        value = value.members[name].value
    if value.members is None or path[-1] not in value.members:
        return text
    place = value.order.index(path[-1])
    member = value.members[path[-1]]
    if place + 1 < len(value.order):
        following = value.members[value.order[place + 1]].key_start
        return text[: member.key_start] + text[following:]
    end = value.trailing_comma or member.value.end
    if place:
        before = value.members[value.order[place - 1]].value.end
        comma = "," if value.trailing_comma is not None else ""
        return text[:before] + comma + text[end:]
    inner = text[value.start + 1 : member.key_start] + text[end : value.end - 1]
    return text[: value.start + 1] + ("" if not inner.strip() else inner) + text[value.end - 1 :]


def _inserted(text: str, holder: _Value, names: tuple[str, ...], raw: str, depth: int) -> str:
    for name in reversed(names[1:]):
        raw = "{\n  " + json.dumps(name, ensure_ascii=False) + ": " + _indented(raw, "  ") + "\n}"
    assert holder.members is not None
    key = json.dumps(names[0], ensure_ascii=False)
    last = holder.members[holder.order[-1]] if holder.order else None
    close = holder.end - 1
    if last is None:
        outer = _indent_at(text, holder.start)
        inner = text[holder.start + 1 : close].rstrip()
        member = f"\n{outer}  {key}: {_indented(raw, outer + '  ')}\n{outer}"
        return text[: holder.start + 1] + inner + member + text[close:]
    if "\n" not in text[holder.start : last.value.end]:
        return text[: last.value.end] + f", {key}: {_flat(raw)}" + text[last.value.end :]
    comma = "" if holder.trailing_comma is not None else ","
    after = holder.trailing_comma or last.value.end
    rest = text[after:close]
    indent = _indent_at(text, holder.members[holder.order[0]].key_start)
    end = "," if holder.trailing_comma is not None else ""
    member = f"\n{indent}{key}: {_indented(raw, indent)}{end}"
    return (
        text[:after] + comma + rest.rstrip() + member + _trailing(rest, text, holder) + text[close:]
    )


def _trailing(rest: str, text: str, holder: _Value) -> str:
    """The blanks before the closing brace, with a line of their own."""
    blanks = rest[len(rest.rstrip()) :]
    return blanks if "\n" in blanks else "\n" + _indent_at(text, holder.start)


def _flat(raw: str) -> str:
    return json.dumps(json.loads(raw), ensure_ascii=False)


def _indented(raw: str, indent: str) -> str:
    return raw.replace("\n", "\n" + indent)


def _indent_at(text: str, position: int) -> str:
    start = text.rfind("\n", 0, position) + 1
    found = re.match(r"[ \t]*", text[start:position])
    return found[0] if found else ""


def _top(text: str) -> _Value:
    """The whole text. Raises TextRefused with line and column."""
    position = _skip(text, 1 if text.startswith("\ufeff") else 0)
    value = _value(text, position, 0)
    if _skip(text, value.end) != len(text):
        raise _wrong(text, _skip(text, value.end), "nothing more")
    return value


def _skip(text: str, position: int) -> int:
    found = _BLANK.match(text, position)
    return found.end() if found else position


def _wrong(text: str, position: int, expected: str) -> TextRefused:
    line = text.count("\n", 0, position) + 1
    column = position - text.rfind("\n", 0, position)
    found = repr(text[position : position + 12]) if position < len(text) else "the end"
    return TextRefused(f"line {line}, column {column}: {expected} was expected, not {found}")


def _value(text: str, position: int, depth: int) -> _Value:
    if depth > _DEEPEST:
        raise _wrong(text, position, "less nesting")
    first = text[position : position + 1]
    if first == "{":
        return _object(text, position, depth)
    if first == "[":
        return _array(text, position, depth)
    found = (_STRING if first == '"' else _WORD).match(text, position)
    if found is None:
        raise _wrong(text, position, "a value")
    return _Value(position, found.end())


def _object(text: str, start: int, depth: int) -> _Value:
    value = _Value(start, members={})
    position = _skip(text, start + 1)
    while text[position : position + 1] != "}":
        key = _STRING.match(text, position)
        if key is None:
            raise _wrong(text, position, "a name in double quotes or }")
        colon = _skip(text, key.end())
        if text[colon : colon + 1] != ":":
            raise _wrong(text, colon, "a colon")
        member = _value(text, _skip(text, colon + 1), depth + 1)
        name = json.loads(key[0])
        assert value.members is not None
        if name in value.members:
            raise _wrong(text, position, f"another name than {name!r}, which stands above,")
        value.members[name] = _Member(position, member)
        value.order.append(name)
        position, value.trailing_comma = _after_item(text, member.end, "}")
    value.end = position + 1
    return value


def _array(text: str, start: int, depth: int) -> _Value:
    position = _skip(text, start + 1)
    while text[position : position + 1] != "]":
        position, _ = _after_item(text, _value(text, position, depth + 1).end, "]")
    return _Value(start, position + 1)


def _after_item(text: str, end: int, close: str) -> tuple[int, int | None]:
    """Where the next item or the close begins, and where a comma before a close ends."""
    position = _skip(text, end)
    if text[position : position + 1] == ",":
        following = _skip(text, position + 1)
        return following, position + 1 if text[following : following + 1] == close else None
    if text[position : position + 1] != close:
        raise _wrong(text, position, f"a comma or {close}")
    return position, None
