"""What HTTP itself says of an answer that is no success, whatever the dialect: the kind of failure,
what its body holds, and whether it came from the provider at all (`delays` has when to come back).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import MappingProxyType

from uniapi.canonical import FailureKind, Json

from .error_words import MAX_MESSAGE, words_of_page

_STATUS_KINDS: Mapping[int, FailureKind] = {
    401: FailureKind.CREDENTIAL_REFUSED,
    402: FailureKind.QUOTA,
    403: FailureKind.CREDENTIAL_REFUSED,
    404: FailureKind.MODEL_MISSING,
    405: FailureKind.NOT_SERVED,
    408: FailureKind.TIMEOUT,
    410: FailureKind.MODEL_MISSING,
    413: FailureKind.TOO_LONG,
    425: FailureKind.OVERLOADED,
    429: FailureKind.RATE_LIMITED,
    499: FailureKind.SERVER_ERROR,
    501: FailureKind.NOT_SERVED,
    503: FailureKind.OVERLOADED,
    504: FailureKind.TIMEOUT,
    529: FailureKind.OVERLOADED,
}

"""499: Google's CANCELLED and a proxy's «client closed request», which our client did not."""

_SAME_FROM_ANYBODY = frozenset({408, 413})
"""Statuses below 500 that mean the same when a web server in front says them."""
_SILENT_WALLS = frozenset({401, 403, 410})
"""Without any body these are no vendor's: each says why it refuses a key."""
_PAGE_STARTS = ("<!doctype", "<html", "<head", "<body", "<center", "<!--", "<?xml", "<h1")
_LINES = ("error code: 1", "request blocked", "access denied", "forbidden by")
"""How the one line of a wall begins that sends no page: Cloudflare's `error code: 1010`
(https://developers.cloudflare.com/support/troubleshooting/http-status-codes, 2026-11-30).
"""
_MITIGATIONS = ("cf-mitigated", "x-vercel-mitigated", "x-amzn-waf-action")
"""Headers by which Cloudflare, Vercel and AWS say that they answered themselves."""
_HEAD = 512


def kind_of_status(
    status: int | None, own: Mapping[int, FailureKind] = MappingProxyType({})
) -> FailureKind:
    """The kind of failure where nothing but the status tells; `own` are the statuses that this
    vendor uses in its own way.
    """
    if status is None:
        return FailureKind.SERVER_ERROR
    kind = own.get(status) or _STATUS_KINDS.get(status)
    return kind or (FailureKind.BAD_REQUEST if 400 <= status < 500 else FailureKind.SERVER_ERROR)


def is_wall(status: int, headers: Mapping[str, str], body: bytes) -> bool:
    """Whether a refusal came from something in front of the provider, which looked at no key and no
    request: a page, a line or a header that only a web server or a firewall sends. Failures of a
    server are the channel's, whoever says them, and need no such distinction.
    """
    if not 400 <= status < 500 or status in _SAME_FROM_ANYBODY:
        return False
    if any(name in headers for name in _MITIGATIONS):
        return True
    start = body[:_HEAD].decode("utf-8", "replace").lstrip("\ufeff \r\n\t").lower()
    if not start:
        return status in _SILENT_WALLS
    return start.startswith(_PAGE_STARTS) or start.startswith(_LINES)


def error_object(body: bytes) -> dict[str, Json] | str:
    """What an error's body holds: its JSON object (the first of a list), or the words to show in
    its stead.
    """
    text = body.decode("utf-8", "replace")
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return words_of_page(text)
    if isinstance(value, list):
        value = next((item for item in value if isinstance(item, dict)), {})
    return value if isinstance(value, dict) else str(value)[:MAX_MESSAGE]


def is_object(value: Json) -> bool:
    """Whether a body is an error object of some dialect, alone or in a list."""
    first = value[0] if isinstance(value, list) and value else value
    return isinstance(first, dict)
