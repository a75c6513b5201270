"""Strangers' words as text that may be shown: what a client names or an upstream says must not make
lines of its own, nor move the cursor or turn the reading direction of whoever looks on; and output
that survives whatever encoding a terminal has.
"""

from __future__ import annotations

import codecs
import contextlib
import logging
from typing import Any, TextIO

LONGEST_MESSAGE = 4000
"""Characters of one message in the log."""
_DIRECTIONS = (0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A))
_INVISIBLE = (0x2028, 0x2029, 0x200B, 0x2060, 0xFEFF)
CONTROL = {
    **{code: f"\\x{code:02x}" for code in (*range(32), *range(127, 160))},
    **{code: f"\\u{code:04x}" for code in (*_DIRECTIONS, *_INVISIBLE)},
    ord("\n"): "\\n",
    ord("\t"): "\t",
}
_PLAIN = {
    "…": "...",
    "→": "->",
    "–": "-",
    "—": "-",
    "“": '"',
    "”": '"',
    "‘": "'",
    "’": "'",
    "«": '"',
    "»": '"',
    "≥": ">=",
    "≤": "<=",
    "×": "x",
    "·": "-",
    "│": "|",
    "─": "-",
}


def counted(count: int, noun: str) -> str:
    """`1 warning`, `2 warnings`."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def shown(text: str) -> str:
    """`text` on one line, without what controls a terminal."""
    if len(text) > LONGEST_MESSAGE:
        text = text[: LONGEST_MESSAGE - 1] + "…"
    # None of what controls a terminal is printable, and looking is quick.
    return text if text.isprintable() else text.translate(CONTROL)


def readable(text: str, longest: int = 1000) -> str:
    """`text` for a terminal, line by line without what controls one; of a line that is longer than
    `longest` the middle is left out.
    """
    return "\n".join(_readable(line, longest) for line in text.split("\n"))


def _readable(line: str, longest: int) -> str:
    if len(line) > longest:
        line = f"{line[: longest // 2]} … {line[-(longest // 2) :]}"
    return line.translate(CONTROL)


def fields_of(record: logging.LogRecord) -> dict[str, Any]:
    """The members that a record has beside its message; they may still have to be made."""
    fields = getattr(record, "fields", None)
    if callable(fields):
        fields = fields()
    return fields if isinstance(fields, dict) else {}


def survive_encoding(*streams: TextIO) -> None:
    """What is written to these never fails for a sign that their encoding lacks: the usual ones
    have a plain form, others are a question mark.
    """
    codecs.register_error("uniapi", _in_plain)
    for stream in streams:
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is None:
            continue
        # One that has been written to and cannot be told where it stands stays as it is.
        with contextlib.suppress(OSError, ValueError):
            reconfigure(errors="uniapi")


def _in_plain(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    text = error.object[error.start : error.end]
    return "".join(_PLAIN.get(character, "?") for character in text), error.end
