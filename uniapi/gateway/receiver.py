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
from collections.abc import Callable

from uniapi.canonical import Failure
from uniapi.errors import log_mistake
from uniapi.network import Exchange
from uniapi.pipes import Collecting, Pipe, Report, labelled
from uniapi.wire import ResponseHead

from .alarms import Alarms
from .answer_clock import AnswerClock
from .answer_memory import AnswerMemory
from .back_pressure import BackPressure
from .backlog import POLL_S, Outlet
from .key_mask import KeyMask
from .patience import Patience, TriggerProbe
from .tape import Tape

log = logging.getLogger("uniapi.receiver")

MAX_ERROR_BODY_BYTES = 1024 * 1024
MAX_HELD_BYTES = 1024 * 1024
"""So much is held while a committed answer is still looked at for error triggers."""
MAX_BLANK_BYTES = 4096
"""Signs of life before an answer (DeepSeek sends empty lines); then it is what its head says."""
WATCH_BYTES = 64 * 1024
"""So much goes on to the client before it is looked again whether it takes what it is sent."""
GRACE_S = 1.0
"""After a whole answer: for the usage that may follow a finish, and for the connection to end."""
NOTHING_SEEN = Report()
"""Of an answer that no pipe reads yet; nobody writes into it."""


class Receiver:
    """One attempt's Sink. `make_pipe` chooses the pipe when the head is known; `classify` reads an
    error answer; `mask` hides our credential in what an upstream says after a failure within its
    answer; `now` is the loop's time; `alarms` lends what looks whether it is overdue; `memory` is
    what all answers together may hold.
    """

    __slots__ = (
        "_beside",
        "_classify",
        "_clock",
        "_exchange",
        "_finished",
        "_has_ended",
        "_held",
        "_held_bytes",
        "_held_since",
        "_is_answer",
        "_is_decided",
        "_kept",
        "_lingering",
        "_loop",
        "_make_pipe",
        "_mask",
        "_memory",
        "_outlet",
        "_probe",
        "_unwatched",
        "first_token_after_s",
        "has_stalled",
        "is_committed",
        "is_over",
        "outcome",
        "pipe",
        "pressure",
        "report",
        "response_head",
        "status",
        "tape",
    )

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        make_pipe: Callable[[ResponseHead], Pipe],
        classify: Callable[[ResponseHead, bytes], Failure],
        patience: Patience,
        now: float,
        probe: TriggerProbe | None = None,
        mask: KeyMask | None = None,
        alarms: Alarms | None = None,
        memory: AnswerMemory | None = None,
    ) -> None:
        self.outcome: asyncio.Future[Failure | None] = loop.create_future()
        """Until a reply is attached: what has been looked at is not kept as long as a stream."""
        self.response_head: ResponseHead | None = None
        """Until a reply is attached."""
        self.status: int | None = None
        """What the upstream answered with, None before it did."""
        self.pipe: Pipe | None = None
        self.report = NOTHING_SEEN
        self.tape = Tape()
        self.is_committed = False
        self.first_token_after_s: float | None = None
        """Seconds from the start to the first token, None when none came."""
        self.has_stalled = False
        """The client has taken nothing for so long that it counts as gone."""
        self._loop = loop
        self._make_pipe = make_pipe
        self._classify = classify
        self._probe = probe
        self._mask = mask
        self._kept = b""
        """The end of what came, which goes on with what follows it."""
        self._exchange: Exchange | None = None
        self._held: list[bytes] | None = None
        """Until a reply is attached."""
        self._held_bytes = 0
        self._outlet: Outlet | None = None
        self._unwatched = self._beside = 0
        self._memory = memory
        self.pressure: BackPressure | None = None
        """Once what it holds is worth counting."""
        self._held_since: float | None = None
        self.is_over = False
        """Nothing more is taken of the answer."""
        self._finished: asyncio.Future[None] | None = None
        self._is_decided = False
        """The outcome is set."""
        self._has_ended = False
        self._is_answer = False
        self._lingering: asyncio.TimerHandle | None = None
        self._clock = AnswerClock(loop, patience, now, self, alarms or Alarms())

    @property
    def streams(self) -> bool:
        """Whether there is output before the end of the answer."""
        return self.pipe is not None and self.pipe.streams

    def started(self, exchange: Exchange) -> None:
        """The request is under way as `exchange`."""
        self._exchange = exchange
        if self.is_over:
            exchange.cancel()

    def attach(self, outlet: Outlet) -> asyncio.Future[None]:
        """The client's reply has begun: release what was held, and write through from now on. Gives
        what is done when nothing more will be written.
        """
        self._finished = self._loop.create_future()
        held = self.take_whole()
        self._outlet = outlet
        self.response_head = None
        del self.outcome
        if held:
            outlet.write(held)
            if len(held) > WATCH_BYTES:
                self._watch()
        if self.is_over:
            self._finish(self._finished)
        return self._finished

    def take_whole(self) -> bytes:
        """Everything held, as one piece."""
        held, self._held, self._held_bytes = self._held or [], None, 0
        return held[0] if len(held) == 1 else b"".join(held)

    def _hold(self, data: bytes) -> None:
        if self._held is None:
            self._held = []
        self._held.append(data)
        self._held_bytes += len(data)

    def cancel(self) -> None:
        """Stop at once. The upstream connection is closed; one whose answer has ended may still end
        properly for a moment, so that it can be used again.
        """
        self.is_over = True
        self._clock.stop()
        if self._exchange is None or self._lingering is not None:
            return
        if self._has_ended:
            self._lingering = self._loop.call_later(GRACE_S, self._exchange.cancel)
        else:
            self._exchange.cancel()

    def close(self) -> None:
        """The call is over and recorded: whatever refers to it goes, so that its request does not
        stay in memory until the collector of cycles looks.
        """
        if self._exchange is not None:
            self.cancel()
        self.is_over = True
        self._clock.close()
        self._held = self._outlet = self._probe = self._exchange = None
        if self.pressure is not None:
            self.pressure.give_back()
            self.pressure = None
        self._make_pipe = _no_pipe
        self._classify = _no_failure

    # Sink. A mistake of ours in a pipe must not leave the call hanging: it ends the attempt like
    # any broken answer, and is logged.

    def head(self, head: ResponseHead) -> None:
        self.response_head = head
        self.status = head.status
        self._is_answer = 200 <= head.status < 300

    def data(self, data: bytes) -> None:
        if self.is_over:
            return
        try:
            now = self._clock.last_at = self._loop.time()
            pipe, outlet = self.pipe, self._outlet
            if pipe is None or outlet is None:
                self._data(data, now)
                return
            # The way of a chunk of a stream that flows: no more than has to be done for each.
            out = pipe.feed(data)
            if out:
                self._emit(out)
            report, tape = self.report, self.tape
            if tape.is_full and report.usage is tape.stated:
                tape.received += len(data)
            else:
                tape.take(data, report.usage)
            if pipe.is_over:
                self._ended(pipe, now)
            else:
                if pipe.may_end:
                    self._clock.look_by(now + GRACE_S)
                self._unwatched += len(data)
                if self._unwatched > WATCH_BYTES:
                    self._unwatched = 0
                    self._watch()
        except Exception as error:
            self._broke(error)

    def end(self) -> None:
        self._exchange = None
        if self._lingering is not None:
            self._lingering.cancel()
        if self.is_over:
            return
        try:
            self._end(self._loop.time())
        except Exception as error:
            self._broke(error)

    def fail(self, failure: Failure) -> None:
        if self.is_over:
            return
        pipe = self.pipe
        if pipe is not None and pipe.may_end:
            # What came is whole: nothing that the connection does afterwards is part of it.
            self._end(self._loop.time())
            return
        if not self.is_committed:
            self._fail_before_commit(failure)
            return
        try:
            assert pipe is not None
            self._emit(pipe.abort(failure))
        except Exception as error:
            log_mistake(log, error, "the end of a broken answer could not be written")
            self.report.failure = failure
        self._over()

    def _broke(self, error: Exception) -> None:
        log_mistake(log, error, "reading an upstream's answer went wrong inside the gateway")
        self._give_up(Failure.cut(f"the answer could not be read ({type(error).__name__})"))

    def _data(self, data: bytes, now: float) -> None:
        """Before the answer flows."""
        pipe = self.pipe
        if pipe is None:
            head = self.response_head
            if not self._is_answer or head is None:
                # An error, whose body is kept.
                self._hold(data)
                if self._held_bytes > MAX_ERROR_BODY_BYTES:
                    self._end(now)
                return
            if self._held is not None:
                data = self.take_whole() + data
            pipe = self._opened(head, data)
            if pipe is None:
                self._hold(data)
                return
        out = pipe.feed(data)
        if out:
            self._emit(out)
        report = self.report
        self.tape.take(data, report.usage)
        self._unwatched += len(data)
        if self._unwatched > WATCH_BYTES:
            self._unwatched = 0
            self._watch()
        if pipe.is_over and report.failure is None:
            self._ended(pipe, now)
        elif (pipe.streams or report.failure is not None) and not self._is_decided:
            # What is answered in one piece is judged and commits at its end, however the upstream
            # sent it: a stream that is folded says that it is whole before its last byte is here.
            self._decide(now)
        if pipe.may_end and not self.is_over:
            # It is looked whether the answer has ended without a word.
            self._clock.look_by(now + GRACE_S)

    def _ended(self, pipe: Pipe, now: float) -> None:
        """Nothing that the upstream still says can matter."""
        if self.report.failure is None:
            self._has_ended = True
            self._end(now)
        elif pipe.streams:
            self._over()
            self.cancel()

    def _opened(self, head: ResponseHead, start: bytes) -> Pipe | None:
        """The pipe, chosen when the first bytes show what they are; None while they are blank."""
        if not start.strip() and len(start) < MAX_BLANK_BYTES:
            return None
        head = self.response_head = labelled(head, start)
        pipe = self.pipe = self._make_pipe(head)
        self.report = pipe.report
        return pipe

    def _end(self, now: float) -> None:
        pipe = self.pipe
        if pipe is None and self._is_answer and self.response_head is not None:
            # Nothing but its head has come.
            pipe = self.pipe = self._make_pipe(self.response_head)
            self.report = pipe.report
        if pipe is None:
            self._fail_before_commit(self._error_answer())
            return
        if isinstance(pipe, Collecting) and pipe.is_large:
            # All of it is here: nothing can be overdue any more.
            self._clock.stop()
            reading = self._loop.run_in_executor(None, self._read_large, pipe)
            reading.add_done_callback(self._large_read)
            return
        self._conclude(pipe.eof(), now)

    def _read_large(self, pipe: Pipe) -> list[bytes]:
        """In a thread; the credential is hidden in it there as well."""
        whole, mask = b"".join(pipe.eof()), self._mask
        if mask is None:
            return [whole]
        shown, rest = mask.over(whole, has_failed=pipe.report.failure is not None)
        return [shown + rest]

    def _large_read(self, reading: asyncio.Future[list[bytes]]) -> None:
        error = reading.exception()
        if self.is_over:
            return
        try:
            if isinstance(error, Exception):
                raise error
            self._mask = None
            self._conclude(reading.result(), self._loop.time())
        except Exception as error:
            self._broke(error)

    def _conclude(self, out: list[bytes], now: float) -> None:
        """The answer is whole; `out` is what was still held back of it."""
        self._emit(out)
        if not self._is_decided:
            self._decide(now)
        if not self.is_over:
            self._over()

    # the rest

    def _error_answer(self) -> Failure:
        if self.response_head is None:
            return Failure.cut("the upstream closed the connection without an answer")
        return self._classify(self.response_head, self.take_whole())

    def _decide(self, now: float) -> None:
        """Before the commit: has this attempt failed, or may its output go out?"""
        report, clock = self.report, self._clock
        if report.failure is not None:
            self._fail_before_commit(report.failure)
            return
        if self._probe is not None:
            triggered = self._probe.hit(report)
            if triggered is not None:
                self._fail_before_commit(triggered)
                return
        if not report.committed:
            return
        if clock.first_token_at is None:
            clock.first_token_at = now
            self.first_token_after_s = now - clock.started_at
        if self._probe is not None and not self._probe.is_satisfied(report):
            if self._held_since is None:
                self._held_since = now
                clock.look_by(now + TriggerProbe.HOLD_S)
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
        # Neither is asked again, and what they stand for need not last as long as a stream.
        self._make_pipe, self._classify = _no_pipe, _no_failure
        self.is_committed = True
        if self.pipe is not None and self.pipe.streams:
            self._clock.look_by(self._clock.overdue_at())
        self._is_decided = True
        if not self.outcome.done():
            self.outcome.set_result(None)

    def _emit(self, out: list[bytes]) -> None:
        """Hold `out`, or write it: as it is, unless the answer says that it failed, or repeats the
        credential that it was asked with.
        """
        # All that one read brought is one write.
        data = out[0] if len(out) == 1 else b"".join(out)
        if self._mask is not None:
            has_failed = self.report.failure is not None
            data, self._kept = self._mask.over(self._kept + data, has_failed=has_failed)
        if self._outlet is not None:
            self._outlet.write(data)
        elif data:
            self._hold(data)

    def _fail_before_commit(self, failure: Failure) -> None:
        self.is_over = True
        self._clock.stop()
        if self._exchange is not None:
            self._exchange.cancel()
        if not self._is_decided:
            self._is_decided = True
            # Who waited for it may have been cancelled in this very moment.
            if not self.outcome.done():
                self.outcome.set_result(failure)

    def _over(self) -> None:
        self.is_over = True
        self._mask = None
        if self._kept:
            self._emit([self._kept])
        self._clock.stop()
        if self.pressure is not None:
            self.pressure.ended(self._waiting())
        if self._finished is not None:
            self._finish(self._finished)

    def _finish(self, finished: asyncio.Future[None]) -> None:
        if not finished.done():
            finished.set_result(None)

    def look(self, now: float, has_slept: bool) -> None:
        """Called from time to time: does anything have to happen without a word from upstream?"""
        clock, until = self._clock, float("inf")
        if self._held_since is not None and self._probe is not None:
            until = self._held_since + TriggerProbe.HOLD_S
            if until <= now:
                self._commit()
                return
        pipe = self.pipe
        if pipe is not None and pipe.may_end:
            if now - clock.last_at >= GRACE_S:
                self._has_ended = True
                self._end(now)
                return
            until = min(until, clock.last_at + GRACE_S)
        due = clock.overdue_at()
        if has_slept or (self.pressure is not None and self.pressure.is_paused):
            # It is we that do not read, not the upstream; or what lies in the socket is read first.
            due = max(due, now + POLL_S)
        if due > now:
            clock.look_by(min(due, until))
            return
        self._give_up(clock.overdue(now))

    def _give_up(self, failure: Failure) -> None:
        """It ends so, whatever the upstream still says."""
        exchange = self._exchange
        self.fail(failure)
        if exchange is not None:
            exchange.cancel()

    # back-pressure

    def _watch(self) -> None:
        """How much is held, and how much waits for the client, is asked from time to time."""
        exchange, waiting = self._exchange, self._waiting()
        if exchange is None or self.is_over:
            return
        held = waiting + (self._beside if self.pipe is None else self.pipe.held)
        if self.pressure is None:
            if held <= WATCH_BYTES:
                return
            self.pressure = BackPressure(
                self._loop, exchange, self._memory, self._go_on, self._give_up, self._stall
            )
        self.pressure.watch(held, waiting, self._outlet)

    def _waiting(self) -> int:
        """How many bytes the client has not taken yet."""
        return self._held_bytes if self._outlet is None else self._outlet.backlog()

    def weigh_beside(self, size: int) -> None:
        """Answers that are read with this one hold so many bytes."""
        self._beside = size
        self._watch()

    def _go_on(self) -> None:
        """The client has caught up: the upstream's silence counts from now."""
        self._clock.last_at = self._loop.time()

    def _stall(self) -> None:
        self.has_stalled = True
        self._over()
        self.cancel()


def _no_pipe(head: ResponseHead) -> Pipe:
    raise AssertionError("an answer to a call that is over")


def _no_failure(head: ResponseHead, body: bytes) -> Failure:
    return Failure.cut("an answer to a call that is over")
