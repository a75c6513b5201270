"""Limits of money that meet models without a price: they can only be counted down where calls have
one. Providers that report a cost of their own do without.
"""

from __future__ import annotations

from collections.abc import Collection

from .client_keys import ClientKeysRead
from .engine_names import EngineNames, HasPrice
from .nodes import Node, ProblemList
from .provider_schema import ModelEntry, Provider
from .providers import ProvidersRead
from .rules import entries_allowed
from .schema import Preferences
from .values import shortened

Entries = set[tuple[str, ModelEntry]]
"""Listed models, each with its provider's id."""


def warn_of_unpriced(
    keys: ClientKeysRead,
    providers: ProvidersRead,
    preferences: Preferences,
    shared_budget: Node | None,
    engines: EngineNames,
    report: ProblemList,
) -> None:
    """A warning at each `credits` and `budget` that does: a client key's for the models that it can
    reach, a provider's for its own, the one for all (`shared_budget`) for any.
    """
    has_money = keys.money_at or providers.money_at or shared_budget is not None
    if "default" in preferences.prices or not has_money:
        return
    has_price = engines.prices(preferences, providers.providers)
    rules_of = {key.key_id: key.rules for key in keys.keys}
    limits: list[tuple[Node, Entries, Collection[Provider]]] = [
        (node, entries_allowed(key_id, rules_of, providers), providers.providers)
        for key_id, node in keys.money_at.items()
    ]
    for provider in providers.providers:
        node = providers.money_at.get(provider.provider_id)
        if node is not None:
            limits.append((node, _entries([provider]), [provider]))
    if shared_budget is not None:
        limits.append((shared_budget, _entries(providers.providers), providers.providers))
    is_list_off = preferences.price_list is False
    for node, entries, spending in limits:
        listed = _unpriced(entries, has_price)
        if not listed and is_list_off and any(one.is_discovered for one in spending):
            listed.append("models that providers list themselves")
        if listed:
            name = node.path.rpartition(".")[2]
            report.warning(
                node,
                f"`{name}` is set, and there is no price for {', '.join(listed)}: their calls cost"
                " nothing unless the provider reports a cost (write one under `model_price`)",
            )


def _entries(providers: Collection[Provider]) -> Entries:
    return {(provider.provider_id, entry) for provider in providers for entry in provider.models}


def _unpriced(entries: Entries, has_price: HasPrice) -> list[str]:
    """The models without a price, as a message names them."""
    return shortened(
        sorted({entry.alias for provider_id, entry in entries if not has_price(provider_id, entry)})
    )
