"""The admin surface: reports and small services. The front has authenticated the caller; what needs
an admin's key says so in `REPORTS`.

Reports are made in a thread, since they read files; what is true at this moment is taken on the
event loop before (`AdminQuestion`). The shapes of the older routes are the predecessor's with
members of ours added.
"""

from __future__ import annotations

import difflib
import logging
import math
import secrets
import string
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from uniapi.canonical import ClientError, RequestRefused
from uniapi.clock import Epoch
from uniapi.config import ClientKey, Config, Provider, fingerprint, secrets_of, shown_config
from uniapi.stats import (
    METRICS_TYPE,
    CallRecord,
    Recorder,
    failure_rows,
    key_asked_for,
    key_rankings,
    key_states,
    metrics_text,
    money_shown,
    parse_span,
    stats_report,
    status_figures,
    token_usage,
    whole_number,
)

from . import billing
from .present import Present

__all__ = ["METRICS_TYPE", "REPORTS", "AdminQuestion", "generate_key"]

log = logging.getLogger("uniapi.admin")

MAX_HOURS = 720
MOST_STATUS_HOURS = 24 * 366
MOST_CREDITS = 1e9
KEY_LENGTH = 48
_ALPHABET = string.ascii_letters + string.digits


@dataclass(frozen=True, slots=True, kw_only=True)
class AdminQuestion:
    """One question to the admin surface and what it is answered from.

    `live`: rows of the running calls the asker may see; `wake`: see `Desk`.
    """

    key: ClientKey
    query: Mapping[str, str]
    now_s: Epoch
    config: Config
    recorder: Recorder
    present: Present
    version: str
    live: list[dict[str, Any]]
    wake: Callable[[Collection[str] | None, str | None], int]
    failures: tuple[CallRecord, ...] = ()

    @property
    def own_key_id(self) -> str | None:
        """Whose figures may be shown; None: everybody's."""
        return None if self.key.is_admin else self.key.key_id


def generate_key() -> str:
    """A new client key: `sk-` and 48 random letters and digits. Nothing is stored."""
    return "sk-" + "".join(secrets.choice(_ALPHABET) for _ in range(KEY_LENGTH))


def _new_key(asked: AdminQuestion) -> dict[str, Any]:
    return {"api_key": generate_key()}


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
        near = difflib.get_close_matches(name, providers, n=3)
        hint = f" Did you mean {' or '.join(near)}?" if near else ""
        raise _not_found(f"There is no provider {name[:80]!r}.{hint}", "provider_name")
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


def _clear_rests(asked: AdminQuestion) -> dict[str, Any]:
    """`POST /v1/rests/clear`: what rests is tried anew; with `provider` (its name) only what is
    its, with `key` (its number from 1, or as lists show it; in a JSON body, as `key` in a query is
    the client's own) only that key.
    """
    name, key = asked.query.get("provider", ""), asked.query.get("key", "")
    providers = [one for one in asked.config.providers if name in ("", one.name, one.provider_id)]
    if name and not providers:
        raise _not_found(f"There is no provider `{name[:200]}`.", "provider")
    if not key:
        cleared = asked.wake([one.provider_id for one in providers] if name else None, None)
    elif not name:
        raise RequestRefused.bad_request("`key` needs its `provider`.", param="provider")
    else:
        cleared = _wake_key(asked, providers, key)
    log.info("%s cleared %d rests (%s)", asked.key.label, cleared, name or "all providers")
    return {"cleared": cleared}


def _wake_key(asked: AdminQuestion, providers: list[Provider], key: str) -> int:
    found = [
        (provider.provider_id, credential.credential_id)
        for provider in providers
        for number, credential in enumerate(provider.credentials, 1)
        if key in (str(number), credential.display)
    ]
    if not found:
        raise _not_found(f"The provider has no key `{key[:40]}`.", "key")
    return sum(asked.wake([provider_id], credential_id) for provider_id, credential_id in found)


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


def _status(asked: AdminQuestion) -> dict[str, Any]:
    """`GET /v1/status`: what the status page shows. `hours` (default 24); with `only=now` without
    the figures of the past.

    Another key than an admin's sees its own calls, and neither keys of providers nor the state of
    the gateway.
    """
    own = asked.own_key_id
    money = _own_money(asked)
    value: dict[str, Any] = {
        "version": asked.version,
        "now": asked.now_s,
        "started_at": asked.present.started_at_s,
        "scope": "all" if own is None else "own",
        "key": asked.key.label,
        "credits": money,
        "live": asked.live,
        "failures": failure_rows(asked.failures, own),
    }
    if own is None:
        value |= {
            "health": asked.present.health_rows(asked.config),
            "config": asked.present.config_status.row(),
            "retirements": list(asked.present.retirements),
            "learned": list(asked.present.learned),
            "storage": {
                "where": "memory" if asked.recorder.is_in_memory else "disk",
                "trouble": asked.recorder.trouble,
            },
        }
    else:
        value["failures"] = [
            {
                **row,
                "attempts": [
                    {name: part for name, part in attempt.items() if name != "key"}
                    for attempt in row["attempts"]
                ],
            }
            for row in value["failures"]
        ]
    if asked.query.get("only") != "now":
        value["figures"] = _status_figures(asked, own)
    return value


def _status_figures(asked: AdminQuestion, own: str | None) -> dict[str, Any]:
    figures = status_figures(
        asked.recorder, _hours(asked.query, MOST_STATUS_HOURS), asked.now_s, own
    )
    if own is not None:
        for name in ("ip_request_counts", "endpoint_request_counts", "provider_keys"):
            figures["summary"].pop(name, None)
    return figures


def _own_money(asked: AdminQuestion) -> dict[str, Any] | None:
    """What the asker's own key may still spend; None when it is not limited."""
    ledger = asked.recorder.ledger
    granted, balance = ledger.granted_pd(asked.key), ledger.balance_pd(asked.key)
    return (
        None
        if granted is None or balance is None
        else {"granted": granted / 1e12, "balance": balance / 1e12}
    )


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
    return _not_found(
        f"`{param}` names no client key, or several: give the key itself, or its `key_id`.", param
    )


def _not_found(message: str, param: str) -> RequestRefused:
    return RequestRefused(
        ClientError(
            status=404, message=message, code="not_found", type="invalid_request_error", param=param
        )
    )


@dataclass(frozen=True, slots=True)
class AdminAnswer:
    """How one admin route is answered, and whether it needs an admin's key."""

    answer: Callable[[AdminQuestion], Any]
    needs_admin: bool = True
    acts: bool = False
    """It changes what running calls look at, and so happens between them, not in a thread."""


REPORTS: Mapping[str, AdminAnswer] = {
    "generate_key": AdminAnswer(_new_key),
    "stats": AdminAnswer(_stats),
    "token_usage": AdminAnswer(_token_usage, needs_admin=False),
    "key_rankings": AdminAnswer(_key_rankings),
    "key_states": AdminAnswer(_key_states),
    "add_credits": AdminAnswer(_add_credits),
    "clear_rests": AdminAnswer(_clear_rests, acts=True),
    "api_config": AdminAnswer(_api_config),
    "metrics": AdminAnswer(_metrics),
    "status": AdminAnswer(_status, needs_admin=False),
    "billing_subscription": AdminAnswer(
        lambda asked: billing.subscription(asked.key, asked.recorder.ledger), needs_admin=False
    ),
    "billing_usage": AdminAnswer(
        lambda asked: billing.usage(asked.key, asked.recorder.ledger), needs_admin=False
    ),
}
"""By the kind of the route."""
