"""Addresses that a stranger's URL may lead to, and those it may not."""

import pytest

from uniapi.network.public_addresses import is_local_name, is_public


@pytest.mark.parametrize(
    "address",
    [
        "93.184.216.34",
        "2606:2800:220:1:248:1893:25c8:1946",
        "64:ff9b::5db8:d822",
        "::ffff:93.184.216.34",
        "2002:5db8:d822::1",
    ],
)
def test_public_addresses(address):
    """Also where a public IPv4 address stands in an IPv6 one, as DNS64 gives it."""
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "192.168.0.1",
        "169.254.169.254",
        "100.100.100.200",
        "0.0.0.0",
        "224.0.0.1",
        "168.63.129.16",
        "::1",
        "::",
        "fe80::1%eth0",
        "fd00:ec2::254",
        "fec0::1",
        "ff02::1",
        "::ffff:127.0.0.1",
        "::127.0.0.1",
        "::a83f:8110",
        "64:ff9b::7f00:1",
        "64:ff9b::a9fe:a9fe",
        "64:ff9b:1::7f00:1",
        "2002:7f00:1::",
        "2002:a83f:8110::1",
        "not an address",
    ],
)
def test_addresses_that_are_not_public(address):
    """Loopback, private, link-local, a cloud's own, and all of them inside IPv6."""
    assert not is_public(address)


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("localhost", True),
        ("nas", True),
        ("2130706433", True),
        ("printer.local", True),
        ("metadata.google.internal", True),
        ("router.home.arpa.", True),
        ("pictures.example", False),
        ("localhost.example", False),
    ],
)
def test_names_of_the_local_network(host, expected):
    assert is_local_name(host) is expected
