"""What is known of money at this moment, as plain data for the page and `/v1/status`: limits and
how much of them is used, the price list, the models without a price, prompt caches, balances.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from .config import Config, ModelEntry, Provider
from .gateway import Standing
from .money import PriceBook, dollars

MOST_UNPRICED = 100
CACHE_DAYS_S = 7 * 86400.0


def limit_rows(standings: Iterable[Standing]) -> list[dict[str, Any]]:
    """Each limit in dollars; `until`: when it begins anew (epoch seconds), None for credits."""
    return [
        {
            "name": one.name,
            "limit": one.text,
            "dollars": dollars(one.limit_pd),
            "spent": dollars(one.spent_pd),
            "reserved": dollars(one.reserved_pd),
            "until": one.until_s,
        }
        for one in standings
    ]


def unpriced_models(
    config: Config, prices: PriceBook, entries: Mapping[str, Sequence[ModelEntry]]
) -> list[str]:
    """`provider/model` of what has no price; `entries`: the models of each provider, by its id. A
    provider that tells a cost of its own makes up for it.
    """
    found: dict[str, None] = {}
    for provider in config.providers:
        for entry in _entries(provider, entries):
            if len(found) >= MOST_UNPRICED:
                return list(found)
            if prices.find(entry.alias, entry.upstream, provider.provider_id) is None:
                found[f"{provider.name}/{entry.upstream}"] = None
    return list(found)


def cache_rows_shown(rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """With the money that was lost in dollars."""
    return [
        {
            **{name: value for name, value in row.items() if name != "lost_pd"},
            "lost": dollars(row["lost_pd"]),
        }
        for row in rows
    ]


def _entries(
    provider: Provider, entries: Mapping[str, Sequence[ModelEntry]]
) -> Sequence[ModelEntry]:
    return provider.models or entries.get(provider.provider_id, ())
