"""OpenAI's old billing dashboard, which chat clients still ask for a key's balance: what may be
spent less what was.

The shapes, and the number that stands for no limit, are those that these clients know from one-api
(github.com/songquanpeng/one-api, controller/billing.go; 2026-11-30). The dates of a usage question
are not minded there either: the balance would be wrong.
"""

from __future__ import annotations

from typing import Any

from uniapi.config import ClientKey
from uniapi.stats import Ledger

UNLIMITED_USD = 100_000_000


def subscription(key: ClientKey, ledger: Ledger) -> dict[str, Any]:
    """`GET /v1/dashboard/billing/subscription`: what the key may spend, in dollars, and until when
    (epoch seconds, 0: for good).
    """
    granted = ledger.granted_pd(key)
    limit = UNLIMITED_USD if granted is None else granted / 1e12
    return {
        "object": "billing_subscription",
        "has_payment_method": True,
        "soft_limit_usd": limit,
        "hard_limit_usd": limit,
        "system_hard_limit_usd": limit,
        "access_until": int(key.expires_at_s or 0),
    }


def usage(key: ClientKey, ledger: Ledger) -> dict[str, Any]:
    """`GET /v1/dashboard/billing/usage`: what the key has spent, in cents."""
    return {"object": "list", "total_usage": ledger.spent_pd(key.key_id) / 1e10}
