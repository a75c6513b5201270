"""The pipes between an upstream's answer and the client: relay (`relay_pipes`) or translate
(`translate_pipes`) × stream or whole, fold (streamed → whole), unfold (whole → streamed).

All have one shape, sans I/O: `feed(bytes)` and `eof()` give the bytes for the client,
`abort(failure)` ends an answer that cannot become whole, and `report` says what has been seen:
whether real output came (the commit), usage, how it ended. A pipe never raises: malformed bytes
become `report.failure`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from uniapi.canonical import (
    Event,
    Failure,
    FailureKind,
    Finish,
    Json,
    Media,
    PartDelta,
    PartStart,
    Reasoning,
    Refusal,
    Response,
    ResponseEnd,
    ResponseFailed,
    ResponseStart,
    Text,
    Usage,
    UsageReport,
    is_commit,
)
from uniapi.values import dataclass
from uniapi.wire import LARGE_BYTES, Frame, weight_of

from .turn_reader import TurnReader

FRAME_ENDS = (b"\n\n", b"\r\n\r\n")
"""Behind either of them a server-sent event is whole, and another may begin."""
MAX_UNCOMMITTED_BYTES = 1024 * 1024
"""Events without output that a relay keeps back: signs of life do not add up to so much."""
MAX_WHOLE_BYTES = 64 * 1024 * 1024
ACCEPTED_EMPTY = ("length", "content_filter")
"""Finish reasons with which an answer may be empty without being a failed attempt (docs/design.md,
Commit).
"""


@dataclass(slots=True)
class Report:
    """What a pipe has seen so far. `text` collects the answer's text only while someone probes it
    for error triggers, `turn` what is signed in it when that may have to be restored later; None
    otherwise.
    """

    committed: bool = False
    is_whole: bool = False
    failure: Failure | None = None
    usage: Usage | None = None
    finish: Finish | None = None
    model: str | None = None
    losses: Sequence[str] = ()
    issued_ids: Sequence[str] = ()
    unreadable: int = 0
    text: list[str] | None = None
    response: Response | None = None
    turn: TurnReader | None = None
    items: Sequence[Mapping[str, Json]] = ()
    """The output items of a translated answer that the client may name by their ids later."""
    content_type: str | None = None
    """What the answer is, where that is not what the client's dialect says of itself (see
    `operation_pipes`).
    """
    may_end_empty: bool = False
    """Claude ends a turn without a word when a tool's result told it enough: «end_turn» is then a
    whole answer (platform.claude.com/docs/en/build-with-claude/handling-stop-reasons, 2026-11-30).
    """
    is_cut: bool = False
    """The answer broke off and has no way to say so: the client's connection must not end properly.
    """

    _uncommitted_bytes: int = 0

    def note_frames(self, frames: Sequence[Frame]) -> None:
        """Take in what a relay holds back until the commit."""
        for frame in frames:
            self._uncommitted_bytes += len(frame.raw)
        if not self.committed and self._uncommitted_bytes > MAX_UNCOMMITTED_BYTES:
            self.failure = self.failure or Failure.cut(
                f"more than {MAX_UNCOMMITTED_BYTES} bytes of events with nothing in them"
            )

    def note(self, event: Event) -> None:
        """Take in one canonical event."""
        if not self.committed and is_commit(event):
            self.committed = True
        if self.text is not None:
            self.text.append(text_of(event))
        if self.turn is not None:
            self.turn.note(event)
        match event:
            case UsageReport(usage=usage):
                self.usage = usage if self.usage is None else self.usage.updated(usage)
            case ResponseStart():
                self.model = event.model
                self.usage = event.usage
                if event.response_id:
                    self.issued_ids = (*self.issued_ids, event.response_id)
            case ResponseEnd(finishes=finishes):
                self.is_whole = True
                self.finish = finishes[0] if finishes else None
                self.settle()
            case ResponseFailed(failure=failure):
                self.failure = failure
            case _:
                pass

    def settle(self) -> None:
        """The answer is whole: an empty one is a failure, unless it ended in a way that explains
        it.
        """
        if self.committed or self.failure is not None:
            return
        if self._is_explained():
            self.committed = True
        else:
            self.failure = Failure(
                kind=FailureKind.EMPTY,
                message=f"the upstream answered with nothing in it{_ending(self.finish)}",
            )

    def _is_explained(self) -> bool:
        """Whether the end says why there is nothing in the answer."""
        if self.finish is None:
            return False
        ended_turn = self.finish.native == "end_turn"
        return self.finish.reason in ACCEPTED_EMPTY or (self.may_end_empty and ended_turn)


def _ending(finish: Finish | None) -> str:
    """Why, in the upstream's words, where they say more than that it stopped (Gemini's
    MALFORMED_FUNCTION_CALL).
    """
    if finish is None or finish.native is None:
        return ""
    return f" ({finish.native}: {finish.message})" if finish.message else f" ({finish.native})"


class Pipe(Protocol):
    """`streams`: output comes before `eof`.

    `is_over`: nothing the upstream still says can matter, because the answer has failed or its
    dialect's end was seen. `may_end`: the bytes may stop here, and what came is a whole answer.
    `held`: bytes of the answer that it keeps; the texts of a translated stream among them, since
    some dialects say at the end again what was said.
    """

    streams: bool
    report: Report

    @property
    def is_over(self) -> bool: ...

    @property
    def may_end(self) -> bool: ...

    @property
    def held(self) -> int: ...

    def feed(self, data: bytes) -> list[bytes]: ...

    def eof(self) -> list[bytes]: ...

    def abort(self, failure: Failure) -> list[bytes]: ...


class Collecting:
    """What the pipes for whole upstream answers share: everything is kept until the end. `beside`:
    bytes of other answers that are read with this one.
    """

    streams = False
    may_end = False

    def __init__(self, beside: int = 0) -> None:
        self.report = Report()
        self.is_over = False
        self.is_large = beside > LARGE_BYTES
        """Whether reading it takes so long that `eof` belongs in a thread."""
        self._pieces: list[bytes] = []
        """One that is alone is not copied when they are joined."""
        self._size = self._weight = 0
        self._beside = beside

    @property
    def held(self) -> int:
        """With what reading a large one takes: of 15 MB of small objects 400 became."""
        return self._size + self._beside + self._weight

    def feed(self, data: bytes) -> list[bytes]:
        self._size += len(data)
        self.is_large = self._size + self._beside > LARGE_BYTES
        if self._size > MAX_WHOLE_BYTES:
            self.abort(too_large())
            self._pieces.clear()
            return []
        self._pieces.append(data)
        if self.is_large:
            self._weight += weight_of(data)
        return []

    def abort(self, failure: Failure) -> list[bytes]:
        self.report.failure, self.is_over = failure, True
        return []


def too_large() -> Failure:
    return Failure.cut(f"an answer larger than {MAX_WHOLE_BYTES} bytes")


def text_of(event: Event) -> str:
    match event:
        case PartDelta(text=text) | PartStart(part=Text(text=text)):
            return text
        case _:
            return ""


def has_output(response: Response) -> bool:
    """Whether a whole answer holds anything real; the whole counterpart of `is_commit`."""
    for choice in response.choices:
        for part in choice.parts:
            match part:
                case Text(text=text) | Refusal(text=text):
                    if text:
                        return True
                case Reasoning():
                    if part.text or part.opaque is not None:
                        return True
                case Media() | _:
                    return True
    return False
