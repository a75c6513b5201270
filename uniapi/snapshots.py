"""What follows from the configuration in force and from the model lists, built anew when one of the
two changes and swapped in one assignment. Of routing's memory, what lives across reloads stays the
same: rests, limits, cursors, sessions, paces.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

from uniapi.logs.log import set_secrets

from .channel_merits import SpeedMeter, usual_price
from .clock import Clock
from .config import Config, ModelEntry, secrets_of
from .gateway import Engines, ModelLists, Snapshot
from .limits import Limits
from .money import PriceBook
from .routing import Catalog, Cursors, Health, Router, Sessions
from .server import KeyRing
from .start_text import Loaded

MOST_CATALOGUED_AT_ONCE = 5000
"""Models: some five milliseconds."""


class Snapshots:
    """`current` is in force. `put` it there for a configuration; `renew` it for other lists."""

    current: Snapshot
    key_ring: KeyRing

    def __init__(
        self,
        *,
        lists: ModelLists,
        health: Health,
        limits: Limits,
        speed: SpeedMeter,
        book: Callable[[Config], PriceBook],
        timeout_s: float,
        clock: Clock,
    ) -> None:
        self._lists = lists
        self._health = health
        self._limits = limits
        self._speed = speed
        self._book = book
        self._timeout_s = timeout_s
        self._clock = clock
        self._cursors, self._sessions = Cursors(), Sessions()
        self._cataloguing = asyncio.Lock()

    def put(self, config: Config) -> None:
        """Put a configuration in force; running calls keep theirs."""
        set_secrets(secrets_of(config))
        self._speed.is_wanted = any(key.policy == "fastest" for key in config.client_keys)
        self.key_ring = KeyRing(config.client_keys)
        self.current = self._built(config, self._lists.discovered(config.providers))

    async def renew(self) -> None:
        """What can be routed now. Of very many models that is found out in a thread, so that
        streams go on meanwhile; one after the other, so that the newest lists win.
        """
        async with self._cataloguing:
            config = None
            while config is not self.current.config:
                config = self.current.config
                lists = self._lists.discovered(config.providers)
                if sum(map(len, lists.values())) <= MOST_CATALOGUED_AT_ONCE:
                    self.current = self._built(config, lists)
                    continue
                built = await asyncio.get_running_loop().run_in_executor(
                    None, self._built, config, lists
                )
                if config is self.current.config:
                    self.current = built

    def loaded(self, source: str) -> Loaded:
        """What the configuration in force, read from `source`, came to."""
        config, catalog = self.current.config, self.current.catalog
        keys = config.client_keys
        unlisted = {one.provider_id for key in keys for one in catalog.unlisted(key)}
        return Loaded(
            providers=len(config.providers),
            keys=sum(
                credential.kind != "none"
                for provider in config.providers
                for credential in provider.credentials
            ),
            models=len({alias for key in keys for alias in catalog.models(key)}),
            unlisted=len(unlisted),
            client_keys=len(keys),
            source=source,
        )

    def _built(self, config: Config, lists: Mapping[str, tuple[ModelEntry, ...]]) -> Snapshot:
        catalog = Catalog(config, lists)
        engines = Engines()
        router = Router(
            catalog=catalog,
            engines=engines,
            health=self._health,
            limits=self._limits,
            cursors=self._cursors,
            sessions=self._sessions,
            default_timeout_s=self._timeout_s,
            speeds=self._speed.speeds,
            price_of=usual_price(self._book(config), self._clock.now_s),
        )
        return Snapshot.of(config, router, engines)
