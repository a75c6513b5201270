"""Whole answers over a Transport, for the gateway's own small requests: model lists, token
refreshes, a remote config.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from uniapi.canonical import Failure, FailureKind, RequestRefused
from uniapi.wire import LARGE_BYTES, HttpRequest, ResponseHead

from .passage import USUAL, Passage
from .transport import Exchange, Transport

MAX_ANSWER_BYTES = 16 * 1024 * 1024


class FetchFailed(Exception):
    """No usable answer came; `failure` says why."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


class Budget:
    """How many bytes several answers may have together; `hold` is told of each, and may raise
    RequestRefused, which `refused` is then.
    """

    def __init__(self, max_bytes: int, hold: Callable[[int], None]) -> None:
        self._max_bytes = max_bytes
        self._left = max_bytes
        self._hold = hold
        self.refused: RequestRefused | None = None

    def take(self, size: int) -> None:
        """Raises ValueError when that is more than is left."""
        try:
            self._hold(size)
        except RequestRefused as refused:
            self.refused = refused
            raise ValueError(refused.error.message) from None
        self._left -= size
        if self._left < 0:
            raise ValueError(f"the answers are larger than {self._max_bytes} bytes together")


class _Collector:
    """A Sink that keeps everything, up to a bound."""

    def __init__(self, max_bytes: int, budget: Budget | None) -> None:
        self.done: asyncio.Future[tuple[ResponseHead, list[bytes]]] = (
            asyncio.get_running_loop().create_future()
        )
        self._head: ResponseHead | None = None
        self._pieces: list[bytes] = []
        self._size = 0
        self._max_bytes = max_bytes
        self._budget = budget

    def head(self, head: ResponseHead) -> None:
        self._head = head

    def data(self, data: bytes) -> None:
        self._size += len(data)
        try:
            if self._budget is not None:
                self._budget.take(len(data))
            if self._size > self._max_bytes:
                raise ValueError(f"the answer is larger than {self._max_bytes} bytes")
        except ValueError as error:
            self.fail(Failure(kind=FailureKind.BROKEN, message=str(error)))
            return
        self._pieces.append(data)

    def end(self) -> None:
        if not self.done.done() and self._head is not None:
            self.done.set_result((self._head, self._pieces))

    def fail(self, failure: Failure) -> None:
        if not self.done.done():
            self.done.set_exception(FetchFailed(failure))


async def fetch(
    transport: Transport,
    request: HttpRequest,
    *,
    passage: Passage = USUAL,
    timeout_s: float = 30.0,
    max_bytes: int = MAX_ANSWER_BYTES,
    budget: Budget | None = None,
) -> tuple[ResponseHead, bytes]:
    """The whole answer to `request`, whatever its status.

    Raises FetchFailed when there is none within `timeout_s` or it is too large, for itself or for
    the `budget` it shares with others.
    """
    collector = _Collector(max_bytes, budget)
    exchange: Exchange = transport.send(request, collector, passage=passage)
    try:
        head, pieces = await asyncio.wait_for(collector.done, timeout_s)
    except asyncio.TimeoutError:
        raise FetchFailed(
            Failure(kind=FailureKind.TIMEOUT, message=f"no answer within {timeout_s:g} s")
        ) from None
    finally:
        exchange.cancel()
    # Joining what is large lets other threads go on meanwhile.
    if sum(map(len, pieces)) <= LARGE_BYTES:
        return head, joined(pieces)
    return head, await asyncio.get_running_loop().run_in_executor(None, joined, pieces)


def joined(pieces: list[bytes]) -> bytes:
    return b"".join(pieces)
