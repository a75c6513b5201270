"""Which calls are looked at, and what becomes of what was seen.

    begin ─► tap (running) ─► finish ─► settle: picture, packed, in a thread ─► ring

Everything but `settle`'s thread, and reading, is on the event loop.
"""

from __future__ import annotations

import asyncio
import logging
import zlib
from collections.abc import Callable
from typing import Any

from uniapi.canonical import Call, ClientError
from uniapi.config import Inspect
from uniapi.stats import CallRecord
from uniapi.storage import Folder

from .allowance import Allowance
from .picture import picture
from .rings import DiskRing, Kept, MemoryRing, forget_all, packed, unpacked
from .tap import Tap

log = logging.getLogger("uniapi.inspector")

MEMORY_BYTES = 32 * 1024 * 1024
"""Of everything: what is kept, and what running calls say."""
BATCH = 50
MOST_SECRETS = 10_000


class Inspector:
    """Off (`begin` gives None) until `configure` says otherwise."""

    def __init__(
        self, folder: Folder | None, now: Callable[[], float], most_bytes: int = MEMORY_BYTES
    ) -> None:
        """`folder`: for `to_disk`; None where nothing can be kept on disk."""
        self._folder = folder
        self._now = now
        self.allowance = Allowance(most_bytes, self._make_room)
        self._wanted: Inspect | None = None
        self.is_on = False
        self._secrets: tuple[str, ...] = ()
        self._running: dict[str, Tap] = {}
        self._finished: dict[str, Tap] = {}
        self._memory = MemoryRing(0)
        self._disk: DiskRing | None = None
        self._settling = asyncio.Lock()
        self._is_configured = False

    def configure(self, wanted: Inspect | None, secrets: tuple[str, ...]) -> None:
        """Put a configuration in force. What is switched off is forgotten, on disk too."""
        # Calls that run, and what they said, may know those of the configuration before.
        self._secrets = tuple(dict.fromkeys((*secrets, *self._secrets)))[:MOST_SECRETS]
        is_new, self._is_configured = not self._is_configured, True
        if wanted == self._wanted and not is_new:
            return
        was_on, self._wanted = self.is_on, wanted
        self.is_on = wanted is not None
        self._let_go()
        if wanted is None or wanted.disk_bytes is None:
            self._forget_disk()
        if wanted is not None:
            self._begin(wanted)
        elif was_on:
            log.warning("the inspector is off; what it kept is deleted")

    def _begin(self, wanted: Inspect) -> None:
        self._memory = MemoryRing(wanted.last)
        if wanted.disk_bytes is not None and self._folder is not None:
            self._disk = self._opened(self._folder, wanted.last, wanted.disk_bytes)
        where = "in the data dir" if self._disk is not None else "in memory"
        log.warning(
            "the inspector is on: the last %d requests are kept in full, prompts and answers too,"
            " %s (preferences.inspect)",
            wanted.last,
            where,
        )

    def row(self) -> dict[str, Any] | None:
        """What the page says of it; None: it is off."""
        wanted = self._wanted
        if wanted is None:
            return None
        return {
            "last": wanted.last,
            "to_disk": wanted.disk_bytes,
            "where": "disk" if self._disk is not None else "memory",
            "kept": len(self._finished) + len(self._disk or self._memory),
            "memory_bytes": self.allowance.used,
        }

    # the path of a call

    def begin(self, call: Call) -> Tap | None:
        """The tap of a call; None: nobody looks on."""
        if self._wanted is None:
            return None
        tap = self._running[call.request_id] = Tap(call, self.allowance, self._now)
        return tap

    def note(self, record: CallRecord) -> None:
        """What is remembered of a call, which may be one of ours."""
        tap = self._running.get(record.request_id)
        if tap is not None:
            tap.record = record

    def finish(self, tap: Tap) -> None:
        """The call is over."""
        self._running.pop(tap.call.request_id, None)
        if self._wanted is None:
            self.allowance.release(tap.held)
            return
        self._finished[tap.call.request_id] = tap

    def saw_refused(self, call: Call, error: ClientError, said: bytes) -> None:
        """A request that was refused before it became a call, and what its client was told."""
        tap = self.begin(call)
        if tap is not None:
            tap.refused(error, said)
            self.finish(tap)

    async def settle(self) -> None:
        """Keep what has finished: a job, and at the end."""
        async with self._settling:
            while batch := list(self._finished.values())[:BATCH]:
                await self._settle(batch)

    async def _settle(self, batch: list[Tap]) -> None:
        disk, loop = self._disk, asyncio.get_running_loop()
        kept = await loop.run_in_executor(None, _keep, batch, self._secrets, disk)
        for tap in batch:
            if self._finished.pop(tap.call.request_id, None) is not None:
                self.allowance.release(tap.held)
        if disk is not self._disk and disk is not None:
            # It was switched off, or changed, while the thread wrote.
            disk.close()
            if self._disk is None:
                self._forget_disk()
        if self._wanted is not None:
            for one in kept:
                self._keep_in_memory(one)

    def _keep_in_memory(self, kept: Kept) -> None:
        granted = self.allowance.claim(len(kept.data))
        if granted == len(kept.data):
            self.allowance.release(self._memory.add(kept))
        else:
            # Running calls say so much that nothing else has room.
            self.allowance.release(granted)

    # reading

    def __contains__(self, request_id: str) -> bool:
        disk = self._disk
        return (
            request_id in self._running
            or request_id in self._finished
            or request_id in self._memory
            or (disk is not None and request_id in disk)
        )

    def full(self, request_id: str) -> dict[str, Any] | None:
        """A request in full, in any thread; None: it is not kept."""
        tap = self._running.get(request_id) or self._finished.get(request_id)
        if tap is not None:
            return picture(tap, self._secrets)
        disk = self._disk
        data = self._memory.get(request_id)
        if data is None and disk is not None:
            data = disk.get(request_id)
        try:
            return None if data is None else unpacked(data)
        except (ValueError, zlib.error):
            return None

    def close(self) -> None:
        if self._disk is not None:
            self._disk.close()

    # the rest

    def _make_room(self, size: int) -> None:
        while size > 0 and (dropped := self._memory.drop_oldest()):
            self.allowance.release(dropped)
            size -= dropped

    def _let_go(self) -> None:
        """Forget what is kept in memory; what runs is let go of at its end."""
        for tap in self._finished.values():
            self.allowance.release(tap.held)
        self._finished.clear()
        while dropped := self._memory.drop_oldest():
            self.allowance.release(dropped)
        self.close()
        self._disk = None

    def _opened(self, folder: Folder, last: int, most_bytes: int) -> DiskRing | None:
        ring = DiskRing(folder, last, most_bytes)
        try:
            ring.open()
        except OSError as error:
            log.warning("what was inspected cannot be kept on disk: %s", error.strerror or error)
            return None
        return ring

    def _forget_disk(self) -> None:
        if self._folder is None:
            return
        try:
            forget_all(self._folder)
        except OSError as error:
            log.warning("what was inspected cannot be deleted: %s", error.strerror or error)


def _keep(batch: list[Tap], secrets: tuple[str, ...], disk: DiskRing | None) -> list[Kept]:
    """Pack what was seen and write it to disk, where that is wanted; gives what is not there."""
    kept = [packed(tap.call.request_id, picture(tap, secrets)) for tap in batch]
    if disk is None:
        return kept
    try:
        disk.add(kept)
    except OSError as error:
        log.warning("what was inspected cannot be written: %s", error.strerror or error)
        disk.close()
        return kept
    return []
