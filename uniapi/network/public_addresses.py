"""Which addresses belong to the public Internet: the only ones that a stranger's URL may lead to.

An IPv4 address inside an IPv6 one is what a gateway on the way will ask, so it is looked at too.
"""

from __future__ import annotations

import ipaddress
from typing import TypeAlias

_Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address

_EMBEDDING = (
    ipaddress.IPv6Network("::/96"),  # IPv4-compatible, RFC 4291 §2.5.5.1
    ipaddress.IPv6Network("64:ff9b::/96"),  # NAT64, RFC 6052 §2.1
)
"""The last four bytes are an IPv4 address."""
_RESERVED = (
    ipaddress.IPv4Network("168.63.129.16/32"),
    ipaddress.IPv6Network("64:ff9b:1::/48"),  # NAT64 of a local network, RFC 8215
    ipaddress.IPv6Network("fec0::/10"),  # site-local, RFC 3879
)
"""Look public and are not; the first is the host below a virtual machine of Azure's
(learn.microsoft.com/azure/virtual-network/what-is-ip-address-168-63-129-16, 2026-11-30).
"""
_LOCAL_DOMAINS = ("localhost", "local", "internal", "lan", "home.arpa", "corp", "intranet")
"""Ends of names that mean the network around a machine, whoever resolves them."""


def is_public(address: str) -> bool:
    """Whether an IP address is one of the public Internet; text that is none is not."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    embedded = _embedded(parsed)
    if embedded is not None:
        return _is_plainly_public(embedded)
    return _is_plainly_public(parsed)


def _is_plainly_public(address: _Address) -> bool:
    is_reserved = any(address in network for network in _RESERVED)
    return address.is_global and not address.is_multicast and not is_reserved


def _embedded(address: _Address) -> ipaddress.IPv4Address | None:
    if isinstance(address, ipaddress.IPv4Address):
        return None
    if any(address in network for network in _EMBEDDING):
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour


def is_local_name(host: str) -> bool:
    """Whether a name, which is no address, speaks of the local network."""
    name = host.rstrip(".").lower()
    return "." not in name or any(name.endswith(f".{domain}") for domain in _LOCAL_DOMAINS)


def is_literal(host: str) -> bool:
    """Whether a host is an address itself."""
    try:
        ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return True
