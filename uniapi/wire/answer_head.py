"""The head of an answer as a server writes it (RFC 9112 §4)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from http import HTTPStatus

_PHRASES = {status.value: status.phrase for status in HTTPStatus}
_BREAK = re.compile(r"[\r\n\0]")


def answer_head(status: int, headers: Mapping[str, str]) -> bytes:
    """The bytes up to the body. Raises ValueError for a header that would break out of its line."""
    lines = [f"HTTP/1.1 {status} {_PHRASES.get(status, '')}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    if _BREAK.search("".join(lines)):
        raise ValueError(f"a header of this answer holds a line break: {lines!r:.200}")
    return "\r\n".join([*lines, "", ""]).encode("utf-8", "surrogateescape")
