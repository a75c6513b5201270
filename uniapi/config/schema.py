"""What an `api.yaml` says, as frozen values. Parsed once at the border (`parse.py`); inside,
trusted.

The names of `api.yaml` (`api`, `model`, `preferences`, `SCHEDULING_ALGORITHM`, …) stop here and
become the project's vocabulary: provider, credential, channel, client key, rule, policy, limit.
Every field says which key it comes from, its unit and its default.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from typing import Any, Generic, Literal, TypeAlias, TypeVar

from uniapi.values import dataclass

T = TypeVar("T")

PeriodName: TypeAlias = Literal["second", "minute", "hour", "day", "week", "month", "year"]
PromptCache: TypeAlias = Literal["auto", "client", "off"]
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


@dataclass(frozen=True, slots=True)
class ByModel(Generic[T]):
    """A setting per model name, with the resolution all of them share: exact, then the longest key
    contained in the name; `default` is apart.

    Names are compared in lower case. `entries` holds lower-case keys without `default`.
    """

    entries: Mapping[str, T] = field(default_factory=dict)
    default: T | None = None
    is_empty: bool = field(init=False, compare=False, repr=False)

    def named(self, name: str) -> T | None:
        """The value for `name` alone: the exact key, else the longest key that `name` contains; the
        default does not count.
        """
        name = name.lower()
        if name in self.entries:
            return self.entries[name]
        contained = [key for key in self.entries if key in name]
        return self.entries[max(contained, key=len)] if contained else None

    def resolve(self, alias: str, upstream: str) -> T | None:
        """Alias exact, alias contains, upstream exact, upstream contains, default
        (docs/design.md, Timeouts).
        """
        for name in (alias, upstream):
            value = self.named(name)
            if value is not None:
                return value
        return self.default

    def __post_init__(self) -> None:
        object.__setattr__(self, "is_empty", not self.entries and self.default is None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """One window of a rate: at most `amount` of `counts` in any `window_s` seconds;
    `tokens_per_request` has no window (0).
    """

    amount: int
    counts: Literal["requests", "tokens", "tokens_per_request"]
    window_s: float
    text: str


Rates: TypeAlias = tuple[Rate, ...]
"""All of them must hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpendingCap:
    """One part of a `budget`: US dollars that may be spent in each calendar period, in the local
    time zone.
    """

    dollars: float
    period: PeriodName

    @property
    def text(self) -> str:
        return f"${self.dollars:g}/{self.period}"


SpendingCaps: TypeAlias = tuple[SpendingCap, ...]
"""All of them must hold."""


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
class Timeouts:
    """Seconds; None: not set at this level.

    `first_token_s` also bounds a whole answer that does not stream; `idle_s` the gap between
    tokens.
    """

    connect_s: float | None = None
    first_token_s: float | None = None
    idle_s: float | None = None
    total_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeoutRule:
    """`timeout_policy.rules[]`: `match` maps a member (`provider`, `endpoint`, `method`, `stream`,
    `engine`, `model`, `request_model`, `upstream_model`, `request_type`, `role`) to its patterns,
    lower case; all must fit, `*` and a trailing `*` are wildcards.
    """

    match: Mapping[str, tuple[str, ...]]
    timeouts: Timeouts


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeoutPolicy:
    """`timeout_policy`: merged as global default, provider default, best global rule (most
    members), best provider rule.
    """

    default: Timeouts = Timeouts()
    rules: tuple[TimeoutRule, ...] = ()


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing wrong: where (`providers[2].preferences.model_timeout`, line and column from 1, 0
    when unknown) and what was found, expected, and perhaps meant.
    """

    severity: Literal["error", "warning", "note"]
    path: str
    message: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        column = f", column {self.column}" if self.column else ""
        place = f"line {self.line}{column}: " if self.line else ""
        where = f"{self.path}: " if self.path else ""
        return f"{self.severity}: {place}{where}{self.message}"


class ConfigProblems(Exception):
    """An `api.yaml` that cannot be used; `problems` holds every error and warning found, in file
    order; `text` is the file.
    """

    def __init__(self, problems: tuple[Problem, ...], source: str = "", text: str = "") -> None:
        super().__init__(
            "\n".join((f"{source}: " if source else "") + str(problem) for problem in problems)
        )
        self.problems = problems
        self.source = source
        self.text = text
