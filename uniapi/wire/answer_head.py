"""The head of an answer as a server writes it (RFC 9112 §4)."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

STATUS_LINES = {one.value: f"HTTP/1.1 {one.value} {one.phrase}\r\n" for one in HTTPStatus}
"""The first line of a head."""


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


def answer_head(status: int, headers: Mapping[str, str]) -> bytes:
    """The bytes up to the body. Raises ValueError as `header_lines` does."""
    head = f"{status_line(status)}{header_lines(headers)}\r\n"
    return head.encode("utf-8", "surrogateescape")
