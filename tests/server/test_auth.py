"""Who may come in: exact keys, from allowed addresses, until they expire; and whose
address it is.
"""

import pytest

from uniapi.canonical import RequestRefused
from uniapi.config import ClientKey
from uniapi.server.auth import KeyRing, authenticate, client_address, presented_keys, require_admin

PLAIN = ClientKey(key_id="1", display="sk-pla…", secret="sk-plain-key", label="plain")
GUARDED = ClientKey(
    key_id="2",
    display="sk-gua…",
    secret="sk-guarded-key",
    label="guarded",
    allowed_ips=("10.0.0.0/8", "2001:db8::/32"),
    expires_at_s=100.0,
    is_admin=True,
)
RING = KeyRing((PLAIN, GUARDED))


@pytest.mark.parametrize(
    "headers, query, expected",
    [
        ({"authorization": "Bearer abc"}, {}, ["abc"]),
        ({"authorization": "bearer  abc "}, {}, ["abc"]),
        ({"authorization": "abc"}, {}, ["abc"]),
        (
            {"authorization": "Bearer a", "x-api-key": "b", "x-goog-api-key": "c"},
            {"key": "d"},
            ["a", "b", "c", "d"],
        ),
        ({"authorization": "", "x-api-key": " "}, {"key": ""}, []),
    ],
)
def test_every_carrier_is_read(headers, query, expected):
    """All that is there, in one list."""
    assert presented_keys(headers, query) == expected


@pytest.mark.parametrize("secret", ["sk-plain", "sk-plain-keyX", "SK-PLAIN-KEY", "", "\udcff"])
def test_only_the_exact_key_opens(secret):
    """No prefix, no other case, nothing odd."""
    with pytest.raises(RequestRefused) as caught:
        authenticate(RING, [secret], None, 0.0)
    assert caught.value.error.status == 401


@pytest.mark.parametrize(
    "ip, now, status",
    [
        ("10.1.2.3", 0.0, None),
        ("::ffff:10.1.2.3", 0.0, None),
        ("2001:db8::1", 0.0, None),
        ("11.0.0.1", 0.0, 403),
        (None, 0.0, 403),
        ("10.1.2.3", 100.0, 403),
    ],
)
def test_a_known_key_may_still_be_refused(ip, now, status):
    """Not from here, or not any more: 403."""
    if status is None:
        assert authenticate(RING, ["wrong", GUARDED.secret], ip, now) is GUARDED
        return
    with pytest.raises(RequestRefused) as caught:
        authenticate(RING, [GUARDED.secret], ip, now)
    assert caught.value.error.status == status


def test_the_admin_surface_is_for_admins():
    """403 for the others."""
    require_admin(GUARDED)
    with pytest.raises(RequestRefused):
        require_admin(PLAIN)


@pytest.mark.parametrize(
    "peer, forwarded, trusted, expected",
    [
        ("9.9.9.9", "1.1.1.1", (), "9.9.9.9"),
        ("127.0.0.1", "1.1.1.1", ("127.0.0.1",), "1.1.1.1"),
        ("127.0.0.1", "6.6.6.6, 1.1.1.1, 10.0.0.2", ("127.0.0.1", "10.0.0.0/8"), "1.1.1.1"),
        ("9.9.9.9", "1.1.1.1", ("127.0.0.1",), "9.9.9.9"),
        ("127.0.0.1", None, ("127.0.0.1",), "127.0.0.1"),
        ("127.0.0.1", "[2001:db8::1]:443", ("127.0.0.1",), "2001:db8::1"),
    ],
)
def test_forwarded_addresses_count_only_from_trusted_proxies(peer, forwarded, trusted, expected):
    """The rightmost hop that is not a trusted proxy; loopback alone is not trust."""
    assert client_address(peer, forwarded, trusted) == expected
