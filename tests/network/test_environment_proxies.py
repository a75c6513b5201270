"""Proxies that the environment names."""

import pytest

from uniapi.network import EnvironmentProxies
from uniapi.network.environment_proxies import ProxyUnusable

FAR = "https://api.openai.com/v1"
PLAIN = "http://api.example:8080/v1"


@pytest.mark.parametrize(
    ("environment", "url", "expected"),
    [
        ({}, FAR, None),
        ({"HTTPS_PROXY": "http://p:1"}, FAR, "http://p:1"),
        ({"HTTPS_PROXY": "http://p:1"}, PLAIN, None),
        ({"HTTP_PROXY": "http://p:1"}, PLAIN, "http://p:1"),
        ({"HTTP_PROXY": "http://p:1"}, FAR, None),
        ({"ALL_PROXY": "socks5h://p:1"}, FAR, "socks5h://p:1"),
        ({"ALL_PROXY": "socks5h://p:1", "https_proxy": "http://q:2"}, FAR, "http://q:2"),
        ({"https_proxy": "http://small:1", "HTTPS_PROXY": "http://big:1"}, FAR, "http://small:1"),
        ({"HTTPS_PROXY": ""}, FAR, None),
        ({"https_proxy": "", "HTTPS_PROXY": "http://big:1"}, FAR, "http://big:1"),
        ({"HTTPS_PROXY": "p:1"}, FAR, "http://p:1"),
        ({"HTTPS_PROXY": "HTTP://p:1"}, FAR, "http://p:1"),
        ({"ALL_PROXY": "socks://p:1"}, FAR, "socks5://p:1"),
        ({"HTTP_PROXY": "http://p:1"}, "http://localhost:11434/v1", None),
        ({"HTTP_PROXY": "http://p:1"}, "http://127.0.0.1:11434/v1", None),
        ({"HTTP_PROXY": "http://p:1"}, "http://[::1]:11434/v1", None),
        ({"HTTP_PROXY": "http://p:1"}, "http://192.168.0.2:11434/v1", "http://p:1"),
    ],
)
def test_the_way_of_a_request_without_a_written_proxy(environment, url, expected):
    """Each scheme has its own variable, ALL_PROXY stands for both; small letters win; the loopback
    is asked directly.
    """
    assert EnvironmentProxies(environment).way(url, None) == expected


@pytest.mark.parametrize(
    ("passed", "url", "is_direct"),
    [
        ("*", FAR, True),
        ("openai.com", FAR, True),
        (".openai.com", FAR, True),
        ("*.openai.com", FAR, True),
        ("API.OPENAI.COM", FAR, True),
        ("ai.com", FAR, False),
        ("a.example, openai.com", FAR, True),
        ("a.example openai.com", FAR, True),
        ("api.example:8080", PLAIN, True),
        ("api.example:80", PLAIN, False),
        ("10.0.0.0/8", "http://10.1.2.3/v1", True),
        ("10.0.0.0/8", "http://11.1.2.3/v1", False),
        ("10.0.0.0/8", PLAIN, False),
        ("fd00::/8", "http://[fd00::2]/v1", True),
        ("[fd00::2]:80", "http://[fd00::2]:80/v1", True),
        ("", FAR, False),
    ],
)
def test_hosts_that_no_proxy_names_are_asked_directly(passed, url, is_direct):
    """NO_PROXY holds domains, addresses, networks and ports."""
    environment = {"ALL_PROXY": "http://p:1", "NO_PROXY": passed}
    assert (EnvironmentProxies(environment).way(url, None) is None) is is_direct


def test_what_is_written_wins():
    """`none` means directly, an address that proxy, whatever the environment and NO_PROXY say."""
    proxies = EnvironmentProxies({"ALL_PROXY": "http://p:1", "NO_PROXY": "*"})
    assert proxies.way(FAR, "none") is None
    assert proxies.way(FAR, "http://q:2") == "http://q:2"


def test_a_proxy_that_cannot_be_used_is_not_passed_by():
    """The error names the variable, not its value, which may hold a password."""
    proxies = EnvironmentProxies({"HTTPS_PROXY": "gopher://u:secret@p:1"})
    with pytest.raises(ProxyUnusable, match="HTTPS_PROXY") as refused:
        proxies.way(FAR, None)
    assert "secret" not in str(refused.value)


def test_the_variables_that_count_are_named():
    proxies = EnvironmentProxies({"ALL_PROXY": "http://p:1", "https_proxy": "http://q:1"})
    assert proxies.variables == ("https_proxy", "ALL_PROXY")
