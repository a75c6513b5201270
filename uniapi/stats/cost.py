"""What a call costs: the provider's own figure when it gives one, else the price list of
`api.yaml`, else unknown. Never invented.

Amounts are whole pico-dollars (1e-12 US dollars). A price of six decimals in dollars per million
tokens is then a whole number per token, so costs are exact, and their sum is the same in whatever
order it is made: a balance kept as a running total equals the journal's sum to the last digit,
which floats would not give. As a JSON number it is exact too.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_HALF_EVEN, Decimal
from typing import TypeAlias

from uniapi.canonical import Usage
from uniapi.config import Price

from .records import plausible_tokens

PICO = 10**12
PER_TOKEN = 10**6
"""Dollars per million tokens → pico-dollars per token."""
PER_HOUR_WRITE = 2
"""What a token that the cache keeps for an hour costs, in input tokens: Anthropic, the only vendor
that tells such tokens apart, bills twice the input (platform.claude.com/docs, pricing, 2026-11-30).
"""
LARGEST_COST = 10**6
"""Dollars: a vendor's figure beyond this is no cost of one call."""
REMEMBERED = 2000

_Figures: TypeAlias = tuple[int | Decimal, ...]
"""Input, output, cache read, cache write."""


def picodollars(dollars: float) -> int:
    """Dollars as written (0.1 is a tenth, not the nearest binary fraction) in pico-dollars."""
    return int((Decimal(repr(dollars)) * PICO).to_integral_value(ROUND_HALF_EVEN))


def dollars(amount_pd: int) -> float:
    """For showing only."""
    return amount_pd / PICO


class PriceList:
    """`model_price`, ready to use. Costs nothing to make anew at each reload."""

    def __init__(self, prices: Mapping[str, Price]) -> None:
        self._prices = prices
        self._found: dict[tuple[str, str | None], _Figures | None] = {}

    def price(self, requested_model: str, upstream_model: str | None) -> Price | None:
        """The price of a model: its exact name (what the client asked for, then what the provider
        calls it), the longest prefix, `default`; None when it has none.
        """
        names = [name for name in (requested_model, upstream_model) if name]
        for name in names:
            if name in self._prices and name != "default":
                return self._prices[name]
        for name in names:
            prefixes = [
                prefix for prefix in self._prices if name.startswith(prefix) and prefix != "default"
            ]
            if prefixes:
                return self._prices[max(prefixes, key=len)]
        return self._prices.get("default")

    def cost_pd(
        self, requested_model: str, upstream_model: str | None, usage: Usage | None
    ) -> int | None:
        """The cost of a call in pico-dollars, None when it cannot be known.

        Cached tokens are part of the input and are charged at their own price instead.
        """
        if usage is None:
            return None
        if usage.cost is not None and 0 <= usage.cost <= LARGEST_COST:
            return picodollars(usage.cost)
        given = plausible_tokens(usage.input_tokens)
        output = plausible_tokens(usage.billed_output_tokens)
        if given is None and output is None:
            return None
        figures = self._figures(requested_model, upstream_model)
        if figures is None:
            return None
        per_input, per_output, per_read, per_write = figures
        given = given or 0
        read = min(plausible_tokens(usage.cache_read_tokens) or 0, given)
        written = min(plausible_tokens(usage.cache_write_tokens) or 0, given - read)
        written_1h = min(plausible_tokens(usage.cache_write_1h_tokens) or 0, written)
        cost = (
            (given - read - written) * per_input
            + read * per_read
            + (written - written_1h) * per_write
            + written_1h * PER_HOUR_WRITE * per_input
            + (output or 0) * per_output
        )
        return cost if isinstance(cost, int) else int(cost.to_integral_value(ROUND_HALF_EVEN))

    def _figures(self, requested_model: str, upstream_model: str | None) -> _Figures | None:
        """The price in pico-dollars per token."""
        names = (requested_model, upstream_model)
        if names not in self._found:
            if len(self._found) >= REMEMBERED:
                self._found.clear()
            price = self.price(requested_model, upstream_model)
            self._found[names] = (
                None
                if price is None
                else tuple(
                    map(
                        _per_token, (price.input, price.output, price.cache_read, price.cache_write)
                    )
                )
            )
        return self._found[names]


def _per_token(price: float) -> int | Decimal:
    """Dollars per million tokens → pico-dollars per token: a whole number, unless the price has
    more than six decimals.
    """
    exact = Decimal(repr(price)) * PER_TOKEN
    whole = int(exact)
    return whole if whole == exact else exact
