"""What HTTP itself says of an answer that is no success, whatever the dialect: the kind of failure,
and what its body holds (`delays` has when to come back).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import TypeAlias

from uniapi.canonical import FailureKind, Json

MAX_MESSAGE = 2000
"""Characters of an upstream's message that are kept."""

_STATUS_KINDS: Mapping[int, FailureKind] = {
    401: FailureKind.CREDENTIAL_REFUSED,
    402: FailureKind.QUOTA,
    403: FailureKind.CREDENTIAL_REFUSED,
    404: FailureKind.MODEL_MISSING,
    408: FailureKind.TIMEOUT,
    413: FailureKind.TOO_LONG,
    429: FailureKind.RATE_LIMITED,
    503: FailureKind.OVERLOADED,
    504: FailureKind.TIMEOUT,
    529: FailureKind.OVERLOADED,
}
Wordings: TypeAlias = tuple[tuple[FailureKind, FailureKind, tuple[str, ...]], ...]
"""(the kind by status or class, what it is instead, wordings in lower case that say so)."""

_HTML_TITLE = re.compile(r"<title[^>]*>(.*?)</title>", re.IGNORECASE | re.DOTALL)


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


def kind_by_wording(kind: FailureKind, message: str, wordings: Wordings) -> FailureKind:
    """`kind`, or what the first fitting row makes of it."""
    said = message.lower()
    return next(
        (
            instead
            for before, instead, signs in wordings
            if kind is before and any(sign in said for sign in signs)
        ),
        kind,
    )


def error_object(body: bytes) -> dict[str, Json] | str:
    """What an error's body holds: its JSON object (the first of a list), or the words to show in
    its stead, the title of a page or the text as it is.
    """
    text = body.decode("utf-8", "replace").strip()
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        title = _HTML_TITLE.search(text[:20000]) if text.startswith("<") else None
        return " ".join(title[1].split()) if title else text[:MAX_MESSAGE]
    if isinstance(value, list):
        value = next((item for item in value if isinstance(item, dict)), {})
    return value if isinstance(value, dict) else str(value)[:MAX_MESSAGE]
