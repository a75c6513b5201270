"""Single calls, the newest first: `GET /v1/requests`, from the journal, and what the page tells of
failures and of what clients did wrong.

However long the journal is, one question reads a bounded piece of it, from the end; where that was
not enough, `next` says where to go on.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from operator import itemgetter
from typing import Any, Literal

from uniapi.canonical import RequestRefused
from uniapi.clock import Epoch
from uniapi.money import dollars, plausible
from uniapi.storage import Position
from uniapi.values import dataclass

from .calendar import DAY_S
from .journal_line import short_name
from .recorder import Recorder
from .records import CallRecord
from .span import whole_number

MOST_REQUESTS = 500
USUAL_REQUESTS = 50
MOST_READ_BYTES = 8_000_000
"""Of the journal for one question: about 20,000 calls, a third of a second in a thread."""
SHORTEST_SPAN_S = 0.05
"""Over less than that a speed says nothing."""

Kind = Literal["ok", "left", "mistake", "failure"]
KINDS: tuple[Kind, ...] = ("ok", "left", "mistake", "failure")

_PLACE = re.compile(r"\d{1,9}:\d{1,12}")


def kind_of(call: CallRecord) -> Kind:
    """`mistake`: the client's own, or a limit of its own; `failure`: ours or an upstream's."""
    if call.outcome == "ok":
        return "ok"
    if call.outcome == "client_left":
        return "left"
    return "mistake" if call.is_clients_own else "failure"


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestFilter:
    """Which calls are wanted. Texts match anywhere in a name, in any case; None and "" match all.

    `status`: a number, a class such as `4xx`, or a kind. Seconds, dollars and counts are lower
    bounds; times are epoch seconds.
    """

    client: str = ""
    model: str = ""
    provider: str = ""
    provider_key: str = ""
    status: str = ""
    slower_than_s: float | None = None
    cost: float | None = None
    attempts: int | None = None
    since_s: float | None = None
    until_s: float | None = None
    request_id: str = ""

    def lets_pass(self, call: CallRecord) -> bool:
        wait_s = call.first_token_s if call.first_token_s is not None else call.total_s
        cost = None if call.cost_pd is None else dollars(call.cost_pd)
        return (
            call.request_id.startswith(self.request_id)
            and _holds(self.client, call.key_label, call.key_id)
            and _holds(self.model, call.requested_model, call.upstream_model or "")
            and _holds(self.provider, *(one.provider for one in call.attempts), call.provider or "")
            and _holds(
                self.provider_key,
                *(one.credential_display for one in call.attempts),
                *(one.credential_id for one in call.attempts),
            )
            and self._has_status(call)
            and _is_at_least(wait_s, self.slower_than_s)
            and _is_at_least(cost, self.cost)
            and _is_at_least(len(call.attempts), self.attempts)
            and _is_at_least(call.at_s, self.since_s)
            and (self.until_s is None or call.at_s <= self.until_s)
        )

    def _has_status(self, call: CallRecord) -> bool:
        wanted = self.status.lower()
        return wanted in ("", str(call.status), f"{call.status // 100}xx", kind_of(call))


def parse_filter(query: Mapping[str, str], now_s: Epoch) -> RequestFilter:
    """From the query of `GET /v1/requests`: `client`, `model`, `provider`, `provider_key`,
    `status`, `slower_than` (seconds), `cost` (dollars), `attempts`, `since` and `until` (Unix
    seconds, or `since` as `90s`, `15m`, `6h`, `7d`), `request_id`. Raises RequestRefused (400).
    """
    status = query.get("status", "").strip()
    if status and not re.fullmatch(r"\d{1,3}|[1-5][xX]{2}|" + "|".join(KINDS), status):
        raise RequestRefused.bad_request(
            f"`status` must be a number, a class such as `5xx`, or one of {', '.join(KINDS)};"
            f" not {status[:40]!r}.",
            param="status",
        )
    attempts = query.get("attempts", "")
    return RequestFilter(
        **{
            name: query.get(name, "").strip()[:200]
            for name in ("client", "model", "provider", "provider_key", "request_id")
        },
        status=status,
        slower_than_s=_number(query, "slower_than"),
        cost=_number(query, "cost"),
        attempts=whole_number(attempts, "attempts", 1000) if attempts else None,
        since_s=_since(query, now_s),
        until_s=_number(query, "until"),
    )


def request_list(
    recorder: Recorder,
    query: Mapping[str, str],
    now_s: Epoch,
    *,
    most_bytes: int = MOST_READ_BYTES,
) -> dict[str, Any]:
    """`GET /v1/requests`: `requests`, at most `limit` of them (50; up to 500), and `next` for
    `before`, None at the end of what is kept. `reached`: the time of the oldest call looked at.
    """
    wanted = parse_filter(query, now_s)
    limit = whole_number(query.get("limit", str(USUAL_REQUESTS)), "limit", MOST_REQUESTS)
    before = _place(query.get("before", ""))
    rows: list[dict[str, Any]] = []
    place, reached, looked_at = before, None, 0
    has_more = False
    for position, call in recorder.newest(most_bytes, before):
        if len(rows) == limit:
            has_more = True
            # The rest of the last second's calls is not in the journal yet.
            place = place or recorder.written_to()
            break
        place = position or place
        reached = call.at_s
        if wanted.since_s is not None and call.at_s + call.total_s < wanted.since_s - 1:
            # Lines stand in the order in which calls ended: all that follow ended earlier.
            place = None
            break
        looked_at += 1
        if wanted.lets_pass(call):
            rows.append(request_row(call))
    else:
        has_more = place != before and recorder.bytes_before(before) > most_bytes
    # Lines stand in the order in which calls ended; the time that is shown is when they began.
    rows.sort(key=itemgetter("at"), reverse=True)
    return {
        "requests": rows,
        "next": f"{place.segment}:{place.offset}" if has_more and place is not None else None,
        "reached": reached,
        "looked_at": looked_at,
    }


def request_row(call: CallRecord) -> dict[str, Any]:
    """A call for showing. Seconds, dollars, tokens per second; None: not known."""
    usage = call.usage
    tokens = (
        dict.fromkeys(("input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens"))
        if usage is None
        else {
            "input_tokens": plausible(usage.input_tokens),
            "output_tokens": plausible(usage.output_tokens),
            "cache_read_tokens": plausible(usage.cache_read_tokens),
            "cache_write_tokens": plausible(usage.cache_write_tokens),
        }
    )
    return {
        "request_id": call.request_id,
        "at": call.at_s,
        "key": short_name(call.key_label),
        "model": short_name(call.requested_model),
        "operation": call.operation,
        "endpoint": call.endpoint,
        "stream": call.stream,
        "provider": None if call.provider is None else short_name(call.provider),
        "upstream_model": None if call.upstream_model is None else short_name(call.upstream_model),
        "status": call.status,
        "outcome": call.outcome,
        "kind": kind_of(call),
        "message": call.message,
        "first_token_s": call.first_token_s if call.stream else None,
        "total_s": call.total_s,
        "tokens_per_s": tokens_per_s(call),
        **tokens,
        "cost": None if call.cost_pd is None else dollars(call.cost_pd),
        "attempts": [
            {
                "provider": short_name(attempt.provider),
                "model": short_name(attempt.upstream_model),
                "key": attempt.credential_display,
                "outcome": attempt.outcome,
                "status": attempt.status,
                "seconds": attempt.duration_s,
                "message": attempt.message,
            }
            for attempt in call.attempts
        ],
    }


def tokens_per_s(call: CallRecord) -> float | None:
    """How fast the answer was written: from the first token on where it was streamed."""
    written = plausible(call.usage.output_tokens) if call.usage is not None else None
    begins_s = (call.first_token_s or 0.0) if call.stream else 0.0
    span_s = call.total_s - begins_s
    return round(written / span_s, 1) if written and span_s >= SHORTEST_SPAN_S else None


def newest_rows(calls: Iterable[CallRecord], key_id: str | None) -> list[dict[str, Any]]:
    """Rows of calls, the latest begun first; with a client key, its own only."""
    rows = [request_row(call) for call in reversed(list(calls)) if key_id in (None, call.key_id)]
    return sorted(rows, key=itemgetter("at"), reverse=True)


def _holds(wanted: str, *names: str) -> bool:
    return not wanted or any(wanted.lower() in name.lower() for name in names)


def _is_at_least(value: float | None, bound: float | None) -> bool:
    return bound is None or (value is not None and value >= bound)


def _number(query: Mapping[str, str], name: str) -> float | None:
    text = query.get(name, "").strip()
    if not text:
        return None
    try:
        value = float(text[:30])
    except ValueError:
        value = -1.0
    if not 0 <= value < 1e12:
        raise RequestRefused.bad_request(
            f"`{name}` must be a number of 0 or more, not {text[:40]!r}.", param=name
        )
    return value


def _since(query: Mapping[str, str], now_s: Epoch) -> float | None:
    text = query.get("since", "").strip()
    units = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": DAY_S}
    if text and text[-1] in units and text[:-1].isdecimal() and len(text) < 8:
        return now_s - int(text[:-1]) * units[text[-1]]
    return _number(query, "since")


def _place(text: str) -> Position | None:
    if not text:
        return None
    if not _PLACE.fullmatch(text):
        raise RequestRefused.bad_request(
            "`before` must be what `next` of an earlier answer said.", param="before"
        )
    segment, _, offset = text.partition(":")
    return Position(int(segment), int(offset))
