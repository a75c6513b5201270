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
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import quote, unquote_to_bytes, urljoin, urlsplit, urlunsplit

from uniapi.canonical import (
    Media,
    Message,
    Request,
    RequestRefused,
    ToolResult,
    holds_nothing,
    iter_media,
)
from uniapi.values import replace
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
MAX_URL = 8192
"""Characters of an address that is fetched; `data:` URLs are bounded by their bytes."""
AT_ONCE = 8
"""Of one client key, however many requests it has running: slow ones hold up nobody else."""

_KEPT = "%/:?@!$&'()*+,;=-._~"
"""What stays as it is in a path or query that a client wrote."""
_HEADERS = {"user-agent": "uni-api", "accept": "*/*", "accept-encoding": "identity"}


class MediaFetcher:
    """Gets the bytes behind media URLs."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._at_once = Shares(AT_ONCE)

    async def inline(
        self,
        request: Request,
        needs_inline: Any,
        passage: Passage,
        *,
        allow_private: bool,
        client: str = "",
        hold: Callable[[int], None] = holds_nothing,
    ) -> Request:
        """`request` with every media by URL for which `needs_inline(media)` holds turned into one
        by value, fetched as the call itself leaves. `client` has a share of its own of what is
        fetched at the same time; `hold` is told of every byte. Raises RequestRefused: 400 naming
        the URL, and what `hold` raises.
        """
        # A conversation may be long, and pictures take a while in base64.
        loop = asyncio.get_running_loop()
        wanted = await loop.run_in_executor(None, _wanted, request, needs_inline)
        if not wanted:
            return request
        if len(wanted) > MAX_MEDIA:
            raise RequestRefused.bad_request(
                f"This request names {len(wanted)} media by URL; at most {MAX_MEDIA} are fetched.",
                param="messages",
                code="invalid_media_url",
            )
        passage = replace(passage, only_public=not allow_private)
        async with self._at_once.share(client) as at_once:
            fetching = _Fetching(self._transport, passage, Budget(MAX_TOTAL_BYTES, hold), at_once)
            fetched = await fetching.all(wanted)
        return await loop.run_in_executor(None, _with_media, request, fetched, needs_inline)


def _wanted(request: Request, needs_inline: Callable[[Media], bool]) -> tuple[str, ...]:
    """The addresses of the media that are needed by value, each once."""
    found = {
        media.url: None
        for media in iter_media(request.messages)
        if media.url is not None and needs_inline(media)
    }
    return tuple(found)


def _with_media(request: Request, fetched: Fetched, needs_inline: Any) -> Request:
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


class Shares:
    """For each client at most so many things at the same time; who has none is not remembered."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._used: dict[str, tuple[asyncio.Semaphore, int]] = {}

    def __len__(self) -> int:
        return len(self._used)

    @asynccontextmanager
    async def share(self, client: str) -> AsyncIterator[asyncio.Semaphore]:
        semaphore, users = self._used.get(client) or (asyncio.Semaphore(self._most), 0)
        self._used[client] = (semaphore, users + 1)
        try:
            yield semaphore
        finally:
            _, users = self._used.pop(client)
            if users > 1:
                self._used[client] = (semaphore, users - 1)


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
    """The media of one request: a few at a time, one budget of bytes; where one cannot be had, the
    others are let go.
    """

    def __init__(
        self, transport: Transport, passage: Passage, budget: Budget, at_once: asyncio.Semaphore
    ) -> None:
        self._transport = transport
        self._passage = passage
        self._budget = budget
        self._at_once = at_once
        self._refused: RequestRefused | None = None
        self._let_go: Callable[[], object] = bool

    async def all(self, urls: tuple[str, ...]) -> Fetched:
        """Raises RequestRefused for the first that cannot be had."""
        together = asyncio.gather(*(self._watched(url) for url in urls))
        self._let_go = together.cancel
        try:
            return dict(zip(urls, await together, strict=True))
        except (asyncio.CancelledError, RequestRefused):
            if self._refused is None:
                raise
            raise self._refused from None

    async def _watched(self, url: str) -> tuple[str | None, bytes]:
        try:
            return await self._one(url)
        except RequestRefused as refused:
            if self._refused is None:
                self._refused = self._budget.refused or refused
                self._let_go()
            raise

    async def _one(self, url: str) -> tuple[str | None, bytes]:
        if url.startswith("data:"):
            return await asyncio.get_running_loop().run_in_executor(None, _data_url, url)
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
            if len(target) > MAX_URL:
                raise _refused(url, f"an address has at most {MAX_URL} characters")
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
