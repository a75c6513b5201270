"""Values that stand at several levels of an `api.yaml`: by model, rates, budgets, timeouts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Generic, Literal, TypeAlias, TypeVar

from uniapi.values import dataclass, field

T = TypeVar("T")

PeriodName: TypeAlias = Literal["second", "minute", "hour", "day", "week", "month", "year"]
PromptCache: TypeAlias = Literal["auto", "client", "off"]


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
        if not self.entries:
            return None
        name = name.lower()
        if name in self.entries:
            return self.entries[name]
        contained = [key for key in self.entries if key in name]
        return self.entries[max(contained, key=len)] if contained else None

    def resolve(self, alias: str, upstream: str) -> T | None:
        """Alias exact, alias contains, upstream exact, upstream contains, default
        (docs/design.md, Timeouts).
        """
        value = self.named(alias)
        if value is None and upstream != alias:
            value = self.named(upstream)
        return self.default if value is None else value

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
