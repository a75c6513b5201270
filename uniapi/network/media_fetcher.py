"""Fetches the media an upstream needs by value: an encoder says which URLs (it stays pure), this
room gets the bytes. Guarded, because the URLs are a stranger's.

TLS is verified; size and time are bounded; private, loopback and link-local addresses are refused,
after name resolution and again after each redirect, unless `allow_private_urls`. Whatever goes
wrong is the client's 400 naming the URL's place, never ours.
"""

from __future__ import annotations

import asyncio
import base64
import ipaddress
import socket
from dataclasses import replace
from typing import Any
from urllib.parse import unquote_to_bytes

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver
from yarl import URL

from uniapi.canonical import Media, Message, Request, RequestRefused, ToolResult, iter_media

MAX_MEDIA_BYTES = 20 * 1024 * 1024
MAX_TOTAL_BYTES = 50 * 1024 * 1024
TIMEOUT_S = 30.0
MAX_REDIRECTS = 3


class _GuardedResolver(AbstractResolver):
    """Resolves names and refuses addresses that are not public."""

    def __init__(self) -> None:
        self._inner = ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        found = await self._inner.resolve(host, port, family)
        for entry in found:
            if not is_public(entry["host"]):
                raise OSError(f"{host} is at a private address")
        return found

    async def close(self) -> None:
        await self._inner.close()


def is_public(address: str) -> bool:
    """Whether an IP address is one of the public Internet."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(parsed, "ipv4_mapped", None)
    return (mapped or parsed).is_global and not (mapped or parsed).is_multicast


class MediaFetcher:
    """Gets the bytes behind media URLs. One session, opened on first use."""

    def __init__(self) -> None:
        self._sessions: dict[bool, aiohttp.ClientSession] = {}

    async def close(self) -> None:
        for session in self._sessions.values():
            await session.close()
        self._sessions.clear()

    async def inline(self, request: Request, needs_inline: Any, *, allow_private: bool) -> Request:
        """`request` with every media by URL for which `needs_inline(media)` holds turned into one
        by value. Raises RequestRefused (400) naming the URL.
        """
        wanted = {
            media.url: media
            for media in iter_media(request.messages)
            if media.url is not None and needs_inline(media)
        }
        if not wanted:
            return request
        fetched = dict(
            zip(
                wanted,
                await asyncio.gather(
                    *(self._fetch(url, allow_private) for url in wanted if url is not None)
                ),
                strict=True,
            )
        )
        if sum(len(data) for _, data in fetched.values()) > MAX_TOTAL_BYTES:
            raise RequestRefused.bad_request(
                f"The media behind the URLs of this request are larger than {MAX_TOTAL_BYTES} bytes"
                " together."
            )

        def inlined(part: Any) -> Any:
            if isinstance(part, ToolResult):
                return replace(part, content=tuple(inlined(inner) for inner in part.content))
            if not isinstance(part, Media) or part.url not in fetched or not needs_inline(part):
                return part
            mime, data = fetched[part.url]
            return replace(
                part, url=None, data=base64.b64encode(data).decode(), mime=part.mime or mime
            )

        messages = tuple(
            Message(
                role=m.role,
                name=m.name,
                phase=m.phase,
                parts=tuple(inlined(part) for part in m.parts),
            )
            for m in request.messages
        )
        return replace(request, messages=messages)

    async def _fetch(self, url: str, allow_private: bool) -> tuple[str | None, bytes]:
        """(media type, bytes) behind a URL."""
        if url.startswith("data:"):
            return _data_url(url)
        try:
            return await asyncio.wait_for(self._get(url, allow_private), TIMEOUT_S)
        except asyncio.TimeoutError:
            raise _refused(url, f"it took longer than {TIMEOUT_S:g} s") from None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise _refused(url, str(error) or type(error).__name__) from None

    async def _get(self, url: str, allow_private: bool) -> tuple[str | None, bytes]:
        target = URL(url)
        for _ in range(MAX_REDIRECTS + 1):
            if target.scheme not in ("http", "https") or not target.host:
                raise _refused(url, "only http and https URLs are fetched")
            if not allow_private and _is_literal(target.host) and not is_public(target.host):
                raise _refused(url, "it leads to a private address")
            async with self._session(allow_private).get(target, allow_redirects=False) as response:
                if response.status in (301, 302, 303, 307, 308) and "Location" in response.headers:
                    target = target.join(URL(response.headers["Location"]))
                    continue
                if response.status != 200:
                    raise _refused(url, f"it answered {response.status}")
                pieces, size = [], 0
                async for data in response.content.iter_any():
                    size += len(data)
                    if size > MAX_MEDIA_BYTES:
                        raise _refused(url, f"it is larger than {MAX_MEDIA_BYTES} bytes")
                    pieces.append(data)
                body = b"".join(pieces)
                mime = (
                    sniff(body)
                    or response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
                    or None
                )
                if mime is None or mime.startswith("text/html"):
                    raise _refused(
                        url, f"it is no picture or document but {mime or 'of unknown type'}"
                    )
                return mime, body
        raise _refused(url, "it redirects too often")

    def _session(self, allow_private: bool) -> aiohttp.ClientSession:
        session = self._sessions.get(allow_private)
        if session is None:
            resolver = None if allow_private else _GuardedResolver()
            session = self._sessions[allow_private] = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=8, resolver=resolver),
                cookie_jar=aiohttp.DummyCookieJar(),
                headers={"User-Agent": "uni-api"},
            )
        return session


def _is_literal(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


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
