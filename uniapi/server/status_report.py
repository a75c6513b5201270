"""`GET /v1/status`: what the status page shows."""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter
from typing import Any

from uniapi.stats import (
    hour_figures,
    newest_rows,
    series_report,
    status_figures,
    whole_number,
)

from .admin_question import AdminQuestion, say_calls

MOST_STATUS_HOURS = 24 * 366
MOST_TABLE_ROWS = 500
_TABLES = {"models": attrgetter("model"), "providers": attrgetter("provider")}
"""Tables of the page, and what their rows are called in the recent sums."""


def status_report(asked: AdminQuestion) -> dict[str, Any]:
    """`GET /v1/status`: what the status page shows. `hours` (default 24; 0: the last hour to the
    minute); with `only=now` without
    the figures of the past; with `lang=zh` messages of ours in Chinese, where there are such.

    Another key than an admin's sees its own calls, and neither keys of providers nor the state of
    the gateway.
    """
    own, say = asked.own_key_id, asked.say
    money = _own_money(asked)
    value: dict[str, Any] = {
        "version": asked.version,
        "now": asked.now_s,
        "started_at": asked.present.started_at_s,
        "scope": "all" if own is None else "own",
        "key": asked.key.label,
        "credits": money,
        "live": asked.live,
        "failures": newest_rows(asked.failures, own),
        "mistakes": newest_rows(asked.mistakes, own),
        "inspect": None,
    }
    say_calls((*value["failures"], *value["mistakes"]), say)
    trouble = asked.recorder.trouble
    if own is None:
        value |= {
            "health": asked.present.health_rows(asked.config),
            "config": _said_config(asked, say),
            "retirements": list(asked.present.retirements),
            "learned": [
                {**row, "lessons": [say(one) for one in row["lessons"]]}
                for row in asked.present.learned
            ],
            "money": dict(asked.present.money),
            "inspect": asked.inspector.row(),
            "strangers": [
                {
                    **row,
                    "message": say(row["message"]),
                    "inspected": row["request_id"] in asked.inspector,
                }
                for row in asked.strangers
            ],
            "storage": {
                "where": "memory" if asked.recorder.is_in_memory else "disk",
                "trouble": None if trouble is None else say(trouble),
            },
        }
    else:
        for row in (*value["failures"], *value["mistakes"]):
            for attempt in row["attempts"]:
                del attempt["key"]
    if asked.query.get("only") != "now":
        value["figures"] = _status_figures(asked, own)
    return value


def _said_config(asked: AdminQuestion, say: Callable[[str], str]) -> dict[str, Any]:
    row = asked.present.config_status.row()
    return {**row, "errors": [say(one) for one in row["errors"]]}


def series(asked: AdminQuestion) -> dict[str, Any]:
    """`GET /v1/status/series` with `model` or `provider`, and `hours`: what one of them did, step
    by step.
    """
    hours = whole_number(asked.query.get("hours", "24"), "hours", MOST_STATUS_HOURS)
    return series_report(asked.sums, asked.query, hours, asked.now_s, asked.own_key_id)


def _status_figures(asked: AdminQuestion, own: str | None) -> dict[str, Any]:
    """`hours=0` is the last hour to the minute."""
    text = asked.query.get("hours", "24")
    if text == "0":
        hours, figures = 1, hour_figures(asked.recorder, asked.now_s, own, MOST_TABLE_ROWS)
    else:
        hours = whole_number(text, "hours", MOST_STATUS_HOURS)
        figures = status_figures(asked.recorder, hours, asked.now_s, own, MOST_TABLE_ROWS)
    this_hour = int(asked.now_s // 3600)
    shown = range(this_hour - hours, this_hour + 1)
    for table, named in _TABLES.items():
        speeds = asked.sums.rows(shown, own, named)
        for row in figures[table]:
            row |= speeds.get(row["name"], {"first_token_s": None, "tokens_per_s": None})
    figures["speeds_reach"] = asked.sums.reaches_s
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
