"""When an upstream says to come back: in a header, or in words. The one reading of it that every
dialect's errors use.

Headers: https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3, and OpenAI's `retry-after-ms`. A
date is measured against the answer's own `date`, so a clock that is wrong here does no harm;
whoever hands the headers in adds `date` where the upstream gave none. Nonsense (no number,
infinity) is no delay; nobody is believed for more than a year.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import timezone
from email.utils import parsedate_to_datetime

LONGEST_S = 366 * 86400.0

_TEXT = re.compile(
    r"(?:(?:try again|retry|retry[ -]after|reset(?:s)?|available|wait)(?: in| after| for)?:?"
    r" *(?:about |approximately )?)"
    r"((?:\d+(?:\.\d+)?"
    r" *(?:days?|hours?|hrs?|minutes?|mins?|milliseconds?|ms|seconds?|secs?|[dhms])(?![a-z])"
    r" *(?:and )?)+)",
    re.IGNORECASE,
)
_PIECE = re.compile(
    r"(\d+(?:\.\d+)?)"
    r" *(days?|hours?|hrs?|minutes?|mins?|milliseconds?|ms|seconds?|secs?|[dhms])(?![a-z])",
    re.IGNORECASE,
)
_UNIT_SECONDS = {"d": 86400.0, "h": 3600.0, "m": 60.0, "ms": 0.001, "s": 1.0}


def retry_after_seconds(headers: Mapping[str, str]) -> float | None:
    """The delay in `retry-after-ms` or `retry-after` (seconds or a date), from 0 on; None when
    absent or unreadable. Names are lower case.
    """
    milliseconds = _number(headers.get("retry-after-ms"))
    if milliseconds is not None:
        return _bounded(milliseconds / 1000)
    text = headers.get("retry-after")
    seconds = _number(text)
    if seconds is not None:
        return _bounded(seconds)
    until, now = _epoch_s(text), _epoch_s(headers.get("date"))
    return None if until is None or now is None else _bounded(until - now)


def delay_in_text(message: str) -> float | None:
    """Seconds in wording such as `try again in 1m2.5s`, `Please retry after 20 seconds`, `in
    350ms`; None when there is none.
    """
    match = _TEXT.search(message)
    if match is None:
        return None
    total = 0.0
    for amount, unit in _PIECE.findall(match[1]):
        unit = unit.lower()
        total += (
            float(amount)
            * _UNIT_SECONDS["ms" if unit == "ms" or unit.startswith("milli") else unit[0]]
        )
    return _bounded(round(total, 3)) if math.isfinite(total) else None


def explicit_delay(headers: Mapping[str, str], message: str) -> float | None:
    """What the headers say, else what the words say."""
    delay = retry_after_seconds(headers)
    return delay if delay is not None else delay_in_text(message)


def _number(text: str | None) -> float | None:
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _epoch_s(text: str | None) -> float | None:
    try:
        moment = parsedate_to_datetime(text or "")
        # Written without a zone it is UTC, not this host's time.
        return (moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)).timestamp()
    except (ValueError, TypeError, OverflowError, IndexError):
        return None


def _bounded(seconds: float) -> float:
    return min(max(0.0, seconds), LONGEST_S)
