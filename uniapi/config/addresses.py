"""Addresses written in `api.yaml`: what makes a base URL or a proxy usable.

Each function gives None, or what is wrong.
"""

from __future__ import annotations

import re
from ipaddress import IPv6Address
from urllib.parse import SplitResult, urlsplit

PROXY_SCHEMES = ("http", "https", "socks5", "socks5h", "socks4", "socks4a")

PROXY_DIRECT = "none"
"""What `proxy` says to send directly, whatever is set around it."""
_DIRECT_WORDS = frozenset({PROXY_DIRECT, "direct", "off", "false", "no"})
_SCHEME_SYNONYMS = {"socks": "socks5"}

_NEAR = re.compile(
    r"(?:localhost|\d+\.\d+\.\d+\.\d+|[\w-]+|[\w.-]+\.(?:lan|local|internal))(?::\d+)?(?:/|\Z)"
)
"""Hosts of the network around, which mostly have no certificate."""

_PROXY_FORM = "`http://host:port`, `socks5://host:port` or `socks5h://user:password@host:port`"


def url_fault(url: str) -> str | None:
    """What keeps `url` from being a base URL.

    It is quoted only where it can hold neither a password nor a key in its query.
    """
    shown = f"`{url}`" if len(url) <= 80 and not set("@?") & set(url) else "the address"
    if any(character.isspace() or not character.isprintable() for character in url):
        return f"{shown} has a blank inside"
    parts = _split(url)
    if parts is None:
        return f"expected an address such as `https://api.example.com/v1`, found {shown}"
    if "://" not in url:
        bare = url.lstrip("/")
        scheme = "http" if _NEAR.match(bare) else "https"
        meant = f"; did you mean `{scheme}://{bare}`?" if shown != "the address" else ""
        return f"{shown} does not begin with `http://` or `https://`{meant}"
    if parts.scheme not in ("http", "https"):
        return f"expected `http://` or `https://`, found `{parts.scheme}://`"
    if not parts.hostname:
        return f"{shown} names no host"
    if parts.hostname in ("http", "https"):
        return f"{shown} begins with `http://` or `https://` twice"
    return None


def as_proxy(written: str) -> str:
    """A proxy's address in its normal form: a scheme in capitals is the same scheme (RFC 3986
    §3.1), `socks://`, as desktops write it, is SOCKS 5.
    """
    if written.lower() in _DIRECT_WORDS:
        return PROXY_DIRECT
    scheme, mark, rest = written.partition("://")
    scheme = scheme.lower() if mark else scheme
    return f"{_SCHEME_SYNONYMS.get(scheme, scheme)}{mark}{rest}"


def proxy_fault(proxy: str) -> str | None:
    """What keeps `proxy` from being a proxy's address.

    The address itself is not quoted: it may hold a password.
    """
    if proxy == PROXY_DIRECT:
        return None
    if any(character.isspace() or not character.isprintable() for character in proxy):
        return "it has a blank inside"
    if "://" not in proxy:
        return f"it has no scheme; expected {_PROXY_FORM}"
    scheme = proxy.partition("://")[0].lower()
    if scheme not in PROXY_SCHEMES:
        return f"`{scheme[:20]}://` is not a kind of proxy; expected {_PROXY_FORM}"
    parts = _split(proxy)
    if parts is None or not parts.hostname:
        return f"it cannot be read; expected {_PROXY_FORM}"
    if parts.path not in ("", "/"):
        return f"it has a path; expected {_PROXY_FORM}"
    return None


def host_of(url: str) -> str:
    """The host in lower case; empty when there is none."""
    parts = _split(url)
    return (parts.hostname or "").lower() if parts else ""


def path_of(url: str) -> str:
    """The path without its closing slash."""
    parts = _split(url)
    return parts.path.rstrip("/") if parts else ""


def _split(url: str) -> SplitResult | None:
    """The parts, None when the host or port cannot be read."""
    try:
        parts = urlsplit(url)
        user, password = parts.username or "", parts.password or ""
        if parts.port == 0 or "[" in user or "]" in password:
            return None
        if "[" in parts.netloc:
            IPv6Address(parts.hostname or "")  # urlsplit asks that itself only since 3.11.4
    except ValueError:
        return None
    return parts
