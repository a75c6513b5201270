"""What a provider itself says a call cost. The members are its own, beside whatever usage object
its dialect has, so that one reader serves all of them.
"""

from __future__ import annotations

from collections.abc import Mapping

from .parts import Json

TICKS_PER_DOLLAR = 10_000_000_000
"""xAI's `cost_in_usd_ticks` (docs.x.ai/docs/key-information/consumption-and-rate-limits)."""
LARGEST_AMOUNT = 1e18


def stated_cost(usage: Mapping[str, Json]) -> float | None:
    """US dollars: OpenRouter's and Vercel's `cost`, Perplexity's `cost.total_cost`, xAI's ticks;
    None when nothing is said.

    With a key of one's own at the vendor (`is_byok`) OpenRouter's `cost` is its fee, and what the
    vendor bills stands beside it (openrouter.ai/docs/use-cases/usage-accounting, 2026-11-30).
    """
    cost = usage.get("cost")
    amount = _amount(cost.get("total_cost") if isinstance(cost, Mapping) else cost)
    if amount is None:
        ticks = _amount(usage.get("cost_in_usd_ticks"))
        return ticks / TICKS_PER_DOLLAR if ticks is not None else None
    details = usage.get("cost_details")
    if usage.get("is_byok") is not True or not isinstance(details, Mapping):
        return amount
    return amount + (_amount(details.get("upstream_inference_cost")) or 0.0)


def _amount(value: Json) -> float | None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number and 0 <= value < LARGEST_AMOUNT else None
