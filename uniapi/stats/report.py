"""What the admin surface shows, from aggregates. The shapes of `/v1/stats`, `/v1/token_usage`,
`/v1/channel_key_rankings` and `/v1/api_keys_states` are the predecessor's with members of ours
added; keys appear by their display form only.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import Any, TypeVar

from uniapi.clock import Epoch
from uniapi.config import ClientKey
from uniapi.money import dollars

from .aggregate import Aggregate, CellKey
from .calendar import HOUR_S
from .columns import ATTEMPTS, CALLS, COLUMNS, COST, UNPRICED
from .latencies import FIRST_HISTOGRAM, FIRST_MS, TOTAL_HISTOGRAM, quantile_s
from .ledger import Ledger
from .recorder import told_apart
from .records import CLIENTS_OWN, NOT_FAILURES
from .several import Counted
from .span import Span, iso

Name = TypeVar("Name", bound=Hashable)

NO_VERDICT = frozenset({"cancelled", "client_left", "internal_error"})
"""Attempts that say nothing of the channel: the client went away, or the mistake was ours."""


def stats_report(recorder: Counted, hours: int, now_s: Epoch) -> dict[str, Any]:
    """`GET /v1/stats`: the last `hours` hours."""
    return {
        "time_range": f"Last {hours} hours",
        **summary(recorder.window(now_s - hours * HOUR_S, now_s), recorder.names()),
    }


def summary(counts: Aggregate, names: Mapping[str, str]) -> dict[str, Any]:
    """Success rates of channels and providers, counts of models, endpoints and client addresses,
    largest first; and ours: totals, tokens, keys, failures.
    """
    channels = grouped(counts, lambda key: (key.provider, key.requested_model))
    providers = grouped(counts, lambda key: key.provider)
    models = grouped(counts, lambda key: key.requested_model)
    clients = grouped(counts, lambda key: key.key_id)
    waits = counts.waits
    return {
        "channel_model_success_rates": _by_rate(
            {"provider": name[0], "model": name[1], **_rate(part)}
            for name, part in channels.items()
            if name[0]
        ),
        "channel_success_rates": _by_rate(
            {"provider": name, **_rate(part)} for name, part in providers.items() if name
        ),
        "model_request_counts": _largest(
            "model", {name: part.totals()[CALLS] for name, part in models.items()}
        ),
        "endpoint_request_counts": _largest("endpoint", counts.endpoints),
        "ip_request_counts": _largest("ip", counts.ips),
        "model_token_counts": _token_rows(models),
        "totals": figures(counts, waits.totals()),
        "providers": sorted(
            (
                {"provider": name, **figures(part, waits.of_provider(name))}
                for name, part in providers.items()
                if name
            ),
            key=_by_attempts,
        ),
        "client_keys": sorted(
            (
                {"key": names.get(name, name), **figures(part, waits.of_client(name))}
                for name, part in clients.items()
            ),
            key=_by_requests,
        ),
        "provider_keys": [
            row
            for provider in providers
            if provider
            for row in _credential_rows(counts, provider, names)
        ],
        "failure_counts": _failures(counts),
    }


def token_usage(
    counts: Aggregate,
    span: Span,
    *,
    key_filter: str,
    model: str | None,
    names: Mapping[str, str],
    money: Mapping[str, Any],
) -> dict[str, Any]:
    """`GET /v1/token_usage`, of counts that hold only what the asker may see.

    `key_filter`: `all`, `self` or a display form; `money`: see `money_shown`.
    """
    part = grouped(counts, lambda key: (key.key_id, key.requested_model))
    rows = [
        {
            "api_key_prefix": names.get(key_id, key_id),
            "key_id": key_id,
            "model": requested,
            **_tokens(one.totals()),
        }
        for (key_id, requested), one in part.items()
        if model in (None, "all", requested)
    ]
    return {
        "usage": sorted(
            (row for row in rows if row["request_count"]),
            key=lambda row: (-row["total_tokens"], row["api_key_prefix"], row["model"]),
        ),
        "query_details": {
            **span.shown(),
            "api_key_filter": key_filter,
            "model_filter": model or "all",
            **money,
        },
    }


def money_shown(key: ClientKey | None, ledger: Ledger, counts: Aggregate) -> dict[str, Any]:
    """`credits`, `total_cost` and `balance` for `query_details`: those of one key since its
    `created_at`, or, without a key, just the cost of the counts.
    """
    if key is None:
        return {"credits": None, "total_cost": _shown(counts.totals()[COST]), "balance": None}
    granted, balance = ledger.granted_pd(key), ledger.balance_pd(key)
    return {
        "credits": None if granted is None else _shown(granted),
        "total_cost": _shown(ledger.spent_pd(key.key_id)),
        "balance": None if balance is None else _shown(balance),
    }


def key_rankings(
    counts: Aggregate, provider: str, span: Span, names: Mapping[str, str]
) -> dict[str, Any]:
    """`GET /v1/channel_key_rankings`: a provider's keys, the most successful first."""
    rows = [
        {
            "api_key": row["key"],
            **{name: row[name] for name in ("success_count", "total_requests", "success_rate")},
        }
        for row in _credential_rows(counts, provider, names)
    ]
    return {"rankings": rows, "query_details": {**span.shown(), "provider_name": provider}}


def key_states(
    keys: Iterable[ClientKey], ledger: Ledger, counts: Mapping[str, Aggregate]
) -> dict[str, Any]:
    """`GET /v1/api_keys_states`: credits and usage of every client key; `counts` by key id, since
    the key's `created_at`.

    A key stands under its masked form; those that look alike masked have their `key_id` behind it.
    """
    states = {}
    keys = tuple(keys)
    names = told_apart({key.key_id: key.display for key in keys})
    for key in keys:
        granted = ledger.granted_pd(key)
        part = counts.get(key.key_id, Aggregate())
        states[names[key.key_id]] = {
            "label": key.label,
            "key_id": key.key_id,
            "credits": None if granted is None else dollars(granted),
            "created_at": None if key.created_at_s is None else iso(key.created_at_s),
            "all_tokens_info": _token_rows(grouped(part, lambda cell: cell.requested_model)),
            "total_cost": dollars(ledger.spent_pd(key.key_id)),
            "balance": None if (balance := ledger.balance_pd(key)) is None else dollars(balance),
            "enabled": not ledger.is_exhausted(key),
        }
    return {"api_keys_states": states}


def figures(counts: Aggregate, waits: list[int]) -> dict[str, Any]:
    """Everything that one number says about some counts: requests, attempts, tokens, dollars (None:
    unknown), and seconds (None without calls). `waits`: their row. `mistakes`: those of the errors
    that no provider is to blame for.
    """
    cells = counts.totals()
    errors = sum(
        cell[CALLS] for key, cell in counts.cells.items() if key.outcome not in NOT_FAILURES
    )
    first_count = sum(waits[FIRST_HISTOGRAM:TOTAL_HISTOGRAM])
    return {
        **{column.name: count for column, count in zip(COLUMNS, cells, strict=True)},
        "errors": errors,
        "mistakes": sum(
            cell[CALLS] for key, cell in counts.cells.items() if key.outcome in CLIENTS_OWN
        ),
        "client_left": sum(
            cell[CALLS] for key, cell in counts.cells.items() if key.outcome == "client_left"
        ),
        "successful_attempts": sum(
            cell[ATTEMPTS] for key, cell in counts.cells.items() if key.outcome == "ok"
        ),
        "cost": known_cost(cells[COST], cells[UNPRICED]),
        "first_token_s": {
            "mean": waits[FIRST_MS] / first_count / 1000 if first_count else None,
            **_quantiles(waits, FIRST_HISTOGRAM),
        },
        "total_s": _quantiles(waits, TOTAL_HISTOGRAM),
    }


def known_cost(amount_pd: int, unpriced_calls: int) -> float | None:
    """Dollars; None when there were calls with tokens and none of them had a price: nothing is
    invented, not even a zero.
    """
    return None if unpriced_calls and not amount_pd else dollars(amount_pd)


def grouped(counts: Aggregate, name: Callable[[CellKey], Name]) -> dict[Name, Aggregate]:
    """The cells sorted into parts by a name."""
    parts: dict[Name, Aggregate] = {}
    for key, cell in counts.cells.items():
        parts.setdefault(name(key), Aggregate()).cells[key] = cell
    return parts


def _quantiles(waits: list[int], histogram: int) -> dict[str, float | None]:
    return {
        f"p{round(share * 100)}": quantile_s(waits, histogram, share) for share in (0.5, 0.9, 0.99)
    }


def _rate(counts: Aggregate) -> dict[str, Any]:
    """Of attempts: those that succeeded, among those with a verdict."""
    total = sum(
        cell[ATTEMPTS] for key, cell in counts.cells.items() if key.outcome not in NO_VERDICT
    )
    succeeded = sum(cell[ATTEMPTS] for key, cell in counts.cells.items() if key.outcome == "ok")
    return {"success_rate": succeeded / total if total else 0.0, "total_requests": total}


def _by_rate(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    asked = [row for row in rows if row["total_requests"]]
    return sorted(
        asked,
        key=lambda row: (
            -row["success_rate"],
            -row["total_requests"],
            row["provider"],
            row.get("model", ""),
        ),
    )


def _credential_rows(
    counts: Aggregate, provider: str, names: Mapping[str, str]
) -> list[dict[str, Any]]:
    """The keys of a provider; days long ago, which do not tell keys apart, are left out."""
    tried: dict[str, int] = {}
    succeeded: dict[str, int] = {}
    for key, count in counts.by_credential().items():
        if key.provider == provider and key.outcome not in NO_VERDICT:
            tried[key.credential_id] = tried.get(key.credential_id, 0) + count
            succeeded[key.credential_id] = succeeded.get(key.credential_id, 0) + count * (
                key.outcome == "ok"
            )
    rows = [
        {
            "provider": provider,
            "key": names.get(credential_id, credential_id),
            "success_count": succeeded[credential_id],
            "success_rate": succeeded[credential_id] / count,
            "total_requests": count,
        }
        for credential_id, count in tried.items()
    ]
    return sorted(rows, key=lambda row: (-row["success_rate"], -row["total_requests"], row["key"]))


def _failures(counts: Aggregate) -> list[dict[str, Any]]:
    """Failed attempts by provider and kind, and calls refused before any (no provider)."""
    found: dict[tuple[str, str], int] = {}
    for key, cell in counts.cells.items():
        count = cell[ATTEMPTS] if key.provider else cell[CALLS]
        if key.outcome not in NOT_FAILURES and count:
            found[key.provider, key.outcome] = found.get((key.provider, key.outcome), 0) + count
    ordered = sorted(found.items(), key=lambda item: (-item[1], item[0]))
    return [
        {"provider": provider or None, "kind": kind, "count": count}
        for (provider, kind), count in ordered
    ]


def _largest(name: str, counts: Mapping[str, int]) -> list[dict[str, Any]]:
    return [
        {name: key, "count": count}
        for key, count in sorted(counts.items(), key=lambda item: (-item[1], item[0]))
        if count
    ]


def _token_rows(models: Mapping[str, Aggregate]) -> list[dict[str, Any]]:
    rows = [{"model": model, **_tokens(part.totals())} for model, part in models.items()]
    return sorted(
        (row for row in rows if row["request_count"]),
        key=lambda row: (-row["total_tokens"], row["model"]),
    )


def _tokens(cell: list[int]) -> dict[str, Any]:
    """The counters under the predecessor's names."""
    named = {
        column.legacy: count for column, count in zip(COLUMNS, cell, strict=True) if column.legacy
    }
    return {**named, "cost": known_cost(cell[COST], cell[UNPRICED])}


def _shown(amount_pd: int) -> str:
    sign = "-" if amount_pd < 0 else ""
    return f"{sign}${abs(dollars(amount_pd)):.6f}"


def _by_requests(row: Mapping[str, Any]) -> tuple[int, str]:
    return (-row["requests"], row["key"])


def _by_attempts(row: Mapping[str, Any]) -> tuple[int, str]:
    return (-row["attempts"], row["provider"])
