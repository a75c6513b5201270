"""Frames of a stream that only bring text differ from each other in little else: one that was read
in full is the pattern of those that follow, and of them only the text is looked at, as JSON spells
it.

A frame is alike when all its bytes equal those of the pattern but for what stands in its holes
(`alike_holes`), which can change nothing around them. Whatever else a frame has makes it another
one, which has to be read.
"""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from itertools import takewhile
from operator import itemgetter

from .alike_holes import TEXT, Hole, Members, holes_of, is_inside, is_utf8, spoken

ONE_TEXT_BYTES = 4096
"""What is longer between the ends of a frame is mostly several frames."""
MOST_LAST_ONES = 4
"""Frames behind those that are alike, which one read may bring: why it ended, usage, `[DONE]`."""
MOST_BYTES = 64 * 1024
"""Of a read that are looked at for one run, so that what is not alike is not looked at again and
again.
"""

Values = Sequence[bytes]


class Run:
    """Frames in a row that are alike: their `texts`, as JSON spells them, without quotes; `end` is
    where the first other one begins. `columns`: all that varies in them, hole by hole; `last`: the
    bytes of the last one.
    """

    __slots__ = ("_text", "columns", "end", "last", "texts")

    def __init__(self, texts: Values, columns: Sequence[Values], end: int, last: bytes) -> None:
        self.texts = texts
        self.columns = columns
        self.end = end
        self.last = last
        self._text: str | None = None

    @property
    def text(self) -> str:
        """All the texts, as one."""
        if self._text is None:
            self._text = spoken(b"".join(self.texts))
        return self._text

    def tell(self, texts: Values) -> None:
        """These are the texts instead."""
        self.texts, self._text = texts, None

    def between(self, head: bytes, tail: bytes) -> bytes:
        """Every text with these bytes around it, which do not hold its quotes."""
        joint = b'"%b%b"' % (tail, head)
        return b'%b"%b"%b' % (head, joint.join(self.texts), tail)


class Alike:
    """The pattern: the bytes of a frame around what varies. `of` makes one, `run` finds frames that
    are alike, `written` spells a run in this pattern, which may be another one's than that which it
    was found with.
    """

    __slots__ = (
        "_after",
        "_before",
        "_ends_read",
        "_form",
        "_head",
        "_is_only_text",
        "_tail",
        "_text_at",
        "shape",
    )

    def __init__(
        self, literals: Sequence[bytes], holes: Sequence[Hole], text_at: int, *, ends_read: bool
    ) -> None:
        self._head, self._tail = literals[0], literals[-1]
        self._text_at = text_at
        self._ends_read = ends_read
        self._is_only_text = len(holes) == 1
        self._before: Sequence[tuple[bytes, Hole]] = ()
        """The holes before the text, each with what follows it."""
        self._after: Sequence[tuple[bytes, Hole]] = ()
        """The holes behind the text, each with what is before it, the last one first."""
        self._form = b""
        if not self._is_only_text:
            self._before = list(zip(literals[1:], holes[:text_at], strict=False))
            behind = zip(literals[text_at + 1 :], holes[text_at + 1 :], strict=False)
            self._after = list(behind)[::-1]
            self._form = b"%b".join([literal.replace(b"%", b"%%") for literal in literals])
        self.shape = len(holes), text_at
        """How many places vary, and which is the text: equal in all patterns that can spell each
        other's runs.
        """

    @classmethod
    def of(cls, raw: bytes, members: Members, text: str | None = None) -> Alike | None:
        """The pattern that this frame is; None when it has no text, or more than one, or another
        than `text`.
        """
        found = holes_of(raw, members) if raw.endswith(b"\n") else None
        if found is None or not is_utf8(raw):
            return None
        holes, text_at = found
        if text is not None and text != spoken(raw[holes[text_at].start : holes[text_at].end]):
            return None
        ends = [0, *(hole.end for hole in holes)]
        starts = [*(hole.start for hole in holes), len(raw)]
        literals = [raw[end:start] for end, start in zip(ends, starts, strict=True)]
        return cls(literals, holes, text_at, ends_read=members.ends_read)

    def headed(self, raw: bytes, written: bytes) -> Alike | None:
        """The pattern to write in that `written` is, which is `raw`, a frame of this one, with
        another beginning; None where more than its text varies, or it differs elsewhere.
        """
        rest = raw[len(self._head) :]
        if not self._is_only_text or not written.endswith(rest):
            return None
        head = written[: len(written) - len(rest)]
        return Alike((head, self._tail), _TEXT_ALONE, 0, ends_read=self._ends_read)

    def one(self, block: bytes, at: int = 0) -> Run | None:
        """The frame that `block` is from `at` on, which is what most reads bring; None where it is
        another one, or several.
        """
        head, tail = self._head, self._tail
        start, end = at + len(head), len(block) - len(tail)
        if self._ends_read or not 0 <= end - start <= ONE_TEXT_BYTES:
            return None
        if not (block.startswith(head, at) and block.endswith(tail)):
            return None
        inside = block[start:end]
        if self._is_only_text:
            if TEXT.fullmatch(inside) is None or not (inside.isascii() or is_utf8(inside)):
                return None
            texts = (inside,)
            return Run(texts, (texts,), len(block), block[at:])
        values = self._values(inside)
        if values is None:
            return None
        columns = [(value,) for value in values]
        return Run(columns[self._text_at], columns, len(block), block[at:])

    def run(self, block: bytes, at: int = 0) -> Run | None:
        """The frames that are alike from `at` on; None when the one there is another."""
        if not block.startswith(self._head, at):
            return None
        return self.one(block, at) or self._many(block, at)

    def _many(self, block: bytes, at: int) -> Run | None:
        head, tail = self._head, self._tail
        insides = _rewritten(block, at, head, tail)
        if not insides:
            insides = _plain(block[at : at + MOST_BYTES], head, tail)
        columns = self._columns(insides)
        if columns is None:
            # Mostly it is the last one that is another: it says why the answer ended.
            insides = insides[:-1]
            columns = self._columns(insides)
        if columns is None:
            insides = list(takewhile(self._values, insides))
            columns = self._columns(insides)
        if self._ends_read:
            insides, columns = insides[:-1], [column[:-1] for column in columns or ()]
        if not insides or columns is None:
            return None
        around = len(head) + len(tail)
        end = at + len(b"".join(insides)) + len(insides) * around
        last = block[end - len(insides[-1]) - around : end]
        return Run(columns[self._text_at], columns, end, last)

    def written(self, run: Run) -> bytes:
        if self._is_only_text:
            head, tail, texts = self._head, self._tail, run.columns[0]
            told = texts[0] if len(texts) == 1 else (tail + head).join(texts)
            return b"%b%b%b" % (head, told, tail)
        form = self._form
        return b"".join([form % values for values in zip(*run.columns, strict=True)])

    def _values(self, inside: bytes) -> Values | None:
        """What stands in the holes of a frame whose first and last literals are left out; None when
        it is not alike.
        """
        before, after = [], []
        for literal, hole in self._before:
            value, found, inside = inside.partition(literal)
            if not found or not hole.match(value):
                return None
            before.append(value)
        for literal, hole in self._after:
            inside, found, value = inside.rpartition(literal)
            if not found or not hole.match(value):
                return None
            after.append(value)
        if TEXT.fullmatch(inside) is None or not (inside.isascii() or is_utf8(inside)):
            return None
        return (*before, inside, *after[::-1])

    def _columns(self, insides: Values) -> Sequence[Values] | None:
        """As `_values`, of many frames, hole by hole; None when one is not alike."""
        if not insides:
            return None
        before, after = [], []
        for literal, hole in self._before:
            cut = [each.partition(literal) for each in insides]
            values, found, insides = zip(*cut, strict=True)
            if b"" in found or not hole.fit(values):
                return None
            before.append(values)
        for literal, hole in self._after:
            cut = [each.rpartition(literal) for each in insides]
            insides, found, values = zip(*cut, strict=True)
            if b"" in found or not hole.fit(values):
                return None
            after.append(values)
        if not is_inside(b" ".join(insides)):
            return None
        return (*before, insides, *after[::-1])


_TEXT_ALONE = (Hole(0, 0, TEXT.fullmatch, b" "),)
"""In a pattern that is made of another one's."""


def _rewritten(block: bytes, at: int, head: bytes, tail: bytes) -> list[bytes]:
    """As `_plain` gives them, where nothing but some last ones is not alike: they are cut out
    blindly, and written again they must give the same bytes.
    """
    # A file of bytes is read by lines in less than half the time of `split`.
    stream = BytesIO(block)
    stream.seek(at)
    lines, place = stream.readlines(MOST_BYTES), head.count(b"\n")
    lines_each = place + tail.count(b"\n")
    before, behind = head[head.rfind(b"\n") + 1 :], tail[: tail.index(b"\n") + 1]
    told = lines[place : len(lines) // lines_each * lines_each : lines_each]
    for _ in range(MOST_LAST_ONES):
        if told and not (told[-1].startswith(before) and told[-1].endswith(behind)):
            told.pop()
    insides = list(map(itemgetter(slice(len(before), -len(behind))), told))
    joined, start = (tail + head).join(insides), at + len(head)
    is_same = block.startswith(joined, start) and block.startswith(tail, start + len(joined))
    return insides if is_same and block.startswith(head, at) else []


def _plain(block: bytes, head: bytes, tail: bytes) -> list[bytes]:
    """The insides of the first frames that begin and end alike: each ends where its line does."""
    joint, back = tail + head, tail.index(b"\n")
    find, starts = block.find, block.startswith
    insides: list[bytes] = []
    start = len(head)
    while (end := find(b"\n", start) - back) >= start:
        if starts(joint, end):
            insides.append(block[start:end])
            start = end + len(joint)
            continue
        if starts(tail, end):
            insides.append(block[start:end])
        break
    return insides
