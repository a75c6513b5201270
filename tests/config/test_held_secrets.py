"""Which texts of a configuration are secrets, and how they are hidden in what others say."""

import pytest

from uniapi.config import (
    Credential,
    Provider,
    provider_secrets,
    without_secrets,
    without_secrets_in_bytes,
)

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
