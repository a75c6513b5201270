"""Receives one upstream answer that may go on to its client while it comes: it holds output back
until the commit, and then writes straight through.

The executor awaits two moments only: `outcome` and, after the commit, `finished`. States: head →
holding → flowing → done, or error body → done.

Nothing is written before the pipe has seen real output, the probe for error triggers is satisfied,
and the executor has attached a reply. After the commit a failure no longer fails the attempt: the
pipe ends the answer in the client's dialect.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from uniapi.canonical import Failure
from uniapi.errors import log_mistake
from uniapi.pipes import Pipe
from uniapi.wire import ResponseHead

from .alarms import Alarms
from .answer_memory import AnswerMemory
from .backlog import Outlet
from .key_mask import KeyMask
from .patience import Patience, TriggerProbe
from .upstream_answer import GRACE_S, WATCH_BYTES, UpstreamAnswer, log, no_failure, no_pipe

MAX_HELD_BYTES = 1024 * 1024
"""So much is held while a committed answer is still looked at for error triggers."""


class Receiver(UpstreamAnswer):
    """One attempt's Sink."""

    __slots__ = ("_finished", "_held_since", "_kept")

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
        super().__init__(loop, make_pipe, classify, patience, now, probe, mask, alarms, memory)
        self._kept = b""
        """The end of what came, which goes on with what follows it."""
        self._held_since: float | None = None
        self._finished: asyncio.Future[None] | None = None

    def attach(self, outlet: Outlet) -> asyncio.Future[None]:
        self._finished = self._loop.create_future()
        self._outlet = outlet
        self.response_head = None
        del self.outcome
        if self.is_over:
            self._write_last(outlet)
            self._finish(self._finished)
            return self._finished
        held = self.take_whole()
        outlet.write(held)
        if len(held) > WATCH_BYTES:
            self._watch()
        return self._finished

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
            report, tape = self.report, self.tape
            if tape.is_full and report.usage is tape.stated:
                tape.received += len(data)
            else:
                tape.take(data, report.usage)
            if pipe.is_over:
                self._ended(pipe, out, now)
            else:
                if out:
                    self._emit(out)
                if pipe.may_end:
                    self._clock.look_by(now + GRACE_S)
                self._unwatched += len(data)
                if self._unwatched > WATCH_BYTES:
                    self._unwatched = 0
                    self._watch()
        except Exception as error:
            self._broke(error)

    def fail(self, failure: Failure) -> None:
        pipe = self.pipe
        if not self.is_committed or self.is_over or pipe is None or pipe.may_end:
            super().fail(failure)
            return
        try:
            self._emit(pipe.abort(failure))
        except Exception as error:
            log_mistake(log, error, "the end of a broken answer could not be written")
            self.report.failure = failure
        self._over()

    def _data(self, data: bytes, now: float) -> None:
        """Before the answer flows."""
        if self.pipe is None:
            data = self._begun(data, now)
        pipe = self.pipe
        if pipe is None:
            return
        out, report = pipe.feed(data), self.report
        has_ended = pipe.is_over and report.failure is None
        if out and not has_ended:
            self._emit(out)
        self.tape.take(data, report.usage)
        self._unwatched += len(data)
        if self._unwatched > WATCH_BYTES:
            self._unwatched = 0
            self._watch()
        if has_ended:
            self._ended(pipe, out, now)
        elif (pipe.streams or report.failure is not None) and not self._is_decided:
            # What is answered in one piece is judged and commits at its end, however the upstream
            # sent it: a stream that is folded says that it is whole before its last byte is here.
            self._decide(now)
        if pipe.may_end and not self.is_over:
            # It is looked whether the answer has ended without a word.
            self._clock.look_by(now + GRACE_S)

    def _ended(self, pipe: Pipe, out: list[bytes], now: float) -> None:
        """Nothing that the upstream still says can matter; `out` is what it said last."""
        if self.report.failure is not None:
            self._emit(out)
            if pipe.streams:
                self._over()
                self.cancel()
            return
        self._has_ended = True
        if pipe.streams:
            self._conclude(out + pipe.eof(), now)
        else:
            self._end(now)

    def _conclude(self, out: list[bytes], now: float) -> None:
        self._emit_last(out)
        if not self._is_decided:
            self._decide(now)
        if not self.is_over:
            self._over()

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
        self._make_pipe, self._classify = no_pipe, no_failure
        self.is_committed = True
        if self.pipe is not None and self.pipe.streams:
            self._clock.look_by(self._clock.overdue_at())
        self._decided(None)

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

    def _emit_last(self, out: list[bytes]) -> None:
        """As `_emit`; nothing goes on with what it would keep."""
        outlet, self._outlet = self._outlet, None
        self._emit(out)
        if self._kept:
            self._hold(self._kept)
            self._kept = b""
        if outlet is not None:
            self._outlet = outlet
            self._write_last(outlet)

    def _write_last(self, outlet: Outlet) -> None:
        """All that is held, in one write with the end of the answer where that is a proper one."""
        held, report = self.take_whole(), self.report
        if report.failure is None and not report.is_cut:
            outlet.write_last(held)
        else:
            outlet.write(held)

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
        if self._held_since is not None and self._probe is not None:
            until = self._held_since + TriggerProbe.HOLD_S
            if until <= now:
                self._commit()
                return
            self._clock.look_by(until)
        super().look(now, has_slept)

    def _stall(self) -> None:
        self._over()
        super()._stall()
