"""Rests across a restart: credentials that were refused or out of money rest on, by their
fingerprints, in one small file of the data dir.
"""

from __future__ import annotations

from typing import Any

from .clock import Clock, Epoch, Monotonic
from .routing import Health, Lasting, Rested
from .storage import Folder, KeptMap

RESTS_FILE = "rests"
MOST_RESTS = 20_000
LASTS_S = 33 * 86400.0
"""Longer than any rest (a plan's month)."""


class KeptRests:
    """`load` once, before anything is asked; then, each second, `note` on the event loop and
    `flush` in a thread.
    """

    def __init__(self, health: Health, folder: Folder, clock: Clock) -> None:
        self._health = health
        self._clock = clock
        self._kept = KeptMap(folder, RESTS_FILE, limit=MOST_RESTS, lasts_s=LASTS_S)
        self._noted: dict[Rested, Lasting] = {}
        self._noted_changes = 0

    def load(self) -> None:
        """Take in what rested when an earlier process ended, with the time that has passed since.
        What makes no sense is left out.
        """
        now, now_s = self._clock.monotonic_s(), self._clock.now_s()
        self._kept.load(now_s)
        for name in self._kept.names():
            found = _read(name, self._kept.get(name, now_s), now, now_s)
            if found is not None:
                rested, lasting = found
                self._health.restore(rested, lasting, now)
                self._noted[rested] = lasting

    def note(self) -> None:
        """Take down what began to rest or ended since the last time."""
        if self._health.changes == self._noted_changes:
            return
        self._noted_changes = self._health.changes
        now, now_s = self._clock.monotonic_s(), self._clock.now_s()
        lasting = self._health.lasting()
        for rested in self._noted.keys() - lasting.keys():
            self._kept.remove(_name(rested))
        for rested, rest in lasting.items():
            if self._noted.get(rested) != rest:
                until_s = round(now_s + rest.until - now, 3)
                self._kept.put(_name(rested), [until_s, *rest[1:]], now_s)
        self._noted = lasting

    def flush(self) -> None:
        """Make it durable."""
        self._kept.flush(self._clock.now_s())


def _name(rested: Rested) -> str:
    return "\n".join(part or "" for part in rested)


def _read(name: str, value: Any, now: Monotonic, now_s: Epoch) -> tuple[Rested, Lasting] | None:
    """A line of the file; None when it is none of ours."""
    match name.split("\n"), value:
        case (
            [str(provider_id), str(credential_id), str(model)],
            [
                int() | float() as until_s,
                "refused" | "quota" as reason,
                int(failures),
                int(times),
                bool(is_guess),
            ],
        ) if credential_id:
            rested = Rested(provider_id, credential_id, model or None)
            until = now + until_s - now_s
            return rested, Lasting(until, reason, failures, times, is_guess)
        case _:
            return None
