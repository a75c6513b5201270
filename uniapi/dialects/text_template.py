"""Frames of a stream that only bring text differ from each other in nothing else: one that was read
in full is the template of those that follow, and of them only the text is read.
"""

from __future__ import annotations

import json
import re

from uniapi.values import dataclass

MAX_LESSONS = 8
"""How often a frame is made a template before giving up: some vendors pad every frame differently.
"""
_read = json.JSONDecoder().raw_decode
_STRING = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"')


@dataclass(frozen=True, slots=True)
class TextTemplate:
    """A frame's bytes before and after its text, a JSON string with its quotes."""

    head: bytes
    tail: bytes

    @classmethod
    def of(cls, data: bytes, member: bytes) -> TextTemplate | None:
        """The template that `data` is, whose text is the value of `member` (in quotes, with its
        colon), which stands in it once; None when it does not.
        """
        if data.count(member) != 1:
            return None
        start = data.index(member) + len(member)
        literal = _STRING.match(data, start)
        return None if literal is None else cls(data[:start], data[literal.end() :])

    def text_in(self, data: bytes) -> str | None:
        """The text of a frame that equals the template but for it; None when it differs elsewhere,
        or is no JSON.
        """
        if not (data.startswith(self.head) and data.endswith(self.tail)):
            return None
        try:
            literal = data[len(self.head) : len(data) - len(self.tail)].decode()
            text, end = _read(literal)
        except ValueError:
            return None
        return text if isinstance(text, str) and end == len(literal) else None
