"""Which price holds for a call: the provider's own figure, else `model_price`, else the price list.
Never invented: a model without price has no cost.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from uniapi.canonical import Usage
from uniapi.config import Price
from uniapi.values import dataclass, replace

from .bill import bill_pd, stated_cost_pd
from .price_list import PriceList, without_date
from .tariff import Figure, Tariff, read_tariff

REMEMBERED = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A price, and where it stands: `model_price.gpt-6` or `openai/gpt-6`."""

    tariff: Tariff
    place: str
    is_written: bool
    """In the configuration."""
    factor: Figure = 1
    """What tokens cost times as much where the provider's address is."""


class PriceBook:
    """The prices of one configuration. Cheap to make: the list is read when it is first asked."""

    def __init__(
        self,
        written: Mapping[str, Price],
        listed: Callable[[], PriceList | None] = lambda: None,
        vendors: Mapping[str, str] = {},
        regions: Mapping[str, str] = {},
    ) -> None:
        """`written`: `model_price`. `vendors`: whose prices a provider's models have, by its id;
        a provider that is not in it has none. `regions`: where a provider's address is, where it
        is in a region.
        """
        self._written = {name: _tariff_of(price) for name, price in written.items()}
        self._listed = listed
        self._vendors = vendors
        self._regions = regions
        self._found: dict[tuple[str, str | None, str | None], Found | None] = {}

    def find(
        self, requested_model: str, upstream_model: str | None, provider_id: str | None = None
    ) -> Found | None:
        """The price of a model, narrowest first: by the name the client used, by the provider's,
        by either without the date at its end, `default`; then the list's.
        """
        asked = (requested_model, upstream_model, provider_id)
        try:
            return self._found[asked]
        except KeyError:
            return self._look_up(*asked)

    def cost_pd(
        self,
        requested_model: str,
        upstream_model: str | None,
        usage: Usage | None,
        provider_id: str | None = None,
        at_s: float = 0.0,
    ) -> int | None:
        """The cost of a call that came at `at_s`, in pico-dollars; None when it cannot be known."""
        if usage is None:
            return None
        stated = None if usage.cost is None else stated_cost_pd(usage)
        if stated is not None:
            return stated
        asked = (requested_model, upstream_model, provider_id)
        # As `find` does, which every call would enter.
        found = self._found[asked] if asked in self._found else self._look_up(*asked)
        if found is None:
            return None
        region = self._regions.get(provider_id or "")
        own = bill_pd(found.tariff, usage, at_s, region)
        if usage.beside is None or own is None:
            return own
        for model, used in usage.beside:
            priced = found if model is None else self.find(model, model, provider_id)
            told = replace(used, service_tier=usage.service_tier, region=usage.region)
            own += (priced and bill_pd(priced.tariff, told, at_s, region)) or 0
        return own

    def cache_gap_pd(
        self, requested_model: str, upstream_model: str, provider_id: str, at_s: float
    ) -> int:
        """What a token costs more that is not read from the cache; 0 where that is not known."""
        found = self.find(requested_model, upstream_model, provider_id)
        if found is None:
            return 0
        figures = found.tariff.on(at_s).figures
        each = figures.get("in", 0)
        return max(0, int((each - figures.get("cache_read", each)) * found.factor))

    def _look_up(
        self, requested_model: str, upstream_model: str | None, provider_id: str | None
    ) -> Found | None:
        """What is found is remembered."""
        if len(self._found) >= REMEMBERED:
            self._found.clear()
        asked = (requested_model, upstream_model, provider_id)
        found = self._found[asked] = self._narrowest(*asked)
        return found

    def _narrowest(
        self, requested_model: str, upstream_model: str | None, provider_id: str | None
    ) -> Found | None:
        names = [name for name in (requested_model, upstream_model) if name and name != "default"]
        undated = [name for name in map(without_date, names) if name is not None]
        for name in (*names, *undated):
            if name in self._written:
                return self._as_written(name)
        if "default" in self._written:
            return self._as_written("default")
        return self._in_list(upstream_model, provider_id)

    def _in_list(self, upstream_model: str | None, provider_id: str | None) -> Found | None:
        vendor = self._vendors.get(provider_id or "")
        if not vendor or not upstream_model:
            return None
        price_list = self._listed()
        found = None if price_list is None else price_list.find(vendor, upstream_model)
        if found is None:
            return None
        place, tariff = found
        factor = tariff.regions.get(self._regions.get(provider_id or "", ""), 1)
        return Found(tariff=tariff, place=place, is_written=False, factor=factor)

    def _as_written(self, name: str) -> Found:
        return Found(tariff=self._written[name], place=f"model_price.{name}", is_written=True)


def _tariff_of(price: Price) -> Tariff:
    row: dict[str, Any] = {**price.figures, "tiers": [list(tier) for tier in price.tiers]}
    return read_tariff(row)
