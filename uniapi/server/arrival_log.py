"""Lines about requests that the record of a call does not have: what came in (debug), a list of
models, a look at the page or the reports (debug: a monitor asks all day).
"""

from __future__ import annotations

import logging

from uniapi.gateway import shown_headers

from .inference import Arrival

log = logging.getLogger("uniapi.front")


def tell_arrival(arrival: Arrival, method: str, path: str) -> None:
    """For the level debug: a call has come in; its body is still to come."""
    log.debug(
        "%s %s %s %s from %s, %s",
        arrival.request_id,
        arrival.principal.label,
        method,
        path[:200],
        arrival.client_ip or "unknown",
        shown_headers(arrival.headers),
    )


def tell_answer(request_id: str, label: str, method: str, path: str, kind: str) -> None:
    """An answer beside calls: a client that lists models is worth a line."""
    level = logging.INFO if kind in ("models", "model") else logging.DEBUG
    fields = {
        "request_id": request_id,
        "key": label,
        "method": method,
        "path": path[:200],
        "status": 200,
    }
    words = "%s %s %s %s 200"
    log.log(level, words, request_id, label, method, path[:200], extra={"fields": fields})
