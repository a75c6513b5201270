"""Writing large JSON in a thread. Python's encoder lets no other thread in until it has written the
whole value, so it is given a few thousand values at a time.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from .frames import dump_json

MOST_VALUES = 2000
"""That are written in one go: less than a millisecond."""
LONG_TEXT = 128 * 1024
_CHARACTERS_A_VALUE = 512
_MOST_DEPTH = 200
"""What lies deeper is written in one go: Python's own stack is not endless."""


def dump_long_json(value: Any) -> bytes:
    """`dump_json`, in which other threads get their turn."""
    pieces: list[bytes] = []
    _write(value, pieces, 0)
    return b"".join(pieces)


def _write(value: Any, pieces: list[bytes], depth: int) -> None:
    if isinstance(value, str) and len(value) > LONG_TEXT:
        _write_text(value, pieces)
    elif depth > _MOST_DEPTH or _weight(value) <= MOST_VALUES:
        pieces.append(dump_json(value))
    elif isinstance(value, dict) and all(isinstance(name, str) for name in value):
        _write_object(value, pieces, depth)
    elif isinstance(value, list | tuple):
        _write_list(value, pieces, depth)
    else:
        pieces.append(dump_json(value))


def _write_text(text: str, pieces: list[bytes]) -> None:
    pieces.append(b'"')
    for start in range(0, len(text), LONG_TEXT):
        pieces.append(dump_json(text[start : start + LONG_TEXT])[1:-1])
    pieces.append(b'"')


def _write_object(value: dict[str, Any], pieces: list[bytes], depth: int) -> None:
    before = b"{"
    run: dict[str, Any] = {}
    weight = 0
    for name, member in value.items():
        own = _weight(member)
        if own > MOST_VALUES or weight + own > MOST_VALUES:
            before = _write_run(run, pieces, before)
            run, weight = {}, 0
        if own > MOST_VALUES:
            pieces.append(before + dump_json(name) + b":")
            _write(member, pieces, depth + 1)
            before = b","
        else:
            run[name] = member
            weight += own
    if _write_run(run, pieces, before) == b"{":
        pieces.append(b"{")
    pieces.append(b"}")


def _write_list(value: Iterable[Any], pieces: list[bytes], depth: int) -> None:
    before = b"["
    run: list[Any] = []
    weight = 0
    for item in value:
        own = _weight(item)
        if own > MOST_VALUES or weight + own > MOST_VALUES:
            before = _write_run(run, pieces, before)
            run, weight = [], 0
        if own > MOST_VALUES:
            pieces.append(before)
            _write(item, pieces, depth + 1)
            before = b","
        else:
            run.append(item)
            weight += own
    if _write_run(run, pieces, before) == b"[":
        pieces.append(b"[")
    pieces.append(b"]")


def _write_run(run: list[Any] | dict[str, Any], pieces: list[bytes], before: bytes) -> bytes:
    """Neighbours that are small together; gives what stands before the next."""
    if not run:
        return before
    pieces.append(before + dump_json(run)[1:-1])
    return b","


def _weight(value: Any) -> int:
    """How many values there are in it, of which a long text is several; of more than MOST_VALUES
    it is only told that they are more.
    """
    if isinstance(value, str):
        return 1 + len(value) // _CHARACTERS_A_VALUE
    count = 0
    inner = [value]
    while inner and count <= MOST_VALUES:
        one = inner.pop()
        count += 1
        if isinstance(one, str):
            count += len(one) // _CHARACTERS_A_VALUE
        elif isinstance(one, dict):
            count += len(one)
            inner.extend(one.values())
        elif isinstance(one, list | tuple):
            count += len(one)
            inner.extend(one)
    return count
