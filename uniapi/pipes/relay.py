"""Relays: the same dialect on both sides. Bytes go on as they came while an observer listens."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from uniapi.canonical import Failure, Json, PartDelta
from uniapi.dialects import SHAPE_ERRORS, Observer, StreamDecoder
from uniapi.errors import WireError
from uniapi.wire import DONE, Alike, Frame, Framer, Run, encode_sse, is_cut_done, load_json

from .framing import FrameWriter
from .pipe import FRAME_ENDS, Collecting, Report, text_of
from .text_lane import TextLane
from .turn_reader import TurnReader

MOST_KEPT_BACK = 16 * 1024
"""Larger events lack nothing that a relay would put in: they go on as they come."""


class RelayStream:
    """Same dialect, streamed: bytes go on as they arrive while the observer listens. What follows
    an error object goes on as well.

    `writer` is None when nothing may be changed; otherwise every frame goes through it (reframed,
    its model name spliced, or dropped as b""). `shadow` decodes beside the observer where its text
    is probed for error triggers (`probes_text`), or its `turn` is remembered.
    """

    __slots__ = (
        "_back",
        "_ending",
        "_ends_clean",
        "_framer",
        "_kept",
        "_lane",
        "_observer",
        "_shadow",
        "_spelled",
        "_writer",
        "is_over",
        "may_end",
        "report",
    )

    streams = True

    def __init__(
        self,
        framer: Framer,
        observer: Observer,
        ending: Callable[[Failure], list[bytes]],
        writer: FrameWriter | None = None,
        shadow: StreamDecoder | None = None,
        *,
        probes_text: bool = False,
        turn: TurnReader | None = None,
    ) -> None:
        self.report = Report(text=[] if probes_text else None, turn=turn)
        self._framer = framer
        self._lane = TextLane(framer)
        self._spelled: Alike | None = None
        """The lane's pattern as the writer writes it."""
        self._observer = observer
        self._ending = ending
        self._writer = writer
        self._shadow = shadow
        self._ends_clean = True
        self._back = b""
        """The beginning of a frame that may have to be amended."""
        self.is_over = self.may_end = False
        self._kept = 0

    @property
    def held(self) -> int:
        return self._framer.held + self._kept + len(self._back)

    def feed(self, data: bytes) -> list[bytes]:
        run = self._lane.one(data)
        if run is not None:
            self._ends_clean = True
            return [data if self._spelled is None else self._spelled.written(run)]
        out = []
        try:
            for piece in self._lane.cut(data):
                if isinstance(piece, Run):
                    if self._spelled is not None:
                        out.append(self._spelled.written(piece))
                    continue
                self._observe(piece)
                written = self._written(piece)
                out += written
                if len(piece) == 1 and self._lane.may_learn:
                    self._learn(piece[0], b"".join(written))
        except WireError as error:
            return out + self.abort(Failure.cut(str(error)))
        if self._writer is not None:
            return out
        if self._observer.amends_frames:
            data = self._whole_frames(data)
        if not data:
            return []
        self._ends_clean = data.endswith(FRAME_ENDS)
        if self._observer.amends:
            return [self._amended(data)]
        return [data]

    def eof(self) -> list[bytes]:
        report = self.report
        try:
            frames = self._framer.eof()
        except WireError as error:
            return self.abort(Failure.cut(str(error)))
        out: list[bytes] = []
        is_rest = False
        if frames:
            had_reason, unreadable = self._observer.is_whole, self._observer.unreadable
            self._observe(frames)
            # Cut behind the reason of the end, it is the announcement of what is put in below.
            is_rest = had_reason and self._observer.unreadable > unreadable
            out = [] if is_rest else self._written(frames)
        if self._back:
            if not is_rest:
                out.append(self._amended(self._back) if self._observer.amends else self._back)
            self._back = b""
        is_cut = bool(frames) and is_cut_done(frames[-1].raw)
        if is_cut:
            # Its beginning has gone on.
            out.append(DONE[len(frames[-1].raw) :])
        if out:
            self._ends_clean = out[-1].endswith(FRAME_ENDS)
        if report.failure is None and not self._observer.is_whole:
            return out + self.abort(Failure.cut("the upstream's answer was cut off"))
        if report.failure is None:
            report.is_whole = True
            report.settle()
            if not is_cut:
                out += self._missing_end()
        return out + self._closing()

    def abort(self, failure: Failure) -> list[bytes]:
        self.report.failure = failure
        self.is_over = True
        # A frame that was cut in the middle is closed first, so that the error is a frame of its
        # own.
        return ([] if self._ends_clean else [b"\n\n"]) + self._ending(failure)

    def _learn(self, frame: Frame, written: bytes) -> None:
        """After the commit: frames like this one tell nothing, and are written as it was."""
        observer = self._observer
        members = observer.members
        if members is None or self._shadow is not None:
            return
        if not observer.committed or not frame.data or not observer.skims(frame):
            return
        alike = self._lane.learn(frame, members)
        self._spelled = None
        if self._writer is None or alike is None:
            return
        spelled = alike.headed(frame.raw, written) or Alike.of(written, members)
        if spelled is None or spelled.shape != alike.shape:
            self._lane.alike = None
        self._spelled = spelled

    def _written(self, frames: Sequence[Frame]) -> list[bytes]:
        writer = self._writer
        if writer is None:
            return []
        amends = self._observer.amends
        if not amends:
            return writer.frames(frames)
        meant = dict(amends)
        self._observer.amends = ()
        return writer.frames(
            [
                frame._replace(
                    data=meant[frame.data], raw=encode_sse(meant[frame.data], frame.event)
                )
                if frame.data in meant
                else frame
                for frame in frames
            ]
        )

    def _whole_frames(self, data: bytes) -> bytes:
        """What was kept back and `data`, up to the end of the last whole frame in it: what a frame
        lacks is put in before any of it is handed on, wherever the network cut it.
        """
        data = self._back + data
        self._back = b""
        begun = self._framer.held
        if 0 < begun <= min(len(data), MOST_KEPT_BACK):
            cut = len(data) - begun
            self._back = data[cut:]
            data = data[:cut]
        return data

    def _amended(self, data: bytes) -> bytes:
        """The bytes with the frames in them as they should have been."""
        for came, meant in self._observer.amends:
            data = data.replace(came, meant, 1)
        self._observer.amends = ()
        return data

    def _missing_end(self) -> list[bytes]:
        """The dialect's end, where the stream said why it ended and then just stopped."""
        end = self._observer.missing_end
        if not end or self.report.failure is not None:
            return []
        return [end] if self._ends_clean else [b"\n\n", end]

    def _closing(self) -> list[bytes]:
        closing = self._writer.close() if self._writer is not None else b""
        return [closing] if closing else []

    def _observe(self, frames: Sequence[Frame]) -> None:
        observer, report = self._observer, self.report
        observer.take(frames)
        _take_over(report, observer)
        self.is_over, self.may_end = observer.is_over, observer.is_whole
        if not report.committed:
            report.note_frames(frames)
        if self._shadow is not None:
            self._read(self._shadow, frames)

    def _read(self, shadow: StreamDecoder, frames: Sequence[Frame]) -> None:
        """What cannot be decoded is relayed all the same, and not remembered."""
        report = self.report
        try:
            for event in (event for frame in frames for event in shadow.feed(frame)):
                if report.text is not None:
                    report.text.append(text_of(event))
                if report.turn is not None:
                    report.turn.note(event)
                if type(event) is PartDelta:
                    self._kept += len(event.text)
        except (WireError, *SHAPE_ERRORS):
            report.turn = self._shadow = None
        if report.text is None and report.turn is None:
            self._shadow = None


class RelayWhole(Collecting):
    """Same dialect, whole: the body as it came, its model name spliced when `render` does so, which
    is given the body and what was read of it.
    `read_turn(body)` gives what is remembered of it; error triggers are looked for where it
    `probes_text`.
    """

    def __init__(
        self,
        observer: Observer,
        render: Callable[[bytes, Json], bytes] | None = None,
        read_turn: Callable[[Json], TurnReader | None] | None = None,
        *,
        probes_text: bool = False,
    ) -> None:
        Collecting.__init__(self)
        self._probes_text = probes_text
        self._observer = observer
        self._render = render
        self._read_turn = read_turn

    def eof(self) -> list[bytes]:
        report = self.report
        if report.failure is not None:
            return []
        body = b"".join(self._pieces)
        self._pieces.clear()
        try:
            value = load_json(body)
        except WireError as error:
            report.failure = Failure.cut(str(error))
            return []
        observer = self._observer
        observer.whole(value)
        _take_over(report, observer)
        report.is_whole = report.failure is None
        if report.failure is None:
            if not report.committed:
                report.settle()
            report.turn = self._read_turn(value) if self._read_turn is not None else None
        if self._probes_text:
            report.text = [body.decode("utf-8", "replace")]
        if observer.usage is None and report.failure is None:
            body = observer.amended_whole(body, value)
        return [body if self._render is None else self._render(body, value)]


class RelayBody(Collecting):
    """An answer that says nothing a generation says (a token count, a stored response): handed on
    as `render` spells it, or as it came where that gives None.
    """

    def __init__(self, render: Callable[[Json], bytes | None] | None = None) -> None:
        super().__init__()
        self._render = render

    def eof(self) -> list[bytes]:
        report = self.report
        if report.failure is not None:
            return []
        body = b"".join(self._pieces)
        self._pieces.clear()
        try:
            rendered = None if self._render is None else self._render(load_json(body))
        except (WireError, *SHAPE_ERRORS) as error:
            report.failure = Failure.cut(f"an answer of an unexpected shape: {error}")
            return []
        report.committed = report.is_whole = True
        return [body if rendered is None else rendered]


def _take_over(report: Report, observer: Observer) -> None:
    """What the observer has learned so far; a failure that is known already stands."""
    report.committed = report.committed or observer.committed
    report.failure = report.failure or observer.failure
    report.usage = observer.usage
    report.finish = observer.finish
    report.model = observer.model
    report.issued_ids = observer.issued_ids
    report.unreadable = observer.unreadable
