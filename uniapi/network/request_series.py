"""Several requests as one exchange: for upstreams that take fewer items at a time than the client
sent. They go one after the other with the same credential.

The sink sees the answer to the last one only, or the first that is an error; the whole answers
before it are kept for whoever puts them together. What is bought by the piece is not thrown away
for a piece that failed: then the sink sees the last whole answer as if it had been the last one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

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
    keeps_part: bool = False,
    weigh: Callable[[int], None] | None = None,
) -> Exchange:
    """Send `requests`, at least one; `answers` gets those to all but the last. `keeps_part`:
    whether the answers before a failure are the answer. `weigh` is told how many bytes of answers
    are kept.
    """
    if len(requests) == 1:
        return transport.send(
            requests[0], sink, passage=passage, connect_timeout_s=connect_timeout_s
        )
    series = _Series(
        transport, requests, sink, answers, passage, connect_timeout_s, keeps_part, weigh
    )
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
        keeps_part: bool,
        weigh: Callable[[int], None] | None,
    ) -> None:
        self._weigh = weigh
        self._keeps_part = keeps_part
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
        is_taken = self._unsent or self.has_part
        taker: Sink = _Answer(self, sink) if is_taken else sink
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

    @property
    def has_part(self) -> bool:
        """Whether something that is kept has been answered already."""
        return self._keeps_part and bool(self._answers)

    def answered(self, head: ResponseHead, body: bytes) -> None:
        """One of the answers is whole."""
        self._answers.append((head, body))
        if self._unsent:
            self.send_next()
        else:
            self.end_with_part()

    def end_with_part(self) -> None:
        """The last whole answer ends the series."""
        sink, self._unsent = self._sink, []
        head, body = self._answers.pop()
        if sink is not None:
            sink.head(head)
            sink.data(body)
            sink.end()

    def has_room(self, size: int) -> bool:
        self._size += size
        if self._weigh is not None:
            self._weigh(self._size)
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
        if self._is_error and not self._series.has_part:
            self._sink.head(head)

    def data(self, data: bytes) -> None:
        if self._is_error:
            if not self._series.has_part:
                self._sink.data(data)
        elif self._series.has_room(len(data)):
            self._pieces.append(data)
        else:
            self._series.stop(Failure.cut(f"answers larger than {MAX_ANSWERS_BYTES} bytes"))

    def end(self) -> None:
        if self._head is not None and not self._is_error:
            self._series.answered(self._head, b"".join(self._pieces))
        elif self._series.has_part:
            self._series.end_with_part()
        else:
            self._sink.end()

    def fail(self, failure: Failure) -> None:
        if self._series.has_part:
            self._series.end_with_part()
        else:
            self._sink.fail(failure)
