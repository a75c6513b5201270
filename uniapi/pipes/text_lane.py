"""The fast lane of a stream of server-sent events: what one read brought is cut into runs of frames
that are alike (`wire.alike`) and those between them, which are read in full.

A pipe learns a pattern from a frame that it has read, and says when it holds no longer.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from uniapi.wire import Alike, Frame, Framer, Members, Run, SseDecoder

MAX_LESSONS = 32
"""Patterns learned in vain before giving up: some vendors write every frame differently."""
LESSONS_AT_ONCE = 4
"""Patterns learned from one read before the rest of it is read at once."""
LAST_BYTES = 2048
"""So little behind a run tells how the answer ends, and is read at once."""

_NONE = SseDecoder()
"""Stands for a framer that is none of server-sent events."""


class TextLane:
    """`alike` is the pattern that holds; None while there is none."""

    __slots__ = ("_framer", "_lessons", "_sse", "alike")

    def __init__(self, framer: Framer) -> None:
        self.alike: Alike | None = None
        self._framer = framer
        self._sse = framer if isinstance(framer, SseDecoder) else _NONE
        self._lessons = 0 if self._sse is _NONE else MAX_LESSONS

    def one(self, data: bytes) -> Run | None:
        """The run of one frame that `data` is, as most reads are; None where `cut` has to look."""
        alike = self.alike
        if alike is None or not self._sse.is_between:
            return None
        run = alike.one(data)
        if run is not None:
            self._lessons = MAX_LESSONS
        return run

    def cut(self, data: bytes) -> Iterator[Run | Sequence[Frame]]:
        """What `data` completes, in order. The pattern may change between two pieces. Raises
        WireError as the framer does.
        """
        at, tries = 0, LESSONS_AT_ONCE
        # One byte is found a hundred times as fast as several.
        mark = b"\r\n\r\n" if b"\r" in data and b"\r\n\r\n" in data else b"\n\n"
        while at < len(data):
            alike = self.alike
            run = alike.run(data, at) if alike is not None and self._sse.is_between else None
            if run is not None:
                self._lessons = MAX_LESSONS
                at = run.end
                tries = LESSONS_AT_ONCE if len(data) - at > LAST_BYTES else 0
                yield run
                continue
            end = len(data)
            before = self._lessons
            if tries and before:
                # One frame, from which may be learned how the next ones look.
                end = data.find(mark, at) + len(mark)
                end = end if end >= len(mark) else len(data)
            frames = self._framer.feed(data[at:end])
            at = end
            yield frames
            tries -= self._lessons < before

    @property
    def may_learn(self) -> bool:
        return self._lessons > 0

    def miss(self) -> None:
        """A frame with more of a text can be no pattern: others are likely to be none either."""
        self._lessons -= 1

    def learn(self, frame: Frame, members: Members, text: str | None = None) -> Alike | None:
        """Take this frame, whose text is `text` if that is known, as the pattern, if it can be
        one.
        """
        self._lessons -= 1
        self.alike = Alike.of(frame.raw, members, text)
        return self.alike
