"""What a reload changed, in sentences."""

import dataclasses
from collections.abc import Callable

import pytest

from uniapi.config import ClientKey, Config, Preferences, Provider, changes
from uniapi.config import schema_text as module

Read = Callable[..., Config]

OLD = """
providers:
  - {provider: a, base_url: https://a, api: [sk-first-0000000000000, sk-second-000000000000], model: [m, up: nick]}
  - {provider: b, base_url: https://b}
api_keys:
  - {api: sk-client-a-000000000000, role: admin}
  - {api: sk-client-b-000000000000}
preferences: {cooldown_period: 300}
"""  # noqa: E501


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("", "", []),
        ("cooldown_period: 300", "cooldown_period: 60", ["preferences: cooldown_period 300 → 60"]),
        (
            "cooldown_period: 300",
            "model_timeout: {o1: 5}",
            [
                "preferences: model_timeout changed",
                "preferences: cooldown_period 300 → not set",
            ],
        ),
        (
            "model: [m, up: nick]",
            "model: [other: nick, n]",
            [
                "provider a: model n added",
                "provider a: model m removed",
                "provider a: model nick is now other",
            ],
        ),
        (
            "sk-second-000000000000",
            "sk-third-0000000000000",
            ["provider a: key sk-thi…0000 added", "provider a: key sk-sec…0000 removed"],
        ),
        (
            "sk-second-000000000000]",
            "{key: sk-second-000000000000, weight: 2}]",
            ["provider a: api changed"],
        ),
        (
            "https://b}",
            "https://b, model: [x]}",
            ["provider b: its models are now listed in the file", "provider b: model x added"],
        ),
        (
            "role: admin",
            "role: admin, preferences: {created_at: 2026-01-02}",
            ["client key sk-cli…0000: created_at not set → 1767312000"],
        ),
        ("provider: b,", "provider: c,", ["provider c added", "provider b removed"]),
        (
            "https://b}",
            "https://b, tools: false, engine: claude}",
            ["provider b: engine not set → claude", "provider b: tools true → false"],
        ),
        (
            "https://b}",
            (
                "'https://b?key=secret', preferences: {proxy: 'http://u:secret@h', headers: "
                "{X: secret}}}"
            ),
            [
                "provider b: base_url changed",
                "provider b: proxy changed",
                "provider b: headers changed",
            ],
        ),
        (
            "sk-client-b-000000000000",
            "sk-client-c-000000000000",
            ["client key sk-cli…0000 added", "client key sk-cli…0000 removed"],
        ),
        (
            "role: admin",
            "role: admin, preferences: {credits: 5, AUTO_RETRY: 2}",
            [
                "client key sk-cli…0000: AUTO_RETRY true → 2",
                "client key sk-cli…0000: credits not set → 5",
            ],
        ),
        (
            "role: admin",
            "model: [m]",
            ["client key sk-cli…0000: admin true → false", "client key sk-cli…0000: model changed"],
        ),
    ],
)
def test_changes(read: Read, before: str, after: str, expected: list[str]) -> None:
    """One sentence for each; no secret among them."""
    assert changes(read(OLD), read(OLD.replace(before, after))) == expected


def test_a_new_order_is_a_change(read: Read) -> None:
    """Providers are tried in file order."""
    config = read(OLD)
    turned = dataclasses.replace(config, providers=config.providers[::-1])
    assert changes(config, turned) == ["the order of providers or client keys changed"]


@pytest.mark.parametrize(
    ("value", "named", "told_otherwise"),
    [
        (
            Provider,
            module._PROVIDER_FIELDS,
            {"provider_id", "name", "credentials", "models", "is_discovered"},
        ),
        (ClientKey, module._CLIENT_KEY_FIELDS, {"key_id", "display", "secret"}),
        (Preferences, module._PREFERENCE_FIELDS, set()),
    ],
)
def test_every_field_is_told_of(
    value: type, named: dict[str, str], told_otherwise: set[str]
) -> None:
    """A field added to the schema must be added here."""
    assert {field.name for field in dataclasses.fields(value)} == set(named) | told_otherwise
