"""Receives one upstream answer: the Sink that feeds a pipe, holds output back until the commit, and
then writes straight through to the client.

The executor awaits two moments only: `outcome` (None: committed; a Failure: this attempt failed and
nothing has reached the client) and, after the commit, `finished`. Everything between, each chunk
included, happens in plain calls. States: head → holding → flowing → done, or error body → done.

Rules
 1. Nothing is written before the pipe has seen real output, the probe for error triggers is
    satisfied, and the executor has attached a reply.
 2. Before the commit a timeout, an error object or a cut is an ordinary failed attempt. After it,
    the pipe ends the answer in the client's dialect.
 3. The end is the dialect's end: what follows it is not part of the answer, whether the connection
    is held, reset, or goes on talking. An answer in one piece commits when all of it is there.
 4. A large answer that is read as a whole is read in a thread, so that other calls go on meanwhile.
 5. `cancel` (the client left, or the attempt is given up) closes the upstream connection at once.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping

from uniapi.canonical import Failure
from uniapi.network import Exchange
from uniapi.pipes import Collecting, Pipe, Report, labelled
from uniapi.wire import ResponseHead

from .backlog import POLL_S, Backlog, Outlet
from .patience import Patience, TriggerProbe
from .tape import Tape

log = logging.getLogger("uniapi.receiver")

MAX_ERROR_BODY_BYTES = 1024 * 1024
MAX_HELD_BYTES = 1024 * 1024
"""So much is held while a committed answer is still looked at for error triggers."""
MAX_BLANK_BYTES = 4096
"""Signs of life before an answer (DeepSeek sends empty lines); then it is what its head says."""
GRACE_S = 1.0
"""After a whole answer: for the usage that may follow a finish, and for the connection to end."""


class Receiver:
    """One attempt's Sink. `make_pipe` chooses the pipe when the head is known; `classify` reads an
    error answer; `mask` hides our credential in what an upstream says after a failure within its
    answer.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        make_pipe: Callable[[ResponseHead], Pipe],
        classify: Callable[[ResponseHead, bytes], Failure],
        patience: Patience,
        probe: TriggerProbe | None = None,
        mask: Callable[[bytes], bytes] | None = None,
    ) -> None:
        self.outcome: asyncio.Future[Failure | None] = loop.create_future()
        self.finished: asyncio.Future[None] = loop.create_future()
        self.response_head: ResponseHead | None = None
        self.pipe: Pipe | None = None
        self.report = Report()
        self.tape = Tape()
        self.first_token_at: float | None = None
        self.has_stalled = False
        """The client has taken nothing for so long that it counts as gone."""
        self._loop = loop
        self._make_pipe = make_pipe
        self._classify = classify
        self._patience = patience
        self._probe = probe
        self._mask = mask
        self._exchange: Exchange | None = None
        self._held: list[bytes] = []
        self._held_bytes = 0
        self._outlet: Outlet | None = None
        self._started_at = self._last_at = loop.time()
        self._held_since: float | None = None
        self._is_over = False
        self._backlog: Backlog | None = None
        self._has_ended = False
        self._is_answer = False
        self._lingering: asyncio.TimerHandle | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._rearm(self._wait_s(self._started_at))

    @property
    def status(self) -> int | None:
        """What the upstream answered with, None before it did."""
        return self.response_head.status if self.response_head is not None else None

    @property
    def headers(self) -> Mapping[str, str]:
        """Those of the upstream's answer."""
        return self.response_head.headers if self.response_head is not None else {}

    @property
    def streams(self) -> bool:
        """Whether there is output before the end of the answer."""
        return self.pipe is not None and self.pipe.streams

    @property
    def first_token_after_s(self) -> float | None:
        """Seconds from the start to the first token, None when none came."""
        return None if self.first_token_at is None else self.first_token_at - self._started_at

    @property
    def is_committed(self) -> bool:
        return (
            self.outcome.done() and not self.outcome.cancelled() and self.outcome.result() is None
        )

    def started(self, exchange: Exchange) -> None:
        """The request is under way as `exchange`."""
        self._exchange = exchange
        if self._is_over:
            exchange.cancel()

    def attach(self, outlet: Outlet) -> None:
        """The client's reply has begun: release what was held, and write through from now on."""
        held = b"".join(self._held)
        self._held.clear()
        self._outlet = outlet
        if self._exchange is not None:
            self._backlog = Backlog(self._loop, outlet, self._exchange, self._go_on, self._stall)
        if held:
            outlet.write(held)
            self._watch()
        if self._is_over:
            self._finish()

    def take_whole(self) -> bytes:
        """Everything held, for an answer that is sent in one piece."""
        return b"".join(self._held)

    def cancel(self) -> None:
        """Stop at once. The upstream connection is closed; one whose answer has ended may still end
        properly for a moment, so that it can be used again.
        """
        self._is_over = True
        self._stop_timer()
        if self._exchange is None or self._lingering is not None:
            return
        if self._has_ended:
            self._lingering = self._loop.call_later(GRACE_S, self._exchange.cancel)
        else:
            self._exchange.cancel()

    # Sink. A mistake of ours in a pipe must not leave the call hanging: it ends the attempt like
    # any broken answer, and is logged.

    def head(self, head: ResponseHead) -> None:
        try:
            self._head(head)
        except Exception as error:
            self._broke(error)

    def data(self, data: bytes) -> None:
        if self._is_over:
            return
        try:
            self._data(data)
        except Exception as error:
            self._broke(error)

    def end(self) -> None:
        if self._lingering is not None:
            self._lingering.cancel()
        if self._is_over:
            return
        try:
            self._end()
        except Exception as error:
            self._broke(error)

    def fail(self, failure: Failure) -> None:
        if self._is_over:
            return
        pipe = self.pipe
        if pipe is not None and pipe.may_end:
            # What came is whole: nothing that the connection does afterwards is part of it.
            self._end()
            return
        if not self.is_committed:
            self._fail_before_commit(failure)
            return
        try:
            assert self.pipe is not None
            self._emit(self.pipe.abort(failure))
        except Exception:
            log.exception("the end of a broken answer could not be written")
            self.report.failure = failure
        self._over()

    def _broke(self, error: Exception) -> None:
        log.exception("reading an upstream's answer went wrong inside the gateway")
        exchange = self._exchange
        self.fail(Failure.cut(f"the answer could not be read ({type(error).__name__})"))
        if exchange is not None:
            exchange.cancel()

    def _head(self, head: ResponseHead) -> None:
        self.response_head = head
        self._last_at = self._loop.time()
        self._is_answer = 200 <= head.status < 300

    def _data(self, data: bytes) -> None:
        self._last_at = self._loop.time()
        pipe = self.pipe
        if pipe is None:
            self._hold([data])
            pipe = self._opened()
            if pipe is None:
                return
            data = b"".join(self._held)
            self._held.clear()
            self._held_bytes = 0
        self._emit(pipe.feed(data))
        self.tape.take(data, pipe.report.usage)
        if pipe.is_over and self.report.failure is None:
            self._has_ended = True
            self._end()
        elif pipe.streams and pipe.is_over and self._outlet is not None:
            self._over()
            self.cancel()
        elif self._outlet is not None:
            self._watch()
        elif not self.outcome.done():
            self._decide()

    def _opened(self) -> Pipe | None:
        """The pipe, chosen when the first bytes show what they are; None while they are blank, and
        for an error, whose body is kept.
        """
        if not self._is_answer or self.response_head is None:
            if self._held_bytes > MAX_ERROR_BODY_BYTES:
                self._end()
            return None
        start = b"".join(self._held)
        if not start.strip() and len(start) < MAX_BLANK_BYTES:
            return None
        pipe = self._read_with(labelled(self.response_head, start))
        self._rearm(self._wait_s(self._last_at))
        return pipe

    def _read_with(self, head: ResponseHead) -> Pipe:
        """From here on the answer is read as what its head says it is."""
        pipe = self._make_pipe(head)
        self.response_head, self.pipe, self.report = head, pipe, pipe.report
        return pipe

    def _end(self) -> None:
        pipe = self.pipe
        if pipe is None and self._is_answer and self.response_head is not None:
            pipe = self._read_with(self.response_head)
        if pipe is None:
            self._fail_before_commit(self._error_answer())
            return
        if isinstance(pipe, Collecting) and pipe.is_large:
            # All of it is here: nothing can be overdue any more.
            self._stop_timer()
            self._loop.run_in_executor(None, pipe.eof).add_done_callback(self._large_read)
            return
        self._conclude(pipe.eof())

    def _large_read(self, reading: asyncio.Future[list[bytes]]) -> None:
        error = reading.exception()
        if self._is_over:
            return
        try:
            if isinstance(error, Exception):
                raise error
            self._conclude(reading.result())
        except Exception as error:
            self._broke(error)

    def _conclude(self, out: list[bytes]) -> None:
        """The answer is whole; `out` is what was still held back of it."""
        self._emit(out)
        if not self.outcome.done():
            self._decide(is_end=True)
        if not self._is_over:
            self._over()

    # the rest

    def _error_answer(self) -> Failure:
        if self.response_head is None:
            return Failure.cut("the upstream closed the connection without an answer")
        return self._classify(self.response_head, b"".join(self._held))

    def _decide(self, *, is_end: bool = False) -> None:
        """Before the commit: has this attempt failed, or may its output go out? `is_end`: the pipe
        has given all that it has.
        """
        report = self.report
        if report.failure is not None:
            self._fail_before_commit(report.failure)
            return
        pipe = self.pipe
        if pipe is not None and not pipe.streams and not is_end:
            # What is answered in one piece is judged and commits at its end, however the upstream
            # sent it: a stream that is folded says that it is whole before its last byte is here.
            return
        if self._probe is not None:
            triggered = self._probe.hit(report)
            if triggered is not None:
                self._fail_before_commit(triggered)
                return
        if not report.committed:
            return
        now = self._loop.time()
        if self.first_token_at is None:
            self.first_token_at = now
        if self._probe is not None and not self._probe.is_satisfied(report):
            if self._held_since is None:
                self._held_since = now
                self._rearm(TriggerProbe.HOLD_S)
            is_late = now - self._held_since >= TriggerProbe.HOLD_S
            if is_late or self._held_bytes > MAX_HELD_BYTES:
                self._commit()
            return
        self._commit()

    def _commit(self) -> None:
        report = self.report
        if isinstance(report.text, list):
            report.text = None
        self._probe = None
        self._rearm(self._wait_s(self._loop.time()))
        self.outcome.set_result(None)

    def _shown(self, out: list[bytes]) -> list[bytes]:
        """What may go out: as it is, until the answer says that it failed."""
        return (
            out
            if self._mask is None or self.report.failure is None
            else [self._mask(data) for data in out]
        )

    def _emit(self, out: list[bytes]) -> None:
        out = self._shown(out)
        if self._outlet is None:
            self._hold(out)
            return
        for data in out:
            self._outlet.write(data)

    def _hold(self, out: list[bytes]) -> None:
        self._held.extend(out)
        self._held_bytes += sum(map(len, out))

    def _fail_before_commit(self, failure: Failure) -> None:
        self._is_over = True
        self._stop_timer()
        if self._exchange is not None:
            self._exchange.cancel()
        if not self.outcome.done():
            self.outcome.set_result(failure)

    def _over(self) -> None:
        self._is_over = True
        self._stop_timer()
        if self._outlet is not None or not self.is_committed:
            self._finish()

    def _finish(self) -> None:
        if not self.finished.done():
            self.finished.set_result(None)

    # time

    def _wait_s(self, now: float) -> float:
        """Until something is overdue."""
        has_token = self.first_token_at is not None
        due = self._patience.due(self._started_at, self._last_at, has_token=has_token)
        wait_s = max(0.0, due - now)
        # Once a second it is looked whether the answer has ended without a word.
        return wait_s if self.pipe is None else min(wait_s, GRACE_S)

    def _rearm(self, wait_s: float) -> None:
        self._stop_timer()
        self._tick_at = self._loop.time() + wait_s
        self._timer = self._loop.call_later(wait_s, self._tick)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _tick(self) -> None:
        """One timer for all: it only looks whether something is overdue, so that a chunk costs no
        timer.
        """
        now = self._loop.time()
        self._timer = None
        if (
            self._held_since is not None
            and self._probe is not None
            and now - self._held_since >= TriggerProbe.HOLD_S
        ):
            self._commit()
            return
        if self._has_gone_silent(now):
            self._has_ended = True
            self._end()
            return
        wait_s = self._wait_s(now)
        if self._backlog is not None and self._backlog.is_paused:
            # The client is slow, not the upstream.
            wait_s = max(wait_s, POLL_S)
        if now - self._tick_at > GRACE_S:
            # This process slept (a laptop's lid, SIGSTOP) while the answer came: what lies in the
            # socket is read first.
            wait_s = max(wait_s, POLL_S)
        if wait_s > 0:
            self._rearm(wait_s)
            return
        self._overdue()

    def _has_gone_silent(self, now: float) -> bool:
        """Whether the answer is whole and nothing more has come for a moment."""
        pipe = self.pipe
        return pipe is not None and pipe.may_end and now - self._last_at >= GRACE_S

    def _overdue(self) -> None:
        has_token = self.first_token_at is not None
        exchange = self._exchange
        self.fail(self._patience.overdue(self._loop.time(), has_token=has_token))
        if exchange is not None:
            exchange.cancel()

    # back-pressure

    def _watch(self) -> None:
        if self._backlog is not None and not self._is_over:
            self._backlog.watch()

    def _go_on(self) -> None:
        """The client has caught up: the upstream's silence counts from now."""
        self._last_at = self._loop.time()

    def _stall(self) -> None:
        self.has_stalled = True
        self.cancel()
        self._finish()
