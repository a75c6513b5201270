"""Fetches the media an upstream needs by value: an encoder says which URLs (it stays pure), this
room gets the bytes. Guarded, because the URLs are a stranger's.

They come through the same transport and proxy as the call they are for. TLS is verified; number,
size and time are bounded; private, loopback and link-local addresses are refused, after name
resolution and again after each redirect, unless `allow_private_urls`. Whatever goes wrong is the
client's 400 naming the URL's place, never ours.
"""

from __future__ import annotations

import asyncio
import base64
from dataclasses import replace
from typing import Any
from urllib.parse import quote, unquote_to_bytes, urljoin, urlsplit, urlunsplit

from uniapi.canonical import Media, Message, Request, RequestRefused, ToolResult, iter_media
from uniapi.wire import HttpRequest

from .fetch import Budget, FetchFailed, fetch
from .passage import Passage
from .transport import Transport

MAX_MEDIA = 32
"""URLs of one request."""
MAX_MEDIA_BYTES = 20 * 1024 * 1024
MAX_TOTAL_BYTES = 50 * 1024 * 1024
TIMEOUT_S = 30.0
MAX_REDIRECTS = 3
AT_ONCE = 8

_KEPT = "%/:?@!$&'()*+,;=-._~"
"""What stays as it is in a path or query that a client wrote."""
_HEADERS = {"user-agent": "uni-api", "accept": "*/*", "accept-encoding": "identity"}


class MediaFetcher:
    """Gets the bytes behind media URLs."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def inline(
        self, request: Request, needs_inline: Any, passage: Passage, *, allow_private: bool
    ) -> Request:
        """`request` with every media by URL for which `needs_inline(media)` holds turned into one
        by value, fetched as the call itself leaves. Raises RequestRefused (400) naming the URL.
        """
        wanted = {
            media.url: media
            for media in iter_media(request.messages)
            if media.url is not None and needs_inline(media)
        }
        if not wanted:
            return request
        if len(wanted) > MAX_MEDIA:
            raise RequestRefused.bad_request(
                f"This request names {len(wanted)} media by URL; at most {MAX_MEDIA} are fetched.",
                param="messages",
                code="invalid_media_url",
            )
        passage = replace(passage, only_public=not allow_private)
        fetched = await _Fetching(self._transport, passage).all(tuple(wanted))
        messages = tuple(
            Message(
                role=m.role,
                name=m.name,
                phase=m.phase,
                parts=tuple(_inlined(part, fetched, needs_inline) for part in m.parts),
            )
            for m in request.messages
        )
        return replace(request, messages=messages)


Fetched = dict[str, "tuple[str | None, bytes]"]
"""URL → (media type, bytes)."""


def _inlined(part: Any, fetched: Fetched, needs_inline: Any) -> Any:
    if isinstance(part, ToolResult):
        inner = tuple(_inlined(one, fetched, needs_inline) for one in part.content)
        return replace(part, content=inner)
    if not isinstance(part, Media) or part.url not in fetched or not needs_inline(part):
        return part
    mime, data = fetched[part.url]
    return replace(part, url=None, data=base64.b64encode(data).decode(), mime=part.mime or mime)


class _Fetching:
    """The media of one request: a few at a time, one budget of bytes."""

    def __init__(self, transport: Transport, passage: Passage) -> None:
        self._transport = transport
        self._passage = passage
        self._budget = Budget(MAX_TOTAL_BYTES)
        self._at_once = asyncio.Semaphore(AT_ONCE)

    async def all(self, urls: tuple[str, ...]) -> Fetched:
        return dict(zip(urls, await asyncio.gather(*map(self._one, urls)), strict=True))

    async def _one(self, url: str) -> tuple[str | None, bytes]:
        if url.startswith("data:"):
            return _data_url(url)
        try:
            async with self._at_once:
                return await asyncio.wait_for(self._followed(url), TIMEOUT_S)
        except asyncio.TimeoutError:
            raise _refused(url, f"it took longer than {TIMEOUT_S:g} s") from None
        except FetchFailed as error:
            raise _refused(url, error.failure.message) from None

    async def _followed(self, url: str) -> tuple[str | None, bytes]:
        target = url
        for _ in range(MAX_REDIRECTS + 1):
            if not target.lower().startswith(("http://", "https://")):
                raise _refused(url, "only http and https URLs are fetched")
            head, body = await fetch(
                self._transport,
                HttpRequest(method="GET", url=_plain(target), headers=_HEADERS),
                passage=self._passage,
                timeout_s=TIMEOUT_S,
                max_bytes=MAX_MEDIA_BYTES,
                budget=self._budget,
            )
            location = head.headers.get("location")
            if head.status in (301, 302, 303, 307, 308) and location:
                target = urljoin(target, location)
                continue
            if head.status != 200:
                raise _refused(url, f"it answered {head.status}")
            return _media(url, head.headers.get("content-type", ""), body)
        raise _refused(url, "it redirects too often")


def _plain(url: str) -> str:
    """The URL as it is asked for: without a fragment, what a request line cannot hold encoded, a
    name beyond ASCII in the form that look-ups know. Raises RequestRefused.
    """
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").encode("idna").decode()
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        raise _refused(url, "it is no address") from None
    host = f"[{host}]" if ":" in host else host
    path, query = (quote(part, safe=_KEPT) for part in (parts.path, parts.query))
    return urlunsplit((parts.scheme.lower(), host + port, path, query, ""))


def _media(url: str, content_type: str, body: bytes) -> tuple[str | None, bytes]:
    mime = sniff(body) or content_type.partition(";")[0].strip().lower() or None
    if mime is None or mime.startswith("text/html"):
        what = mime or "of unknown type"
        raise _refused(url, f"it is no picture or document but {what}")
    return mime, body


_MAGIC = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF8", "image/gif"),
    (b"%PDF-", "application/pdf"),
)


def sniff(body: bytes) -> str | None:
    """The media type that the first bytes show, for servers that say none or a wrong one."""
    if body[:4] == b"RIFF" and body[8:12] == b"WEBP":
        return "image/webp"
    return next((mime for magic, mime in _MAGIC if body.startswith(magic)), None)


def _data_url(url: str) -> tuple[str | None, bytes]:
    head, comma, payload = url.partition(",")
    if not comma:
        raise _refused(url, "it is a data URL without data")
    mime = head.removeprefix("data:").partition(";")[0] or None
    if not head.endswith(";base64"):
        return mime, unquote_to_bytes(payload)
    try:
        return mime, base64.b64decode(payload, validate=True)
    except ValueError:
        raise _refused(url, "its base64 data is broken") from None


def _refused(url: str, why: str) -> RequestRefused:
    return RequestRefused.bad_request(
        f"The media at {url[:120]!r} cannot be used: {why}.",
        param="messages",
        code="invalid_media_url",
    )
