"""The head of a request as a server reads it, and a strict judgement of it: *plain*, or not.

Plain is what every ordinary client sends, and what can be read in one way only (RFC 9112):
printable ASCII, lines that end in CR LF, no folded line, no name twice, a length in digits or none,
nothing that changes how the connection is read on. `plain_head` gives None for anything else,
which says nothing against it: another parser looks at it from its first byte.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

MAX_PLAIN_HEAD_BYTES = 16 * 1024
"""Larger ones are rare, and bounded elsewhere."""
MAX_PLAIN_FIELDS = 100
MAX_NAME = 64
MAX_LENGTH_DIGITS = 15

_PLAIN_BYTES = bytes(range(0x20, 0x7F)) + b"\t\r\n"
_TARGET = re.compile(r"/[A-Za-z0-9\-._~%!$&'()*+,;=:@/?\[\]]*")
"""Origin form, of the characters that RFC 3986 allows in a path and a query, and brackets, which
clients leave as they are (`claude-opus[1m]`).
"""
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_ODD_FIELDS = frozenset({"expect", "sec-websocket-key1", "transfer-encoding", "upgrade"})
"""Each changes what follows the head, or when."""
_LENGTHS = (b"\r\nContent-Length: ", b"\r\ncontent-length: ")
_KEEPS_ALIVE = {"": True, "keep-alive": True, "close": False}
"""The values of `connection` that say nothing but this."""


class RequestHead(NamedTuple):
    """`path` and `query` are percent-encoded as they came; names of `headers` are lower-case, a
    name that came several times has its values joined by commas. `length` is the stated one of the
    body, None where none is stated. `is_http11`: whether the client reads chunks.
    """

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    length: int | None
    is_http11: bool
    keeps_alive: bool


def plain_head(data: bytes | bytearray) -> RequestHead | None:
    """The head in `data`, which ends before the CR LF CR LF; None where it is not plain."""
    if len(data) > MAX_PLAIN_HEAD_BYTES or not _is_of_plain_lines(data):
        return None
    first, *lines = data.decode("ascii").split("\r\n")
    method, _, rest = first.partition(" ")
    target, _, version = rest.partition(" ")
    if version != "HTTP/1.1" or not method.isupper() or _TARGET.fullmatch(target) is None:
        return None
    headers = _plain_fields(lines)
    if headers is None or not headers.get("host"):
        return None
    keeps_alive = _KEEPS_ALIVE.get(headers.get("connection", "").lower())
    length = headers.get("content-length", "0")
    if keeps_alive is None or not length.isdigit() or len(length) > MAX_LENGTH_DIGITS:
        return None
    path, _, query = target.partition("?")
    stated = int(length) if "content-length" in headers else None
    return RequestHead(method, path, query, headers, stated, True, keeps_alive)


def without_length(head: bytes) -> tuple[bytes, bytes]:
    """A head without the line of its body's length, and what that says; empty where it is not
    there, or otherwise spelled than programs write it. Of a head in which no name comes twice that
    is all there is about it.
    """
    for name in _LENGTHS:
        # A third of what it costs to find it and cut it out.
        before, found, behind = head.partition(name)
        if found:
            value, end, rest = behind.partition(b"\r\n")
            return before + end + rest, value
    return head, b""


def _is_of_plain_lines(data: bytes | bytearray) -> bool:
    """Printable ASCII, with CR and LF in pairs only."""
    ends = data.count(b"\r\n")
    return (
        not data.translate(None, _PLAIN_BYTES)
        and data.count(b"\r") == ends
        and data.count(b"\n") == ends
    )


def _plain_fields(lines: list[str]) -> dict[str, str] | None:
    if len(lines) > MAX_PLAIN_FIELDS:
        return None
    fields: dict[str, str] = {}
    for line in lines:
        written, colon, value = line.partition(":")
        name = _field_name(written)
        if not colon or not name or name in fields:
            return None
        fields[name] = value.strip(" \t")
    return fields if _ODD_FIELDS.isdisjoint(fields) else None


@lru_cache(maxsize=512)
def _field_name(written: str) -> str:
    """A field's name in lower case; empty for what is none."""
    return written.lower() if len(written) <= MAX_NAME and _TOKEN.fullmatch(written) else ""
