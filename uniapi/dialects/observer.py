"""What a relay learns of an answer that it hands on untouched: the base of the dialects'
observers.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

from uniapi.canonical import Failure, Finish, Json, Usage
from uniapi.wire import Frame, Members, parse_json

from .failed_finish import failed_finish
from .shapes import SHAPE_ERRORS


class Observer(ABC):
    """Listens to a relayed answer without touching it. It never raises; a frame it cannot read is
    counted in `unreadable` and passed over.

    `committed`: real output was seen. `is_whole`: what came is a whole answer. `is_over`: the
    dialect's end was seen, after which nothing counts. `failure`: an error object was seen, or
    a finish that is one. `issued_ids`: upstream ids that pin later calls.

    Most frames of a stream only carry more output, and nothing else once output was seen: a
    dialect's `skims` knows them by a few bytes, so that they are not parsed. The others it reads in
    `observe_frame`, whole answers in `observe_whole`.
    """

    members: Members | None = None
    """Those of the dialect's frames that bring text, for the fast lane."""
    amends_frames = False
    """Whether `amends` ever names any: the relay then hands frames on when they are whole."""

    __slots__ = (
        "amends",
        "committed",
        "failure",
        "finish",
        "is_over",
        "is_whole",
        "issued_ids",
        "model",
        "unreadable",
        "usage",
    )

    def __init__(self) -> None:
        self.committed = False
        self.is_whole = False
        self.is_over = False
        self.failure: Failure | None = None
        self.usage: Usage | None = None
        self.finish: Finish | None = None
        self.model: str | None = None
        self.unreadable = 0
        self.issued_ids: tuple[str, ...] = ()
        self.amends: tuple[tuple[bytes, bytes], ...] = ()
        """Frames that came without what every client of the dialect reads, and what they should
        have been; to be taken out by the relay.
        """

    @property
    def missing_end(self) -> bytes:
        """What a whole stream still lacks for the dialect's clients to know that it has ended."""
        return b""

    def amended_whole(self, body: bytes, value: Json) -> bytes:
        """A whole answer with what every client of the dialect reads."""
        return body

    def take(self, frames: Sequence[Frame]) -> None:
        """Frames of a streamed answer, in order."""
        at, count = 0, len(frames)
        while at < count:
            if self.committed:
                at = self.skim(frames, at)
                if at == count:
                    return
            self._read(frames[at])
            at += 1

    def skim(self, frames: Sequence[Frame], at: int) -> int:
        """The place of the first frame from `at` on that has to be read; a dialect that is asked
        often knows a faster way.
        """
        while at < len(frames) and self.skims(frames[at]):
            at += 1
        return at

    def feed(self, frame: Frame) -> None:
        """One frame of a streamed answer."""
        if not (self.committed and self.skims(frame)):
            self._read(frame)

    def _read(self, frame: Frame) -> None:
        data = frame.data
        if not data:
            return
        if data[:1] != b"{" and data.strip() == b"[DONE]":
            self.is_over = True
            self.observe_done()
            return
        try:
            self.observe_frame(parse_json(data.decode()), frame)
        except (*SHAPE_ERRORS, RecursionError):
            self.unreadable += 1
        if self.finish is not None and self.finish.reason == "error":
            self._judge_finish(self.finish)

    def whole(self, body: Json) -> None:
        """A whole answer's JSON value, or an error object's."""
        try:
            self.observe_whole(body)
        except (*SHAPE_ERRORS, RecursionError):
            self.unreadable += 1
            self.observe_unreadable()
        if self.finish is not None and self.finish.reason == "error":
            self._judge_finish(self.finish)

    def _judge_finish(self, finish: Finish) -> None:
        """An ending that is a failure is none."""
        if self.failure is None:
            self.failure = failed_finish(finish)
            self.is_whole = False

    @abstractmethod
    def skims(self, frame: Frame) -> bool:
        """Whether this frame, after the commit, tells nothing but more output."""

    @abstractmethod
    def observe_frame(self, value: Json, frame: Frame) -> None:
        """A frame's JSON value; to be written by the dialect, which may raise any of
        SHAPE_ERRORS.
        """

    @abstractmethod
    def observe_whole(self, body: Json) -> None:
        """A whole answer's JSON value; to be written by the dialect, which may raise any of
        SHAPE_ERRORS.
        """

    def observe_unreadable(self) -> None:  # noqa: B027 (most dialects call it none of theirs)
        """A whole answer was of another shape."""

    def observe_done(self) -> None:  # noqa: B027 (most dialects have nothing to learn from it)
        """OpenAI's last frame, which other vendors' servers send too."""

    def issue(self, issued: Json) -> None:
        """An id out of the answer, if it is one, and new."""
        if isinstance(issued, str) and issued and issued not in self.issued_ids:
            self.issued_ids += (issued,)
