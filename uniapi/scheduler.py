"""The in-process scheduler: periodic jobs and supervised tasks. The only place that makes asyncio
tasks.

A bare `create_task` can be garbage-collected while it runs and loses its exception; here every task
is held, named, and its exception logged. (The word scheduler means timed work only; choosing
channels is routing.)
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from .clock import Clock
from .errors import log_mistake

log = logging.getLogger("uniapi.scheduler")


class Jobs:
    """Supervises all tasks of the process.

    `spawn` starts one; `every` runs one again and again; `shutdown` ends and awaits them all.
    """

    def __init__(self, clock: Clock, rng: random.Random) -> None:
        self._clock = clock
        self._rng = rng
        self._tasks: set[asyncio.Task[Any]] = set()

    def spawn(self, coroutine: Coroutine[Any, Any, Any], name: str) -> asyncio.Task[Any]:
        """Run a coroutine as a held task; an exception that nobody awaits is logged under
        `name`.
        """
        task = asyncio.get_running_loop().create_task(coroutine, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._finished)
        return task

    def every(
        self,
        period_s: float,
        job: Callable[[], Awaitable[None]],
        name: str,
        *,
        jitter: float = 0.1,
        at_once: bool = False,
    ) -> asyncio.Task[Any]:
        """Run `job` each `period_s` seconds (± `jitter` as a share), for ever; an exception is
        logged and the job runs again.
        """
        return self.spawn(self._repeat(period_s, job, name, jitter, at_once), name)

    async def _repeat(
        self,
        period_s: float,
        job: Callable[[], Awaitable[None]],
        name: str,
        jitter: float,
        at_once: bool,
    ) -> None:
        if not at_once:
            await self._clock.sleep(period_s * self._rng.uniform(1 - jitter, 1 + jitter))
        while True:
            try:
                await job()
            except Exception as error:
                log_mistake(log, error, "job %s failed; it runs again", name)
            await self._clock.sleep(period_s * self._rng.uniform(1 - jitter, 1 + jitter))

    def _finished(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None:
            log_mistake(log, error, "task %s failed", task.get_name())

    @property
    def running(self) -> int:
        """How many tasks are alive; for tests and the status page."""
        return len(self._tasks)

    async def shutdown(self) -> None:
        """Cancel every task and wait until each has ended."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
