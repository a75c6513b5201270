"""How many values JSON holds, told before it is parsed: one that takes three bytes on the wire
takes a hundred in memory, so that 31 MiB of `{},{},…` would make the process a gigabyte larger.
"""

from __future__ import annotations

import re

MAX_VALUES = 1_000_000
"""In a request."""
MANY_VALUES = 100_000
"""So many take more memory than the bytes that bring them, and count in it."""
MAX_ANSWER_VALUES = 4_000_000
"""In an upstream's answer: embeddings are lists of numbers, three million in 64 MB."""
_STRING = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"?', re.DOTALL)
"""One that never ends is taken too: else every quote in it would be tried as another beginning."""


def holds_more_values(data: bytes, most: int) -> bool:
    """Whether there are more than `most` values, roughly."""
    return _marks(data) > most and _count_to(data, most) > most


def count_many_values(data: bytes) -> int:
    """How many values there are, roughly, up to MAX_VALUES; 0 where there are not many."""
    return _count_to(data, MAX_VALUES) if holds_more_values(data, MANY_VALUES) else 0


def _count_to(data: bytes, most: int) -> int:
    """What stands before a value is counted, outside of texts, one stretch between two texts after
    the other, until that is more than `most`.
    """
    count = position = 0
    for text in _STRING.finditer(data):
        count += _marks(data[position : text.start()])
        if count > most:
            return count
        position = text.end()
    return count + _marks(data[position:])


_OBJECT_BYTES, _LIST_BYTES, _VALUE_BYTES = 240, 60, 40
"""What Python needs for an object with a member, an empty list, a number in a list."""


def weight_of(data: bytes) -> int:
    """Bytes that the values in a part of a long JSON text take when they are read, roughly; more
    where marks stand in texts.
    """
    values = data.count(b",") * _VALUE_BYTES + data.count(b"[") * _LIST_BYTES
    return values + data.count(b"{") * _OBJECT_BYTES


def _marks(data: bytes) -> int:
    """No fewer than there are values: marks may stand in texts too."""
    return data.count(b",") + data.count(b"[") + data.count(b"{")
