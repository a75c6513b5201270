"""AWS Signature Version 4, standard library only: the headers that prove a request is ours.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html. The
rules of every service but S3: dot segments and repeated slashes are taken out of the path, and each
of its segments is encoded once more than on the wire (`:` travels as `%3A` and is signed as
`%253A`). Signed are `host`, `content-type` and every `x-amz-…` header: what no proxy or HTTP client
on the way has a reason to change.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime, timezone
from urllib.parse import quote, unquote, urlsplit

from uniapi.clock import Epoch
from uniapi.values import replace
from uniapi.wire import HttpRequest

ALGORITHM = "AWS4-HMAC-SHA256"
_DEFAULT_PORTS = {"http": 80, "https": 443}
_REPLACED = frozenset({"authorization", "x-amz-date", "x-amz-security-token"})


def sign(
    request: HttpRequest,
    *,
    access_key: str,
    secret_key: str,
    session_token: str | None,
    region: str,
    service: str,
    now_s: Epoch,
) -> HttpRequest:
    """`request` with `x-amz-date`, `authorization` and, for temporary credentials,
    `x-amz-security-token`; older ones of these are replaced.
    """
    moment = datetime.fromtimestamp(now_s, timezone.utc).strftime("%Y%m%dT%H%M%SZ")
    headers = {
        name: value for name, value in request.headers.items() if name.lower() not in _REPLACED
    }
    headers["x-amz-date"] = moment
    if session_token:
        headers["x-amz-security-token"] = session_token
    signed = _signed_headers(request.url, headers)
    scope = f"{moment[:8]}/{region}/{service}/aws4_request"
    canonical = canonical_request(request.method, request.url, signed, request.body)
    to_sign = "\n".join((ALGORITHM, moment, scope, hashlib.sha256(canonical.encode()).hexdigest()))
    signature = hmac.new(
        _signing_key(secret_key, moment[:8], region, service), to_sign.encode(), hashlib.sha256
    ).hexdigest()
    headers["authorization"] = (
        f"{ALGORITHM} Credential={access_key}/{scope}, SignedHeaders={';'.join(signed)},"
        f" Signature={signature}"
    )
    return replace(request, headers=headers)


def canonical_request(method: str, url: str, signed_headers: Mapping[str, str], body: bytes) -> str:
    """What both sides hash.

    `signed_headers` are sorted by name, lower-case, their values trimmed.
    """
    parts = urlsplit(url)
    lines = [method.upper(), _canonical_path(parts.path), _canonical_query(parts.query)]
    lines += [f"{name}:{value}" for name, value in signed_headers.items()]
    lines += ["", ";".join(signed_headers), hashlib.sha256(body).hexdigest()]
    return "\n".join(lines)


def _signed_headers(url: str, headers: Mapping[str, str]) -> dict[str, str]:
    wanted = {name.lower(): " ".join(value.split()) for name, value in headers.items()}
    chosen = {
        name: value
        for name, value in wanted.items()
        if name == "content-type" or name.startswith("x-amz-")
    }
    chosen["host"] = wanted.get("host") or _host(url)
    return dict(sorted(chosen.items()))


def _host(url: str) -> str:
    """The `host` header a client sends: without the scheme's own port."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    host = f"[{host}]" if ":" in host else host
    return (
        host
        if parts.port is None or parts.port == _DEFAULT_PORTS.get(parts.scheme)
        else f"{host}:{parts.port}"
    )


def _canonical_path(path: str) -> str:
    segments: list[str] = []
    for segment in path.split("/"):
        if segment == "..":
            del segments[-1:]
        elif segment not in ("", "."):
            segments.append(segment)
    if not segments:
        return "/"
    return quote(f"/{'/'.join(segments)}{'/' if path.endswith('/') else ''}", safe="/-_.~")


def _canonical_query(query: str) -> str:
    """Name and value of each pair encoded by AWS's rule, whatever spelling they travel in, then
    sorted.
    """
    pairs = [pair.partition("=") for pair in query.split("&") if pair]
    return "&".join(sorted(f"{_encoded(name)}={_encoded(value)}" for name, _, value in pairs))


def _encoded(text: str) -> str:
    return quote(unquote(text), safe="-_.~")


def _signing_key(secret_key: str, day: str, region: str, service: str) -> bytes:
    key = f"AWS4{secret_key}".encode()
    for step in (day, region, service, "aws4_request"):
        key = hmac.new(key, step.encode(), hashlib.sha256).digest()
    return key
