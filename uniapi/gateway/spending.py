"""What may still be spent: credits and budgets of client keys, of providers and of the whole
gateway. An estimate is taken off before a call and put back after it, when its cost is counted, so
that many calls at once overshoot no more than one would.

Plain calls on the event loop. Nothing is asked of a call whose key has no limit but one look-up.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable

from uniapi.canonical import Call, ClientError, RequestRefused
from uniapi.clock import Clock
from uniapi.config import ClientKey, Config, Provider, SpendingCap, SpendingCaps
from uniapi.limits import Refused
from uniapi.money import PriceBook, picodollars
from uniapi.routing import Channel
from uniapi.stats import EVERYBODY, Ledger, of_client, of_provider
from uniapi.values import dataclass, field

from .cost_estimate import estimate_pd

HELD_RETRY_S = 1
"""What is reserved comes back when a call ends: in a moment, as a rule."""


@dataclass(slots=True)
class Held:
    """What is reserved for one call, by whose it is. `at` when it goes to a provider, `release`
    when it is over; both may come more than once.
    """

    estimate_pd: int
    _reserved: Counter[str]
    _held: dict[str, int] = field(default_factory=dict)
    _at: str | None = None

    def hold(self, name: str, amount_pd: int) -> None:
        if amount_pd > 0:
            self._held[name] = amount_pd
            self._reserved[name] += amount_pd

    def at(self, provider: Provider) -> None:
        """It is now with this provider, and no longer with another."""
        name = of_provider(provider.provider_id)
        if not provider.budgets or name == self._at:
            return
        if self._at is not None:
            self._give_back(self._at)
        self._at = name
        self.hold(name, self.estimate_pd)

    @property
    def least_pd(self) -> int:
        """The least that is held of anything: what a call costs beyond it was missed."""
        return min(self._held.values(), default=self.estimate_pd)

    def release(self) -> None:
        for name in tuple(self._held):
            self._give_back(name)

    def _give_back(self, name: str) -> None:
        self._reserved[name] -= self._held.pop(name, 0)
        if self._reserved[name] <= 0:
            del self._reserved[name]


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """One limit and how much of it is used: for the page, `stats`, `explain` and messages."""

    holder: str
    """Whose it is, in a word that no two share."""
    name: str
    """`client:label`, `provider:name`, or `gateway`."""
    text: str
    """`credits`, or the budget as it is written: `$5/day`."""
    limit_pd: int
    spent_pd: int
    reserved_pd: int
    until_s: float | None
    """When a budget begins anew."""

    @property
    def share(self) -> float:
        return self.spent_pd / self.limit_pd if self.limit_pd else 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Limit:
    """One thing that must not be used up. `holder`: under what name it is counted and reserved."""

    holder: str
    shown: str
    allowance: SpendingCap | None = None
    key: ClientKey | None = None
    """Whose credits; None for a budget."""

    @property
    def text(self) -> str:
        return "credits" if self.allowance is None else self.allowance.text


class Spending:
    """One for the process; `configure` at each configuration."""

    def __init__(self, ledger: Ledger, clock: Clock) -> None:
        self._ledger = ledger
        self._clock = clock
        self._reserved: Counter[str] = Counter()
        self._of_key: dict[str, tuple[_Limit, ...]] = {}
        self._of_provider: dict[str, tuple[_Limit, ...]] = {}
        self._everybody: tuple[_Limit, ...] = ()
        self._prices = PriceBook({})
        self.is_free = True
        """Nothing limits what anybody spends: no call has to be asked about."""

    def configure(self, config: Config, prices: PriceBook) -> None:
        """Which limits there are, and what calls are estimated by."""
        self._prices = prices
        self._everybody = _budgets(EVERYBODY, "gateway", config.preferences.budgets)
        self._of_key = {
            key.key_id: (
                *_credits(key),
                *_budgets(of_client(key.key_id), f"client:{key.label}", key.budgets),
            )
            for key in config.client_keys
        }
        self._of_provider = {
            provider.provider_id: _budgets(
                of_provider(provider.provider_id), f"provider:{provider.name}", provider.budgets
            )
            for provider in config.providers
            if provider.budgets
        }
        self.is_free = not (self._everybody or any(self._of_key.values()) or self._of_provider)

    def admit(
        self, call: Call, key: ClientKey, channels: Iterable[Channel], tokens: int | None = None
    ) -> Held | None:
        """Let a call of a client key in, with what it may cost taken off; None where nothing limits
        it. `tokens`: the estimate of its input, where that is made. Raises RequestRefused.
        """
        limits = (*self._of_key.get(key.key_id, ()), *self._everybody)
        if not limits and not self._of_provider:
            return None
        now_s = self._clock.now_s()
        left: dict[str, int] = {}
        for limit in limits:
            free = self._left_pd(limit, now_s)
            if free <= 0:
                raise self._refusal(limit, now_s)
            left[limit.holder] = min(free, left.get(limit.holder, free))
        estimate = estimate_pd(call, channels, self._prices, now_s, tokens)
        held = Held(estimate, self._reserved)
        for holder, free in left.items():
            held.hold(holder, min(estimate, free))
        return held

    def over_budget(self, provider: Provider) -> Refused | None:
        """Why a provider is passed over, None when it is not; `retry_after_s` to the end of the
        period.
        """
        now_s = self._clock.now_s()
        for limit in self._of_provider.get(provider.provider_id, ()):
            if self._left_pd(limit, now_s) > 0:
                continue
            standing = self._standing(limit, now_s)
            if standing.spent_pd < standing.limit_pd:
                message = f"{standing.text} is reserved by calls that run now"
                return Refused(reason="rate", message=message, retry_after_s=float(HELD_RETRY_S))
            wait_s = max(1.0, (standing.until_s or now_s) - now_s)
            return Refused(reason="rate", message=f"{standing.text} is spent", retry_after_s=wait_s)
        return None

    def standings(self) -> list[Standing]:
        """Every limit there is, and how much of it is used now."""
        limits = [
            *self._everybody,
            *(limit for some in self._of_key.values() for limit in some),
            *(limit for some in self._of_provider.values() for limit in some),
        ]
        now_s = self._clock.now_s()
        return [self._standing(limit, now_s) for limit in limits]

    def standings_of(self, key: ClientKey) -> list[Standing]:
        """Those of one client key."""
        now_s = self._clock.now_s()
        return [self._standing(limit, now_s) for limit in self._of_key.get(key.key_id, ())]

    def _left_pd(self, limit: _Limit, now_s: float) -> int:
        return self._limit_pd(limit) - self._spent_pd(limit, now_s) - self._reserved[limit.holder]

    def _limit_pd(self, limit: _Limit) -> int:
        if limit.allowance is not None:
            return picodollars(limit.allowance.dollars)
        assert limit.key is not None
        return self._ledger.granted_pd(limit.key) or 0

    def _spent_pd(self, limit: _Limit, now_s: float) -> int:
        if limit.allowance is not None:
            return self._ledger.spent_in_pd(limit.holder, limit.allowance.period, now_s)
        assert limit.key is not None
        return self._ledger.spent_pd(limit.key.key_id)

    def _standing(self, limit: _Limit, now_s: float) -> Standing:
        until_s = None
        if limit.allowance is not None:
            until_s = float(self._ledger.calendar.bounds(limit.allowance.period, now_s)[1])
        return Standing(
            holder=limit.holder,
            name=limit.shown,
            text=limit.text,
            limit_pd=self._limit_pd(limit),
            spent_pd=self._spent_pd(limit, now_s),
            reserved_pd=self._reserved[limit.holder],
            until_s=until_s,
        )

    def _refusal(self, limit: _Limit, now_s: float) -> RequestRefused:
        standing = self._standing(limit, now_s)
        whose = "this gateway" if limit.holder == EVERYBODY else "this API key"
        what = "credits" if limit.allowance is None else f"budget ({standing.text})"
        if standing.spent_pd < standing.limit_pd:
            return _refused(
                f"What is left of the {what} of {whose} is reserved by calls that run now.",
                code="rate_limit_exceeded",
                retry_after_s=HELD_RETRY_S,
            )
        if standing.until_s is None:
            return _refused(f"The credits of {whose} are used up.", code="insufficient_quota")
        again = time.strftime("%Y-%m-%d %H:%M", time.localtime(standing.until_s))
        return _refused(
            f"The {what} of {whose} is used up; it begins anew at {again}.",
            code="insufficient_quota",
            retry_after_s=max(1, -int(-(standing.until_s - now_s) // 1)),
        )


def _credits(key: ClientKey) -> tuple[_Limit, ...]:
    if key.credits is None:
        return ()
    return (_Limit(holder=of_client(key.key_id), shown=f"client:{key.label}", key=key),)


def _budgets(holder: str, shown: str, allowances: SpendingCaps) -> tuple[_Limit, ...]:
    return tuple(_Limit(holder=holder, shown=shown, allowance=one) for one in allowances)


def _refused(message: str, *, code: str, retry_after_s: int | None = None) -> RequestRefused:
    """429. Of a budget the end of its period is told, though nobody's client will wait for it."""
    headers = {} if retry_after_s is None else {"retry-after": str(retry_after_s)}
    kind = code if code == "insufficient_quota" else None
    return RequestRefused(
        ClientError(status=429, message=message, code=code, type=kind, headers=headers)
    )
