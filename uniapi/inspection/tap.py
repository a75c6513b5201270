"""What looks on while a call runs: it holds what is said in the four directions, up to bounds, and
changes none of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from uniapi.canonical import Call, ClientError, Failure
from uniapi.stats import CallRecord
from uniapi.values import dataclass, field
from uniapi.wire import HttpRequest, ResponseHead

from .allowance import Allowance

MOST_REQUEST_BYTES = 4 * 1024 * 1024
MOST_ANSWER_BYTES = 1024 * 1024
"""Of one body; what is beyond is counted."""
MOST_SENT = 24
"""Ten attempts, with what was mended and what one request became several of."""
OVERHEAD_BYTES = 2048
"""For the heads and names of one message."""


class Words:
    """The bytes of one body, in the order in which they came: the first `most` of them."""

    __slots__ = ("_allowance", "_most", "data", "held", "total")

    def __init__(self, allowance: Allowance, most: int) -> None:
        self._allowance = allowance
        self._most = most
        self.data: bytearray | bytes = bytearray()
        self.held = 0
        self.total = 0

    @property
    def is_cut(self) -> bool:
        return self.total > len(self.data)

    def hold(self, data: bytes, is_shared: bool = False) -> None:
        """A whole body. `is_shared`: it is held already, under another name."""
        self.total = len(data)
        if is_shared:
            self.data = data
            return
        self.held = self._allowance.claim(min(len(data), self._most))
        # What fits is not copied.
        self.data = data if self.held == len(data) else data[: self.held]

    def add(self, data: bytes) -> None:
        """The next piece."""
        self.total += len(data)
        room = min(len(data), self._most - self.held)
        if room <= 0 or not isinstance(self.data, bytearray):
            return
        granted = self._allowance.claim(room)
        self.held += granted
        self.data += data[:granted]
        if granted < room:
            # A hole in the middle would be worse than an early end.
            self._most = self.held


@dataclass(slots=True, kw_only=True)
class Answered:
    """An answer, the upstream's or ours."""

    words: Words
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    failure: str = ""


@dataclass(slots=True, kw_only=True)
class UpstreamWords:
    """One request to an upstream. `attempt`: its place among the record's attempts; `said`: what
    was done to the client's words on the way (lost, mended). Times: seconds since the call came.
    """

    attempt: int
    provider: str
    model: str
    key: str
    road: str
    losses: Sequence[str]
    mendings: Sequence[str]


@dataclass(slots=True, kw_only=True)
class Sent:
    about: UpstreamWords
    request: HttpRequest
    words: Words
    answer: Answered
    at_s: float
    head_at_s: float | None = None
    first_at_s: float | None = None
    end_at_s: float | None = None


class AnswerTaker(Protocol):
    """As `network.Sink`."""

    def head(self, head: ResponseHead) -> None: ...

    def data(self, data: bytes) -> None: ...

    def end(self) -> None: ...

    def fail(self, failure: Failure) -> None: ...


class ClientSide(Protocol):
    """As `gateway.Reply`."""

    @property
    def status(self) -> int | None: ...

    @property
    def is_started(self) -> bool: ...

    @property
    def has_lost(self) -> bool: ...

    async def start(self, status: int, headers: Mapping[str, str]) -> None: ...

    def write(self, data: bytes) -> None: ...

    def write_last(self, data: bytes) -> None: ...

    def backlog(self) -> int: ...

    async def finish(self) -> None: ...

    def break_off(self) -> None: ...

    async def send(self, status: int, headers: Mapping[str, str], body: bytes) -> None: ...


class Tap:
    """One call, looked at."""

    def __init__(self, call: Call, allowance: Allowance, now: Callable[[], float]) -> None:
        self.call = call
        self.record: CallRecord | None = None
        self.sent: list[Sent] = []
        self._allowance = allowance
        self._now = now
        self._began = now()
        self._overhead = allowance.claim(OVERHEAD_BYTES)
        self.received = self._words(MOST_REQUEST_BYTES)
        self.received.hold(call.body)
        self.answered = Answered(words=self._words(MOST_ANSWER_BYTES))

    @property
    def held(self) -> int:
        """Bytes of the allowance."""
        bodies = [self.received, self.answered.words]
        bodies += [words for sent in self.sent for words in (sent.words, sent.answer.words)]
        return self._overhead + sum(words.held for words in bodies)

    def sending(
        self, about: UpstreamWords, requests: Sequence[HttpRequest], sink: AnswerTaker
    ) -> AnswerTaker:
        """What takes the answer instead of `sink`, while `requests` go out one after the other."""
        for request in requests:
            if len(self.sent) >= MOST_SENT:
                return sink
            self._overhead += self._allowance.claim(OVERHEAD_BYTES)
            words = self._words(MOST_REQUEST_BYTES)
            words.hold(request.body, is_shared=request.body is self.call.body)
            if request.source is not None:
                words.total = request.source.length
            answer = Answered(words=self._words(MOST_ANSWER_BYTES))
            sent = Sent(
                about=about, request=request, words=words, answer=answer, at_s=self.passed_s()
            )
            self.sent.append(sent)
        return _TappedSink(self, sent, sink)

    def refused(self, error: ClientError, body: bytes) -> None:
        """The client is told no, in `body`."""
        self.answered.status = error.status
        self.answered.headers = error.sent_headers()
        self.answered.words.add(body)

    def passed_s(self) -> float:
        return round(self._now() - self._began, 4)

    def _words(self, most: int) -> Words:
        return Words(self._allowance, most)


class _TappedSink:
    def __init__(self, tap: Tap, sent: Sent, sink: AnswerTaker) -> None:
        self._tap = tap
        self._sent = sent
        self._sink = sink

    def head(self, head: ResponseHead) -> None:
        sent = self._sent
        sent.answer.status, sent.answer.headers = head.status, head.headers
        sent.head_at_s = self._tap.passed_s()
        self._sink.head(head)

    def data(self, data: bytes) -> None:
        sent = self._sent
        if sent.first_at_s is None:
            sent.first_at_s = self._tap.passed_s()
        sent.answer.words.add(data)
        self._sink.data(data)

    def end(self) -> None:
        self._sent.end_at_s = self._tap.passed_s()
        self._sink.end()

    def fail(self, failure: Failure) -> None:
        self._sent.end_at_s = self._tap.passed_s()
        self._sent.answer.failure = failure.message
        self._sink.fail(failure)


class TappedReply:
    """A reply whose every byte is looked at. `tap`: see `gateway.Reply`."""

    def __init__(self, reply: ClientSide, tap: Tap) -> None:
        self._reply = reply
        self._words = tap.answered.words
        self.tap: Tap | None = tap

    @property
    def status(self) -> int | None:
        return self._reply.status

    @property
    def is_started(self) -> bool:
        return self._reply.is_started

    @property
    def has_lost(self) -> bool:
        return self._reply.has_lost

    async def start(self, status: int, headers: Mapping[str, str]) -> None:
        self._say(status, headers)
        await self._reply.start(status, headers)

    def write(self, data: bytes) -> None:
        self._words.add(data)
        self._reply.write(data)

    def write_last(self, data: bytes) -> None:
        self._words.add(data)
        self._reply.write_last(data)

    def backlog(self) -> int:
        return self._reply.backlog()

    async def finish(self) -> None:
        await self._reply.finish()

    def break_off(self) -> None:
        self._reply.break_off()

    async def send(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        self._say(status, headers)
        self._words.add(body)
        await self._reply.send(status, headers, body)

    def _say(self, status: int, headers: Mapping[str, str]) -> None:
        if self.tap is not None:
            self.tap.answered.status, self.tap.answered.headers = status, headers
