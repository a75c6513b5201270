"""A call's arguments that come in pieces, as the JSON object they mean: what `decode_arguments`
does for whole ones, each piece told as soon as it can be.
"""

from __future__ import annotations

import json
import re

from .function_tools import decode_arguments

_OBJECT = re.compile(r"\s{0,99}(?:\{\s{0,99}\}\s{0,99})?(?=\{\s{0,99}[^\s}])")
"""What stands before an object: blanks, and an empty one that a server began with."""
_OPEN_BEGINNING = re.compile(r"\s{0,99}(?:\{\s{0,99}(?:\}\s{0,99}(?:\{\s{0,99})?)?)?\Z")
"""What may yet become one."""
_IN_STRING = re.compile(r"[\"\\\x00-\x1f]")
_OUTSIDE = re.compile(r"\"|-?(?:NaN|Infinity)")
_PARTIAL = re.compile(r"(?:-|-?(?:N|Na|I|In|Inf|Infi|Infin|Infini|Infinit))\Z")
"""The beginning of a word that is no JSON, at the end of a piece."""


class StreamedArguments:
    """`take` each piece, then `end`; what they give, put together, is the object.

    Line breaks within strings are escaped, `NaN` and its like are null. What does not begin as an
    object waits for its end: an object that was encoded twice is told as the object, anything else
    as it came.
    """

    def __init__(self) -> None:
        self._beginning = ""
        """What has come, while it is not known whether it is an object."""
        self._waiting: list[str] | None = None
        self._is_object = False
        self._rest = ""
        self._in_string = self._is_escaped = False

    @property
    def is_object(self) -> bool:
        """Whether an object that holds something has begun."""
        return self._is_object

    def take(self, text: str) -> str:
        """What can be told now."""
        if self._is_object:
            return self._mended(text)
        if self._waiting is not None:
            self._waiting.append(text)
            return ""
        self._beginning += text
        before = _OBJECT.match(self._beginning)
        if before is not None:
            self._is_object = True
            return self._mended(self._beginning[before.end() :])
        if _OPEN_BEGINNING.match(self._beginning) is None:
            self._waiting = [self._beginning]
        return ""

    def end(self) -> str:
        """What was still to be told."""
        if self._is_object:
            return self._rest
        text = self._beginning if self._waiting is None else "".join(self._waiting)
        value = decode_arguments(text)
        if not isinstance(value, dict) or not value:
            return text
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))

    def _mended(self, text: str) -> str:
        """The next piece of an object, without a word's beginning at its end."""
        text = self._rest + text
        told: list[str] = []
        start = 0
        while start < len(text):
            start = self._tell_run(text, start, told)
        said = "".join(told)
        partial = None if self._in_string else _PARTIAL.search(said[-9:])
        self._rest = partial[0] if partial is not None else ""
        return said[: len(said) - len(self._rest)]

    def _tell_run(self, text: str, start: int, told: list[str]) -> int:
        """Up to the next place that matters, and it; gives where to go on."""
        if self._is_escaped:
            self._is_escaped = False
            told.append(_escaped(text[start]))
            return start + 1
        mark = (_IN_STRING if self._in_string else _OUTSIDE).search(text, start)
        if mark is None:
            told.append(text[start:])
            return len(text)
        told.append(text[start : mark.start()])
        found = mark[0]
        if found == '"':
            self._in_string = not self._in_string
            told.append(found)
        elif self._in_string:
            self._is_escaped = found == "\\"
            told.append(_escaped(found) if not self._is_escaped else found)
        else:
            told.append("null")
        return mark.end()


def _escaped(char: str) -> str:
    """A control character as JSON writes it within a text; others as they are."""
    return json.dumps(char)[1:-1] if char < " " else char
