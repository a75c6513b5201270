"""Secrets are named without being shown."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from uniapi.config import fingerprint, looks_secret, mask


@pytest.mark.parametrize(
    ("secret", "expected"),
    [
        ("sk-abcdefghijklmnopqrstuvwxyz", "sk-abc…wxyz"),
        ("sk-ant-abcdefghijklmnopqrstuvwxyz", "sk-ant-abc…wxyz"),
        ("AIzaSyAN2k6IRdgw123456", "AIzaSyA…3456"),
        ("f42b3xxxxxxxxxxq4aoGAh", "f42…oGAh"),
        ("sk-1234", "sk-…"),
        ("hunter2", "…"),
        ("", "…"),
    ],
)
def test_mask(secret: str, expected: str) -> None:
    """The public prefix, three characters, the last four; a short secret not at all."""
    assert mask(secret) == expected


@given(st.text())
def test_mask_never_shows_more_than_seven_characters_of_the_body(secret: str) -> None:
    """Whatever the secret, most of it stays hidden."""
    longest_prefix = 11
    assert len(mask(secret)) <= longest_prefix + 3 + 1 + 4


def test_fingerprint_is_stable() -> None:
    """It names counters in files, so it never changes; SHA-256, sixteen digits."""
    assert fingerprint("sk-1234") == "88dc28d0f030c55e"
    assert len(fingerprint("\ud800")) == 16


def test_what_looks_like_a_key() -> None:
    """Used wherever a message would quote a value."""
    assert [
        looks_secret(text) for text in ("sk-x", "AIzaX", "-----BEGIN PRIVATE KEY-----", "gpt-4o")
    ] == [True, True, True, False]
