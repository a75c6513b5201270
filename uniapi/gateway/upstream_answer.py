"""One upstream answer as it comes: the Sink that feeds a pipe, and what all answers have in common.
How one fails, falls silent, is held back or given up; what goes to the client, and when, say
`receiver` and `whole_answer`.

The executor awaits `outcome` (None: committed; a Failure: this attempt failed and nothing has
reached the client). Everything between, each chunk included, happens in plain calls.

Rules
 1. Before the commit a timeout, an error object or a cut is an ordinary failed attempt.
 2. The end is the dialect's end: what follows it is not part of the answer, whether the connection
    is held, reset, or goes on talking. An answer in one piece commits when all of it is there.
 3. A large answer that is read as a whole is read in a thread, so that other calls go on meanwhile.
 4. `cancel` (the client left, or the attempt is given up) closes the upstream connection at once.
"""

from __future__ import annotations

import asyncio
import logging
from abc import ABC, abstractmethod
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
MAX_BLANK_BYTES = 4096
"""Signs of life before an answer (DeepSeek sends empty lines); then it is what its head says."""
WATCH_BYTES = 64 * 1024
"""So much goes on to the client before it is looked again whether it takes what it is sent."""
GRACE_S = 1.0
"""After a whole answer: for the usage that may follow a finish, and for the connection to end."""
NOTHING_SEEN = Report()
"""Of an answer that no pipe reads yet; nobody writes into it."""


class UpstreamAnswer(ABC):
    """One attempt's Sink. `make_pipe` chooses the pipe when the head is known; `classify` reads an
    error answer; `mask` hides our credential in what an upstream says after a failure within its
    answer; `now` is the loop's time; `alarms` lends what looks whether it is overdue; `memory` is
    what all answers together may hold.

    What is of a kind has `data` and `_conclude` of its own.
    """

    __slots__ = (
        "_beside",
        "_classify",
        "_clock",
        "_exchange",
        "_has_ended",
        "_held",
        "_held_bytes",
        "_is_answer",
        "_is_decided",
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
        self.first_token_after_s: float | None = None
        """Seconds from the start to the first token, None when none came."""
        # `has_stalled`: the client has taken nothing for so long that it counts as gone; `is_over`:
        # nothing more is taken of the answer; `_is_decided`: the outcome is set.
        self.has_stalled = self.is_committed = self.is_over = False
        self._is_decided = self._has_ended = self._is_answer = False
        self._loop = loop
        self._make_pipe = make_pipe
        self._classify = classify
        self._probe = probe
        self._mask = mask
        self._memory = memory
        self._exchange: Exchange | None = None
        self._outlet: Outlet | None = None
        self._lingering: asyncio.TimerHandle | None = None
        self.pressure: BackPressure | None = None
        """Once what it holds is worth counting."""
        self._held: list[bytes] | None = None
        """Until a reply is attached."""
        self._held_bytes = self._unwatched = self._beside = 0
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

    @abstractmethod
    def attach(self, outlet: Outlet) -> asyncio.Future[None]:
        """The client's reply has begun: what was held goes there, and what is still to come. Gives
        what is done when nothing more will be written.
        """

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
        self._make_pipe, self._classify = no_pipe, no_failure

    # Sink. A mistake of ours in a pipe must not leave the call hanging: it ends the attempt like
    # any broken answer, and is logged.

    def head(self, head: ResponseHead) -> None:
        self.response_head = head
        self.status = head.status
        self._is_answer = 200 <= head.status < 300

    @abstractmethod
    def data(self, data: bytes) -> None:
        """More of the body."""

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
        else:
            self._fail_before_commit(failure)

    def _broke(self, error: Exception) -> None:
        log_mistake(log, error, "reading an upstream's answer went wrong inside the gateway")
        self._give_up(Failure.cut(f"the answer could not be read ({type(error).__name__})"))

    def _begun(self, data: bytes, now: float) -> bytes:
        """What the pipe is fed first: nothing before the first bytes show what they are, by which
        it is chosen, nor of an error, whose body is kept.
        """
        head = self.response_head
        if not self._is_answer or head is None:
            self._hold(data)
            if self._held_bytes > MAX_ERROR_BODY_BYTES:
                self._end(now)
            return b""
        if self._held is not None:
            data = self.take_whole() + data
        if (not data or data.isspace()) and len(data) < MAX_BLANK_BYTES:
            self._hold(data)
            return b""
        self._open(labelled(head, data))
        return data

    def _open(self, head: ResponseHead) -> Pipe:
        self.response_head = head
        pipe = self.pipe = self._make_pipe(head)
        self.report = pipe.report
        return pipe

    def _end(self, now: float) -> None:
        pipe = self.pipe
        if pipe is None and self._is_answer and self.response_head is not None:
            # Nothing but its head has come.
            pipe = self._open(self.response_head)
        if pipe is None:
            self._fail_before_commit(self._error_answer())
        elif isinstance(pipe, Collecting) and pipe.is_large:
            # All of it is here: nothing can be overdue any more.
            self._clock.stop()
            reading = self._loop.run_in_executor(None, self._read_large, pipe)
            reading.add_done_callback(self._large_read)
        else:
            self._conclude(pipe.eof(), now)

    @abstractmethod
    def _conclude(self, out: list[bytes], now: float) -> None:
        """The answer is whole; `out` is what was still held back of it."""

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

    def _error_answer(self) -> Failure:
        if self.response_head is None:
            return Failure.cut("the upstream closed the connection without an answer")
        return self._classify(self.response_head, self.take_whole())

    def _fail_before_commit(self, failure: Failure) -> None:
        self.is_over = True
        self._clock.stop()
        if self._exchange is not None:
            self._exchange.cancel()
        self._decided(failure)

    def _decided(self, failure: Failure | None) -> None:
        """What became of the attempt, once."""
        is_first, self._is_decided = not self._is_decided, True
        # Who waited for it may have been cancelled in this very moment.
        if is_first and not self.outcome.done():
            self.outcome.set_result(failure)

    def look(self, now: float, has_slept: bool) -> None:
        """Called from time to time: does anything have to happen without a word from upstream?"""
        clock, until = self._clock, float("inf")
        pipe = self.pipe
        if pipe is not None and pipe.may_end:
            if now - clock.last_at >= GRACE_S:
                self._has_ended = True
                self._end(now)
                return
            until = clock.last_at + GRACE_S
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
        """The client takes nothing."""
        self.has_stalled = True
        self.cancel()


def no_pipe(head: ResponseHead) -> Pipe:
    raise AssertionError("an answer to a call that is over")


def no_failure(head: ResponseHead, body: bytes) -> Failure:
    return Failure.cut("an answer to a call that is over")
