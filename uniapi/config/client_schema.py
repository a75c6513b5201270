"""An entry of `api_keys` as frozen values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypeAlias

from uniapi.values import dataclass, field

from .common_schema import ByModel, Rates, SpendingCaps

PolicyName: TypeAlias = Literal[
    "fixed_priority",
    "round_robin",
    "weighted_round_robin",
    "lottery",
    "random",
    "smart_round_robin",
    "sticky",
    "cheapest",
    "fastest",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One item of a client key's `model` list: which channels, with which weight (None: none
    given).

    `kind`: `all`; `model` (`name`); `provider` (`provider/*`); `provider_model` (`provider/name`);
    `literal` (`<a/b>`); `key` (`sk-xxx/*`) and `key_model` (`sk-xxx/name`), whose `key_id` is the
    nested client key. `text` is the rule as written, secrets masked. `unknown`: has a slash but
    names no provider: matches nothing.
    """

    kind: Literal[
        "all", "model", "provider", "provider_model", "literal", "key", "key_model", "unknown"
    ]
    text: str
    provider: str | None = None
    model: str | None = None
    key_id: str | None = None
    weight: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientKey:
    """One entry of `api_keys`. `key_id` is the secret's fingerprint."""

    key_id: str
    display: str
    secret: str
    label: str
    """`role` when it is not `admin`, else the display form: what logs show."""
    is_admin: bool = False
    rules: tuple[Rule, ...] = ()
    policy: PolicyName = "fixed_priority"
    auto_retry: bool | int = True
    rates: ByModel[Rates] = ByModel()
    """`rate_limit`, per requested model."""
    is_moderated: bool = False
    credits: float | None = None
    """US dollars; None: unlimited, 0: none left."""
    created_at_s: float | None = None
    allowed_ips: tuple[str, ...] = ()
    """Addresses or networks in CIDR form; empty: any."""
    expires_at_s: float | None = None
    max_concurrency: int | None = None
    budgets: SpendingCaps = ()
    aliases: Mapping[str, str] = field(default_factory=dict)
    """Names that this client uses → models; `*` in a name stands for any run of characters."""
    fallback: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Model → models that stand in for it when nothing of it is left to try."""
