"""Several requests as one exchange: for upstreams that take fewer items at a time than the client
sent. They go one after the other with the same credential.

The sink sees the answer to the last one only, or the first that is an error; the whole answers
before it are kept for whoever puts them together.
"""

from __future__ import annotations

from collections.abc import Sequence

from uniapi.canonical import Failure
from uniapi.wire import Answers, HttpRequest, ResponseHead

from .passage import Passage
from .transport import Exchange, Sink, Transport

MAX_ANSWERS_BYTES = 256 * 1024 * 1024


def send_all(
    transport: Transport,
    requests: Sequence[HttpRequest],
    sink: Sink,
    answers: Answers,
    *,
    passage: Passage,
    connect_timeout_s: float | None,
) -> Exchange:
    """Send `requests`, at least one; `answers` gets those to all but the last."""
    if len(requests) == 1:
        return transport.send(
            requests[0], sink, passage=passage, connect_timeout_s=connect_timeout_s
        )
    series = _Series(transport, requests, sink, answers, passage, connect_timeout_s)
    series.send_next()
    return series


class _Series:
    def __init__(
        self,
        transport: Transport,
        requests: Sequence[HttpRequest],
        sink: Sink,
        answers: Answers,
        passage: Passage,
        connect_timeout_s: float | None,
    ) -> None:
        self._transport = transport
        self._unsent = list(requests)
        self._sink: Sink | None = sink
        self._answers = answers
        self._passage = passage
        self._connect_timeout_s = connect_timeout_s
        self._exchange: Exchange | None = None
        self._size = 0

    def send_next(self) -> None:
        sink = self._sink
        if sink is None:
            return
        request = self._unsent.pop(0)
        taker: Sink = _Answer(self, sink) if self._unsent else sink
        self._exchange = self._transport.send(
            request, taker, passage=self._passage, connect_timeout_s=self._connect_timeout_s
        )

    def pause(self) -> None:
        if self._exchange is not None:
            self._exchange.pause()

    def resume(self) -> None:
        if self._exchange is not None:
            self._exchange.resume()

    def cancel(self) -> None:
        self._sink = None
        if self._exchange is not None:
            self._exchange.cancel()

    def answered(self, head: ResponseHead, body: bytes) -> None:
        """One of the answers before the last is whole."""
        self._answers.append((head, body))
        self.send_next()

    def has_room(self, size: int) -> bool:
        self._size += size
        return self._size <= MAX_ANSWERS_BYTES

    def stop(self, failure: Failure) -> None:
        sink = self._sink
        self.cancel()
        if sink is not None:
            sink.fail(failure)


class _Answer:
    """Takes one answer that is not the last; an error is the answer of the whole series."""

    def __init__(self, series: _Series, sink: Sink) -> None:
        self._series = series
        self._sink = sink
        self._head: ResponseHead | None = None
        self._is_error = False
        self._pieces: list[bytes] = []

    def head(self, head: ResponseHead) -> None:
        self._head = head
        self._is_error = not 200 <= head.status < 300
        if self._is_error:
            self._sink.head(head)

    def data(self, data: bytes) -> None:
        if self._is_error:
            self._sink.data(data)
        elif self._series.has_room(len(data)):
            self._pieces.append(data)
        else:
            self._series.stop(Failure.cut(f"answers larger than {MAX_ANSWERS_BYTES} bytes"))

    def end(self) -> None:
        if self._is_error or self._head is None:
            self._sink.end()
            return
        self._series.answered(self._head, b"".join(self._pieces))

    def fail(self, failure: Failure) -> None:
        self._sink.fail(failure)
