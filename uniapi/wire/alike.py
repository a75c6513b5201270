"""Frames of a stream that only bring text differ from each other in little else: one that was read
in full is the pattern of those that follow, and of them only the text is looked at, as JSON spells
it.

A frame is alike when all its bytes equal those of the pattern but for the insides of its text and
of what is known to vary without a meaning: a number of its own, padding. The insides hold no quote,
no line end and no escape that JSON does not know, so that they can change nothing around them.
Whatever else a frame has makes it another one, which has to be read.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import NamedTuple

_INSIDE = (
    rb'[^"\\\x00-\x1f]*(?:\\(?:["\\/bfnrt]|u(?:[0-9a-cA-CefEF][0-9a-fA-F]{3}'
    rb"|[dD][0-7][0-9a-fA-F]{2}|[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}))"
    rb'[^"\\\x00-\x1f]*)*'
)
"""Between the quotes of a JSON string. Half of a surrogate pair is none: the other half may come
with the next text, and they would be put together.
"""
_TEXT = re.compile(_INSIDE)
_NUMBER = re.compile(rb"-?[0-9]+(?![0-9.eE])")
_VALUE = re.compile(rb'[ \t]*:[ \t]*(?:(")|(?=[0-9-]))')

MOST_LAST_ONES = 4
"""Frames behind those that are alike, which one read may bring: why it ended, usage, `[DONE]`."""

Match = Callable[[bytes, int], "re.Match[bytes] | None"]
_MATCH_TEXT: Match = _TEXT.match
_MATCH_NUMBER: Match = _NUMBER.match
_ONLY_TEXT = (_MATCH_TEXT,)
"""The same objects for all streams."""


class Members(NamedTuple):
    """Of a dialect's frames: the names, in quotes, of the members that bring text, the likeliest
    first; and of those whose text or number varies from frame to frame and tells nothing, or, with
    `ends_read`, tells it in the last frame of a row: that one is then left to be read.
    """

    texts: tuple[bytes, ...]
    varying: re.Pattern[bytes] | None = None
    ends_read: bool = False


class Run:
    """Frames in a row that are alike: their `texts`, as JSON spells them, without quotes; `end` is
    where the first other one begins. `values`: all that varies, for patterns with more than text.
    """

    __slots__ = ("_text", "end", "texts", "values")

    def __init__(self, texts: list[bytes], end: int, values: list[tuple[bytes, ...]]) -> None:
        self.texts = texts
        self.end = end
        self.values = values
        self._text: str | None = None

    @property
    def text(self) -> str:
        """All the texts, as one."""
        if self._text is None:
            self._text = spoken(b"".join(self.texts))
        return self._text

    def between(self, head: bytes, tail: bytes) -> bytes:
        """Every text with these bytes around it, which do not hold its quotes."""
        joint = b'"%b%b"' % (tail, head)
        return b'%b"%b"%b' % (head, joint.join(self.texts), tail)


def spoken(written: bytes) -> str:
    """The text that JSON spells so between its quotes."""
    text = written.decode()
    return str(json.loads(f'"{text}"')) if "\\" in text else text


class Alike:
    """The pattern: the bytes of a frame around what varies. `of` makes one, `run` finds frames that
    are alike, `written` spells a run in this pattern, which may be another one's than that which it
    was found with.
    """

    __slots__ = ("_ends_read", "_literals", "_matches", "_text_at")

    def __init__(
        self,
        literals: tuple[bytes, ...],
        matches: tuple[Match, ...],
        text_at: int,
        *,
        ends_read: bool,
    ) -> None:
        self._literals = literals
        """One more than `matches`, which say what may stand between them."""
        self._matches = matches
        self._text_at = text_at
        self._ends_read = ends_read

    @classmethod
    def of(cls, raw: bytes, members: Members, text: str | None = None) -> Alike | None:
        """The pattern that this frame is; None when it has no text, or more than one, or another
        than `text`.
        """
        if not raw.endswith(b"\n"):
            return None
        found = (_text_of(raw, name) for name in members.texts)
        hole = next((hole for hole in found if hole is not None), None)
        if hole is None or not _is_utf8(raw):
            return None
        if text is not None and text != spoken(raw[hole.start : hole.end]):
            return None
        holes = [hole]
        for varying in members.varying.finditer(raw) if members.varying is not None else ():
            other = _hole(raw, varying.end())
            if other is not None and not hole.start <= other.start < hole.end:
                holes.append(other)
        if len(holes) == 1:
            return cls(
                (raw[: hole.start], raw[hole.end :]), _ONLY_TEXT, 0, ends_read=members.ends_read
            )
        holes.sort()
        ends = [0, *(hole.end for hole in holes)]
        starts = [*(hole.start for hole in holes), len(raw)]
        literals = tuple(raw[end:start] for end, start in zip(ends, starts, strict=True))
        matches = tuple(hole.match for hole in holes)
        return cls(literals, matches, holes.index(hole), ends_read=members.ends_read)

    @property
    def shape(self) -> tuple[int, int]:
        """How many places vary, and which is the text: equal in all patterns that can spell each
        other's runs.
        """
        return len(self._matches), self._text_at

    def run(self, block: bytes, at: int = 0) -> Run | None:
        """The frames that are alike from `at` on; None when the one there is another."""
        literals = self._literals
        if not block.startswith(literals[0], at):
            return None
        if len(literals) > 2:
            run = self._varied(block, at)
        else:
            head, tail = literals
            start, end = at + len(head), len(block) - len(tail)
            found = _TEXT.match(block, start)
            if found is not None and found.end() == end and block.endswith(tail):
                # The usual form of what a read brings: one frame, whose text has been looked at.
                text = block[start:end]
                is_one = not self._ends_read and (text.isascii() or _is_utf8(text))
                return Run([text], len(block), []) if is_one else None
            run = _rewritten(block, at, head, tail) or _plain(block, at, head, tail)
        if not run.texts or not _are_texts(run.texts):
            return None
        if self._ends_read:
            values = run.values.pop() if run.values else run.texts[-1:]
            run.texts.pop()
            run.end -= sum(map(len, literals)) + sum(map(len, values))
        return run if run.texts else None

    def written(self, run: Run) -> bytes:
        if len(self._literals) == 2:
            head, tail = self._literals
            return b"%b%b%b" % (head, (tail + head).join(run.texts), tail)
        form = b"%b".join([literal.replace(b"%", b"%%") for literal in self._literals])
        return b"".join([form % values for values in run.values])

    def _varied(self, block: bytes, at: int) -> Run:
        """As `_plain`, where more than the text varies."""
        starts, matches, last = block.startswith, self._matches, self._literals[-1]
        steps = tuple(zip(self._literals, matches, strict=False))
        found: list[tuple[bytes, ...]] = []
        while True:
            values, place = [], at
            for literal, match in steps:
                hole = match(block, place + len(literal)) if starts(literal, place) else None
                if hole is None:
                    break
                values.append(hole[0])
                place = hole.end()
            if len(values) < len(steps) or not starts(last, place):
                break
            found.append(tuple(values))
            at = place + len(last)
        return Run([values[self._text_at] for values in found], at, found)


def _rewritten(block: bytes, at: int, head: bytes, tail: bytes) -> Run | None:
    """As `_plain` gives them, where nothing but some last ones is not alike: their texts are cut
    out blindly, and written again they must give the same bytes.
    """
    lines, place = block[at:].split(b"\n"), head.count(b"\n")
    lines_each = place + tail.count(b"\n")
    before, behind = head[head.rfind(b"\n") + 1 :], tail[: tail.index(b"\n")]
    # What follows the last line end is not whole.
    told = lines[place : (len(lines) - 1) // lines_each * lines_each : lines_each]
    for _ in range(MOST_LAST_ONES):
        if told and not (told[-1].startswith(before) and told[-1].endswith(behind)):
            told.pop()
    start, end = len(before), -len(behind)
    texts = [line[start:end] for line in told]
    written = b"%b%b%b" % (head, (tail + head).join(texts), tail)
    return Run(texts, at + len(written), []) if block.startswith(written, at) else None


def _are_texts(texts: list[bytes]) -> bool:
    """Whether they can stand between the quotes."""
    # With blanks between them, as none may end within an escape that the next one goes on with.
    written = b" ".join(texts)
    found = _TEXT.match(written)
    if found is None or found.end() != len(written):
        return False
    return written.isascii() or _is_utf8(written)


def _plain(block: bytes, at: int, head: bytes, tail: bytes) -> Run:
    """The frames at `at` that differ in their text alone: each ends where its line does."""
    joint, back = tail + head, tail.index(b"\n")
    find, starts = block.find, block.startswith
    texts: list[bytes] = []
    start = at + len(head)
    while (end := find(b"\n", start) - back) >= start:
        if starts(joint, end):
            texts.append(block[start:end])
            start = end + len(joint)
            at = end + len(tail)
            continue
        if starts(tail, end):
            texts.append(block[start:end])
            at = end + len(tail)
        break
    return Run(texts, at, [])


class _Hole(NamedTuple):
    """Where a frame varies, and what may stand there."""

    start: int
    end: int
    match: Match


def _text_of(raw: bytes, name: bytes) -> _Hole | None:
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


def _hole(raw: bytes, start: int) -> _Hole | None:
    """The inside of the text or the number of the member whose name ends at `start`."""
    value = _VALUE.match(raw, start)
    if value is None:
        return None
    match = _MATCH_TEXT if value[1] else _MATCH_NUMBER
    found = match(raw, value.end())
    return None if found is None else _Hole(found.start(), found.end(), match)


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True
