"""How much was used in the last so many seconds: one sliding window, exact for small counts, coarse
but never too generous for large ones.

The first `EXACT` uses are kept one by one. Past that, uses that fall into the same 64th of the
window share a slot that expires with its newest one, so memory is bounded and the limit is never
exceeded; a budget may come back at most a 64th of the window late.
"""

from __future__ import annotations

from collections import deque
from math import inf
from typing import Any

from uniapi.clock import Epoch, Monotonic
from uniapi.values import dataclass

EXACT = 64
SLICES = 64


@dataclass(slots=True)
class Slot:
    """Uses that expire together: `first_at` and `last_at` of them, and how much they come to."""

    first_at: float
    last_at: float
    amount: int


class Window:
    """A sliding window of `window_s` seconds.

    The limit itself is an argument: it may change on reload while the counts stay.
    """

    __slots__ = (
        "_changes",
        "_due",
        "_joined_until",
        "_slots",
        "_total",
        "_window_s",
        "taken_changes",
    )

    def __init__(self, window_s: float) -> None:
        self._window_s = window_s
        self._due = inf
        """When the oldest slot expires, at the earliest."""
        self._joined_until = -inf
        """So long the newest slot takes in what is used, whatever the others are."""
        self._slots: deque[Slot] = deque()
        self._total = 0
        self._changes = 0
        self.taken_changes = 0
        """How often something had been counted or corrected when that was last asked."""

    def used(self, now: Monotonic) -> int:
        """What was used in the window that ends now."""
        self._expire(now)
        return self._total

    def free_at(self, limit: int, amount: int, now: Monotonic) -> float:
        """When `amount` more fits under `limit`: `now` when it does already. An amount over the
        limit itself fits as soon as the window is empty.
        """
        if now >= self._due:
            self._expire(now)
        excess = self._total if amount > limit else self._total + amount - limit
        if excess <= 0:
            return now
        for slot in self._slots:
            excess -= slot.amount
            if excess <= 0:
                return slot.last_at + self._window_s
        return now

    def add(self, amount: int, now: Monotonic) -> Slot:
        """Count `amount` as used now. The slot is what `correct` takes."""
        if now >= self._due:
            self._expire(now)
        self._changes += 1
        self._total += amount
        slots = self._slots
        if now < self._joined_until:
            slot = slots[-1]
            slot.amount += amount
            if slot.last_at < now:
                slot.last_at = now
            return slot
        slot = Slot(now, now, amount)
        if not slots:
            self._due = now + self._window_s
        slots.append(slot)
        self._joined_until = self._end_of_newest()
        return slot

    def correct(self, slot: Slot, change: int, now: Monotonic) -> None:
        """What was counted in `slot` was really `change` more (or less): an estimate meets its
        exact figure. Without effect once the slot has expired.
        """
        if now >= self._due:
            self._expire(now)
        if slot.last_at + self._window_s <= now:
            return
        self._changes += 1
        change = max(change, -slot.amount)
        slot.amount += change
        self._total += change

    def is_idle(self, now: Monotonic) -> bool:
        """Nothing is left to remember."""
        self._expire(now)
        return not self._slots

    def dump(self, now: Monotonic, now_s: Epoch) -> list[list[float]]:
        """The slots as plain data, on the scale of the epoch. Changes nothing, so that a thread of
        its own may do it: the copy is one step.
        """
        offset = now_s - now
        return [
            [round(slot.first_at + offset, 3), round(slot.last_at + offset, 3), slot.amount]
            for slot in list(self._slots)
            if slot.last_at + self._window_s > now
        ]

    def takes_changes(self) -> bool:
        """Whether something was counted or corrected since this was last asked."""
        before, self.taken_changes = self.taken_changes, self._changes
        return before != self.taken_changes

    def load(self, stored: list[Any], now: Monotonic, now_s: Epoch) -> None:
        """Take in what `dump` gave, before anything was counted.

        Malformed slots are left out; one from the future counts as of now.
        """
        offset = now_s - now
        slots = []
        for entry in stored:
            if (
                isinstance(entry, list)
                and len(entry) == 3
                and all(
                    isinstance(figure, int | float) and -1e18 < figure < 1e18 for figure in entry
                )
                and entry[2] > 0
            ):
                last_at = min(entry[1] - offset, now)
                slots.append(Slot(min(entry[0] - offset, last_at), last_at, int(entry[2])))
        slots.sort(key=lambda slot: slot.last_at)
        newer = self._slots
        self._slots = deque(slots[-(EXACT + SLICES) :])
        self._slots.extend(newer)
        self._total = sum(slot.amount for slot in self._slots)
        self._expire(now)

    def _expire(self, now: Monotonic) -> None:
        slots = self._slots
        while slots and slots[0].last_at + self._window_s <= now:
            self._total -= slots.popleft().amount
        self._due = slots[0].last_at + self._window_s if slots else inf
        self._joined_until = self._end_of_newest()

    def _end_of_newest(self) -> float:
        """Past the first `EXACT` uses a slot is open for its slice; before, only to what comes from
        before it.
        """
        slots = self._slots
        if not slots:
            return -inf
        newest = slots[-1]
        if len(slots) < EXACT:
            return newest.last_at
        return max(newest.last_at, newest.first_at + self._window_s / SLICES)
