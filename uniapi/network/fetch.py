"""Whole answers over a Transport, for the gateway's own small requests: model lists, token
refreshes, a remote config.
"""

from __future__ import annotations

import asyncio

from uniapi.canonical import Failure, FailureKind
from uniapi.wire import HttpRequest, ResponseHead

from .transport import Exchange, Transport

MAX_ANSWER_BYTES = 16 * 1024 * 1024


class FetchFailed(Exception):
    """No usable answer came; `failure` says why."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


class _Collector:
    """A Sink that keeps everything, up to a bound."""

    def __init__(self, max_bytes: int) -> None:
        self.done: asyncio.Future[tuple[ResponseHead, bytes]] = (
            asyncio.get_running_loop().create_future()
        )
        self._head: ResponseHead | None = None
        self._pieces: list[bytes] = []
        self._size = 0
        self._max_bytes = max_bytes

    def head(self, head: ResponseHead) -> None:
        self._head = head

    def data(self, data: bytes) -> None:
        self._size += len(data)
        if self._size > self._max_bytes:
            self.fail(
                Failure(
                    kind=FailureKind.BROKEN,
                    message=f"the answer is larger than {self._max_bytes} bytes",
                )
            )
            return
        self._pieces.append(data)

    def end(self) -> None:
        if not self.done.done() and self._head is not None:
            self.done.set_result((self._head, b"".join(self._pieces)))

    def fail(self, failure: Failure) -> None:
        if not self.done.done():
            self.done.set_exception(FetchFailed(failure))


async def fetch(
    transport: Transport,
    request: HttpRequest,
    *,
    proxy: str | None = None,
    timeout_s: float = 30.0,
    max_bytes: int = MAX_ANSWER_BYTES,
) -> tuple[ResponseHead, bytes]:
    """The whole answer to `request`, whatever its status.

    Raises FetchFailed when there is none within `timeout_s` or it is too large.
    """
    collector = _Collector(max_bytes)
    exchange: Exchange = transport.send(request, collector, proxy=proxy)
    try:
        return await asyncio.wait_for(collector.done, timeout_s)
    except asyncio.TimeoutError:
        raise FetchFailed(
            Failure(kind=FailureKind.TIMEOUT, message=f"no answer within {timeout_s:g} s")
        ) from None
    finally:
        exchange.cancel()
