"""Who calls: the key in any of its carriers → the client key it belongs to.

Rules: exact match only; a lookup by digest, so that the time taken says nothing about a key; when
several keys are sent, any that matches counts; what carried a key is never forwarded. Expiry and
addresses are checked after the key, and answered with 403: the key is known, its use is not
allowed.
"""

from __future__ import annotations

import hashlib
import ipaddress
from collections.abc import Iterable, Mapping

from uniapi.canonical import ClientError, Principal, RequestRefused
from uniapi.clock import Epoch
from uniapi.config import ClientKey


class KeyRing:
    """The client keys of one configuration, found by the digest of their secret."""

    def __init__(self, keys: Iterable[ClientKey]) -> None:
        self._by_digest = {_digest(key.secret): key for key in keys}
        self._principals = {
            key.key_id: Principal(key_id=key.key_id, label=key.label, is_admin=key.is_admin)
            for key in self._by_digest.values()
        }

    def find(self, presented: Iterable[str]) -> ClientKey | None:
        """The client key that one of the presented secrets is, or None."""
        for secret in presented:
            key = self._by_digest.get(_digest(secret))
            if key is not None:
                return key
        return None

    def principal(self, key: ClientKey) -> Principal:
        return self._principals[key.key_id]


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).digest()


def presented_keys(headers: Mapping[str, str], query: Mapping[str, str]) -> list[str]:
    """Every secret a request carries: `Authorization` (the word after its scheme, or the only
    word), `x-api-key`, `x-goog-api-key`, `api-key` (Azure's clients), `?key=`.
    """
    found = []
    authorization = headers.get("authorization", "").strip()
    if authorization:
        scheme, _, rest = authorization.partition(" ")
        found.append(rest.strip() if rest else scheme)
    for name in ("x-api-key", "x-goog-api-key", "api-key"):
        value = headers.get(name, "").strip()
        if value:
            found.append(value)
    value = query.get("key", "")
    if value:
        found.append(value)
    return found


def authenticate(
    ring: KeyRing, presented: list[str], client_ip: str | None, now_s: Epoch
) -> ClientKey:
    """The client key of a request.

    Raises RequestRefused: 401 for no or an unknown key, 403 for one that may not be used now or
    from here.
    """
    key = ring.find(presented)
    if key is None:
        message = (
            "Incorrect API key provided."
            if presented
            else (
                "No API key provided: send it as `Authorization: Bearer KEY`, `x-api-key`,"
                " `x-goog-api-key` or `?key=`."
            )
        )
        raise RequestRefused(
            ClientError(
                status=401, message=message, code="invalid_api_key", type="authentication_error"
            )
        )
    if key.expires_at_s is not None and now_s >= key.expires_at_s:
        raise forbidden("This API key has expired.")
    if key.allowed_ips and not _is_allowed(client_ip, key.allowed_ips):
        raise forbidden("This API key may not be used from this address.")
    return key


def require_admin(key: ClientKey) -> None:
    """Raises RequestRefused (403) unless the key is an admin's."""
    if not key.is_admin:
        raise forbidden("This needs an API key with `role: admin`.")


def forbidden(message: str) -> RequestRefused:
    """403 with the reason."""
    return RequestRefused(
        ClientError(status=403, message=message, code="permission_denied", type="permission_error")
    )


def _is_allowed(client_ip: str | None, allowed: tuple[str, ...]) -> bool:
    try:
        address = ipaddress.ip_address(client_ip or "")
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return any(
        (mapped or address) in ipaddress.ip_network(network, strict=False) for network in allowed
    )


def client_address(
    peer: str | None, forwarded_for: str | None, trusted_proxies: tuple[str, ...]
) -> str | None:
    """The client's address: the peer, or, when that is a trusted proxy, the rightmost hop of
    `X-Forwarded-For` that is not one.
    """
    if peer is None or not trusted_proxies or not _is_allowed(peer, trusted_proxies):
        return peer
    for hop in reversed(
        [part.strip() for part in (forwarded_for or "").split(",") if part.strip()]
    ):
        address = hop.removeprefix("[").partition("]")[0] if hop.startswith("[") else hop
        if not _is_allowed(address, trusted_proxies):
            return address
    return peer
