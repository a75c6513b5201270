"""Money in a running gateway: which prices are in force, who may spend how much, what is left at
the vendors, what prompt caches saved; and all of it as it stands at this moment.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from .balances import Balances
from .clock import Clock
from .config import Config
from .engines import price_regions, price_vendors
from .gateway import CacheRounds, ModelLists, Spending
from .money import PriceBook
from .money_report import CACHE_DAYS_S, cache_rows_shown, limit_rows, unpriced_models
from .network import Transport
from .price_lists import PriceLists
from .stats import Recorder
from .storage import Folder


class MoneyNow:
    """`configure` at each configuration, the first one too."""

    def __init__(
        self,
        recorder: Recorder,
        lists: ModelLists,
        transport: Transport,
        clock: Clock,
        folder: Folder,
        data_dir: Path | None,
        config: Config,
    ) -> None:
        self._recorder = recorder
        self._lists = lists
        self._clock = clock
        self._config = config
        self._price_lists = PriceLists(transport, clock, data_dir, self._reprice)
        self._balances = Balances(transport, clock)
        self._unpriced_of: tuple[PriceBook, list[str]] | None = None
        self.spending = Spending(recorder.ledger, clock)
        self.caches = CacheRounds(folder, clock, self._price_gap)
        self.configure(config)

    def configure(self, config: Config) -> None:
        """Put the prices and budgets of a configuration in force."""
        self._config = config
        self._price_lists.configure(config.preferences)
        book = self.book(config)
        self._recorder.configure(config, book)
        self.spending.configure(config, book)

    def book(self, config: Config) -> PriceBook:
        """The prices as a configuration has them."""
        return PriceBook(
            config.preferences.prices,
            self._price_lists.listed,
            price_vendors(config.providers),
            price_regions(config.providers),
        )

    def shown(self) -> dict[str, Any]:
        """What the page says of money."""
        since_s = self._clock.now_s() - CACHE_DAYS_S
        return {
            "limits": limit_rows(self.spending.standings()),
            "prices": self._price_lists.facts(),
            "unpriced": self._unpriced(),
            "caches": cache_rows_shown(self.caches.rows(since_s)),
            "conversations": self.caches.conversations(),
            "balances": self._balances.rows(self._config),
        }

    async def ask_balances(self) -> None:
        """Ask vendors what is left on our keys, hourly at most."""
        await self._balances.refresh(self._config)

    async def look_at_prices(self) -> None:
        """Look at the price list that the configuration names, when it is time."""
        await self._price_lists.refresh()

    def _unpriced(self) -> list[str]:
        """The models without a price; found anew for each configuration and list."""
        prices = self._recorder.prices
        if self._unpriced_of is None or self._unpriced_of[0] is not prices:
            entries = self._lists.discovered(self._config.providers)
            self._unpriced_of = (prices, unpriced_models(self._config, prices, entries))
        return self._unpriced_of[1]

    def _price_gap(self, requested: str, upstream: str, provider_id: str, at_s: float) -> int:
        return self._recorder.prices.cache_gap_pd(requested, upstream, provider_id, at_s)

    def _reprice(self) -> None:
        self.configure(self._config)
