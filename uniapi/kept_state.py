"""What outlives a restart, together: taken up once, then made durable off the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any

from .clock import Clock
from .gateway import CacheRounds, IssuedIds, LearnedModels, ModelLists
from .inspection import Inspector
from .kept_lists import KeptLists
from .kept_rests import KeptRests
from .kept_windows import KeptWindows
from .limits import Limits
from .notifier import Notifier
from .routing import Health
from .stats import Recorder
from .storage import Folder


class KeptState:
    """`commit` each second, `flush` now and then, `compact` each hour, `close` at the end."""

    def __init__(
        self,
        folder: Folder,
        clock: Clock,
        *,
        recorder: Recorder,
        inspector: Inspector,
        lists: ModelLists,
        limits: Limits,
        health: Health,
        notifier: Notifier,
        caches: CacheRounds,
    ) -> None:
        self._clock = clock
        self._recorder = recorder
        self._inspector = inspector
        self._notifier = notifier
        self._caches = caches
        self.pins = IssuedIds.of_folder(folder, clock.now_s())
        self.learned = LearnedModels.of_folder(folder, clock.now_s())
        self.lists = KeptLists(lists, folder)
        self.lists.load()
        self._windows = KeptWindows(limits, folder, clock)
        self._windows.load()
        self._rests = KeptRests(health, folder, clock)
        self._rests.load()

    async def flush(self) -> None:
        """Make durable what has time: issued ids, what was learned, model lists, what was told,
        prompt caches.
        """
        await _in_thread(self.pins.flush, self._clock.now_s())
        await _in_thread(self.learned.flush, self._clock.now_s())
        await _in_thread(self.lists.flush)
        await _in_thread(self._notifier.flush, self._clock.now_s())
        self._caches.settle()
        await _in_thread(self._caches.flush, self._clock.now_s())

    async def commit(self, *, at_once: bool = False) -> None:
        """Write what changed since the last time: calls, long rate windows and what rests."""
        await _in_thread(partial(self._windows.flush, at_once=at_once))
        self._rests.note()
        await _in_thread(self._rests.flush)
        await _in_thread(self._recorder.commit, self._clock.now_s())
        await self._inspector.settle()

    async def compact(self) -> None:
        """Fold the journal into the days and forget what retention no longer keeps."""
        await _in_thread(self._recorder.compact, self._clock.now_s())

    async def close(self) -> None:
        """Everything, and nothing after it."""
        await self.flush()
        await self.commit(at_once=True)
        self._inspector.close()
        await _in_thread(self._recorder.close, self._clock.now_s())


async def _in_thread(work: Callable[..., Any], *arguments: Any) -> None:
    await asyncio.get_running_loop().run_in_executor(None, work, *arguments)
