"""HTTP as values: a request to be sent, the head of an answer, and the rules for headers.

No I/O.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from time import gmtime
from typing import Protocol

from uniapi.values import dataclass, field

HOP_BY_HOP = frozenset(
    {
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
"""RFC 9110 §7.6.1 and its usual companions: never forwarded in either direction."""

LENGTH_HEADER = "content-length"

CREDENTIAL_HEADERS = frozenset(
    {"authorization", "x-api-key", "x-goog-api-key", "api-key", "cookie"}
)
"""Where clients carry keys: taken out before anything is forwarded or logged."""


class BodySource(Protocol):
    """A request body that is too large to be held: `length` in bytes; `pieces` gives the whole of
    it, from its start each time it is called, in small pieces.
    """

    @property
    def length(self) -> int: ...

    def pieces(self) -> Iterator[bytes]: ...


@dataclass(slots=True)  # a value; freezing it would triple what it costs each call
class HttpRequest:
    """One request to an upstream.

    `url` is complete and already percent-encoded; header names are lower-case. `source` is the body
    where it is not held as `body`.
    """

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    source: BodySource | None = None
    head: bytes | None = None
    """Its head (see `head_of_request`), where many have the same."""


@dataclass(slots=True)  # a value; freezing it would triple what it costs each call
class ResponseHead:
    """Status and headers (lower-case names; of repeated ones the last)."""

    status: int
    headers: Mapping[str, str]

    @property
    def content_type(self) -> str:
        """The media type alone, lower-case: `text/event-stream`."""
        return media_type(self.headers.get("content-type", ""))


def media_type(stated: str) -> str:
    """That of a `content-type` header, without its parameters, lower-case."""
    return (_media_type if len(stated) <= _LONGEST_KEPT else _read_media_type)(stated)


_LONGEST_KEPT = 256
"""Characters: what a stranger sends is not kept, however long."""


def _read_media_type(stated: str) -> str:
    return stated.partition(";")[0].strip().lower()


_media_type = lru_cache(maxsize=256)(_read_media_type)


_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = (
    *("Jan", "Feb", "Mar", "Apr", "May", "Jun"),
    *("Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
)


def http_date(epoch_s: float) -> str:
    """As a `date` header has it (RFC 9110 §5.6.7): `Sun, 06 Nov 1994 08:49:37 GMT`, whatever the
    language of this host is.
    """
    year, month, day, hour, minute, second, weekday, *_ = gmtime(epoch_s)
    return (
        f"{_DAYS[weekday]}, {day:02} {_MONTHS[month - 1]} {year:04}"
        f" {hour:02}:{minute:02}:{second:02} GMT"
    )


Answers = list[tuple[ResponseHead, bytes]]
"""Whole answers, kept where one request became several."""
