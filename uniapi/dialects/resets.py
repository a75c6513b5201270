"""When a limit that was hit is over, where neither `retry-after` nor the words say it: vendors tell
it in headers about their limits, or as members of the error.

- `x-ratelimit-reset-requests`, `…-tokens` (OpenAI, Groq, Cerebras): `6m0s`, `20ms`, or seconds;
  `x-ratelimit-reset` (GitHub, OpenRouter): epoch seconds or milliseconds;
  `anthropic-ratelimit-requests-reset` and its kin: RFC 3339. Where `…-remaining…` stands beside,
  only what is used up counts.
- `resets_in_seconds`, `resets_at` (Codex's backend: github.com/router-for-me/CLIProxyAPI
  /issues/1666), `retry_after`, `retry_after_ms`, and OpenRouter's `metadata.headers`, which holds
  the headers of the vendor behind it (openrouter.ai/docs/api-reference/limits, 2026-11-30).
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timezone

from uniapi.canonical import Json

from .delays import LONGEST_S, retry_after_seconds

MAX_READ = 65_536
"""Bytes of an error that are looked at."""
_EPOCH_FROM = 1e9
_MILLISECONDS_FROM = 1e11
"""A number this large is a moment, and this large one in milliseconds."""
_DURATION = re.compile(
    r"(?:(\d{1,9})d)?(?:(\d{1,9})h)?(?:(\d{1,9})m)?(?:(\d{1,9}(?:\.\d{1,9})?)s)?"
)
_MILLISECONDS = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)ms")
_DELAYS = ("resets_in_seconds", "retry_after_seconds", "retry_after", "retryAfter")
_MOMENTS = ("resets_at", "reset_at", "resetsAt", "resetAt")


def reset_seconds(headers: Mapping[str, str], body: bytes, *, is_rate: bool = True) -> float | None:
    """Seconds until the limit is over; None when nothing says it. `headers` have lower-case names
    and a `date`; they tell of rates alone (`is_rate`), not of money.
    """
    now = _moment(headers.get("date"))
    in_body = _in_error(_error_of(body), now)
    return _in_headers(headers, now) if in_body is None and is_rate else in_body


def _error_of(body: bytes) -> Mapping[str, Json]:
    try:
        value = json.loads(body[:MAX_READ])
    except (ValueError, RecursionError):
        return {}
    value = value[0] if isinstance(value, list) and value else value
    if not isinstance(value, dict):
        return {}
    error = value.get("error")
    return error if isinstance(error, dict) else value


def _in_error(error: Mapping[str, Json], now: float | None) -> float | None:
    metadata = error.get("metadata")
    inner = metadata.get("headers") if isinstance(metadata, dict) else None
    for holder in (error, metadata if isinstance(metadata, dict) else {}):
        if (milliseconds := _number(holder.get("retry_after_ms"))) is not None:
            return _bounded(milliseconds / 1000)
        told = (_number(holder.get(name)) for name in _DELAYS)
        seconds = next((one for one in told if one is not None), None)
        if seconds is not None:
            return _bounded(seconds)
        moments = (_until(holder.get(name), now) for name in _MOMENTS)
        until = next((one for one in moments if one is not None), None)
        if until is not None:
            return until
    if not isinstance(inner, dict):
        return None
    named = {str(name).lower(): str(value) for name, value in list(inner.items())[:64]}
    delay = retry_after_seconds(named)
    return delay if delay is not None else _in_headers(named, now)


def _in_headers(headers: Mapping[str, str], now: float | None) -> float | None:
    """The longest of those that are used up, or of all where none says how much is left."""
    found = list(_resets(headers, now))
    spent = [seconds for seconds, left in found if left is not None and left <= 0]
    unknown = [seconds for seconds, left in found if left is None]
    return max(spent or unknown, default=None)


def _resets(headers: Mapping[str, str], now: float | None) -> Iterator[tuple[float, float | None]]:
    """(seconds, what is left) of every limit that the headers tell of."""
    for name, text in headers.items():
        if "ratelimit" not in name or "reset" not in name:
            continue
        seconds = _duration(text)
        if seconds is None:
            seconds = _until(text, now)
        if seconds is not None:
            yield seconds, _number(headers.get(name.replace("reset", "remaining")))


def _duration(text: str) -> float | None:
    """`1m30.5s`, `20ms`; None for anything else."""
    text = text.strip()
    if match := _MILLISECONDS.fullmatch(text):
        return float(match[1]) / 1000
    match = _DURATION.fullmatch(text)
    if match is None or not text:
        return None
    days, hours, minutes, seconds = (float(piece or 0) for piece in match.groups())
    return _bounded(days * 86400 + hours * 3600 + minutes * 60 + seconds)


def _until(value: Json, now: float | None) -> float | None:
    """Seconds to a moment: epoch seconds or milliseconds, RFC 3339, HTTP's form; a small number is
    seconds itself.
    """
    number = _number(value)
    if number is not None and number < _EPOCH_FROM:
        return _bounded(number)
    at = number / 1000 if number is not None and number > _MILLISECONDS_FROM else number
    if at is None:
        at = _moment(value)
    return None if at is None or now is None else _bounded(at - now)


def _moment(value: Json) -> float | None:
    """Epoch seconds."""
    if not isinstance(value, str) or len(value) > 64:
        return None
    from email.utils import parsedate_to_datetime  # ten modules, which only a failure needs

    for read in (parsedate_to_datetime, _read_iso):
        try:
            moment = read(value)
        except (ValueError, TypeError, IndexError, OverflowError):
            continue
        return (moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)).timestamp()
    return None


def _read_iso(text: str) -> datetime:
    return datetime.fromisoformat(text.strip().replace("Z", "+00:00"))


def _number(value: Json) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) and number >= 0 else None


def _bounded(seconds: float) -> float:
    return min(max(0.0, seconds), LONGEST_S)
