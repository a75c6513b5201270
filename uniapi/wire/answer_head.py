"""The head of an answer as a server writes it, and as a client reads it (RFC 9112 §4)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import NamedTuple

from uniapi.errors import WireError

from .http import LENGTH_HEADER
from .request_head import without_length

STATUS_LINES = {one.value: f"HTTP/1.1 {one.value} {one.phrase}\r\n" for one in HTTPStatus}
"""The first line of a head."""
MOST_KEPT = 32
LONGEST_KEPT = 2048
"""Bytes of a head that is remembered."""
_STATUS_LINE = re.compile(r"HTTP/1\.([01]) ([0-9]{3})(?: |$)")
_BLANK = " \t\r\n\x0b\x0c"
"""What stands around a value and is none of it: ASCII's blanks only."""


def status_line(status: int) -> str:
    """The first line of a head, of any status."""
    return STATUS_LINES.get(status) or f"HTTP/1.1 {status} \r\n"


def header_lines(headers: Mapping[str, str]) -> str:
    """Each header on its line. Raises ValueError for one that would break out of it."""
    text = "".join([f"{name}: {value}\r\n" for name, value in headers.items()])
    lines = len(headers)
    if text.count("\r") != lines or text.count("\n") != lines or "\0" in text:
        raise ValueError(f"a header of this answer holds a line break: {text!r:.200}")
    return text


class KnownHeaders(dict[str, str]):
    """Headers that many answers have alike, and never change; `lines` is how they are written.
    Raises ValueError as `header_lines` does.
    """

    __slots__ = ("lines",)

    def __init__(self, headers: Mapping[str, str]) -> None:
        super().__init__(headers)
        self.lines = header_lines(headers)


def answer_head(status: int, headers: Mapping[str, str]) -> bytes:
    """The bytes up to the body. Raises ValueError as `header_lines` does."""
    head = f"{status_line(status)}{header_lines(headers)}\r\n"
    return head.encode("utf-8", "surrogateescape")


class ReadHead(NamedTuple):
    """What a head says: names of `headers` are lower-case, the values of one that came several
    times are joined by commas (`set-cookie`, which nobody here reads, too).
    """

    status: int
    headers: dict[str, str]
    keeps_alive: bool


class HeadReader:
    """Reads heads. An origin sends much the same before all of its answers: what a head said, but
    for the length of the body, is what the same bytes say again.
    """

    def __init__(self) -> None:
        self.known: dict[bytes, ReadHead] = {}
        """Heads without the line of that length, and what they say without it."""

    def read(self, data: bytes) -> ReadHead:
        """The head in `data`, which ends before the empty line. Raises WireError."""
        rest, digits = without_length(data)
        known = self.known.get(rest)
        if known is not None and len(rest) == len(data):
            return known
        if known is not None and digits.isdigit():
            status, headers, keeps_alive = known
            return ReadHead(status, {**headers, LENGTH_HEADER: digits.decode()}, keeps_alive)
        said = read_head(data)
        stated = said.headers.get(LENGTH_HEADER, "")
        if len(rest) <= LONGEST_KEPT and stated == digits.decode("latin-1"):
            headers = said.headers.copy()
            headers.pop(LENGTH_HEADER, None)
            if len(self.known) >= MOST_KEPT:
                del self.known[next(iter(self.known))]
            self.known[rest] = ReadHead(said.status, headers, said.keeps_alive)
        return said


def head_end(data: bytes, start: int) -> tuple[int, int]:
    """Where the head that begins at `start` ends, and what follows it begins; -1 and -1 while its
    end is not here. A line of it may end in a line feed alone (RFC 9112 §2.2).
    """
    end = data.find(b"\n\r\n", start)
    bare = data.find(b"\n\n", start, len(data) if end < 0 else end + 1)
    if bare >= 0:
        end, after = bare, bare + 2
    elif end >= 0:
        after = end + 3
    else:
        return -1, -1
    is_pair = end > start and data[end - 1] == 0x0D
    return end - is_pair, after


def read_head(data: bytes) -> ReadHead:
    """As `HeadReader.read`, of one head."""
    text = data.decode("latin-1")
    # What is left of the ends of lines goes with the blanks around their values.
    first, *lines = text.split("\n")
    match = _STATUS_LINE.match(first.removesuffix("\r"))
    if match is None:
        raise WireError(f"expected an HTTP/1.1 status line, found {first[:60]!r}")
    headers = _headers(lines)
    connection = headers.get("connection", "").lower()
    keeps_alive = "close" not in connection and (match[1] == "1" or "keep-alive" in connection)
    return ReadHead(int(match[2]), headers, keeps_alive)


def _headers(lines: list[str]) -> dict[str, str]:
    headers: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon or not name or name != name.strip(_BLANK):
            raise WireError(f"expected a header line, found {line[:60]!r}")
        key, text = name.lower(), value.strip(_BLANK)
        headers[key] = f"{headers[key]}, {text}" if key in headers else text
    return headers
