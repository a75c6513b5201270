"""PyYAML's complaints as problems: the place, and for the usual mistakes what to do."""

from __future__ import annotations

import re

import yaml

from .problems import Problem

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


_BEGAN_EARLIER = ("could not find expected ':'", "unexpected end of stream")
"""Complaints that come where the reader gave up; the mistake is where it began."""
_NO_BLANK = re.compile(r"[ ]*(?:- )?([A-Za-z_]{1,40}):(?=[^\s/])")


def broken_yaml(error: yaml.YAMLError, text: str) -> Problem:
    """PyYAML's complaint with its place and, for the usual mistakes, what to do."""
    line, column, message = _place_and_words(error, text)
    lines = text.splitlines()
    hint = next((f": {advice}" for sign, advice in _HINTS if sign in message), "")
    for number in (line - 1, line):
        written = lines[number - 1] if 0 < number <= len(lines) else ""
        found = _slip(written)
        if found is not None:
            line, (column, hint) = number, found
            break
    return Problem(
        severity="error",
        path="",
        message=f"not valid YAML: {message}{hint}",
        line=line,
        column=column,
    )


def _place_and_words(error: yaml.YAMLError, text: str) -> tuple[int, int, str]:
    """Line, column and complaint."""
    if isinstance(error, yaml.MarkedYAMLError):
        message = ", ".join(piece for piece in (error.context, error.problem) if piece)
        mark = error.problem_mark or error.context_mark
        if error.context_mark is not None and any(sign in message for sign in _BEGAN_EARLIER):
            mark = error.context_mark
        return (0, 0, message) if mark is None else (mark.line + 1, mark.column + 1, message)
    if isinstance(error, yaml.reader.ReaderError):
        before = text[: error.position]
        line, column = before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1
        sign = ord(str(text[error.position]))
        return line, column, f"the character #x{sign:04x} is not allowed in YAML"
    return 0, 0, str(error)


def _slip(line: str) -> tuple[int, str] | None:
    """Column and advice of what stands in a line that YAML cannot read as it was meant: a sign of
    a Chinese or Japanese keyboard, a missing blank.
    """
    code = line.partition("#")[0]
    wide = next((place for place, sign in enumerate(code) if sign in _WIDE), None)
    if wide is not None:
        sign = code[wide]
        return wide + 1, f": the line has a `{sign}`; write `{_WIDE[sign]}`"
    joined = _NO_BLANK.match(code)
    if joined is not None:
        return joined.end() + 1, f": a blank is missing after `{joined[1]}:`"
    return None
