"""Logging: one readable line for each thing that happened, as text or JSON, with secrets redacted
whatever the message says.
"""

from __future__ import annotations

import datetime
import json
import logging
import os
import re
import sys
import time
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any, TextIO

from uniapi.language import ENGLISH, Language
from uniapi.logs.call_log import CallLine, PassesCalls, call_line, names_of
from uniapi.logs.terminal import TerminalFormatter, has_colour, is_terminal
from uniapi.logs.text import CONTROL, fields_of, shown
from uniapi.logs.writer import FormatsMany, LinesHandler

LOG_FILE_BYTES = 10 * 1024 * 1024
LOG_FILES_KEPT = 3

_SECRET = re.compile(
    r"sk-[A-Za-z0-9_\-]{9,}"
    r"|AIza[A-Za-z0-9_\-]{20,}"
    r"|\?key=[^\s&\"',}]+|&key=[^\s&\"',}]+|Bearer [^\s&\"',}]+"
    r"|x-api-key: ?[^\s&\"',}]+|x-goog-api-key: ?[^\s&\"',}]+"
)
"""Every alternative begins with a letter that stands for itself: so a text without any of them is
passed over eight times as fast.
"""
_STAYS = re.compile(r"sk-...|AIza|.key=|Bearer |x-(?:goog-)?api-key: ?")
"""The part of it that may be shown."""
_LEVELS = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warning": logging.WARNING,
    "error": logging.ERROR,
    "critical": logging.CRITICAL,
}
LEVELS = tuple(_LEVELS)


def redact(text: str) -> str:
    """`text` with everything that looks like a key cut short."""
    return _SECRET.sub(_cut_short, text)


def _cut_short(secret: re.Match[str]) -> str:
    stays = _STAYS.match(secret[0])
    return f"{stays[0] if stays is not None else ''}…"


class _Redacting(PassesCalls):
    """Replaces the secrets it was given, and anything that looks like one, in every record; the
    formatters ask it for exceptions.
    """

    def __init__(self) -> None:
        super().__init__()
        self.cleans = self.clean
        self.secrets: tuple[str, ...] = ()
        self._count = 0
        """How many of them are in force."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record, CallLine):
            # Its text is made, and cleaned, where it is written.
            record.clean = self.clean
        else:
            record.msg, record.args = self.clean(record.getMessage()), None
        return True

    def replace(self, secrets: tuple[str, ...]) -> None:
        """Those in force from now on; lines that wait may still hold the ones before."""
        former = [secret for secret in self.secrets[: self._count] if secret not in secrets]
        self.secrets, self._count = (*secrets, *former), len(secrets)

    def holds_none(self, text: str) -> bool:
        """Whether none of the secrets it was given stands in `text`."""
        return not any(secret in text for secret in self.secrets)

    def clean(self, text: str) -> str:
        for secret in self.secrets:
            if secret in text:
                text = text.replace(secret, secret[:3] + "…")
        return text if _SECRET.search(text) is None else redact(text)


class _BadRequests(logging.Filter):
    """aiohttp shows a traceback for bytes that are no HTTP request; port scanners send those all
    day. One line each is enough.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        if error is None or not type(error).__module__.startswith("aiohttp.http"):
            return True
        record.msg, record.args, record.exc_info = (
            f"a request that is no HTTP: {type(error).__name__}",
            None,
            None,
        )
        record.levelno, record.levelname = logging.INFO, "INFO"
        return logging.getLogger().isEnabledFor(logging.INFO)


class _JsonFormatter(logging.Formatter):
    def __init__(self, redacting: _Redacting) -> None:
        super().__init__()
        self._redacting = redacting

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": datetime.datetime.fromtimestamp(record.created)
            .astimezone()
            .isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.message if hasattr(record, "message") else record.getMessage(),
        }
        fields = fields_of(record)
        if fields:
            line.update(
                {
                    name: self._redacting.clean(value) if isinstance(value, str) else value
                    for name, value in fields.items()
                }
            )
        if record.exc_info:
            line["exception"] = self._redacting.clean(self.formatException(record.exc_info))
        return json.dumps(line, ensure_ascii=False).translate(_JSON_CONTROL)


_JSON_CONTROL = {code: f"\\u{code:04x}" for code in CONTROL if code >= 127}
"""Those that JSON lets stand."""


@lru_cache(maxsize=256)
def _is_plain(names: str) -> bool:
    """Whether they are shown as they are."""
    return shown(names) == names and _SECRET.search(names) is None


class _TextFormatter(FormatsMany):
    def __init__(self, redacting: _Redacting, language: Language) -> None:
        super().__init__()
        self._redacting = redacting
        self._language = language
        self._second = -1
        self._stamp = ""

    def format(self, record: logging.LogRecord) -> str:
        message = self._language.say(record.getMessage())
        line = shown(f"{self._stamp_of(record.created)} {record.levelname:<7} {message}")
        if record.exc_info:
            line += "\n" + self._redacting.clean(self.formatException(record.exc_info))
        return line

    def format_all(self, records: Sequence[logging.LogRecord]) -> str:
        """Of calls in English that went well, in which nothing has to be changed."""
        calls = [record for record in records if isinstance(record, CallLine)]
        if len(calls) < len(records) or not self._language.is_english:
            return ""
        try:
            if not all(one.call.outcome == "ok" and _is_plain(names_of(one.call)) for one in calls):
                return ""
            lines = [
                f"{self._stamp_of(one.created)} INFO    {call_line(one.call)}" for one in calls
            ]
        except Exception:
            # Who made that is found out one by one.
            return ""
        text = "\n".join([*lines, ""])
        return text if self._redacting.holds_none(text) else ""

    def _stamp_of(self, created: float) -> str:
        second = int(created)
        if second != self._second:
            self._second = second
            self._stamp = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(second))
        return self._stamp


class _Stderr(LinesHandler):
    """A stream that stays."""

    def __init__(self, stream: TextIO) -> None:
        super().__init__()
        self.stream = stream

    def write_text(self, text: str) -> None:
        self.stream.write(text)
        self.stream.flush()


def set_up_logging(
    *, level: str, file: str | None, format_name: str, language: Language = ENGLISH
) -> None:
    """Configure the root logger: to stderr, or to a size-bounded rotating file.

    `format_name` is `text` (shorter and in colour where stderr is a terminal) or `json`. Raises
    OSError when the file cannot be opened.
    """
    handler: logging.Handler
    if file is None:
        handler = _Stderr(sys.stderr)
    else:
        from .log_file import LogFile

        handler = LogFile(
            file,
            maxBytes=LOG_FILE_BYTES,
            backupCount=LOG_FILES_KEPT,
            encoding="utf-8",
            errors="backslashreplace",
        )
    redacting = _Redacting()
    handler.setFormatter(_formatter(redacting, file, format_name, language))
    handler.addFilter(redacting)
    if file is None and format_name == "text" and _are_one(sys.stdout, sys.stderr):
        handler.addFilter(_NotPrinted())
    # A full quota must not print a traceback for every line that cannot be written.
    logging.raiseExceptions = False
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(_LEVELS[level])
    logging.getLogger("aiohttp").setLevel(max(logging.WARNING, _LEVELS[level]))
    logging.getLogger("aiohttp.server").filters[:] = [_BadRequests()]
    logging.getLogger("asyncio").setLevel(logging.WARNING)


class _NotPrinted(PassesCalls):
    """What stands in the same place already needs no line."""

    def filter(self, record: logging.LogRecord) -> bool:
        return not getattr(record, "is_printed", False)


def _are_one(one: TextIO, other: TextIO) -> bool:
    """Whether both lead to one file, pipe or terminal (`>log 2>&1`)."""
    try:
        return os.path.samestat(os.fstat(one.fileno()), os.fstat(other.fileno()))
    except (OSError, ValueError):
        return False


def _formatter(
    redacting: _Redacting, file: str | None, format_name: str, language: Language
) -> logging.Formatter:
    if format_name == "json":
        return _JsonFormatter(redacting)
    if file is None and is_terminal(sys.stderr):
        is_coloured = has_colour(sys.stderr, os.environ)
        return TerminalFormatter(sys.stderr, redacting.clean, language, is_coloured=is_coloured)
    return _TextFormatter(redacting, language)


def set_secrets(secrets: Iterable[str]) -> None:
    """The secrets of the configuration in force: none of them is ever written out, whatever form it
    has.
    """
    known = tuple(sorted({secret for secret in secrets if len(secret) >= 6}, key=len, reverse=True))
    for handler in logging.getLogger().handlers:
        for one in handler.filters:
            if isinstance(one, _Redacting):
                one.replace(known)
