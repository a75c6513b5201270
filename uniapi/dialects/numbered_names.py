"""Names and ids that an API takes but once in a request: a second one of the same gets a number.
Servers that count their calls in every answer give the same ids again.
"""

from __future__ import annotations

import sys

_NUMBER_LENGTH = 8


class NumberedNames:
    """The names given so far, each at most `longest` characters.

    A number is tried once for all names that begin alike, so that a history of equal ids costs no
    more than one of different ones.
    """

    def __init__(self, longest: int = sys.maxsize, mark: str = "_") -> None:
        self._stem_length = longest - _NUMBER_LENGTH
        self._mark = mark
        self._given: set[str] = set()
        self._numbers: dict[str, int] = {}

    def next(self, wanted: str) -> str:
        """`wanted`, or the next numbered one that nobody has."""
        name, stem = wanted, wanted[: self._stem_length]
        while name in self._given:
            number = self._numbers[stem] = self._numbers.get(stem, 1) + 1
            name = f"{stem}{self._mark}{number}"
        self._given.add(name)
        return name
