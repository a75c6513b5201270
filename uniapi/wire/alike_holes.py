"""Where frames that are alike differ: the inside of their text, and what varies without a meaning
(padding, numbers of their own). Each such hole says what may stand in it.

Whatever fits can change nothing around it, as it holds no quote, no line end and no escape that
JSON does not know.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from json.decoder import scanstring  # type: ignore[attr-defined]  # json.loads of a text alone
from typing import NamedTuple

_INSIDE = (
    rb'[^"\\\x00-\x1f]*(?:\\(?:["\\/bfnrt]|u(?:[0-9a-cA-CefEF][0-9a-fA-F]{3}'
    rb"|[dD][0-7][0-9a-fA-F]{2}|[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}))"
    rb'[^"\\\x00-\x1f]*)*'
)
"""Between the quotes of a JSON string. Half of a surrogate pair is none: the other half may come
with the next text, and they would be put together.
"""
TEXT = re.compile(_INSIDE)
_NEVER_INSIDE = bytes(range(0x20)) + b'"'
"""What only an escape can say between the quotes."""
_NUMBER = re.compile(rb"-?(?:0|[1-9][0-9]*)(?![0-9.eE])")
_NUMBERS = re.compile(rb"(?:0|[1-9][0-9]*)(?:\n(?:0|[1-9][0-9]*))*")
_DIGITS = re.compile(rb"[1-9][0-9]*")
"""Of a number that is not 0: with all of these made 0, numbers are equal, and what only looks like
one (`01`) is not.
"""
_HAS_DIGIT = re.compile(rb"[0-9]")
_VALUE = re.compile(rb'[ \t]*:[ \t]*(?:(")|(?=[0-9-]))')
_BLANKS = re.compile(rb" *")
_PADDING = re.compile(rb"\}( +)\}[\r\n]")
"""Before the last brace of a frame that ends in two of them. Who pads does so nearly always, and
what has no padding is a pattern with one place less to look at.
"""

Match = Callable[[bytes], object]
"""True of a value without line ends that may stand in a hole, and of several with the hole's joint
between them.
"""


class Members(NamedTuple):
    """Of a dialect's frames: the names, in quotes, of the members that bring text, the likeliest
    first; and of those whose text or number varies from frame to frame and tells nothing, or, with
    `ends_read`, tells it in the last frame of a row: that one is then left to be read. `pads`: the
    blanks before the last brace vary too, where there are any.
    """

    texts: tuple[bytes, ...]
    varying: re.Pattern[bytes] | None = None
    ends_read: bool = False
    pads: bool = False


class Hole(NamedTuple):
    """Where a frame varies, and what may stand there; `is_number` when a number's digits."""

    start: int
    end: int
    match: Match
    joint: bytes
    is_number: bool = False

    def fit(self, values: Sequence[bytes]) -> bool:
        return bool(self.match(self.joint.join(values)))


def spoken(written: bytes) -> str:
    """The text that JSON spells so between its quotes."""
    text = written.decode()
    return scanstring(f'{text}"', 0)[0] if "\\" in text else text


def holes_of(raw: bytes, members: Members) -> tuple[list[Hole], int] | None:
    """The holes of this frame in their order, and which one is its text; None when it has no text,
    or more than one of a name.
    """
    found = (_text_of(raw, name) for name in members.texts)
    text = next((hole for hole in found if hole is not None), None)
    if text is None:
        return None
    holes = [text]
    for varying in members.varying.finditer(raw) if members.varying is not None else ():
        other = _hole(raw, varying.end())
        if other is not None and not text.start <= other.start < text.end:
            holes.append(other)
    blanks = _PADDING.search(raw, text.end) if members.pads else None
    if blanks is not None:
        holes.append(Hole(blanks.start(1), blanks.end(1), _BLANKS.fullmatch, b""))
    if len(holes) == 1:
        return holes, 0
    holes = _joined(raw, sorted(holes, key=lambda hole: hole.start))
    return holes, next(place for place, hole in enumerate(holes) if hole.start == text.start)


def is_inside(text: bytes) -> bool:
    """Whether it can stand between the quotes, as UTF-8. Without escapes in it that is seen faster
    than the pattern sees it.
    """
    is_plain = text.find(b"\\") < 0 and len(text.translate(None, _NEVER_INSIDE)) == len(text)
    if not is_plain and TEXT.fullmatch(text) is None:
        return False
    return text.isascii() or is_utf8(text)


def is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def _like(digits: bytes) -> Match:
    """True of what is these bytes, but for how much its numbers are."""
    forms = {_DIGITS.sub(b"0", digits)}
    return lambda written: set(_DIGITS.sub(b"0", written).split(b"\n")) == forms


def _joined(raw: bytes, holes: list[Hole]) -> list[Hole]:
    """The holes, with numbers that follow each other made one, where no digit stands between."""
    joined: list[Hole] = []
    for hole in holes:
        before = joined[-1] if joined else None
        if not hole.is_number:
            joined.append(hole)
        elif (
            before is not None
            and before.is_number
            and _HAS_DIGIT.search(raw, before.end, hole.start) is None
        ):
            joined[-1] = _numbers(raw, before.start, hole.end)
        else:
            joined.append(_numbers(raw, hole.start, hole.end))
    return joined


def _numbers(raw: bytes, start: int, end: int) -> Hole:
    if raw[start:end].isdigit():
        return Hole(start, end, _NUMBERS.fullmatch, b"\n", is_number=True)
    return Hole(start, end, _like(raw[start:end]), b"\n", is_number=True)


def _text_of(raw: bytes, name: bytes) -> Hole | None:
    """The inside of the text that the member of this name has, if there is one, and it says
    something.
    """
    at = raw.find(name)
    if at < 0 or raw.find(name, at + 1) >= 0:
        return None
    hole = _hole(raw, at + len(name))
    if hole is None or hole.start == hole.end or not raw.startswith(b'"', hole.end):
        return None
    return hole


def _hole(raw: bytes, start: int) -> Hole | None:
    """The inside of the text or the number of the member whose name ends at `start`."""
    value = _VALUE.match(raw, start)
    if value is None:
        return None
    found = (TEXT if value[1] else _NUMBER).match(raw, value.end())
    if found is None:
        return None
    # With blanks between texts, as none may end within an escape that the next one goes on with.
    return Hole(found.start(), found.end(), TEXT.fullmatch, b" ", is_number=not value[1])
