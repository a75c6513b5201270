"""The base of a streamed answer's way in: it keeps the event grammar, so that a dialect's own
decoder reads as a table from frame type to a short method.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping

from uniapi.canonical import (
    Event,
    Failure,
    Finish,
    Json,
    PartDelta,
    ResponseEnd,
    ResponseFailed,
    ResponseStart,
    Usage,
    UsageReport,
)
from uniapi.errors import WireError
from uniapi.wire import Frame, Members, Run

from .codec import UpstreamContext
from .failed_finish import failed_finish
from .part_tracker import PartTracker
from .shapes import SHAPE_ERRORS
from .think_tags import ThinkTagFilter


class StreamDecoder(ABC):
    """Frames → events. A subclass writes `decode(frame)` (and `close_input()` if the end of input
    means something) and calls `start`, `parts`, `usage`, `end`, `fail`.

    The base keeps the grammar: a first event before anything else, one terminal, silence after it,
    and every malformed frame a failure instead of an exception.
    """

    members: Members | None = None
    """Those of the dialect's frames that bring text, for the fast lane of a stream."""

    def __init__(self, context: UpstreamContext) -> None:
        self.context = context
        self.parts = PartTracker()
        self.is_started = False
        self.is_done = False
        quirk = context.quirk
        self._tags = ThinkTagFilter(quirk.think_tag_is_open) if quirk.think_tags else None
        if self._tags is not None:
            # What looks like text may be something else.
            self.members = None

    def feed(self, frame: Frame) -> list[Event]:
        """The events that `frame` completes; never raises."""
        if self.is_done:
            return []
        try:
            self.decode(frame)
        except WireError as error:
            self._break(str(error))
        except SHAPE_ERRORS as error:
            self._break(f"a malformed stream event: {type(error).__name__}: {error}")
        except RecursionError:
            self._break("a stream event nested too deep")
        return self.drain()

    def _break(self, reason: str) -> None:
        """A frame that cannot be read. Behind the reason of the end it is a cut announcement of
        what is known (sudoprivacy/sudocode#576, 2026-11-30).
        """
        if not self.may_end:
            self.fail(Failure.cut(reason))

    def eof(self) -> list[Event]:
        """The input is over. A stream without its proper end is a failure."""
        if not self.is_done:
            try:
                self.close_input()
            except (WireError, *SHAPE_ERRORS) as error:
                self.fail(Failure.cut(f"a malformed end of stream: {error}"))
        if not self.is_done:
            self.fail(Failure.cut("the stream ended before its end was announced"))
        return self.drain()

    @property
    def may_end(self) -> bool:
        """Whether the bytes may stop here: the answer is whole, announced end or not.

        A dialect without an explicit end says when.
        """
        return self.is_done

    def taker(self, frame: Frame, event: PartDelta) -> Callable[[Run], None] | None:
        """What takes note of more of the text that `event` told, all that came of `frame`, where
        frames that differ in their text alone would tell nothing but their text either; None where
        they might. Where texts are told otherwise than they came, it tells the run. May raise any
        of SHAPE_ERRORS.
        """
        return None

    @abstractmethod
    def decode(self, frame: Frame) -> None:
        """One frame; to be written by the dialect."""

    def close_input(self) -> None:  # noqa: B027 (most dialects announce their end)
        """The bytes are over and no terminal was seen; a dialect without an explicit end calls
        `end` here.
        """

    def start(
        self,
        *,
        response_id: str | None = None,
        model: str | None = None,
        created_s: int | None = None,
        usage: Usage | None = None,
        extensions: Mapping[str, Mapping[str, Json]] | None = None,
    ) -> None:
        """The envelope is known; only the first call counts."""
        if not self.is_started:
            self.is_started = True
            self.parts.events.append(
                ResponseStart(
                    response_id=response_id,
                    model=model,
                    created_s=created_s,
                    usage=usage,
                    extensions=extensions or {},
                )
            )

    def usage(self, usage: Usage) -> None:
        self.parts.events.append(UsageReport(usage=usage))

    def end(
        self,
        finishes: tuple[Finish, ...],
        extensions: Mapping[str, Mapping[str, Json]] | None = None,
    ) -> None:
        """The answer is whole: closes what is open and emits the terminal, which is a failure when
        one of the finishes is.
        """
        self.start()
        failed = next((finish for finish in finishes if finish.reason == "error"), None)
        if failed is not None:
            self.fail(failed_finish(failed))
            return
        self.parts.close_all()
        self.parts.events.append(ResponseEnd(finishes=finishes, extensions=extensions or {}))
        self.is_done = True

    def fail(self, failure: Failure) -> None:
        if not self.is_done:
            self.parts.events.append(ResponseFailed(failure=failure))
            self.is_done = True

    def drain(self) -> list[Event]:
        """What was told since the last time, with `<think>` tags told apart where the model writes
        them.
        """
        events = self.parts.events
        self.parts.events = []
        return events if self._tags is None else self._tags.feed(events)


def nothing_more(run: Run) -> None:
    """For a decoder to which more of a text means nothing."""
