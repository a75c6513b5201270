"""The six pipes between an upstream's answer and the client: relay or translate × stream or whole, fold (streamed → whole), unfold (whole → streamed).

All have one shape, sans I/O: `feed(bytes)` and `eof()` give the bytes for the client, `abort(failure)` ends an answer that cannot become whole, and `report` says
what has been seen: whether real output came (the commit), usage, how it ended. A pipe never raises: malformed bytes become `report.failure`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from uniapi.canonical import (
    Event,
    Failure,
    FailureKind,
    Finish,
    Folder,
    FoldError,
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
    unfold,
)
from uniapi.dialects import SHAPE_ERRORS, EncodedResponse, Observer, StreamDecoder, StreamEncoderFace
from uniapi.errors import WireError
from uniapi.wire import Frame, Framer, load_json

from .framing import FrameWriter
from .signed_turns import TurnReader

MAX_WHOLE_BYTES = 256 * 1024 * 1024
ACCEPTED_EMPTY = ("length", "content_filter")
"""Finish reasons with which an answer may be empty without being a failed attempt (PRODUCT §6, Commit)."""


@dataclass(slots=True)
class Report:
    """What a pipe has seen so far. `text` collects the answer's text only while someone probes it for error triggers, `turn` what is signed in it when that may have to be
    restored later; None otherwise."""

    committed: bool = False
    is_whole: bool = False
    failure: Failure | None = None
    usage: Usage | None = None
    finish: Finish | None = None
    model: str | None = None
    losses: list[str] = field(default_factory=list)
    issued_ids: list[str] = field(default_factory=list)
    unreadable: int = 0
    text: list[str] | None = None
    response: Response | None = None
    turn: TurnReader | None = None

    def note(self, event: Event) -> None:
        """Take in one canonical event."""
        if not self.committed and is_commit(event):
            self.committed = True
        if self.text is not None:
            self.text.append(_text_of(event))
        if self.turn is not None:
            self.turn.note(event)
        match event:
            case UsageReport(usage=usage):
                self.usage = usage if self.usage is None else self.usage.updated(usage)
            case ResponseStart():
                self.model = event.model
                self.usage = event.usage
                if event.response_id:
                    self.issued_ids.append(event.response_id)
            case ResponseEnd(finishes=finishes):
                self.is_whole = True
                self.finish = finishes[0] if finishes else None
                self.settle()
            case ResponseFailed(failure=failure):
                self.failure = failure
            case _:
                pass

    def settle(self) -> None:
        """The answer is whole: an empty one is a failure, unless it ended in a way that explains it."""
        if self.committed or self.failure is not None:
            return
        if self.finish is not None and self.finish.reason in ACCEPTED_EMPTY:
            self.committed = True
        else:
            self.failure = Failure(kind=FailureKind.EMPTY, message="the upstream answered with nothing in it")


class Pipe(Protocol):
    """`streams`: output comes before `eof`. `is_over`: nothing the upstream still says can matter (the answer has failed)."""

    streams: bool
    report: Report

    @property
    def is_over(self) -> bool: ...

    def feed(self, data: bytes) -> list[bytes]: ...

    def eof(self) -> list[bytes]: ...

    def abort(self, failure: Failure) -> list[bytes]: ...


class RelayStream:
    """Same dialect, streamed: bytes go on as they arrive while the observer listens. What follows an error object goes on as well.

    `writer` is None when nothing may be changed; otherwise every frame goes through it (reframed, its model name spliced, or dropped as b"").
    `shadow` decodes beside the observer while text is probed for error triggers.
    """

    streams = True

    def __init__(
        self,
        framer: Framer,
        observer: Observer,
        ending: Callable[[Failure], list[bytes]],
        writer: FrameWriter | None = None,
        shadow: StreamDecoder | None = None,
    ) -> None:
        self.report = Report(text=[] if shadow is not None else None)
        self._framer = framer
        self._observer = observer
        self._ending = ending
        self._writer = writer
        self._shadow = shadow
        self._ends_clean = True
        self._is_over = False

    @property
    def is_over(self) -> bool:
        return self._is_over

    def feed(self, data: bytes) -> list[bytes]:
        try:
            frames = self._framer.feed(data)
        except WireError as error:
            return self.abort(Failure.cut(str(error)))
        self._observe(frames)
        if self._writer is None:
            if data:
                self._ends_clean = data.endswith((b"\n\n", b"\r\n\r\n"))
            return [data]
        return self._written(frames)

    def eof(self) -> list[bytes]:
        report = self.report
        try:
            frames = self._framer.eof()
        except WireError as error:
            return self.abort(Failure.cut(str(error)))
        self._observe(frames)
        out = self._written(frames)
        if out:
            self._ends_clean = out[-1].endswith((b"\n\n", b"\r\n\r\n"))
        if report.failure is None and not self._observer.is_whole:
            return out + self.abort(Failure.cut("the upstream's answer was cut off"))
        if report.failure is None:
            report.is_whole = True
            report.settle()
        return out + self._closing()

    def abort(self, failure: Failure) -> list[bytes]:
        self.report.failure = failure
        self._is_over = True
        # A frame that was cut in the middle is closed first, so that the error is a frame of its own.
        return ([] if self._ends_clean else [b"\n\n"]) + self._ending(failure)

    def _written(self, frames: list[Frame]) -> list[bytes]:
        writer = self._writer
        return [] if writer is None else [out for frame in frames if (out := writer.frame(frame))]

    def _closing(self) -> list[bytes]:
        closing = self._writer.close() if self._writer is not None else b""
        return [closing] if closing else []

    def _observe(self, frames: list[Frame]) -> None:
        observer = self._observer
        for frame in frames:
            observer.feed(frame)
        report = self.report
        report.committed = report.committed or observer.committed
        report.failure = report.failure or observer.failure
        report.usage = observer.usage
        report.finish = observer.finish
        report.model = observer.model
        report.issued_ids = observer.issued_ids
        report.unreadable = observer.unreadable
        if self._shadow is not None and report.text is not None:
            for frame in frames:
                for event in self._shadow.feed(frame):
                    report.text.append(_text_of(event))


class _Collecting:
    """What the pipes for whole upstream answers share: everything is kept until the end."""

    streams = False

    def __init__(self) -> None:
        self.report = Report()
        self._pieces: list[bytes] = []
        self._size = 0

    @property
    def is_over(self) -> bool:
        return self.report.failure is not None

    def feed(self, data: bytes) -> list[bytes]:
        self._size += len(data)
        if self._size > MAX_WHOLE_BYTES:
            self.report.failure = Failure.cut(f"an answer larger than {MAX_WHOLE_BYTES} bytes")
            self._pieces.clear()
            return []
        self._pieces.append(data)
        return []

    def abort(self, failure: Failure) -> list[bytes]:
        self.report.failure = failure
        return []

    def _body(self) -> bytes:
        return self._pieces[0] if len(self._pieces) == 1 else b"".join(self._pieces)


class RelayWhole(_Collecting):
    """Same dialect, whole: the body as it came, its model name spliced when `render` does so."""

    def __init__(self, observer: Observer, render: Callable[[bytes], bytes] | None = None) -> None:
        super().__init__()
        self._observer = observer
        self._render = render

    def eof(self) -> list[bytes]:
        report = self.report
        if report.failure is not None:
            return []
        body = self._body()
        try:
            value = load_json(body)
        except WireError as error:
            report.failure = Failure.cut(str(error))
            return []
        observer = self._observer
        observer.whole(value)
        report.committed = observer.committed
        report.failure = observer.failure
        report.usage = observer.usage
        report.finish = observer.finish
        report.model = observer.model
        report.issued_ids = observer.issued_ids
        report.is_whole = report.failure is None
        if report.failure is None:
            report.settle()
        report.text = [body.decode("utf-8", "replace")]
        return [body if self._render is None else self._render(body)]


class RelayBody(_Collecting):
    """An answer that says nothing a generation says (a token count, a stored response): handed on as it came, or as `render` spells it."""

    def __init__(self, render: Callable[[Json], bytes] | None = None) -> None:
        super().__init__()
        self._render = render

    def eof(self) -> list[bytes]:
        report = self.report
        if report.failure is not None:
            return []
        body = self._body()
        if self._render is not None:
            try:
                body = self._render(load_json(body))
            except (WireError, *SHAPE_ERRORS) as error:
                report.failure = Failure.cut(f"an answer of an unexpected shape: {error}")
                return []
        report.committed = report.is_whole = True
        return [body]


class TranslateStream:
    """Another dialect, streamed: frames → events → the client's bytes."""

    streams = True

    def __init__(
        self, framer: Framer, decoder: StreamDecoder, encoder: StreamEncoderFace, *, probes_text: bool = False, turn: TurnReader | None = None
    ) -> None:
        self.report = Report(text=[] if probes_text else None, losses=encoder.losses, turn=turn)
        self._framer = framer
        self._decoder = decoder
        self._encoder = encoder

    @property
    def is_over(self) -> bool:
        return self.report.failure is not None

    def feed(self, data: bytes) -> list[bytes]:
        out: list[bytes] = []
        try:
            frames = self._framer.feed(data)
        except WireError as error:
            return self.abort(Failure.cut(str(error)))
        for frame in frames:
            for event in self._decoder.feed(frame):
                self._pass(event, out)
        return out

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
        return out

    def abort(self, failure: Failure) -> list[bytes]:
        if self.report.failure is None and not self.report.is_whole:
            self.report.failure = failure
        return self._encoder.feed(ResponseFailed(failure=failure))

    def _pass(self, event: Event, out: list[bytes]) -> None:
        self.report.note(event)
        out.extend(self._encoder.feed(event))


class TranslateWhole(_Collecting):
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
        response = _decoded(self.report, self._body(), self._decode)
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
    ) -> None:
        self.report = Report(turn=turn)
        self._framer = framer
        self._decoder = decoder
        self._folder = Folder()
        self._encode = encode
        self._dump = dump

    @property
    def is_over(self) -> bool:
        return self.report.failure is not None

    def feed(self, data: bytes) -> list[bytes]:
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
        self.report.note(event)
        self._folder.feed(event)


class Unfold(_Collecting):
    """The upstream answers whole, the client wants a stream."""

    def __init__(self, decode: Callable[[Json], Response], encoder: StreamEncoderFace, turn: TurnReader | None = None) -> None:
        super().__init__()
        self.report.turn = turn
        self._decode = decode
        self._encoder = encoder

    def eof(self) -> list[bytes]:
        response = _decoded(self.report, self._body(), self._decode)
        if response is None:
            return []
        out: list[bytes] = []
        for event in unfold(response):
            out.extend(self._encoder.feed(event))
        out.extend(self._encoder.eof())
        self.report.losses = self._encoder.losses
        return out

    def abort(self, failure: Failure) -> list[bytes]:
        self.report.failure = failure
        return self._encoder.feed(ResponseFailed(failure=failure))


def _text_of(event: Event) -> str:
    match event:
        case PartDelta(text=text) | PartStart(part=Text(text=text)):
            return text
        case _:
            return ""


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
        for event in unfold(response):
            report.turn.note(event)
    if response.response_id:
        report.issued_ids.append(response.response_id)
    report.settle()
    return None if report.failure is not None else response


def _encoded_whole(report: Report, response: Response, encode: Callable[[Response], EncodedResponse], dump: Callable[[Json], bytes]) -> list[bytes]:
    if report.failure is not None:
        return []
    encoded = encode(response)
    report.losses.extend(encoded.losses)
    report.response = response
    return [dump(encoded.body)]


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
