"""Which models of a configuration have a price: what `check`, `explain`, the start and the page say
of it, without a running gateway.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from uniapi.values import replace

from .config import EngineNames, HasPrice, ModelEntry, Preferences, Provider
from .engines import engine_names, price_regions, price_vendors
from .money import PriceBook, PriceList, inside


@lru_cache(maxsize=1)
def list_inside() -> PriceList:
    """The price list inside the program, read once."""
    return inside()


def book_of(preferences: Preferences, providers: Sequence[Provider]) -> PriceBook:
    """The prices of a configuration as far as the program alone knows them: of another list that
    is named somewhere nothing is known here.
    """
    listed = list_inside if preferences.price_list is True else lambda: None
    held = tuple(providers)
    return PriceBook(preferences.prices, listed, price_vendors(held), price_regions(held))


def config_names() -> EngineNames:
    """What the reader of `api.yaml` must know of engines and prices."""

    def prices(preferences: Preferences, providers: Sequence[Provider]) -> HasPrice:
        book = book_of(preferences, providers)
        is_elsewhere = isinstance(preferences.price_list, str)

        def has_price(provider_id: str, entry: ModelEntry) -> bool:
            return is_elsewhere or book.find(entry.alias, entry.upstream, provider_id) is not None

        return has_price

    return replace(engine_names(), prices=prices)
