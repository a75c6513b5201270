"""Which models a client key may ask for, and what is known of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .config import ClientKey, ModelInfo
from .gateway import ModelLists
from .server import model_facts
from .snapshots import Snapshots


class ClientModels:
    """As the snapshot in force has them at each question."""

    def __init__(self, snapshots: Snapshots, lists: ModelLists) -> None:
        self._snapshots = snapshots
        self._lists = lists

    async def awaited(self, key: ClientKey) -> tuple[str, ...]:
        """The aliases in order, once the lists that are still under way have come."""
        await self._lists.wait(self._snapshots.current.catalog.unlisted(key))
        return self.names(key)

    def names(self, key: ClientKey) -> tuple[str, ...]:
        """The aliases that can be routed now."""
        return self._snapshots.current.catalog.models(key)

    def near(self, key: ClientKey, name: str) -> list[str]:
        """Those that a mistyped name may have meant."""
        return list(self._snapshots.current.catalog.near_matches(key, name))

    def infos(self, key: ClientKey, aliases: Sequence[str]) -> Mapping[str, ModelInfo]:
        """What is known of these aliases."""
        catalog, config = self._snapshots.current.catalog, self._snapshots.current.config
        listed = {
            (one.provider_id, model.model): model
            for one in config.providers
            if one.is_discovered
            for model in self._lists.listed(one.provider_id)
        }
        return model_facts(
            aliases,
            lambda alias: catalog.candidates(key, alias).channels(),
            config.preferences.model_info,
            listed,
        )

    def rows(self, key: ClientKey, aliases: Sequence[str]) -> list[dict[str, Any]]:
        """These aliases as plain data (see `Desk.model_rows`)."""
        catalog = self._snapshots.current.catalog
        infos = self.infos(key, aliases)

        def providers(alias: str) -> list[str]:
            channels = catalog.candidates(key, alias).channels()
            return list(dict.fromkeys(channel.provider.name for channel in channels))

        return [
            {
                "id": alias,
                "providers": providers(alias),
                "context_length": infos[alias].context_length,
                "max_output_tokens": infos[alias].max_output_tokens,
            }
            for alias in aliases
        ]
