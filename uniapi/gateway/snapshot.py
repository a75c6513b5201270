"""What follows from one configuration, as one immutable value that a reload swaps in one
assignment.
"""

from __future__ import annotations

from uniapi.canonical import NO_NEEDS, DialectNeeds
from uniapi.config import Config, Provider
from uniapi.engines import Engine, Place, engine_for
from uniapi.routing import Catalog, Router
from uniapi.values import dataclass

from .call_facts import counts_tokens
from .lanes import Lanes


class Engines:
    """The engine of each provider of one configuration, found once; and what routing, which may not
    import engines, asks about them.
    """

    def __init__(self) -> None:
        self._by_provider: dict[str, Engine] = {}

    def engine_of(self, provider: Provider) -> Engine:
        engine = self._by_provider.get(provider.provider_id)
        if engine is None:
            engine = self._by_provider[provider.provider_id] = engine_for(provider)
        return engine

    def name(self, provider: Provider) -> str:
        return self.engine_of(provider).name

    def has_account_cache(self, provider: Provider) -> bool:
        return self.engine_of(provider).has_account_cache

    def dialect(
        self,
        provider: Provider,
        upstream_model: str,
        client_dialect: str,
        needs: DialectNeeds = NO_NEEDS,
    ) -> str:
        place = Place(provider=provider, upstream_model=upstream_model, alias=upstream_model)
        return self.engine_of(provider).dialect(place, client_dialect, needs).name


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything that follows from one configuration.

    A running call keeps the one it began with.
    """

    config: Config
    catalog: Catalog
    router: Router
    engines: Engines
    lanes: Lanes
    counts_tokens: bool

    @classmethod
    def of(cls, config: Config, router: Router, engines: Engines) -> Snapshot:
        lanes = Lanes.of(config.preferences, engines.engine_of)
        return cls(config, router.catalog, router, engines, lanes, counts_tokens(config))
