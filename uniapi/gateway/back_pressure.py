"""Holds one upstream back, for its client's sake or for that of all answers: the two reasons for
which it is no longer read, through one valve.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from uniapi.canonical import Failure

from .answer_memory import AnswerMemory, AnswerShare, Pausable, Valve
from .backlog import HIGH_BYTES, Backlog, Outlet


class BackPressure:
    """Of one answer that has become large; most never do. `memory`: what all answers may hold, None
    where nobody counts. Told are: `on_resumed` when it is read again, `on_refused` why it is never,
    `on_stalled` that its client takes nothing.
    """

    __slots__ = ("_backlog", "_loop", "_on_resumed", "_on_stalled", "_share", "_valve")

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        exchange: Pausable,
        memory: AnswerMemory | None,
        on_resumed: Callable[[], None],
        on_refused: Callable[[Failure], None],
        on_stalled: Callable[[], None],
    ) -> None:
        self._loop = loop
        self._on_resumed = on_resumed
        self._on_stalled = on_stalled
        self._valve = Valve(exchange)
        self._share: AnswerShare | None = None
        if memory is not None:
            self._share = AnswerShare(memory, loop, self._valve, on_resumed, on_refused)
        self._backlog: Backlog | None = None

    @property
    def is_paused(self) -> bool:
        """Whether it is we that do not read."""
        is_slow = self._backlog is not None and self._backlog.is_paused
        return is_slow or (self._share is not None and self._share.is_waiting)

    def watch(self, held: int, waiting: int, outlet: Outlet | None) -> None:
        """The answer holds so many bytes now, of which so many wait for the client at `outlet`."""
        if self._share is not None:
            self._share.hold(held)
        if outlet is None or waiting <= HIGH_BYTES:
            return
        if self._backlog is None:
            self._backlog = Backlog(
                self._loop, outlet, self._valve, self._on_resumed, self._on_stalled
            )
        self._backlog.watch()

    def ended(self, waiting: int) -> None:
        """No more of the answer comes; so many bytes wait for the client."""
        if self._share is not None:
            self._share.hold(waiting, grows=False)

    def may_let_go(self, let_go: Callable[[], None]) -> None:
        """The answer is its client's to take; `let_go` breaks that off for others' sake."""
        if self._share is not None:
            self._share.let_go = let_go

    def give_back(self) -> None:
        """Nothing is left of the answer."""
        if self._share is not None:
            self._share.give_back()
