"""Log lines on a terminal, for a person who looks on: 80 columns, the status in colour, the id of a
request short, the time only where it has changed. Files and JSON have everything.
"""

from __future__ import annotations

import logging
import os
import time
import unicodedata
from collections.abc import Mapping
from typing import Any, TextIO

from uniapi.language import ENGLISH, Language
from uniapi.logs.text import fields_of, shown

SHORT_ID = 6
NARROWEST, WIDEST = 40, 200
USUAL_WIDTH = 80
_INDENT = 9
"""Columns of the time and the blank behind it."""
_LEVELS = {"WARNING": "33", "ERROR": "31", "CRITICAL": "31"}
_FAINT, _RED, _YELLOW, _GREEN = "2", "31", "33", "32"


def is_terminal(stream: TextIO) -> bool:
    """Whether somebody looks on."""
    try:
        return stream.isatty()
    except ValueError:
        return False


def has_colour(stream: TextIO, environment: Mapping[str, str]) -> bool:
    """Whether the terminal takes colours and its user wants them (https://no-color.org)."""
    is_wanted = not environment.get("NO_COLOR") and environment.get("TERM") != "dumb"
    return is_wanted and is_terminal(stream)


def width_of(stream: TextIO) -> int:
    """Its columns now."""
    try:
        columns = os.get_terminal_size(stream.fileno()).columns
    except (OSError, ValueError):
        return USUAL_WIDTH
    return min(max(columns, NARROWEST), WIDEST) if columns else USUAL_WIDTH


class TerminalFormatter(logging.Formatter):
    """A record as lines that fit. `clean` takes the secrets out of an exception's text."""

    def __init__(
        self, stream: TextIO, clean: Any, language: Language = ENGLISH, *, is_coloured: bool
    ) -> None:
        super().__init__()
        self._stream = stream
        self._clean = clean
        self._language = language
        self._is_coloured = is_coloured
        self._last_stamp = ""
        self._last_day = ""

    def format(self, record: logging.LogRecord) -> str:
        width = width_of(self._stream)
        fields = fields_of(record)
        tell = self._told
        if "total_ms" in fields:
            tell = self._call
        elif "method" in fields:
            tell = self._beside_calls
        body = tell(record, fields, width - _INDENT)
        text = f"{self._stamp(record)} {body}"
        if record.exc_info:
            text += "\n" + self._clean(self.formatException(record.exc_info))
        return text

    def _stamp(self, record: logging.LogRecord) -> str:
        """The time of day where it is not the last line's; a line of its own for a new day."""
        local = time.localtime(record.created)
        day, stamp = time.strftime("%Y-%m-%d", local), time.strftime("%H:%M:%S", local)
        head = f"{self._paint(day, _FAINT)}\n" if day != self._last_day else ""
        is_same = stamp == self._last_stamp and not head
        self._last_day, self._last_stamp = day, stamp
        return head + (" " * len(stamp) if is_same else self._paint(stamp, _FAINT))

    def _told(self, record: logging.LogRecord, fields: Mapping[str, Any], width: int) -> str:
        """A message, wrapped; its level where that is above the usual."""
        message = shown(self._language.say(record.getMessage()))
        request_id = fields.get("request_id", "")
        if request_id and message.startswith(request_id):
            message = request_id[:SHORT_ID] + message[len(request_id) :]
        word = record.levelname.lower() if record.levelno != logging.INFO else ""
        lines = wrapped(f"{word}: {message}" if word else message, width)
        body = ("\n" + " " * _INDENT).join(lines)
        code = _LEVELS.get(record.levelname, _FAINT if record.levelno < logging.INFO else "")
        if not word or not code:
            return body
        return self._paint(word, code) + body[len(word) :]

    def _beside_calls(
        self, record: logging.LogRecord, fields: Mapping[str, Any], width: int
    ) -> str:
        """`401 3f2a1c POST /v1/messages invalid_api_key from 10.0.0.9 key sk-abc…wxyz`, and `200
        3f2a1c laptop GET /v1/models`: two lines where one is too short.
        """
        status = fields["status"]
        message = shown(record.getMessage()).removeprefix(f"{fields['request_id']} ")
        message = f"{message} ".replace(f" {status} ", " ", 1).removeprefix("- ").rstrip()
        lines = wrapped(f"{fields['request_id'][:SHORT_ID]} {message}", width - 4)
        body = ("\n" + " " * (_INDENT + 4)).join(lines)
        outcome = "ok" if status < 400 else "refused"
        return f"{self._paint(str(status), _colour_of(status, outcome))} {body}"

    def _call(self, record: logging.LogRecord, fields: Mapping[str, Any], width: int) -> str:
        """`200 3f2a1c laptop gpt-6-sol → openai  1.2 s (first 0.3) 120+33 $0.0012` on one line: the
        names are cut where they do not fit.
        """
        status, outcome = fields.get("status", 0), fields.get("outcome", "ok")
        head = f"{status or '---'} {str(fields.get('request_id', ''))[:SHORT_ID]} "
        figures = _figures(fields)
        room = max(width - len(head) - len(figures) - 1, 12)
        names = cut(shown(self._clean(_names(fields))), room)
        is_told = outcome == "ok" or fields.get("attempts")
        words = "" if is_told else shown(self._clean(str(fields.get("error", ""))))
        line = f"{head[3:]}{names} {figures}"
        if words and words != outcome:
            line += "".join(f"\n{' ' * _INDENT}    {one}" for one in wrapped(words, width - 4))
        return self._paint(head[:3], _colour_of(status, outcome)) + line

    def _paint(self, text: str, code: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self._is_coloured and code else text


def _colour_of(status: int, outcome: str) -> str:
    if outcome == "client_left" or not status:
        return _FAINT
    if outcome == "ok" and status < 400:
        return _GREEN
    return _YELLOW if 400 <= status < 500 else _RED


def _names(fields: Mapping[str, Any]) -> str:
    """Who asked for what, and where it went."""
    model, upstream = str(fields.get("model", "")), str(fields.get("upstream_model", ""))
    provider = fields.get("provider")
    where = "" if provider is None else f" → {provider}"
    if provider is not None and upstream != model:
        where += f"/{upstream}"
    return f"{fields.get('key', '')} {model}{where}"


def _figures(fields: Mapping[str, Any]) -> str:
    """Seconds, tokens, money, as far as they are known."""
    seconds = f"{fields['total_ms'] / 1000:.1f} s"
    first = fields.get("first_token_ms")
    if first is not None:
        seconds += f" (first {first / 1000:.1f})"
    outcome, attempts = fields.get("outcome", "ok"), fields.get("attempts", 1)
    tokens = f"{fields.get('input_tokens') or 0}+{fields.get('output_tokens') or 0}"
    pieces = [
        outcome if outcome != "ok" else "",
        f"{attempts} attempts" if attempts > 1 else "",
        seconds,
        tokens if "output_tokens" in fields or "input_tokens" in fields else "",
        _money(fields.get("cost")),
    ]
    return " ".join(piece for piece in pieces if piece)


def _money(dollars: float | None) -> str:
    """Four places, and as many more as it takes to see something."""
    if dollars is None:
        return ""
    return f"${dollars:.4f}" if dollars >= 0.001 or not dollars else f"${dollars:.6f}"


def columns_of(text: str) -> int:
    """The columns that a text takes: Chinese signs take two, marks none."""
    if text.isascii():
        return len(text)
    return sum(map(_columns, text))


def _columns(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def cut(text: str, width: int) -> str:
    """`text` in at most so many columns."""
    if columns_of(text) <= width:
        return text
    kept, used = [], 0
    for character in text:
        used += _columns(character)
        if used > width - 1:
            break
        kept.append(character)
    return "".join(kept) + "…"


def wrapped(text: str, width: int) -> list[str]:
    """`text` in lines of at most so many columns, broken at blanks where there are any."""
    lines: list[str] = []
    line: list[str] = []
    used = 0
    for word in text.split(" "):
        size = columns_of(word)
        if line and used + 1 + size > width:
            lines.append(" ".join(line))
            line, used = [], 0
        while size > width:
            head = _head(word, width)
            lines.append(head)
            word = word[len(head) :]
            size = columns_of(word)
        used += size + bool(line)
        line.append(word)
    return [*lines, " ".join(line)]


def _head(word: str, width: int) -> str:
    """As much of a word as fits, one character at least."""
    used = 0
    for place, character in enumerate(word):
        used += _columns(character)
        if used > width:
            return word[: max(place, 1)]
    return word
