"""What changed between two configurations, in sentences for the log.

No secret is shown: keys by their masked form, addresses with a password not at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from .client_keys import CLIENT_KEY, CLIENT_KEY_PREFERENCES
from .client_schema import ClientKey
from .levels import Level
from .preferences import PREFERENCES
from .provider_keys import PROVIDER, PROVIDER_PREFERENCES
from .provider_schema import Provider
from .schema import Config

_IDENTITIES = frozenset({"name", "secret"})
_TOLD_OTHERWISE = frozenset({"models", "credentials"})

_NEVER_SHOWN = frozenset({"proxy", "headers", "base_url"})
"""A base URL may carry a key in its query, a proxy a password."""


def _fields(*levels: Level) -> Mapping[str, str]:
    """Field → the key of `api.yaml` it comes from."""
    named: dict[str, str] = {}
    for key in (key for level in levels for key in level.keys):
        if key.field and key.field not in _IDENTITIES | _TOLD_OTHERWISE:
            named.setdefault(key.field, key.name)
    return named


_PROVIDER_FIELDS = _fields(PROVIDER, PROVIDER_PREFERENCES)
_CLIENT_KEY_FIELDS = {"is_admin": "admin", **_fields(CLIENT_KEY, CLIENT_KEY_PREFERENCES)}
_PREFERENCE_FIELDS = _fields(PREFERENCES)


def changes(old: Config, new: Config) -> list[str]:
    """One sentence for each thing added, removed or changed, in the order of the file; empty when
    the two say the same.
    """
    said = [
        *_joined_and_left(
            "provider",
            {p.provider_id: p.provider_id for p in old.providers},
            {p.provider_id: p.provider_id for p in new.providers},
        ),
        *_both(
            old.providers, new.providers, lambda provider: provider.provider_id, _provider_changes
        ),
        *_joined_and_left(
            "client key",
            {k.key_id: k.display for k in old.client_keys},
            {k.key_id: k.display for k in new.client_keys},
        ),
        *_both(old.client_keys, new.client_keys, lambda key: key.key_id, _client_key_changes),
        *_field_changes(old.preferences, new.preferences, _PREFERENCE_FIELDS, "preferences"),
    ]
    if not said and old != new:
        return ["the order of providers or client keys changed"]
    return said


def _joined_and_left(what: str, old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[str]:
    for identity, name in new.items():
        if identity not in old:
            yield f"{what} {name} added"
    for identity, name in old.items():
        if identity not in new:
            yield f"{what} {name} removed"


def _both(old: Iterable[Any], new: Iterable[Any], identity: Any, compare: Any) -> Iterator[str]:
    before = {identity(item): item for item in old}
    for item in new:
        if identity(item) in before:
            yield from compare(before[identity(item)], item)


def _provider_changes(old: Provider, new: Provider) -> Iterator[str]:
    where = f"provider {new.provider_id}"
    if old.is_discovered != new.is_discovered:
        yield (
            f"{where}: its models are now"
            f" {'those it lists itself' if new.is_discovered else 'listed in the file'}"
        )
    old_models, new_models = (
        {model.alias: model.upstream for model in old.models},
        {model.alias: model.upstream for model in new.models},
    )
    yield from _joined_and_left(
        f"{where}: model", {name: name for name in old_models}, {name: name for name in new_models}
    )
    for alias, upstream in new_models.items():
        if old_models.get(alias, upstream) != upstream:
            yield f"{where}: model {alias} is now {upstream}"
    old_keys, new_keys = (
        {c.credential_id: c.display for c in old.credentials},
        {c.credential_id: c.display for c in new.credentials},
    )
    yield from _joined_and_left(f"{where}: key", old_keys, new_keys)
    if old_keys.keys() == new_keys.keys() and old.credentials != new.credentials:
        yield f"{where}: api changed"
    yield from _field_changes(old, new, _PROVIDER_FIELDS, where)


def _client_key_changes(old: ClientKey, new: ClientKey) -> Iterator[str]:
    return _field_changes(old, new, _CLIENT_KEY_FIELDS, f"client key {new.display}")


def _field_changes(old: Any, new: Any, fields: Mapping[str, str], where: str) -> Iterator[str]:
    for field, key in fields.items():
        before, after = getattr(old, field), getattr(new, field)
        if before == after:
            continue
        if field in _NEVER_SHOWN or not (_is_short(before) and _is_short(after)):
            yield f"{where}: {key} changed"
        else:
            yield f"{where}: {key} {_said(before)} → {_said(after)}"


def _is_short(value: Any) -> bool:
    return value is None or isinstance(value, (bool, int, float, str))


def _said(value: Any) -> str:
    if value is None:
        return "not set"
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:.12g}" if isinstance(value, float) else str(value)
