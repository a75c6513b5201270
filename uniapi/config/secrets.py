"""The secrets of a configuration: how one is named without being shown, which texts are secrets,
and how they are masked.

A secret has a stable fingerprint for counters and files and a masked form for people. Upstreams
repeat secrets in their errors, so they are searched for in everything that is kept, shown or
logged.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from urllib.parse import parse_qsl, unquote, urlsplit

from .provider_schema import Provider
from .schema import Config, Notify

KNOWN_PREFIXES = (
    "sk-proj-",
    "sk-ant-",
    "sk-or-",
    "sk-",
    "AIza",
    "gsk_",
    "xai-",
    "pplx-",
    "nvapi-",
    "ghp_",
    "github_pat_",
    "hf_",
    "r8_",
    "AKIA",
    "ABSK",
)
"""Vendors' public prefixes: they say whose key it is and nothing else, so they may be shown.

Longest first where one contains another.
"""

_SOUNDS_SECRET = re.compile(
    r"(?:\A|[_\-"
    r" .])(?:token|secret|password|passwd|authorization|api[_-]?key|credentials?|cookie)\Z",
    re.IGNORECASE,
)

_SHOWN_HEAD = 3
_SHOWN_TAIL = 4
_SHORTEST_SHOWN = 16


def fingerprint(secret: str) -> str:
    """Sixteen hex digits that name `secret` in statistics, cooldowns and files; the same in every
    process and version.
    """
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def mask(secret: str) -> str:
    """`sk-abc…wxyz`: the public prefix, at most three characters, at most the last four.

    A body under 16 characters is not shown at all.
    """
    prefix = next((known for known in KNOWN_PREFIXES if secret.startswith(known)), "")
    body = secret[len(prefix) :]
    if len(body) < _SHORTEST_SHOWN:
        return f"{prefix}…"
    return f"{prefix}{body[:_SHOWN_HEAD]}…{body[-_SHOWN_TAIL:]}"


def looks_secret(text: str) -> bool:
    """True for text that starts like a vendor's key: such text is masked wherever a message would
    quote it.
    """
    return text.startswith(KNOWN_PREFIXES) or "-----BEGIN" in text


def sounds_secret(name: str) -> bool:
    """True for the name of a member, a header or a parameter whose text is a secret by
    convention.
    """
    return _SOUNDS_SECRET.search(name) is not None


SHORTEST_SECRET = 6
"""What is shorter may be any word."""
_MORE_NAMES = ("key", "auth", "sig", "signature")
"""Ends of names that mean a secret in an address or a header, though not everywhere:
`Ocp-Apim-Subscription-Key`, `?sig=`.
"""


def secrets_of(config: Config) -> tuple[str, ...]:
    """Every secret of a configuration, the longest first."""
    found = [key.secret for key in config.client_keys]
    found += [secret for provider in config.providers for secret in provider_secrets(provider)]
    found += _in_address(config.preferences.proxy)
    for place in config.preferences.notify:
        found += notify_secrets(place)
    return searchable(found)


def notify_secrets(place: Notify) -> list[str]:
    """Whoever knows such an address may write there: all of it behind the host, and each part of
    its path that is no word."""
    rest = place.url.partition("://")[2].partition("/")[2]
    parts = [part for part in re.split(r"[/?&=]", rest) if len(part) > 15]
    return [rest, *parts, place.token, *_in_address(place.url), *place.headers.values()]


def provider_secrets(provider: Provider) -> tuple[str, ...]:
    """Those that calls to one provider carry, the longest first."""
    found = [
        secret
        for one in provider.credentials
        for secret in (one.secret, one.session_token)
        if secret
    ]
    for address in (
        provider.base_url,
        provider.proxy,
        *(one.proxy for one in provider.credentials),
    ):
        found += _in_address(address)
    for name, value in provider.headers.items():
        if _is_secret(name, value):
            found += [value, value.rpartition(" ")[2]]
    return searchable(found)


def searchable(found: Iterable[str]) -> tuple[str, ...]:
    """Secrets that can be searched for inside other text, the longest first."""
    return tuple(
        sorted(
            {secret for secret in found if len(secret) >= SHORTEST_SECRET},
            key=lambda secret: (-len(secret), secret),
        )
    )


def without_secrets(text: str, secrets: tuple[str, ...]) -> str:
    """`text` with each secret in its masked form, also where JSON spells it with escapes; the same
    object when there is none.
    """
    for secret in secrets:
        if secret in text:
            text = text.replace(secret, mask(secret))
    if "\\u00" in text or "\\/" in text:
        plain = _ESCAPED.sub(_unescaped, text)
        if any(secret in plain for secret in secrets):
            return without_secrets(plain, secrets)
    return text


def without_secrets_in_bytes(data: bytes, secrets: tuple[str, ...]) -> bytes:
    """The same of a body, or of a part of a stream."""
    for secret in secrets:
        found = secret.encode("utf-8", "surrogatepass")
        if found in data:
            data = data.replace(found, mask(secret).encode())
    if (b"\\u00" in data or b"\\/" in data) and _may_hold_escaped(data, secrets):
        return without_secrets_in_bytes(_ESCAPED_BYTES.sub(_unescaped_bytes, data), secrets)
    return data


def _may_hold_escaped(data: bytes, secrets: tuple[str, ...]) -> bool:
    """Whether one of them is in it where escapes are read as what they stand for. A body may be a
    megabyte of escapes: they are replaced all at once, and only those of characters that are in a
    secret.
    """
    written = [secret.encode("utf-8", "surrogatepass") for secret in secrets]
    wanted = frozenset(b"".join(written))
    # An escaped backslash is none that escapes.
    plain = data.replace(b"\\\\", b"\0\0").replace(b"\\/", b"/")
    for code in set(_CODE.findall(plain)):
        if int(code, 16) in wanted:
            plain = plain.replace(b"\\u00" + code, bytes((int(code, 16),)))
    return any(one in plain for one in written)


_CODE = re.compile(rb"\\u00([2-7][0-9A-Fa-f])")


_ESCAPED = re.compile(r"\\(?:u00([2-7][0-9A-Fa-f])|(/)|.)", re.DOTALL)
_ESCAPED_BYTES = re.compile(_ESCAPED.pattern.encode(), re.DOTALL)
_NEED_ESCAPES = frozenset('"\\')


def _unescaped(found: re.Match[str]) -> str:
    """An escape of a character that needs none; any other as it is."""
    plain = found[2] or (chr(int(found[1], 16)) if found[1] else found[0])
    return found[0] if plain in _NEED_ESCAPES else plain


def _unescaped_bytes(found: re.Match[bytes]) -> bytes:
    plain = found[2] or (bytes((int(found[1], 16),)) if found[1] else found[0])
    return found[0] if plain in (b'"', b"\\") else plain


def _in_address(address: str | None) -> Iterator[str]:
    """Password and secret parameters of a URL, as they are written and as they are meant."""
    if address is None:
        return
    try:
        parts = urlsplit(address)
        password = parts.password
    except ValueError:
        return
    if password:
        yield from (password, unquote(password))
    for name, value in parse_qsl(parts.query):
        if _is_secret(name, value):
            yield value


def _is_secret(name: str, value: str) -> bool:
    return sounds_secret(name) or name.lower().endswith(_MORE_NAMES) or looks_secret(value)
