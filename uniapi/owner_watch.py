"""What the owner of a running gateway should know without looking: models that end, in the log; all
that is worth a message, to the places of `notify`.
"""

from __future__ import annotations

import logging
from datetime import date
from typing import Any

from .clock import Clock
from .gateway import Spending
from .notices import look
from .notifier import Notifier
from .retirement_watch import RetirementWatch, day_of
from .routing import Health
from .snapshots import Snapshots

log = logging.getLogger("uniapi.app")


class OwnerWatch:
    """`look` now and then; `log_endings` at each configuration."""

    def __init__(
        self,
        snapshots: Snapshots,
        spending: Spending,
        health: Health,
        notifier: Notifier,
        clock: Clock,
    ) -> None:
        self._snapshots = snapshots
        self._spending = spending
        self._health = health
        self._notifier = notifier
        self._clock = clock
        self._retirements = RetirementWatch(lambda: snapshots.current.config.providers)

    def log_endings(self) -> None:
        """Say which of the models that are written down end soon, or have ended."""
        today = self._today()
        for ending in self._retirements.endings(today):
            log.warning("retirement: %s", ending.said(today))

    def ending_rows(self) -> tuple[dict[str, Any], ...]:
        """The same as plain data."""
        today = self._today()
        return tuple(ending.row(today) for ending in self._retirements.endings(today))

    async def look(self) -> None:
        """Tell the owner what is worth a message."""
        if not self._notifier.has_places:
            return
        today = self._today()
        self._notifier.tell_all(
            look(
                self._snapshots.current.config,
                self._spending.standings(),
                self._health.snapshot(self._clock.monotonic_s()),
                self._retirements.endings(today),
                today,
            )
        )

    def _today(self) -> date:
        return day_of(self._clock.now_s())
