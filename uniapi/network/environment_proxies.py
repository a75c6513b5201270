"""`HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY`, as every program behind a company's
proxy has them, honoured where no `proxy` is written.

Names in small letters win over capitals; `NO_PROXY` holds hosts, domains (their subdomains count),
addresses and networks, with a port or without, or `*`
(docs of Go's golang.org/x/net/http/httpproxy and of curl, 2026-11-30). The loopback is never asked
through them.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from functools import lru_cache
from urllib.parse import urlsplit

from uniapi.config import PROXY_DIRECT, as_proxy, proxy_fault

_LOCAL = frozenset({"localhost", "localhost.localdomain", "ip6-localhost"})


class ProxyUnusable(Exception):
    """The environment asks for a proxy that cannot be used; nothing is sent past it."""


class EnvironmentProxies:
    """What the environment says of proxies, read once."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._named: dict[str, tuple[str, str]] = {}
        for scheme in ("https", "http"):
            for variable in (f"{scheme}_proxy", "all_proxy"):
                found = _variable(environment, variable)
                if found is not None:
                    self._named[scheme] = found
                    break
        self.are_none = not self._named
        """The environment names no proxy at all."""
        _, passed = _variable(environment, "no_proxy") or ("", "")
        self._passed = tuple(passed.lower().replace(",", " ").split())

    @property
    def variables(self) -> tuple[str, ...]:
        """The variables that count, for the log."""
        return tuple(dict.fromkeys(name for name, _ in self._named.values()))

    def way(self, url: str, written: str | None) -> str | None:
        """The proxy for `url`, None to ask directly; `written` is what the configuration says.

        Raises ProxyUnusable.
        """
        if written is not None:
            return None if written == PROXY_DIRECT else written
        if not self._named:
            return None
        parts = urlsplit(url)
        named = self._named.get(parts.scheme)
        if named is None or self._is_passed(parts.hostname or "", parts.port):
            return None
        variable, address = named
        proxy = as_proxy(address if "://" in address else f"http://{address}")
        fault = proxy_fault(proxy)
        if fault is not None:
            raise ProxyUnusable(f"the proxy in {variable} cannot be used: {fault}")
        return None if proxy == PROXY_DIRECT else proxy

    def _is_passed(self, host: str, port: int | None) -> bool:
        if host in _LOCAL or _is_loopback(host):
            return True
        return any(_fits(entry, host, port) for entry in self._passed)


def _variable(environment: Mapping[str, str], name: str) -> tuple[str, str] | None:
    """(name as it was set, value) of a variable in small letters or capitals that is not empty."""
    return next(
        (
            (spelled, environment[spelled].strip())
            for spelled in (name, name.upper())
            if environment.get(spelled, "").strip()
        ),
        None,
    )


@lru_cache(maxsize=1024)
def _fits(entry: str, host: str, port: int | None) -> bool:
    """Whether one entry of `NO_PROXY` names a host."""
    if entry == "*":
        return True
    network = _network(entry)
    if network is not None:
        address = _address(host)
        return address is not None and address in network
    name, colon, number = entry.rpartition(":")
    if colon and number.isdigit() and (":" not in name or name.endswith("]")):
        return port == int(number) and _fits(name.strip("[]"), host, None)
    domain = entry.removeprefix("*").removeprefix(".")
    return bool(domain) and (host == domain or host.endswith(f".{domain}"))


def _network(entry: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    try:
        return ipaddress.ip_network(entry.strip("[]"), strict=False)
    except ValueError:
        return None


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return None


def _is_loopback(host: str) -> bool:
    address = _address(host)
    return address is not None and address.is_loopback
