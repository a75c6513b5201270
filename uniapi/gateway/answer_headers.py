"""The headers of an answer: what the upstream said that a client of its dialect reads, and what we
add (`x-uniapi-…`); and what a client is sent while it waits for one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Literal

from uniapi.canonical import Call
from uniapi.clock import Epoch
from uniapi.engines import Retirement
from uniapi.operations import SERVICES
from uniapi.stats import AttemptRecord

from .route import client_framing, client_side

STREAM_HEADERS = {
    "content-type": "text/event-stream; charset=utf-8",
    "cache-control": "no-cache",
    "x-accel-buffering": "no",
}
"""On every stream: reverse proxies (nginx on serv00) must not buffer it."""
JSON_HEADERS = {"content-type": "application/json"}
MAX_DROPPED_HEADER = 1024

RETURNED_HEADERS = (
    "x-ratelimit-",
    "anthropic-ratelimit-",
    "ratelimit-",
    "retry-after",
    "openai-",
    "x-codex-",
    "request-id",
    "anthropic-organization-id",
)
"""Prefixes of upstream headers that a client of the same dialect reads."""


_NAME = re.compile(r"[a-z0-9_-]+")
"""A header's name that is passed on."""
_MEDIA_TYPE = re.compile(r"[a-z]+/[a-z0-9.+_-]+")
_DATA = frozenset(
    {
        *("application/json", "application/x-ndjson", "application/x-subrip"),
        *("text/plain", "text/event-stream", "text/vtt", "text/srt"),
    }
)
_PLAIN_TEXT = "text/plain; charset=utf-8"
_BYTES = "application/octet-stream"


def harmless_type(stated: str) -> str:
    """What an answer is called that a provider calls `stated`: JSON, events, plain text, sound or
    a picture. A page or an SVG image would run scripts in our origin, where the owner's browser
    has an admin key: they are text and bytes, as is whatever a browser shows as XML (any type that
    ends with `+xml`), and whatever names several types, of which a browser takes the last
    (https://fetch.spec.whatwg.org/#concept-header-extract-mime-type).
    """
    kind = stated.partition(";")[0].strip().lower()
    is_one = "," not in stated and _MEDIA_TYPE.fullmatch(kind) is not None
    is_media = kind.startswith(("audio/", "image/", "video/")) and not (
        "svg" in kind or "xml" in kind
    )
    is_data = kind in _DATA or (kind.startswith("application/") and kind.endswith("+json"))
    if is_one and (is_media or is_data):
        return header_text(stated)
    return _PLAIN_TEXT if kind.startswith("text/") else _BYTES


def stream_headers(framing: Literal["sse", "json_array"]) -> dict[str, str]:
    """The head of a streamed answer."""
    return {**STREAM_HEADERS, **(JSON_HEADERS if framing == "json_array" else {})}


def returned_headers(received: Mapping[str, str], secret: str) -> dict[str, str]:
    """Of the upstream's headers those that a client of its own dialect reads, and that do not
    repeat the credential it was asked with.
    """
    returned = {}
    for name, value in received.items():
        if not name.startswith(RETURNED_HEADERS):
            continue
        if _NAME.fullmatch(name) and (not secret or secret not in value):
            returned[name] = header_text(value)
    return returned


def sunset_header(retirement: Retirement, now_s: Epoch) -> dict[str, str]:
    """When the model that answered is shut down, where that is near."""
    ends_at = retirement.sunset(now_s)
    return {} if ends_at is None else {"sunset": ends_at}


def dropped_names(losses: Sequence[str]) -> str:
    """`x-uniapi-dropped`, at most 1 KB, cut between names."""
    text = ""
    for loss in dict.fromkeys(losses):
        longer = f"{text}, {loss}" if text else loss
        if len(longer) > MAX_DROPPED_HEADER:
            break
        text = longer
    return header_text(text)


def header_text(text: str) -> str:
    """Text fit for a header value: printable ASCII."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(character if " " <= character <= "~" else "?" for character in text)


def attempts_header(attempts: Sequence[AttemptRecord]) -> dict[str, str]:
    """`x-uniapi-attempts: a#1=429, b#1=200`: provider, its key's place in the file, and the status
    or the failure's kind. No header where nothing was tried.
    """
    pieces = []
    for attempt in attempts:
        result = "200" if attempt.outcome == "ok" else attempt.outcome
        if result != "200" and attempt.status is not None and attempt.status >= 400:
            result = str(attempt.status)
        pieces.append(f"{attempt.provider}#{attempt.credential_number}={result}")
    if not pieces:
        return {}
    text = ", ".join(pieces)
    is_plain = text.isascii() and text.isprintable()
    return {"x-uniapi-attempts": text if is_plain else header_text(text)}


def heartbeat(call: Call) -> bytes | None:
    """What a waiting client is sent; None where nothing may stand before the answer: what a carried
    operation is answered with is not known before its head.
    """
    service = SERVICES[call.operation]
    if call.stream and not service.is_carried:
        # White space is all that may stand before a JSON array.
        return client_side(call).ping if client_framing(call) == "sse" else b"\n"
    return b"\n" if service.is_generated else None


def kind_headers(call: Call, *, is_streamed: bool) -> dict[str, str]:
    """What the answer is, in the client's dialect."""
    return stream_headers(client_framing(call)) if is_streamed else JSON_HEADERS
