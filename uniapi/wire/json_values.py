"""How many values JSON holds, told before it is parsed: one that takes three bytes on the wire
takes a hundred in memory, so that 31 MiB of `{},{},…` would make the process a gigabyte larger.
"""

from __future__ import annotations

import re

MAX_VALUES = 1_000_000
"""In a request."""
MAX_ANSWER_VALUES = 4_000_000
"""In an upstream's answer: embeddings are lists of numbers, three million in 64 MB."""
_STRING = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"?', re.DOTALL)
"""One that never ends is taken too: else every quote in it would be tried as another beginning."""


def holds_more_values(data: bytes, most: int) -> bool:
    """Whether there are more than `most` values, roughly: what stands before one is counted,
    outside of texts, one stretch between two texts after the other.
    """
    if _marks(data) <= most:
        return False
    count = position = 0
    for text in _STRING.finditer(data):
        count += _marks(data[position : text.start()])
        if count > most:
            return True
        position = text.end()
    return count + _marks(data[position:]) > most


def _marks(data: bytes) -> int:
    """No fewer than there are values: marks may stand in texts too."""
    return data.count(b",") + data.count(b"[") + data.count(b"{")
