"""`shares`: what belongs to provider keys, divided among the gateways that use the same keys.

Rounded down, so that all of them together stay within the limit; never below one, which is the
least that lets a gateway work at all. `tpr`, the size of one request, is not shared.
"""

from __future__ import annotations

from collections.abc import Mapping

from uniapi.values import replace

from .common_schema import ByModel, Rate, Rates
from .provider_schema import Provider


def divided(provider: Provider, shares: int) -> Provider:
    """One gateway's part of a provider's limits."""
    if shares == 1:
        return provider
    most = provider.credential_max_concurrency
    return replace(
        provider,
        credential_rates=_each(provider.credential_rates, shares),
        credential_max_concurrency=ByModel(
            entries={name: max(1, count // shares) for name, count in most.entries.items()},
            default=None if most.default is None else max(1, most.default // shares),
        ),
        budgets=tuple(replace(cap, dollars=cap.dollars / shares) for cap in provider.budgets),
    )


def _each(rates: ByModel[Rates], shares: int) -> ByModel[Rates]:
    entries: Mapping[str, Rates] = {
        name: _part(rate, shares) for name, rate in rates.entries.items()
    }
    default = None if rates.default is None else _part(rates.default, shares)
    return ByModel(entries=entries, default=default)


def _part(rates: Rates, shares: int) -> Rates:
    return tuple(_one(rate, shares) for rate in rates)


def _one(rate: Rate, shares: int) -> Rate:
    if rate.counts == "tokens_per_request":
        return rate
    amount = max(1, rate.amount // shares)
    return replace(rate, amount=amount, text=f"{amount}/{rate.text.partition('/')[2]}")
