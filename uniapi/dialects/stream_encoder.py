"""The base of a streamed answer's way out: it keeps the order of things, so that a dialect's own
encoder only spells frames.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from uniapi.canonical import (
    Event,
    Failure,
    FailureKind,
    Json,
    PartDelta,
    PartEnd,
    PartStart,
    ResponseEnd,
    ResponseFailed,
    ResponseStart,
    UsageReport,
    broken_off,
)
from uniapi.errors import assert_never
from uniapi.wire import Run, spoken

from .codec import ReplyContext


class StreamEncoder:
    """Events → the bytes a client reads. A subclass spells frames in the `on_…` methods by
    appending to `out`; the base dispatches each event once and forbids output after the end.

    `eof()` without a terminal event before it is written as a failure, so that a cut stream never
    looks whole.
    """

    def __init__(self, context: ReplyContext) -> None:
        self.context = context
        self.losses: list[str] = []
        self.out: list[bytes] = []
        self._is_started = False
        self._is_done = False

    @property
    def items(self) -> Sequence[Mapping[str, Json]]:
        """As `EncodedResponse.items`, of what has been written so far."""
        return ()

    def join_midway(self) -> None:
        """The client has already been sent the beginning of an answer by other means (a relay):
        only a terminal is to be written.
        """
        self._is_started = True

    def feed(self, event: Event) -> list[bytes]:
        if self._is_done:
            return []
        match event:
            case PartDelta():
                self.on_part_delta(event)
            case PartStart():
                self.on_part_start(event)
            case PartEnd():
                self.on_part_end(event)
            case UsageReport():
                self.on_usage(event)
            case ResponseStart():
                self._is_started = True
                self.on_start(event)
            case ResponseEnd():
                self._is_done = True
                self.on_end(event)
            case ResponseFailed():
                self._is_done = True
                if not self._is_started:
                    self._is_started = True
                    self.on_start(ResponseStart())
                told = broken_off(event.failure, self.context.provider)
                self.on_failed(ResponseFailed(failure=told))
            case _:
                assert_never(event)
        out = self.out
        self.out = []
        return out

    def more(self, index: int, run: Run) -> bytes:
        """More of the open part `index`, in deltas of these texts: what `feed` would give for them.
        A dialect that is asked often copies them as they are written.
        """
        out: list[bytes] = []
        for text in run.texts:
            out += self.feed(PartDelta(index=index, text=spoken(text)))
        return b"".join(out)

    def eof(self) -> list[bytes]:
        if self._is_done:
            return []
        return self.feed(
            ResponseFailed(
                failure=Failure(
                    kind=FailureKind.BROKEN, message="the upstream's answer was cut off"
                )
            )
        )

    def on_start(self, event: ResponseStart) -> None: ...

    def on_part_start(self, event: PartStart) -> None: ...

    def on_part_delta(self, event: PartDelta) -> None: ...

    def on_part_end(self, event: PartEnd) -> None: ...

    def on_usage(self, event: UsageReport) -> None: ...

    def on_end(self, event: ResponseEnd) -> None: ...

    def on_failed(self, event: ResponseFailed) -> None: ...
