"""Which texts of a configuration are secrets: the keys, and what is hidden in addresses and headers. Upstreams repeat them in their errors, so they are searched for in
everything that is kept, shown or logged.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from urllib.parse import parse_qsl, unquote, urlsplit

from .schema import Config, Provider
from .secrets_display import looks_secret, mask, sounds_secret

SHORTEST_SECRET = 6
"""What is shorter may be any word."""
_MORE_NAMES = ("key", "auth", "sig", "signature")
"""Ends of names that mean a secret in an address or a header, though not everywhere: `Ocp-Apim-Subscription-Key`, `?sig=`."""


def secrets_of(config: Config) -> tuple[str, ...]:
    """Every secret of a configuration, the longest first."""
    found = [key.secret for key in config.client_keys]
    found += [secret for provider in config.providers for secret in provider_secrets(provider)]
    found += _in_address(config.preferences.proxy)
    return searchable(found)


def provider_secrets(provider: Provider) -> tuple[str, ...]:
    """Those that calls to one provider carry, the longest first."""
    found = [secret for one in provider.credentials for secret in (one.secret, one.session_token) if secret]
    for address in (provider.base_url, provider.proxy, *(one.proxy for one in provider.credentials)):
        found += _in_address(address)
    for name, value in provider.headers.items():
        if _is_secret(name, value):
            found += [value, value.rpartition(" ")[2]]
    return searchable(found)


def searchable(found: Iterable[str]) -> tuple[str, ...]:
    """Secrets that can be searched for inside other text, the longest first."""
    return tuple(sorted({secret for secret in found if len(secret) >= SHORTEST_SECRET}, key=lambda secret: (-len(secret), secret)))


def without_secrets(text: str, secrets: tuple[str, ...]) -> str:
    """`text` with each secret in its masked form; the same object when there is none."""
    for secret in secrets:
        if secret in text:
            text = text.replace(secret, mask(secret))
    return text


def without_secrets_in_bytes(data: bytes, secrets: tuple[str, ...]) -> bytes:
    """The same of a body, or of a part of a stream."""
    for secret in secrets:
        found = secret.encode("utf-8", "surrogatepass")
        if found in data:
            data = data.replace(found, mask(secret).encode())
    return data


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
