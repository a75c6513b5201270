"""What is left on a provider's key, where its vendor has an endpoint that says so: rows by host.

openrouter.ai/docs/api/api-reference/api-keys/get-current-key (`limit_remaining`, None: no limit of
its own) and …/credits/get-credits (a management key alone is told); api-docs.deepseek.com/
api/get-user-balance; platform.moonshot.cn/docs/api/balance (yuan), and dollars at `.ai`
(docs.rs/crate/quotas, which cites platform.kimi.ai/docs/api/balance);
docs.siliconflow.com/en/api-reference/userinfo/get-user-info (dollars; the Chinese host took its own
away on 2026-08-14: github.com/steipete/CodexBar, docs/siliconflow.md);
novita.ai/docs/api-reference/basic-get-user-balance (in ten-thousandths of a dollar);
vercel.com/docs/ai-gateway/sdks-and-apis/rest-api (`GET /v1/credits`).
Looked up on 2026-11-30, in stored copies of these pages.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from uniapi.config import Provider
from uniapi.values import dataclass

from .urls import parse_url

LARGEST = 1e12


@dataclass(frozen=True, slots=True)
class Balance:
    """What is left, in a currency (`USD`, `CNY`)."""

    amount: float
    currency: str

    @property
    def text(self) -> str:
        sign = {"USD": "$", "CNY": "¥"}.get(self.currency)
        return f"{sign}{self.amount:.2f}" if sign else f"{self.amount:.2f} {self.currency}"


Read = Callable[[Mapping[str, Any]], "Balance | None"]


@dataclass(frozen=True, slots=True, kw_only=True)
class BalancePlace:
    """Where it is asked for, below the host, each in turn until one tells; and how it is read."""

    paths: tuple[str, ...]
    read: Read


def balance_place(provider: Provider) -> tuple[str, BalancePlace] | None:
    """(the address of the host, the place); None for a vendor that does not say."""
    if not provider.base_url:
        return None
    url = parse_url(provider.base_url)
    place = _PLACES.get(url.host_name)
    return None if place is None else (url.origin, place)


def _amount(value: Any) -> float | None:
    """Some vendors write their figures as text."""
    try:
        number = float(value) if not isinstance(value, bool) else None
    except (TypeError, ValueError, OverflowError):
        return None
    return number if number is not None and abs(number) < LARGEST else None


def _balance(value: Any, currency: str) -> Balance | None:
    amount = _amount(value)
    return None if amount is None else Balance(amount, currency)


def _of_openrouter(body: Mapping[str, Any]) -> Balance | None:
    data = body.get("data")
    if not isinstance(data, Mapping):
        return None
    if "total_credits" not in data:
        return _balance(data.get("limit_remaining"), "USD")
    total, used = _amount(data["total_credits"]), _amount(data.get("total_usage"))
    return None if total is None or used is None else Balance(total - used, "USD")


def _of_deepseek(body: Mapping[str, Any]) -> Balance | None:
    """Dollars where there are any."""
    infos = body.get("balance_infos")
    rows = [one for one in infos if isinstance(one, Mapping)] if isinstance(infos, list) else []
    found = [_balance(one.get("total_balance"), str(one.get("currency"))[:8]) for one in rows]
    known = sorted((one for one in found if one is not None), key=lambda one: one.currency != "USD")
    return known[0] if known else None


def _in(member: str, currency: str) -> Read:
    def read(body: Mapping[str, Any]) -> Balance | None:
        data = body.get("data")
        return _balance(data.get(member), currency) if isinstance(data, Mapping) else None

    return read


def _of_novita(body: Mapping[str, Any]) -> Balance | None:
    amount = _amount(body.get("availableBalance"))
    return None if amount is None else Balance(amount / 10_000, "USD")


_PLACES: Mapping[str, BalancePlace] = {
    "openrouter.ai": BalancePlace(paths=("/api/v1/key", "/api/v1/credits"), read=_of_openrouter),
    "api.deepseek.com": BalancePlace(paths=("/user/balance",), read=_of_deepseek),
    "api.moonshot.ai": BalancePlace(
        paths=("/v1/users/me/balance",), read=_in("available_balance", "USD")
    ),
    "api.moonshot.cn": BalancePlace(
        paths=("/v1/users/me/balance",), read=_in("available_balance", "CNY")
    ),
    "api.novita.ai": BalancePlace(paths=("/openapi/v1/billing/balance/detail",), read=_of_novita),
    "ai-gateway.vercel.sh": BalancePlace(
        paths=("/v1/credits",), read=lambda body: _balance(body.get("balance"), "USD")
    ),
    "api.siliconflow.com": BalancePlace(paths=("/v1/user/info",), read=_in("totalBalance", "USD")),
}
