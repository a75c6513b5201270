"""How much all answers together hold that no client has yet: whole ones while they are gathered,
what waits before the commit or for the rest of its frame, what a slow reader has not taken. Each is
bounded, and their sum is too.

Rules
 1. Everything is counted, and what holds FREE_BYTES or less never waits: other clients are served.
 2. Up to `most` less what one answer may need, everybody goes on. Beyond, upstreams are no longer
    read but for one answer at a time, the first in the line: so each of several large ones ends.
 3. Beyond `most` nobody goes on. Who has waited WAIT_S is refused, and one that is larger than all
    of it at once.
 4. Who waits is not refused for the sake of a client that is slow to take a whole answer: beyond
    the time it may have for it, such a client loses its connection, the slowest first.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Callable
from typing import Protocol

from uniapi.canonical import Failure, FailureKind
from uniapi.pipes import MAX_WHOLE_BYTES

log = logging.getLogger("uniapi.answers")

FREE_BYTES = 512 * 1024
"""More than a slow reader of a stream leaves."""
OVERRUN_BYTES = 1024 * 1024
"""More than what was read already when its upstream was paused: it comes from an inflater."""
POLL_S = 0.05
WAIT_S = 15.0
TURN_S = 5.0
"""An answer that has not grown for so long no longer goes on alone."""
RETRY_AFTER_S = 5.0
YIELD_S = 5.0
"""Who has waited for so long goes before those that take their answers too slowly."""
READER_S, READER_BYTES_PER_S = 5.0, 4 * 1024 * 1024
"""What a client has to take a whole answer in while others wait: a start, and its size at this."""


class Pausable(Protocol):
    """What brings an answer."""

    def pause(self) -> None: ...

    def resume(self) -> None: ...


class Valve:
    """Something that is paused for as long as anybody wants it to be."""

    __slots__ = ("_behind", "_wishes")

    def __init__(self, behind: Pausable) -> None:
        self._behind = behind
        self._wishes = 0

    def pause(self) -> None:
        self._wishes += 1
        if self._wishes == 1:
            self._behind.pause()

    def resume(self) -> None:
        self._wishes -= 1
        if self._wishes == 0:
            self._behind.resume()


class AnswerMemory:
    """The sum, in bytes, and the line of those that wait for room."""

    def __init__(self, most: int = 2 * MAX_WHOLE_BYTES) -> None:
        self.held = 0
        self.most = most
        self._line: list[AnswerShare] = []
        self._first: AnswerShare | None = None
        """The one that may go on alone."""
        self._sent: list[AnswerShare] = []
        """Large ones that are whole: nothing but their clients is waited for."""

    @property
    def _common(self) -> int:
        """Up to so much everybody goes on."""
        return self.most - min(MAX_WHOLE_BYTES, self.most // 2)

    def may_grow(self, share: AnswerShare) -> bool:
        if self.held <= self._common or share.held <= FREE_BYTES:
            return True
        if self._first is None and not self._line:
            self._first = share
        return self._first is share and self.held <= self.most

    def join(self, share: AnswerShare) -> None:
        self._line.append(share)
        if len(self._line) == 1:
            share.loop.call_later(POLL_S, self._look)

    def leave(self, share: AnswerShare) -> None:
        """It holds nothing any more."""
        if share in self._sent:
            self._sent.remove(share)
        if share in self._line:
            self._line.remove(share)
        if self._first is share:
            self._first = None

    def send(self, share: AnswerShare) -> None:
        """It is whole, and its client's to take."""
        if self._first is share:
            self._first = None
        if share not in self._sent:
            self._sent.append(share)

    def _make_room(self, now: float) -> None:
        """The client that has had an answer for the longest beyond its time loses it."""
        slowest = min(self._sent, key=AnswerShare.due, default=None)
        if slowest is None or slowest.let_go is None or slowest.due() > now:
            return
        self._sent.remove(slowest)
        log.warning(
            "a client took an answer of %d bytes too slowly while others waited for its memory"
            " (`max_answers_in_memory`): its connection is closed",
            slowest.held,
        )
        slowest.let_go()

    def _look(self) -> None:
        """Who may go on, and who has waited for too long?"""
        line, first = list(self._line), self._first
        if first is not None and first.loop.time() - first.grew_at > TURN_S:
            self._first = None
        for share in line:
            if self._first is None:
                self._first = share
            if self.may_grow(share):
                self._line.remove(share)
                share.go_on()
            elif share.loop.time() - share.waits_since >= WAIT_S:
                self._line.remove(share)
                share.refuse()
        if self._line:
            now = self._line[0].loop.time()
            if now - self._line[0].waits_since >= YIELD_S:
                self._make_room(now)
            self._line[0].loop.call_later(POLL_S, self._look)


class AnswerShare:
    """What one answer holds of it. `valve` is shut while it waits; `on_resumed` is told when that
    ends, `on_refused` why it does not. `let_go` takes a whole one from its client.
    """

    __slots__ = (
        "_memory",
        "_on_refused",
        "_on_resumed",
        "_paused_at",
        "_valve",
        "grew_at",
        "held",
        "is_waiting",
        "let_go",
        "loop",
        "waits_since",
    )

    def __init__(
        self,
        memory: AnswerMemory,
        loop: asyncio.AbstractEventLoop,
        valve: Valve,
        on_resumed: Callable[[], None],
        on_refused: Callable[[Failure], None],
    ) -> None:
        self.held = 0
        self.is_waiting = False
        self.let_go: Callable[[], None] | None = None
        self.waits_since = self.grew_at = loop.time()
        self.loop = loop
        self._memory = memory
        self._valve = valve
        self._on_resumed = on_resumed
        self._on_refused = on_refused
        self._paused_at = 0

    def hold(self, size: int, *, grows: bool = True) -> None:
        """The answer holds so many bytes now; `grows`: more of it may come."""
        self._memory.held += size - self.held
        self.held = size
        self.grew_at = self.loop.time()
        if not grows:
            if size > FREE_BYTES:
                self._memory.send(self)
            return
        if size > self._memory.most and size > FREE_BYTES:
            self._memory.leave(self)
            self.refuse()
        elif self.is_waiting:
            if size > self._paused_at + OVERRUN_BYTES:
                self._memory.leave(self)
                self.refuse()
        elif not self._memory.may_grow(self):
            self.is_waiting, self._paused_at = True, size
            self.waits_since = self.grew_at
            self._valve.pause()
            self._memory.join(self)

    def due(self) -> float:
        """When its client should have taken all of it, since it was whole."""
        if self.let_go is None:
            return math.inf
        return self.grew_at + READER_S + self.held / READER_BYTES_PER_S

    def go_on(self) -> None:
        self.is_waiting = False
        self.grew_at = self.loop.time()
        self._valve.resume()
        self._on_resumed()

    def refuse(self) -> None:
        self.is_waiting = False
        self._on_refused(
            Failure(
                kind=FailureKind.NO_ROOM,
                message=(
                    "the answers of all running requests fill the memory that this gateway gives"
                    f" them ({self._memory.most} bytes, `max_answers_in_memory`), this one"
                    f" {self.held} of it"
                ),
                retry_after_s=RETRY_AFTER_S,
            )
        )

    def give_back(self) -> None:
        """Nothing is left of the answer."""
        self.is_waiting = False
        self._memory.held -= self.held
        self.held = 0
        self._memory.leave(self)
