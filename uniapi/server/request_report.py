"""`GET /v1/requests`: the recent requests, from the journal; one of them in full where the
inspector is on.
"""

from __future__ import annotations

from typing import Any

from uniapi.stats import MOST_READ_BYTES, request_list, request_row

from .admin_question import AdminQuestion, not_found, say_calls


def requests_report(asked: AdminQuestion) -> dict[str, Any]:
    """`GET /v1/requests`; see `stats.parse_filter` for what may be asked for. `inspected`: whether
    a request can be had in full.
    """
    value = request_list(asked.recorder, asked.query, asked.now_s)
    say_calls(value["requests"], asked.say)
    for row in value["requests"]:
        row["inspected"] = row["request_id"] in asked.inspector
    return {**value, "inspect": asked.inspector.row()}


def request_report(asked: AdminQuestion) -> dict[str, Any]:
    """`GET /v1/requests/{id}`: in full where it was inspected, else what the journal says of it."""
    found = asked.inspector.full(asked.argument)
    if found is not None:
        return found
    for _, call in asked.recorder.newest(MOST_READ_BYTES):
        if call.request_id == asked.argument:
            return {**request_row(call), "inspected": False}
    raise not_found(
        f"No request {asked.argument[:60]!r} is kept: it may be too long ago, or its id wrong.",
        "id",
    )
