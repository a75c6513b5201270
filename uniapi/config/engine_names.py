"""What the config must know of engines without importing them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal, TypeAlias

from uniapi.values import dataclass

from .provider_schema import ModelEntry, Provider
from .schema import Preferences


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """Something that an engine has to say of a provider, at one of its keys."""

    severity: Literal["error", "warning"]
    key: str
    message: str


HasPrice: TypeAlias = Callable[[str, ModelEntry], bool]
"""Whether a model of a provider (by its id) has a price."""


def _no_list(preferences: Preferences, providers: Sequence[Provider]) -> HasPrice:
    """Prices by `model_price` alone, exact names only: nobody has said where others stand."""
    written = preferences.prices
    return lambda provider_id, entry: entry.alias in written or entry.upstream in written


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineNames:
    """What the config must know of engines without importing them: the values of `engine:` that
    work, those the predecessor had and we do not, and whether a Vertex private key can be used
    (None, or what is wrong with it).
    """

    built: frozenset[str]
    known_unbuilt: frozenset[str]
    check_private_key: Callable[[str], str | None]
    look_over: Callable[[Provider], tuple[Remark, ...]] = lambda provider: ()
    """What can be said of a provider that is built."""
    prices: Callable[[Preferences, Sequence[Provider]], HasPrice] = _no_list
    """What tells which models have a price."""
