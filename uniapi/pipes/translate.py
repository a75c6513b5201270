"""Translations: another dialect upstream.

Frames become canonical events, events the client's bytes; what is whole on one side may be streamed
on the other.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from uniapi.canonical import (
    Event,
    EventFold,
    Failure,
    FoldError,
    Json,
    PartDelta,
    PartStart,
    Response,
    ResponseFailed,
    unfold,
)
from uniapi.dialects import (
    SHAPE_ERRORS,
    CallIds,
    EncodedResponse,
    StreamDecoder,
    StreamEncoder,
    nothing_more,
)
from uniapi.errors import WireError
from uniapi.wire import Frame, Framer, Run, load_json

from .pipe import MAX_WHOLE_BYTES, Collecting, Report, has_output, too_large
from .text_lane import TextLane
from .turn_reader import TurnReader


class TranslateStream:
    """Another dialect, streamed: frames → events → the client's bytes."""

    __slots__ = (
        "_decoder",
        "_encoder",
        "_framer",
        "_ids",
        "_index",
        "_kept",
        "_lane",
        "_take",
        "is_over",
        "may_end",
        "report",
    )

    streams = True

    def __init__(
        self,
        framer: Framer,
        decoder: StreamDecoder,
        encoder: StreamEncoder,
        *,
        probes_text: bool = False,
        turn: TurnReader | None = None,
        ids: CallIds | None = None,
    ) -> None:
        self.report = Report(text=[] if probes_text else None, losses=encoder.losses, turn=turn)
        self._ids = ids
        self._framer = framer
        self._decoder = decoder
        self._encoder = encoder
        self._lane = TextLane(framer)
        self._take: Callable[[Run], None] = nothing_more
        """What the decoder does with more of the text of `_index`, in the lane."""
        self._index = 0
        self.is_over = self.may_end = False
        self._kept = 0

    @property
    def held(self) -> int:
        return self._framer.held + self._kept

    def feed(self, data: bytes) -> list[bytes]:
        run = self._lane.one(data)
        if run is not None:
            return [self._told(run)]
        out: list[bytes] = []
        try:
            for piece in self._lane.cut(data):
                if isinstance(piece, Run):
                    out.append(self._told(piece))
                else:
                    self._read(piece, out)
        except WireError as error:
            return out + self.abort(Failure.cut(str(error)))
        return out

    def _told(self, run: Run) -> bytes:
        """More of the text that the lane is on."""
        self._take(run)
        if b"" in run.texts:
            run.tell([text for text in run.texts if text])
        self._kept += len(b"".join(run.texts))
        turn = self.report.turn
        if turn is not None and self._index in turn.open:
            turn.note(PartDelta(index=self._index, text=run.text))
        return self._encoder.more(self._index, run) if run.texts else b""

    def _read(self, frames: Sequence[Frame], out: list[bytes]) -> None:
        report, decode, encode = self.report, self._decoder.feed, self._encoder.feed
        listened = report.turn.open if report.turn is not None else {}
        for frame in frames:
            events = decode(frame)
            for event in events:
                # More of a text tells nothing but itself, once the answer has begun.
                is_heard = type(event) is not PartDelta or event.index in listened
                self._kept += len(event.text if type(event) is PartDelta else frame.data)
                if is_heard and type(event) is PartStart and self._ids is not None:
                    event = self._ids.of_event(event)
                if is_heard or not report.committed or report.text is not None:
                    report.note(event)
                out += encode(event)
            if frame.data:
                # Whatever it told, the pattern need not hold any longer.
                self._lane.alike = None
                if len(events) == 1 and len(frames) == 1:
                    self._learn(frame, events[0])
        if not report.committed:
            report.note_frames(frames)
        self.is_over = self._decoder.is_done or report.failure is not None
        self.may_end = self._decoder.may_end

    def _learn(self, frame: Frame, event: Event) -> None:
        """After the commit: frames like this one bring more of a text, and nothing else."""
        members, lane = self._decoder.members, self._lane
        if type(event) is not PartDelta or members is None or not lane.may_learn:
            return
        if event.citations or event.logprobs or event.opaque is not None:
            return
        if self.report.text is not None or not self.report.committed:
            return
        try:
            take = self._decoder.taker(frame, event)
        except (WireError, *SHAPE_ERRORS):
            return
        if take is None:
            lane.miss()
            return
        self._take, self._index = take, event.index
        lane.learn(frame, members, event.text)

    def eof(self) -> list[bytes]:
        out: list[bytes] = []
        try:
            frames = self._framer.eof()
        except WireError as error:
            return self.abort(Failure.cut(str(error)))
        for frame in frames:
            for event in self._decoder.feed(frame):
                self._pass(event, out)
        for event in self._decoder.eof():
            self._pass(event, out)
        out.extend(self._encoder.eof())
        self.report.items = self._encoder.items
        return out

    def abort(self, failure: Failure) -> list[bytes]:
        if self.report.failure is None and not self.report.is_whole:
            self.report.failure = failure
        self.is_over = True
        return self._encoder.feed(ResponseFailed(failure=failure))

    def _pass(self, event: Event, out: list[bytes]) -> None:
        if type(event) is PartStart and self._ids is not None:
            event = self._ids.of_event(event)
        self.report.note(event)
        out.extend(self._encoder.feed(event))


class TranslateWhole(Collecting):
    """Another dialect, whole."""

    def __init__(
        self,
        decode: Callable[[Json], Response],
        encode: Callable[[Response], EncodedResponse],
        dump: Callable[[Json], bytes],
        turn: TurnReader | None = None,
    ) -> None:
        super().__init__()
        self.report.turn = turn
        self._decode = decode
        self._encode = encode
        self._dump = dump

    def eof(self) -> list[bytes]:
        response = _decoded(self.report, b"".join(self._pieces), self._decode)
        if response is None:
            return []
        return _encoded_whole(self.report, response, self._encode, self._dump)


class Fold:
    """The upstream streams, the client wants a whole answer."""

    streams = False

    def __init__(
        self,
        framer: Framer,
        decoder: StreamDecoder,
        encode: Callable[[Response], EncodedResponse],
        dump: Callable[[Json], bytes],
        turn: TurnReader | None = None,
        ids: CallIds | None = None,
    ) -> None:
        self.report = Report(turn=turn)
        self._ids = ids
        self._framer = framer
        self._decoder = decoder
        self._folder = EventFold()
        self._size = 0
        self._encode = encode
        self._dump = dump

    @property
    def held(self) -> int:
        return self._size

    @property
    def is_over(self) -> bool:
        return self._decoder.is_done or self.report.failure is not None

    @property
    def may_end(self) -> bool:
        return self._decoder.may_end

    def feed(self, data: bytes) -> list[bytes]:
        self._size += len(data)
        if self._size > MAX_WHOLE_BYTES:
            self.report.failure = too_large()
            return []
        try:
            self._read(self._framer.feed(data))
        except WireError as error:
            self.report.failure = Failure.cut(str(error))
        return []

    def eof(self) -> list[bytes]:
        try:
            self._read(self._framer.eof())
        except WireError as error:
            self.report.failure = Failure.cut(str(error))
            return []
        for event in self._decoder.eof():
            self._note(event)
        if self.report.failure is not None:
            return []
        try:
            response = self._folder.response()
        except FoldError as error:
            self.report.failure = error.failure
            return []
        return _encoded_whole(self.report, response, self._encode, self._dump)

    def abort(self, failure: Failure) -> list[bytes]:
        self.report.failure = failure
        return []

    def _read(self, frames: list[Frame]) -> None:
        for frame in frames:
            for event in self._decoder.feed(frame):
                self._note(event)

    def _note(self, event: Event) -> None:
        if type(event) is PartStart and self._ids is not None:
            event = self._ids.of_event(event)
        self.report.note(event)
        self._folder.feed(event)


class Unfold(Collecting):
    """The upstream answers whole, the client wants a stream."""

    def __init__(
        self,
        decode: Callable[[Json], Response],
        encoder: StreamEncoder,
        turn: TurnReader | None = None,
    ) -> None:
        super().__init__()
        self.report.turn = turn
        self._decode = decode
        self._encoder = encoder

    def eof(self) -> list[bytes]:
        response = _decoded(self.report, b"".join(self._pieces), self._decode)
        if response is None:
            return []
        out: list[bytes] = []
        for event in unfold(response):
            out.extend(self._encoder.feed(event))
        out.extend(self._encoder.eof())
        self.report.losses = self._encoder.losses
        self.report.items = self._encoder.items
        return out

    def abort(self, failure: Failure) -> list[bytes]:
        self.report.failure, self.is_over = failure, True
        return self._encoder.feed(ResponseFailed(failure=failure))


def _decoded(report: Report, body: bytes, decode: Callable[[Json], Response]) -> Response | None:
    """The response in `body`, with the report filled in; None when it is a failure."""
    if report.failure is not None:
        return None
    try:
        response = decode(load_json(body))
    except FoldError as error:
        report.failure = error.failure
        return None
    except WireError as error:
        report.failure = Failure.cut(str(error))
        return None
    except (*SHAPE_ERRORS, RecursionError) as error:
        report.failure = Failure.cut(f"a malformed answer: {type(error).__name__}: {error}")
        return None
    report.usage = response.usage
    report.model = response.model
    report.is_whole = True
    report.committed = has_output(response)
    report.finish = response.choices[0].finish if response.choices else None
    report.text = [response.text]
    report.response = response
    if report.turn is not None:
        report.turn.read(response)
    if response.response_id:
        report.issued_ids = (*report.issued_ids, response.response_id)
    report.settle()
    return None if report.failure is not None else response


def _encoded_whole(
    report: Report,
    response: Response,
    encode: Callable[[Response], EncodedResponse],
    dump: Callable[[Json], bytes],
) -> list[bytes]:
    if report.failure is not None:
        return []
    encoded = encode(response)
    report.losses = [*report.losses, *encoded.losses]
    report.items = encoded.items
    report.response = response
    return [dump(encoded.body)]
