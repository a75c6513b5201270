"""Changes to a JSON body: one member spliced into the original bytes, every other byte equal; or
set and delete operations on the parsed object.

Splicing walks the members of an object and lets `json`'s own scanner (in C, exactly what
`json.loads` takes) find where each value ends. A member named twice counts where `json.loads` takes
it: the last one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, TypeAlias

from uniapi.values import dataclass

from .frames import LARGE_BYTES, dump_json, dump_text, give_way

Path: TypeAlias = tuple[str, ...]

_DECODER = json.JSONDecoder()
_LONG_DECODER = json.JSONDecoder(object_hook=give_way)
"""For large bodies, which are spliced in a thread."""
_BACKSLASH = ord("\\")
_STRING_MEMBER = re.compile(rb'[ \t\n\r]*:[ \t\n\r]*("[^"\\]*(?:\\.[^"\\]*)*")')
_TO_OBJECT = re.compile("\ufeff?[ \t\n\r]*(?={)")
_INTO_OBJECT = re.compile(r"\{[ \t\n\r]*")
_COLON = re.compile(r"[ \t\n\r]*:[ \t\n\r]*")
_COMMA = re.compile(r"[ \t\n\r]*,[ \t\n\r]*")
_ESCAPED_LETTER = re.compile(rb"\\u00[4-7]")
MOST_PLAIN = 1024
"""Characters in which a member is looked for at once."""
_SHORT_ESCAPES = frozenset('"\\/\b\f\n\r\t')
"""Characters that have a two-character escape in JSON, beside their `\\u…` one."""


@dataclass(frozen=True, slots=True)
class SetMember:
    """Give the member at `path` this value; objects missing on the way are made, anything else in
    the way is replaced by one.
    """

    path: Path
    value: Any


@dataclass(frozen=True, slots=True)
class DeleteMember:
    """Take the member at `path` away; nothing happens when it is not there."""

    path: Path


Operation: TypeAlias = SetMember | DeleteMember


def splice_member(body: bytes, path: Path, value: Any) -> bytes | None:
    """`body` with the value of the member at `path` replaced; None when it has no such member or is
    no JSON object.

    What follows the member is not checked, so a body that was cut off later can still be spliced.
    """
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return None
    span = _span(text, path) if path else None
    if span is None:
        return None
    start = len(text[: span[0]].encode())
    end = start + len(text[span[0] : span[1]].encode())
    return body[:start] + dump_json(value) + body[end:]


def splice_text(body: bytes, name: str, said: str, value: str) -> bytes | None:
    """`splice_member` for a body that was read already: its top-level member `name` is known to be
    there, and to be the text `said`.

    Where that name stands once in the body, nothing has to be walked to find it; that matters when
    megabytes stand before it.
    """
    # One byte is found a hundred times as fast as several, and bytes in bytes by `in` slower than
    # by `find`. With an escape of this kind the name may have another spelling.
    may_be_escaped = _BACKSLASH in body and body.find(b"\\u") >= 0
    if may_be_escaped or len(said) > LONGEST_KNOWN:
        return splice_member(body, (name,), value)
    quoted, spellings = _spellings(name, said, value)
    if body.count(quoted) != 1:
        return splice_member(body, (name,), value)
    for written, told in spellings:
        spliced = body.replace(written, told, 1)
        if spliced is not body:
            return spliced
    found = _STRING_MEMBER.match(body, body.find(quoted) + len(quoted))
    if found is None:
        return splice_member(body, (name,), value)
    start, end = found.span(1)
    return body[:start] + dump_text(value) + body[end:]


LONGEST_KNOWN = 256
"""Characters of a text that is remembered."""


@lru_cache(maxsize=1024)
def _spellings(name: str, said: str, value: str) -> tuple[bytes, list[tuple[bytes, bytes]]]:
    """How a member's name is written; how it usually is with its value, compactly or with a blank,
    and how with another one.
    """
    quoted, old, new = dump_json(name), dump_json(said), dump_json(value)
    return quoted, [(quoted + mark + old, quoted + mark + new) for mark in (b":", b": ")]


@dataclass(frozen=True, slots=True)
class MemberSplice:
    """What replacing one text came to in an object, for further objects that begin with the same
    bytes, as those of a stream do: `head` goes to the end of the old text, `new_head` to that of
    the new one.
    """

    head: bytes
    new_head: bytes
    name: bytes

    @classmethod
    def of(cls, body: bytes, spliced: bytes, name: str) -> MemberSplice | None:
        """`spliced` is `body` with its member `name` replaced; None when that is not seen at its
        first mention.
        """
        quoted = dump_text(name)
        at = body.find(quoted)
        found = _STRING_MEMBER.match(body, at + len(quoted)) if at >= 0 else None
        if found is None:
            return None
        head, rest = body[: found.end(1)], body[found.end(1) :]
        if not spliced.endswith(rest):
            return None
        new_head = spliced[: len(spliced) - len(rest)]
        if not new_head.startswith(body[: found.start(1)]):
            return None
        return cls(head, new_head, quoted)

    def splice(self, body: bytes) -> bytes | None:
        """The same of `body`; None when it does not begin alike, or may name the member again."""
        size = len(self.head)
        if not body.startswith(self.head) or body.find(self.name, size) >= 0:
            return None
        if not body.isascii() and not _is_utf8(body):
            return None
        if body.find(b"\\u00", size) >= 0 and _ESCAPED_LETTER.search(body, size) is not None:
            return None
        return self.new_head + body[size:]


def _is_utf8(body: bytes) -> bool:
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True


def insert_member(body: bytes, name: str, value: Any) -> bytes | None:
    """`body` with one more top-level member, at its end, where it also wins over an earlier one of
    its name; None when it is no JSON object.

    Only the outer braces are looked at.
    """
    end = len(body.rstrip(b" \t\n\r")) - 1
    start = len(body) - len(body.removeprefix(b"\xef\xbb\xbf").lstrip(b" \t\n\r"))
    if end <= start or body[start : start + 1] != b"{" or body[end : end + 1] != b"}":
        return None
    comma = b"," if body[start + 1 : end].strip(b" \t\n\r") else b""
    return body[:end] + comma + dump_json(name) + b":" + dump_json(value) + body[end:]


def apply_operations(body: Mapping[str, Any], operations: Iterable[Operation]) -> dict[str, Any]:
    """The object after all operations, in order.

    `body` itself and everything in it stay as they are: what changes is copied.
    """
    changed = dict(body)
    for operation in operations:
        match operation:
            case SetMember(path=path, value=value):
                _owner(changed, path[:-1])[path[-1]] = value
            case DeleteMember(path=path):
                if _has_member(changed, path):
                    del _owner(changed, path[:-1])[path[-1]]
    return changed


def _owner(body: dict[str, Any], path: Path) -> dict[str, Any]:
    """The object at `path`, copied on the way down so that it may be written to."""
    for name in path:
        inner = body.get(name)
        body[name] = body = dict(inner) if isinstance(inner, dict) else {}
    return body


def _has_member(body: Any, path: Path) -> bool:
    for name in path:
        if not isinstance(body, dict) or name not in body:
            return False
        body = body[name]
    return True


def _span(text: str, path: Path) -> tuple[int, int] | None:
    """Where the value of the member at `path` stands; None where there is none, or no object."""
    before = _TO_OBJECT.match(text)
    if before is None:
        return None
    start, end = before.end(), len(text)
    try:
        for name in path:
            found = _member_span(text, start, end, name)
            if found is None:
                return None
            start, end = found
    except (ValueError, RecursionError):
        return None
    return start, end


def _member_span(text: str, start: int, limit: int, name: str) -> tuple[int, int] | None:
    """Where the value of the object's last member `name` stands; `start` is at the opening brace,
    nothing from `limit` on belongs to the object. ValueError: no JSON.
    """
    plain = _plainly(name).match(text, start, min(limit, start + MOST_PLAIN))
    if plain is not None and not _may_recur(text, plain.end(1), limit, name):
        return plain.span(1)
    decoder = _DECODER if len(text) <= LARGE_BYTES else _LONG_DECODER
    found: tuple[int, int] | None = None
    between = _INTO_OBJECT.match(text, start)
    while between is not None and text.startswith('"', between.end()):
        key, position = decoder.raw_decode(text, between.end())
        colon = _COLON.match(text, position)
        if colon is None:
            raise ValueError("a member without a value")
        value_start = colon.end()
        _, value_end = decoder.raw_decode(text, value_start)
        if key == name:
            found = (value_start, value_end)
            # Most bodies are done here: a second member of this name would need its spelling.
            if not _may_recur(text, value_end, limit, name):
                break
        between = _COMMA.match(text, value_end)
    return found


@lru_cache(maxsize=16)
def _plainly(name: str) -> re.Pattern[str]:
    """An object that begins with plain members, up to the text of the one with this name: so do the
    frames of most streams, and nothing has to be made of the values.
    """
    text, number = r'"[^"\\\x00-\x1f]*"', "-?(?:0|[1-9][0-9]*)"
    member = rf"{text}: ?(?:{text}|{number}|true|false|null), ?"
    return re.compile(rf'{{(?:{member})*?"{re.escape(name)}": ?({text})')


def _may_recur(text: str, start: int, limit: int, name: str) -> bool:
    """Whether a member of this name could still come: its plain spelling is there, or one of its
    characters escaped.
    """
    if not _SHORT_ESCAPES.isdisjoint(name) or text.find(f'"{name}"', start, limit) >= 0:
        return True
    if text.find("\\u", start, limit) < 0:
        return False
    units = name.encode("utf-16-be", "surrogatepass")
    escapes = "|".join(
        sorted({f"{units[index]:02x}{units[index + 1]:02x}" for index in range(0, len(units), 2)})
    )
    return re.compile(rf"\\u(?:{escapes})", re.IGNORECASE).search(text, start, limit) is not None
