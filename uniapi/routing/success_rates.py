"""How often each credential succeeded lately, old outcomes weighing less."""

from __future__ import annotations

from collections.abc import Collection

from uniapi.clock import Monotonic
from uniapi.values import dataclass

HALF_LIFE_S = 6 * 3600.0
"""Of the weight of an outcome."""
FADE_EACH_S = 1.0
"""Outcomes of less than a second weigh the same."""


class SuccessRates:
    """Outcomes by (provider id, credential id)."""

    def __init__(self) -> None:
        self._rates: dict[tuple[str, str], _Rate] = {}

    def count(self, name: tuple[str, str], is_success: bool, now: Monotonic) -> None:
        """One outcome."""
        rate = self._rates.get(name)
        if rate is None:
            rate = self._rates[name] = _Rate(0.0, 0.0, now)
        if now - rate.counted_at >= FADE_EACH_S:
            faded = 0.5 ** ((now - rate.counted_at) / HALF_LIFE_S)
            rate.successes *= faded
            rate.total *= faded
            rate.counted_at = now
        rate.successes += is_success
        rate.total += 1.0

    def at(self, name: tuple[str, str], now: Monotonic) -> tuple[float, float]:
        """(share of recent attempts that succeeded, how many there were, old ones weighing less);
        (-1, 0) when there is nothing to go by.
        """
        rate = self._rates.get(name)
        return (-1.0, 0.0) if rate is None else rate.at(now)

    def keep(self, names: Collection[tuple[str, str]]) -> None:
        """Forget all others."""
        self._rates = {name: rate for name, rate in self._rates.items() if name in names}


@dataclass(slots=True)
class _Rate:
    successes: float
    total: float
    counted_at: float

    def at(self, now: Monotonic) -> tuple[float, float]:
        faded = 0.5 ** (max(0.0, now - self.counted_at) / HALF_LIFE_S)
        return self.successes / self.total, self.total * faded
