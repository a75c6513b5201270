"""Whether a JSON object that comes in pieces is whole, each piece looked at once: to parse all that
is there anew for every piece would take the square of it.
"""

from __future__ import annotations

import re

_MARK = re.compile(r"[\"\\{}\[\]]")


class Nesting:
    """How deep the text so far stands inside braces, brackets and quotes."""

    def __init__(self) -> None:
        self._depth = 0
        self._in_string = False
        self._is_escaped = False
        self._has_begun = False

    @property
    def is_whole(self) -> bool:
        """Whether a value with an end of its own (an object, a list, a text) has ended."""
        return self._has_begun and self._depth <= 0 and not self._in_string

    def read(self, text: str) -> None:
        """The next piece."""
        position = 1 if self._is_escaped and text else 0
        self._is_escaped = self._is_escaped and not text
        while (match := _MARK.search(text, position)) is not None:
            position = match.end()
            self._has_begun = True
            if match[0] == "\\" and self._in_string:
                self._is_escaped = position == len(text)
                position += 1
            elif match[0] == '"':
                self._in_string = not self._in_string
            elif not self._in_string:
                self._depth += _STEPS.get(match[0], 0)


_STEPS = {"{": 1, "[": 1, "}": -1, "]": -1}
