"""The price list in force: the one inside the program, or the one that `price_list` names, looked
at each day. What cannot be used changes nothing: the last good one stays, in the data dir too.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

from uniapi.values import dataclass

from .clock import Clock
from .config import Preferences
from .money import LARGEST_LIST, PriceList, UnusableList, inside, read_list
from .network import FetchFailed, Passage, Transport, fetch_url
from .retirement_watch import day_of
from .storage import write_atomic

log = logging.getLogger("uniapi.app")

COPY_FILE = "price-list"
PERIOD_S = 86400.0
AGAIN_S = 3600.0
"""After a look that failed."""


@dataclass(frozen=True, slots=True)
class _Named:
    """Another list than the one inside: where it is, and how it is fetched."""

    place: str
    passage: Passage

    @property
    def is_url(self) -> bool:
        return self.place.startswith(("http://", "https://"))


class PriceLists:
    """`listed` is asked on the loop and costs nothing but the first time. `configure` at each
    configuration, then `refresh` now and then, which says through `changed` that prices are to be
    looked up anew.
    """

    def __init__(
        self, transport: Transport, clock: Clock, data_dir: Path | None, changed: Callable[[], None]
    ) -> None:
        self._transport = transport
        self._clock = clock
        self._copy = None if data_dir is None else data_dir / COPY_FILE
        self._changed = changed
        self._inside: PriceList | None = None
        self._is_used = True
        self._named: _Named | None = None
        self._good: PriceList | None = None
        self._looked_at_s = float("-inf")
        self.trouble: str | None = None
        """Why the list that is named is not the one in force."""

    def listed(self) -> PriceList | None:
        """None: there is none, or `price_list: false`."""
        if not self._is_used:
            return None
        if self._named is not None and self._good is not None:
            return self._good
        if self._inside is None:
            self._inside = inside()
        return self._inside

    def configure(self, preferences: Preferences) -> None:
        """What a configuration says; another list is in force when `refresh` has found it good."""
        said = preferences.price_list
        self._is_used = said is not False
        named = None
        if isinstance(said, str):
            passage = Passage(proxy=preferences.proxy, ca_file=preferences.ca_file)
            named = _Named(said, passage)
        if named != self._named:
            self._named, self._good, self.trouble = named, None, None
            self._looked_at_s = float("-inf")

    async def refresh(self) -> None:
        """Look at the list that is named, when a day has passed since the last time."""
        named, now_s = self._named, self._clock.now_s()
        # A clock that jumped back is no reason to wait for it.
        period_s = PERIOD_S if self.trouble is None else AGAIN_S
        if named is None or 0 <= now_s - self._looked_at_s < period_s:
            return
        self._looked_at_s = now_s
        loop = asyncio.get_running_loop()
        today = day_of(now_s)
        try:
            data = await self._had(named)
            found = await loop.run_in_executor(None, read_list, data, today)
        except (FetchFailed, OSError, UnusableList) as error:
            kept = await loop.run_in_executor(None, self._kept, named.place)
            if named is self._named:
                self._refuse(named, error, kept)
            return
        if named is not self._named:
            return
        if named.is_url and self._copy is not None:
            await loop.run_in_executor(None, self._keep, named.place, data)
        self._good, self.trouble = found, None
        self._changed()

    def facts(self) -> dict[str, Any]:
        """What `--version --verbose` and the page say of it."""
        found = self.listed()
        if found is None:
            return {"date": None, "models": 0, "source": "", "trouble": self.trouble}
        return {
            "date": found.date,
            "models": found.model_count,
            "vendors": found.vendor_count,
            "source": found.source,
            "trouble": self.trouble,
        }

    async def _had(self, named: _Named) -> bytes:
        if named.is_url:
            return await fetch_url(
                named.place, self._transport, passage=named.passage, max_bytes=LARGEST_LIST
            )
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(None, _read_file, Path(named.place))

    def _refuse(self, named: _Named, error: Exception, kept: PriceList | None) -> None:
        reason = (error.strerror or "it cannot be read") if isinstance(error, OSError) else error
        if self._good is None and kept is not None:
            self._good = kept
            self._changed()
        stays = "the last good one stays" if self._good is not None else "the one inside is used"
        self.trouble = f"the price list that is named cannot be used: {reason}; {stays}"
        log.warning("%s", self.trouble)

    def _keep(self, place: str, data: bytes) -> None:
        """Raises nothing: a copy is a help, no more."""
        try:
            if self._copy is not None:
                write_atomic(self._copy, place.encode() + b"\n" + data)
        except OSError as error:
            log.warning("no copy of the price list can be kept: %s", error.strerror)

    def _kept(self, place: str) -> PriceList | None:
        """The last good list of the same place."""
        if self._copy is None:
            return None
        try:
            written, _, data = self._copy.read_bytes().partition(b"\n")
            of_then = day_of(self._clock.now_s() + 20 * 365 * PERIOD_S)
            return read_list(data, of_then) if written.decode() == place else None
        except (OSError, ValueError):
            return None


def _read_file(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(LARGEST_LIST + 1)
