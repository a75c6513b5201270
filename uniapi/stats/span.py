"""Which stretch of time a report is asked for: the query forms of `/v1/token_usage` and its
relatives, in the words of the predecessor.
"""

from __future__ import annotations

import datetime
import math
from collections.abc import Mapping

from uniapi.canonical import ClientError, RequestRefused
from uniapi.clock import Epoch
from uniapi.config import fingerprint
from uniapi.values import dataclass

from .calendar import DAY_S

MOST_DAYS = 3650
MOST_DIGITS = 6
MOST_LETTERS = 64
"""Of a moment: to read a number of a million digits takes the square of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """From when to when, in epoch seconds."""

    start_s: float
    end_s: float

    def shown(self) -> dict[str, str]:
        """`start_datetime` and `end_datetime` as ISO 8601, for `query_details`."""
        return {"start_datetime": iso(self.start_s), "end_datetime": iso(self.end_s)}


def parse_span(query: Mapping[str, str], now_s: Epoch, *, default_days: int) -> Span:
    """`last_n_days`, or `start_datetime` and `end_datetime` (ISO 8601, UTC when no zone is given,
    or Unix seconds; either may be left out). Raises RequestRefused (400).
    """
    days, start, end = (
        query.get(name) or None for name in ("last_n_days", "start_datetime", "end_datetime")
    )
    if days is not None and (start is not None or end is not None):
        raise RequestRefused.bad_request(
            "Give either `last_n_days` or `start_datetime` and `end_datetime`, not both.",
            param="last_n_days",
        )
    if days is not None:
        return Span(
            start_s=now_s - whole_number(days, "last_n_days", MOST_DAYS) * DAY_S, end_s=now_s
        )
    end_s = now_s if end is None else _moment(end, "end_datetime")
    start_s = end_s - default_days * DAY_S if start is None else _moment(start, "start_datetime")
    if start_s > end_s:
        raise RequestRefused.bad_request(
            "`start_datetime` must not be after `end_datetime`.", param="start_datetime"
        )
    return Span(start_s=start_s, end_s=end_s)


def whole_number(text: str, name: str, most: int) -> int:
    """A number from 1 to `most` in a query. Raises RequestRefused (400) for anything else, and for
    more digits than any such number has: zeros in front are counted too.
    """
    is_number = text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS
    if not (is_number and 1 <= int(text) <= most):
        raise RequestRefused.bad_request(
            f"`{name}` must be a whole number from 1 to {most}, not {text[:40]!r}.", param=name
        )
    return int(text)


def key_asked_for(query: Mapping[str, str], own_key_id: str, *, is_admin: bool) -> str | None:
    """The client key whose usage is asked for; None: all of them, which only an admin may. Raises
    RequestRefused (403) when another's is asked for.
    """
    given = query.get("api_key_param") or None
    if is_admin:
        return None if given is None or given == "all" else fingerprint(given)
    if given is not None and fingerprint(given) != own_key_id:
        raise RequestRefused(
            ClientError(
                status=403,
                message="Only an admin key may see the usage of another key.",
                code="forbidden",
                param="api_key_param",
            )
        )
    return own_key_id


def iso(at_s: float) -> str:
    """A moment in UTC, to the second; what no calendar holds is shown as a number."""
    try:
        return datetime.datetime.fromtimestamp(at_s, datetime.timezone.utc).isoformat(
            timespec="seconds"
        )
    except (ValueError, OverflowError, OSError):
        return str(at_s)


def _moment(text: str, name: str) -> float:
    if len(text) > MOST_LETTERS:
        raise _no_moment(text, name)
    try:
        seconds = float(text)
    except ValueError:
        seconds = _from_iso(text, name)
    if not math.isfinite(seconds) or not 0 <= seconds < 253402300800:
        raise _no_moment(text, name)
    return seconds


def _from_iso(text: str, name: str) -> float:
    """Python 3.10 reads neither `Z` nor a plus sign that arrived as a blank."""
    text = text.strip()
    plain = text[:-1] + "+00:00" if text.endswith(("Z", "z")) else text
    if len(plain) > 6 and plain[-6] == " " and plain[-3] == ":" and ":" in plain[:-6]:
        plain = f"{plain[:-6]}+{plain[-5:]}"
    try:
        moment = datetime.datetime.fromisoformat(plain)
        return (
            moment if moment.tzinfo else moment.replace(tzinfo=datetime.timezone.utc)
        ).timestamp()
    except (ValueError, OverflowError):
        raise _no_moment(text, name) from None


def _no_moment(text: str, name: str) -> RequestRefused:
    return RequestRefused.bad_request(
        f"`{name}` must be ISO 8601 or Unix seconds, not {text[:40]!r}.", param=name
    )
