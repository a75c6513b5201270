"""Receives an answer that goes to its client in one piece, however its upstream sends it: nothing
is written, and nothing decided, before all of it is there.
"""

from __future__ import annotations

import asyncio

from .backlog import Outlet
from .upstream_answer import GRACE_S, WATCH_BYTES, UpstreamAnswer


class WholeAnswer(UpstreamAnswer):
    """To a conversation that is not streamed. What it came to is `take_whole`; a client that was
    sent heartbeats gets it by `attach`.
    """

    __slots__ = ()

    def attach(self, outlet: Outlet) -> asyncio.Future[None]:
        """The client's reply has begun. Gives what is done: nothing more will be written."""
        outlet.write(self.take_whole())
        finished: asyncio.Future[None] = self._loop.create_future()
        finished.set_result(None)
        return finished

    def data(self, data: bytes) -> None:
        if self.is_over:
            return
        try:
            now = self._clock.last_at = self._loop.time()
            if self.pipe is None:
                data = self._begun(data, now)
            pipe = self.pipe
            if pipe is None:
                return
            pipe.feed(data)
            report = self.report
            self.tape.take(data, report.usage)
            self._unwatched += len(data)
            if self._unwatched > WATCH_BYTES:
                self._unwatched = 0
                self._watch()
            if report.failure is not None:
                self._fail_before_commit(report.failure)
            elif pipe.is_over:
                self._has_ended = True
                self._end(now)
            elif pipe.may_end:
                # It is looked whether the answer has ended without a word.
                self._clock.look_by(now + GRACE_S)
        except Exception as error:
            self._broke(error)

    def _conclude(self, out: list[bytes], now: float) -> None:
        report, clock, failure = self.report, self._clock, self.report.failure
        if failure is None and self._probe is not None:
            failure = self._probe.hit(report)
        if failure is not None:
            self._fail_before_commit(failure)
            return
        data = out[0] if len(out) == 1 else b"".join(out)
        if self._mask is not None:
            shown, rest = self._mask.over(data, has_failed=False)
            data = shown + rest if rest else shown
        self._held = [data]
        report.text = None
        self.first_token_after_s = now - clock.started_at
        self.is_committed = self.is_over = True
        clock.stop()
        if self.pressure is not None:
            self.pressure.ended(len(data))
        self._decided(None)
