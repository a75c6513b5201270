"""An entry of `providers` as frozen values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from uniapi.values import dataclass, field

from .common_schema import ByModel, PromptCache, Rates, SpendingCaps, TimeoutPolicy


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """A secret held for a provider. `credential_id` is its fingerprint, the name of its counters
    and cooldowns; it survives a reload.

    `kind`: `api_key`; `service_account` (Vertex, `private_key` and `client_email` in `secret` and
    `account`); `aws` (`secret` and `account` are the secret and the access key, `session_token`);
    `none` for a provider that needs no key, so that every channel has at least one credential.
    `display` is safe to show (`sk-abc…wxyz`); `number` is its place among the keys in the file,
    from 1: of several keys that look alike it names one.
    """

    credential_id: str
    display: str
    secret: str = ""
    kind: Literal["api_key", "service_account", "aws", "none"] = "api_key"
    account: str | None = None
    session_token: str | None = None
    weight: int = 1
    proxy: str | None = None
    project_id: str | None = None
    number: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelEntry:
    """One item of a provider's `model` list: what the provider calls it and what clients call it
    (the same when not renamed).
    """

    upstream: str
    alias: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestRule:
    """`exclude_request_rules[]`: a request that fits every given member of `match` skips the
    provider. Members: `endpoint`, `request_model`, `upstream_model`, `reasoning_effort`,
    `request_type`; patterns as in TimeoutRule.
    """

    match: Mapping[str, tuple[str, ...]]
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BodyOverrides:
    """`post_body_parameter_overrides`: `merge` and `remove` for every model of the provider, then
    those under the requested alias.

    `remove` items: `{"path": "a.b", "where": …, "where_any": […], "drop_empty": bool}`, plain names
    as `{"path": name}`.
    """

    merge: Mapping[str, Any] = field(default_factory=dict)
    remove: tuple[Mapping[str, Any], ...] = ()
    by_alias: Mapping[str, BodyOverrides] = field(default_factory=dict)


NO_OVERRIDES = BodyOverrides()


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """One entry of `providers`.

    `provider_id` equals `name`, with `#2` and so on added when a name repeats; it names counters
    and cooldowns.
    """

    provider_id: str
    name: str
    base_url: str | None = None
    engine: str | None = None
    """`engine:` as written; None: detected from `base_url`."""
    credentials: tuple[Credential, ...] = ()
    models: tuple[ModelEntry, ...] = ()
    """Empty when `is_discovered`."""
    is_discovered: bool = False
    """No `model` key: the provider is asked for its list."""
    has_tools: bool = True
    has_images: bool = True
    project_id: str | None = None
    region: str | None = None
    cf_account_id: str | None = None
    exclude_endpoints: tuple[str, ...] = ()
    exclude_request_types: tuple[str, ...] = ()
    only_request_types: tuple[str, ...] = ()
    exclude_request_rules: tuple[RequestRule, ...] = ()
    max_request_body_bytes: int | None = None
    # preferences
    credential_rates: ByModel[Rates] = ByModel()
    """`api_key_rate_limit`, per credential and upstream model. Default none (999999/min)."""
    credential_cooldown_s: float | None = None
    """`api_key_cooldown_period`; None: the built-in back-off, 0: never rest."""
    quota_cooldown_s: float = 6 * 3600.0
    """`api_key_quota_cooldown_period`."""
    credential_policy: (
        Literal["round_robin", "random", "fixed_priority", "smart_round_robin", "sticky"] | None
    ) = None
    """`api_key_schedule_algorithm`; None: round robin over conversations (docs/design.md, Keys
    and prompt caches).
    """
    credential_max_concurrency: ByModel[int] = ByModel()
    """`api_key_max_concurrency`: calls at once, per credential and upstream model. Default: no
    limit."""
    cooldown_s: float | None = None
    """`cooldown_period` of this provider's channels; None: the global one."""
    model_timeout: ByModel[float] = ByModel()
    timeout_policy: TimeoutPolicy = TimeoutPolicy()
    keepalive_interval: ByModel[float] = ByModel()
    proxy: str | None = None
    """An address; `none`: directly; None: the global one."""
    ca_file: str | None = None
    """Certificates to trust beside the system's; None: the global one."""
    headers: Mapping[str, str] = field(default_factory=dict)
    passthrough_request_headers: tuple[str, ...] = ()
    """Lower case."""
    body_overrides: BodyOverrides = NO_OVERRIDES
    think_tags: bool = False
    budgets: SpendingCaps = ()
    prompt_cache: PromptCache | None = None
    """None: the global one."""
