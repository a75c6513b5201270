"""Keys and tables of a TOML text found, put and dropped in place. Of TOML only as much is
understood as tells where a top-level value or a table begins and ends; what could be meant in
another way (dotted keys, inline tables for the same thing) is refused.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator

from uniapi.values import dataclass

from .jsonc_text import TextRefused

_HEADER = re.compile(r"\s*\[(?!\[)([^\]\n]+)\]\s*(?:#.*)?$")
_ANY_HEADER = re.compile(r"\s*\[")
_KEY = re.compile(r"""\s*([A-Za-z0-9_-]+|"[^"\n]*"|'[^'\n]*')\s*(\.|=)""")
_STOP = re.compile(r"""\"{3}|'{3}|["'#\[\]{}\n]""")


@dataclass(frozen=True, slots=True)
class _Span:
    """`start` and `end` of a key's value, or of a table with its header; `line` begins the line."""

    line: int
    start: int
    end: int


def check(text: str) -> None:
    """Raises TextRefused for a text that is no TOML, where Python can tell (3.11 and newer)."""
    if sys.version_info >= (3, 11):
        import tomllib

        try:
            tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise TextRefused(str(error)) from None


def find(text: str, path: tuple[str, ...]) -> str | None:
    """The text of a top-level value, or of a whole table."""
    span = _table(text, path) if len(path) > 1 else _key(text, path[0])
    return None if span is None else text[span.start : span.end]


def put(text: str, path: tuple[str, ...], raw: str) -> str:
    """The text with that value or table. A new key goes before the first table, a new table to the
    end.
    """
    if len(path) > 1:
        span = _table(text, path)
        if span is not None:
            return text[: span.start] + raw + text[span.end :]
        head = text.rstrip("\n")
        return (f"{head}\n\n" if head else "") + raw
    span = _key(text, path[0])
    if span is not None:
        return text[: span.start] + raw + text[span.end :]
    place = _first_header(text)
    head = text[:place]
    gap = "" if not head or head.endswith("\n") else "\n"
    return head + gap + f"{path[0]} = {raw}\n" + text[place:]


def drop(text: str, path: tuple[str, ...]) -> str:
    """The text without it."""
    if len(path) > 1:
        span = _table(text, path)
        return text if span is None else text[: span.start].rstrip("\n") + "\n" + text[span.end :]
    span = _key(text, path[0])
    if span is None:
        return text
    end = text.find("\n", span.end)
    return text[: span.line] + ("" if end < 0 else text[end + 1 :])


def _stops(text: str) -> Iterator[tuple[int, str]]:
    """Brackets, line ends and comments that are not inside a string, with where they stand."""
    position = 0
    while stop := _STOP.search(text, position):
        kind, position = stop[0], stop.end()
        if kind[0] in "\"'":
            position = _closing(text, position, kind)
        else:
            yield stop.start(), kind
            if kind == "#":
                position = _line_end(text, position)


def _closing(text: str, position: int, quote: str) -> int:
    """Behind the quote that ends a string; a string of one line ends with its line."""
    limit = len(text) if len(quote) == 3 else _line_end(text, position)
    while (found := text.find(quote, position, limit)) >= 0:
        position = found + len(quote)
        if quote[0] == "'" or not _is_escaped(text, found):
            return position
    return limit


def _is_escaped(text: str, position: int) -> bool:
    start = position
    while text[start - 1 : start] == "\\":
        start -= 1
    return (position - start) % 2 == 1


def _line_end(text: str, position: int) -> int:
    end = text.find("\n", position)
    return len(text) if end < 0 else end


def _lines(text: str) -> list[int]:
    """Where each line begins that is not inside a value."""
    starts, depth = [0], 0
    for position, kind in _stops(text):
        if kind in "[{":
            depth += 1
        elif kind in "]}":
            depth -= 1
        elif kind == "\n" and not depth:
            starts.append(position + 1)
    return [start for start in starts if start < len(text)]


def _first_header(text: str) -> int:
    for start in _lines(text):
        if _ANY_HEADER.match(text, start):
            return start
    return len(text)


def _key(text: str, name: str) -> _Span | None:
    lines, limit = _lines(text), _first_header(text)
    for number, start in enumerate(lines):
        found = _KEY.match(text, start)
        if start >= limit or found is None or found[1].strip("\"'") != name:
            continue
        if found[2] == ".":
            raise TextRefused(f"{name} is written with dots, which is left to you")
        following = lines[number + 1] if number + 1 < len(lines) else len(text)
        value = text[found.end() : following]
        bare = _without_comment(value)
        begin = found.end() + len(value) - len(value.lstrip(" \t"))
        return _Span(start, begin, found.end() + len(bare))
    return None


def _without_comment(value: str) -> str:
    for position, kind in _stops(value):
        if kind == "#":
            return value[:position].rstrip()
    return value.rstrip()


def _table(text: str, path: tuple[str, ...]) -> _Span | None:
    if path[0] in {found[1].strip("\"'") for found in _top_keys(text)}:
        raise TextRefused(f"{path[0]} is written inline, which is left to you")
    lines = _lines(text)
    for number, start in enumerate(lines):
        header = _HEADER.match(text[start:].split("\n", 1)[0])
        if header is None or _names(header[1]) != path:
            continue
        end = next(
            (later for later in lines[number + 1 :] if _ANY_HEADER.match(text, later)), len(text)
        )
        return _Span(start, start, end)
    return None


def _top_keys(text: str) -> list[re.Match[str]]:
    limit = _first_header(text)
    matches = [_KEY.match(text, start) for start in _lines(text) if start < limit]
    return [found for found in matches if found is not None]


def _names(header: str) -> tuple[str, ...]:
    return tuple(part.strip().strip("\"'") for part in header.split("."))
