"""The admin surface: reports and small services. The front has authenticated the caller; what needs
an admin's key says so in `REPORTS`.

Reports are made in a thread, since they read files; what is true at this moment is taken on the
event loop before (`AdminQuestion`). The shapes of the older routes are the predecessor's with
members of ours added.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Mapping
from typing import Any

from uniapi.canonical import ClientError, RequestRefused
from uniapi.config import ClientKey, Config, fingerprint, secrets_of, shown_config
from uniapi.near import near_words
from uniapi.stats import (
    METRICS_TYPE,
    key_asked_for,
    key_rankings,
    key_states,
    metrics_text,
    money_shown,
    parse_span,
    stats_report,
    token_usage,
    whole_number,
)
from uniapi.values import dataclass

from . import billing
from .admin_question import AdminQuestion, not_found
from .key_care import clear_rests, test_key
from .new_key import generate_key
from .request_report import request_report, requests_report
from .status_report import series, status_report

__all__ = ["METRICS_TYPE", "REPORTS", "AdminQuestion"]

log = logging.getLogger("uniapi.admin")

MAX_HOURS = 720
MOST_CREDITS = 1e9


def _new_key(asked: AdminQuestion) -> dict[str, Any]:
    return {"api_key": generate_key()}


def _connect(asked: AdminQuestion) -> dict[str, Any]:
    # Recipes for clients are read in when somebody asks for them, not at each start.
    from .connect_report import connect_report

    return connect_report(asked)


def _stats(asked: AdminQuestion) -> dict[str, Any]:
    """`GET /v1/stats?hours=N`, N from 1 to 720, default 24."""
    return stats_report(asked.recorder, _hours(asked.query, MAX_HOURS), asked.now_s)


def _hours(query: Mapping[str, str], most: int) -> int:
    return whole_number(query.get("hours", "24"), "hours", most)


def _token_usage(asked: AdminQuestion) -> dict[str, Any]:
    """`GET /v1/token_usage`: an admin sees every key or the one it names, another key itself."""
    span = parse_span(asked.query, asked.now_s, default_days=30)
    query = dict(asked.query)
    named = _named_key(asked.config, query.get("api_key_param", "")) if asked.key.is_admin else None
    if named is not None:
        query["api_key_param"] = named.secret
    key_id = key_asked_for(query, asked.key.key_id, is_admin=asked.key.is_admin)
    names = asked.recorder.names()
    if key_id is not None and key_id not in names:
        raise _unknown_key("api_key_param")
    counts = asked.recorder.window(span.start_s, span.end_s)
    if key_id is not None:
        counts = counts.only(key_id)
    owner = next((key for key in asked.config.client_keys if key.key_id == key_id), None)
    key_filter = "all"
    if key_id is not None:
        key_filter = names[key_id] if asked.key.is_admin else "self"
    money = money_shown(owner, asked.recorder.ledger, counts)
    return token_usage(
        counts,
        span,
        key_filter=key_filter,
        model=asked.query.get("model") or None,
        names=names,
        money=money,
    )


def _key_rankings(asked: AdminQuestion) -> dict[str, Any]:
    """`GET /v1/channel_key_rankings?provider_name=`: the keys of one provider, the most successful
    first.
    """
    name = asked.query.get("provider_name", "")
    if not name:
        raise RequestRefused.bad_request(
            "`provider_name` is missing: name a provider of the configuration.",
            param="provider_name",
        )
    span = parse_span(asked.query, asked.now_s, default_days=1)
    ranked = key_rankings(
        asked.recorder.window(span.start_s, span.end_s), name, span, asked.recorder.names()
    )
    providers = [provider.name for provider in asked.config.providers]
    if not ranked["rankings"] and name not in providers:
        near = near_words(name, providers, n=3)
        hint = f" Did you mean {' or '.join(near)}?" if near else ""
        raise not_found(f"There is no provider {name[:80]!r}.{hint}", "provider_name")
    return ranked


def _key_states(asked: AdminQuestion) -> dict[str, Any]:
    """`GET /v1/api_keys_states`: credits and usage of every client key."""
    return key_states(
        asked.config.client_keys,
        asked.recorder.ledger,
        asked.recorder.tokens_since(asked.config.client_keys, asked.now_s),
    )


def _api_config(asked: AdminQuestion) -> dict[str, Any]:
    """`GET /v1/api_config`: the configuration as it is written, secrets masked."""
    return {"api_config": shown_config(asked.present.config_status.text, secrets_of(asked.config))}


def _add_credits(asked: AdminQuestion) -> dict[str, Any]:
    """`POST /v1/add_credits` with `paid_key` and `amount` (US dollars) in the query, or in a JSON
    body, which keeps the key out of proxies' logs.
    """
    named, text = asked.query.get("paid_key", ""), asked.query.get("amount", "")
    if not named:
        raise RequestRefused.bad_request(
            "`paid_key` is missing: the client key to add to, or its label.", param="paid_key"
        )
    try:
        amount = float(text)
    except ValueError:
        amount = math.nan
    if not 0 < amount <= MOST_CREDITS:
        raise RequestRefused.bad_request(
            f"`amount` must be a number of US dollars above 0, not {text[:40]!r}.", param="amount"
        )
    key = _named_key(asked.config, named)
    if key is None:
        raise _unknown_key("paid_key")
    if key.credits is None:
        raise RequestRefused.bad_request(
            f"The key {key.display} has no `credits` in the configuration, so it is not limited and"
            " nothing can be added.",
            param="paid_key",
        )
    try:
        asked.recorder.add_credits(key.key_id, amount, asked.now_s)
    except OSError as error:
        message = (
            f"The credits cannot be written to disk ({error.strerror or error}); nothing was added."
        )
        raise RequestRefused(
            ClientError(
                status=503, message=message, code="storage_unavailable", type="server_error"
            )
        ) from None
    log.info("%s added $%g to the credits of %s", asked.key.label, amount, key.label)
    granted = asked.recorder.ledger.granted_pd(key)
    balance = asked.recorder.ledger.balance_pd(key)
    return {
        "message": (
            f"Added ${amount:g}"
            + (", in memory only: a restart forgets it." if asked.recorder.is_in_memory else ".")
        ),
        "paid_key": key.display,
        "new_credits": None if granted is None else granted / 1e12,
        "balance": None if balance is None else balance / 1e12,
        "enabled": not asked.recorder.is_exhausted(key),
    }


def _metrics(asked: AdminQuestion) -> str:
    """`GET /metrics`."""
    figures = asked.present.live_figures(asked.version, asked.config, asked.recorder.trouble)
    return metrics_text(asked.recorder.lifetime(), figures, asked.recorder.names())


def _named_key(config: Config, named: str) -> ClientKey | None:
    """The client key that is meant by its secret, its `key_id`, its masked form or its label; None
    when none is, or several are.
    """
    by_secret = [key for key in config.client_keys if key.key_id == fingerprint(named)]
    found = by_secret or [
        key for key in config.client_keys if named in (key.key_id, key.display, key.label)
    ]
    return found[0] if len(found) == 1 else None


def _unknown_key(param: str) -> RequestRefused:
    return not_found(
        f"`{param}` names no client key, or several: give the key itself, or its `key_id`.", param
    )


@dataclass(frozen=True, slots=True)
class AdminAnswer:
    """How one admin route is answered, and whether it needs an admin's key."""

    answer: Callable[[AdminQuestion], Any]
    needs_admin: bool = True
    acts: bool = False
    """It changes what running calls look at, and so happens between them, not in a thread."""
    waits: bool = False
    """It asks somebody else, and is awaited."""
    shows_money: bool = False
    """It shows what `Present.money` holds, which costs some milliseconds to put together."""


REPORTS: Mapping[str, AdminAnswer] = {
    "generate_key": AdminAnswer(_new_key),
    "stats": AdminAnswer(_stats),
    "token_usage": AdminAnswer(_token_usage, needs_admin=False),
    "key_rankings": AdminAnswer(_key_rankings),
    "key_states": AdminAnswer(_key_states),
    "add_credits": AdminAnswer(_add_credits),
    "clear_rests": AdminAnswer(clear_rests, acts=True),
    "test_key": AdminAnswer(test_key, waits=True),
    "requests": AdminAnswer(requests_report),
    "request": AdminAnswer(request_report),
    "api_config": AdminAnswer(_api_config),
    "metrics": AdminAnswer(_metrics),
    "status": AdminAnswer(status_report, needs_admin=False, shows_money=True),
    "series": AdminAnswer(series, needs_admin=False),
    "connect": AdminAnswer(_connect, needs_admin=False),
    "billing_subscription": AdminAnswer(
        lambda asked: billing.subscription(asked.key, asked.recorder.ledger), needs_admin=False
    ),
    "billing_usage": AdminAnswer(
        lambda asked: billing.usage(asked.key, asked.recorder.ledger, asked.now_s),
        needs_admin=False,
    ),
}
"""By the kind of the route."""
