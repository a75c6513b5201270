"""OpenAI's old billing dashboard, which chat clients still ask for a key's balance: what may be
spent less what was.

The shapes, and the number that stands for no limit, are those that these clients know from one-api
(github.com/songquanpeng/one-api, controller/billing.go; 2026-11-30). The dates of a usage question
are not minded there either: the balance would be wrong.
"""

from __future__ import annotations

from typing import Any

from uniapi.clock import Epoch
from uniapi.config import ClientKey, SpendingCap
from uniapi.stats import Ledger, of_client

UNLIMITED_USD = 100_000_000
_LENGTHS = ("second", "minute", "hour", "day", "week", "month", "year")


def subscription(key: ClientKey, ledger: Ledger) -> dict[str, Any]:
    """`GET /v1/dashboard/billing/subscription`: what the key may spend, in dollars, and until when
    (epoch seconds, 0: for good).
    """
    granted = ledger.granted_pd(key)
    budget = longest_budget(key)
    limit = UNLIMITED_USD if granted is None else granted / 1e12
    if granted is None and budget is not None:
        limit = budget.dollars
    return {
        "object": "billing_subscription",
        "has_payment_method": True,
        "soft_limit_usd": limit,
        "hard_limit_usd": limit,
        "system_hard_limit_usd": limit,
        "access_until": int(key.expires_at_s or 0),
    }


def usage(key: ClientKey, ledger: Ledger, now_s: Epoch) -> dict[str, Any]:
    """`GET /v1/dashboard/billing/usage`: what the key has spent, in cents: in all, or, of one that
    has budgets and no credits, in the longest period that is now.
    """
    spent = ledger.spent_pd(key.key_id)
    budget = longest_budget(key)
    if key.credits is None and budget is not None:
        spent = ledger.spent_in_pd(of_client(key.key_id), budget.period, now_s)
    return {"object": "list", "total_usage": spent / 1e10}


def longest_budget(key: ClientKey) -> SpendingCap | None:
    """Of a key's budgets the one of the longest period; None when it has none."""
    return max(key.budgets, key=lambda one: _LENGTHS.index(one.period), default=None)
