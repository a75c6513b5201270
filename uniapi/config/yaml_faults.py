"""PyYAML's complaints as problems: the place, and for the usual mistakes what to do."""

from __future__ import annotations

import yaml

from .schema import Problem

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


def broken_yaml(error: yaml.YAMLError, text: str) -> Problem:
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
