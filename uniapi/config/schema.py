"""What an `api.yaml` says, as frozen values. Parsed once at the border (`parse.py`); inside,
trusted.

The names of `api.yaml` (`api`, `model`, `preferences`, `SCHEDULING_ALGORITHM`, …) stop here and
become the project's vocabulary: provider, credential, channel, client key, rule, policy, limit.
Every field says which key it comes from, its unit and its default.

Here is the whole and its global preferences; `provider_schema`, `client_schema` and `common_schema`
have the rest.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from uniapi.values import dataclass, field

from .client_schema import ClientKey
from .common_schema import ByModel, PromptCache, Rates, SpendingCaps, TimeoutPolicy
from .provider_schema import Provider


@dataclass(frozen=True, slots=True, kw_only=True)
class Notify:
    """`notify`: where messages go, and as what service they are spelled there (empty: told by the
    address). `headers` are secrets.
    """

    url: str
    service: str = ""
    chat: str | None = None
    """Telegram's chat, where the address does not name it."""
    token: str = ""
    """Telegram's, where no address is written; the address holds it then."""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """One price of `model_price`: US dollars by figure (`money.tariff` says which there are, and
    what they are for), and those that hold over so many input tokens.

    With two figures written, what a cache holds costs as input.
    """

    figures: Mapping[str, float]
    tiers: tuple[tuple[int, Mapping[str, float]], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """`retention`: how long, in seconds, and how much of the raw journal, in bytes, is kept."""

    raw_s: float = 7 * 86400.0
    raw_bytes: int = 25_000_000
    hourly_s: float = 31 * 86400.0
    daily_s: float = 390 * 86400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspect:
    """`inspect`: the last requests are kept in full, prompts and answers too; in memory, or, with
    `disk_bytes`, so many bytes of them in the data dir.
    """

    last: int = 200
    disk_bytes: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelInfo:
    """`model_info`: what is known of a model, for the model lists; nothing is invented."""

    context_length: int | None = None
    max_output_tokens: int | None = None
    input_modalities: tuple[str, ...] = ()
    output_modalities: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Preferences:
    """The global `preferences`."""

    model_timeout: ByModel[float] = ByModel()
    timeout_policy: TimeoutPolicy = TimeoutPolicy()
    cooldown_s: float | None = None
    error_triggers: tuple[str, ...] = ()
    rates: Rates = ()
    """`rate_limit` of the whole instance."""
    proxy: str | None = None
    """As a provider's; None: what the environment says."""
    ca_file: str | None = None
    keepalive_interval: ByModel[float] = ByModel()
    prices: Mapping[str, Price] = field(default_factory=dict)
    """`model_price`, `default` among the keys."""
    budgets: SpendingCaps = ()
    """`budget` of the whole gateway."""
    prompt_cache: PromptCache = "auto"
    """Whether cache marks are set for clients that set none; whether any go upstream."""
    notify: tuple[Notify, ...] = ()
    price_list: bool | str = True
    """The dated list inside the program: used, not used, or replaced by one at a path or URL."""
    allow_private_urls: bool = False
    cors_origins: tuple[str, ...] = ("*",)
    trusted_proxies: tuple[str, ...] = ()
    max_body_bytes: int = 32 * 1024 * 1024
    unsupported_parameters: Literal["drop", "reject"] = "drop"
    learn: bool = True
    max_bodies_bytes: int = 256 * 1000 * 1000
    """Of the request bodies of all calls that run."""
    max_answers_bytes: int | None = None
    """Of their answers; None: by the memory there is."""
    retention: Retention = Retention()
    model_info: Mapping[str, ModelInfo] = field(default_factory=dict)
    inspect: Inspect | None = None
    """None: nothing of any prompt or answer is kept."""
    fallback: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """As a client key's, for all of them; a key's own list of a model goes before it."""
    shares: int = 1
    """How many instances share the provider keys' own limits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """A whole valid `api.yaml`.

    Providers that could not be built are not in it (each left a warning).
    """

    providers: tuple[Provider, ...]
    client_keys: tuple[ClientKey, ...]
    preferences: Preferences = Preferences()
