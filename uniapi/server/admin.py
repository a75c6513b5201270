"""The admin surface: reports and small services. Each function gives the JSON value; the front has already checked the key."""

from __future__ import annotations

import secrets
import string
from collections.abc import Mapping
from typing import Any

from uniapi.canonical import RequestRefused
from uniapi.stats import Recorder, stats_report

MAX_HOURS = 720
KEY_LENGTH = 48
_ALPHABET = string.ascii_letters + string.digits


def generate_key() -> str:
    """A new client key: `sk-` and 48 random letters and digits. Nothing is stored."""
    return "sk-" + "".join(secrets.choice(_ALPHABET) for _ in range(KEY_LENGTH))


def stats(recorder: Recorder, query: Mapping[str, str], now_s: float) -> dict[str, Any]:
    """`GET /v1/stats?hours=N`, N from 1 to 720, default 24."""
    text = query.get("hours", "24")
    if not text.isdigit() or not 1 <= int(text) <= MAX_HOURS:
        raise RequestRefused.bad_request(f"`hours` must be a whole number from 1 to {MAX_HOURS}, not {text!r}.", param="hours")
    return stats_report(recorder, int(text), now_s)
