"""What lies behind a URL that the owner has written: a configuration, a price list."""

from __future__ import annotations

import base64
from urllib.parse import unquote, urljoin, urlsplit

from uniapi.canonical import Failure
from uniapi.wire import HttpRequest

from .fetch import MAX_ANSWER_BYTES, FetchFailed, fetch
from .passage import USUAL, Passage
from .transport import Transport

MOST_REDIRECTS = 5


async def fetch_url(
    url: str,
    transport: Transport,
    *,
    passage: Passage = USUAL,
    max_bytes: int = MAX_ANSWER_BYTES,
) -> bytes:
    """The body behind a URL, redirects followed; a user and password in it go to the host they are
    written for. Raises FetchFailed.
    """
    for _ in range(MOST_REDIRECTS + 1):
        head, body = await fetch(transport, _request(url), passage=passage, max_bytes=max_bytes)
        location = head.headers.get("location")
        if head.status not in (301, 302, 303, 307, 308) or not location:
            if head.status != 200:
                raise FetchFailed(Failure.cut(f"it answered {head.status}"))
            return body
        onward = urljoin(url, location)
        if not onward.startswith(
            ("https://", "http://") if url.startswith("http://") else "https://"
        ):
            raise FetchFailed(Failure.cut("it redirects to an address that is not secure"))
        url = onward
    raise FetchFailed(Failure.cut(f"it redirects more than {MOST_REDIRECTS} times"))


def _request(url: str) -> HttpRequest:
    headers = {"user-agent": "uni-api", "accept": "*/*", "accept-encoding": "identity"}
    try:
        parts = urlsplit(url)
        user, password, host = parts.username, parts.password, parts.netloc.rpartition("@")[2]
    except ValueError:
        raise FetchFailed(Failure.cut("it is no address")) from None
    if user is not None:
        pair = f"{unquote(user)}:{unquote(password or '')}".encode()
        headers["authorization"] = f"Basic {base64.b64encode(pair).decode()}"
    return HttpRequest(
        method="GET", url=parts._replace(netloc=host, fragment="").geturl(), headers=headers
    )
