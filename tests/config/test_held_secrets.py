"""Which texts of a configuration are secrets, and how they are hidden in what others say."""

import random
import sys
from collections import Counter

import pytest

from uniapi.config import (
    Credential,
    Provider,
    provider_secrets,
    without_secrets,
    without_secrets_in_bytes,
)
from uniapi.config.secrets import _ESCAPED_BYTES, _unescaped_bytes

PROVIDER = Provider(
    provider_id="p",
    name="p",
    base_url="https://user:pass%2Fword-1@host/v1?api-version=2024-10-21&key=query-secret",
    proxy="socks5://u:proxy-secret@127.0.0.1:9",
    headers={
        "x-api-key": "header-secret",
        "authorization": "Bearer bearer-secret",
        "user-agent": "Mozilla/5.0",
        "x-note": "sk-looks-like-one",
    },
    credentials=(
        Credential(
            credential_id="1", display="", secret="first-secret", proxy="http://u:own-proxy@h:1"
        ),
        Credential(credential_id="2", display="", secret="abc", session_token="session-secret"),
    ),
)


@pytest.mark.parametrize(
    "secret",
    [
        "pass%2Fword-1",
        "pass/word-1",
        "query-secret",
        "proxy-secret",
        "header-secret",
        "bearer-secret",
        "sk-looks-like-one",
        "first-secret",
        "own-proxy",
        "session-secret",
    ],
)
def test_what_a_call_carries_is_hidden(secret):
    """Keys, passwords in addresses, secret parameters and headers."""
    secrets = provider_secrets(PROVIDER)
    assert secret not in without_secrets(f"bad: {secret}!", secrets)
    assert secret.encode() not in without_secrets_in_bytes(f"bad: {secret}!".encode(), secrets)


def test_ordinary_words_stay():
    """A version, an agent, a secret of three letters, anything else; and nothing is
    copied for it.
    """
    text = "2024-10-21 Mozilla/5.0 abc user host"
    assert without_secrets(text, provider_secrets(PROVIDER)) is text


@pytest.mark.parametrize("address", [None, "http://[", "://", "http://h"])
def test_addresses_that_hide_nothing(address):
    """Also those that cannot be read."""
    assert provider_secrets(Provider(provider_id="p", name="p", base_url=address)) == ()


def unescaped(data):
    """As JSON would be read, but for what needs its escape."""
    return _ESCAPED_BYTES.sub(_unescaped_bytes, data)


def test_what_is_found_at_once_is_what_reading_every_escape_finds():
    """Whatever stands around a secret: backslashes that escape and such as are escaped."""
    secret, rng = "s/k-Z9", random.Random(7)
    parts = [*secret, "\\/", "\\\\", "\\u0073", "\\u002F", "\\u006b", "\\u005A", "\\n", "\\u00e9"]
    parts += [secret, "s\\/k-Z9", '\\"', "\\u005c", "u0073", secret[:3], secret[3:]]
    found = 0
    for _ in range(4000):
        data = "".join(rng.choices(parts, k=rng.randrange(1, 9))).encode()
        shown = without_secrets_in_bytes(data, (secret,))
        is_in = secret.encode() in data or secret.encode() in unescaped(data)
        found += is_in
        assert (shown is not data) is is_in
        assert secret.encode() not in unescaped(shown)
    assert found > 300


def test_a_body_of_nothing_but_escapes_calls_nothing_for_each_of_them():
    """A megabyte of them is read in C; only where a secret is found in it each is looked at."""
    calls = Counter()
    sys.setprofile(lambda frame, event, _: calls.update([event]))
    try:
        for said in (b"\\/", b"\\u0041", b"\\\\", b"\\u0073\\/"):
            without_secrets_in_bytes(said * 20_000, ("s/k-Z9",))
    finally:
        sys.setprofile(None)
    assert calls["call"] < 100
