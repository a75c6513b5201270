"""What an admin does about provider keys: wake what rests, test one."""

from __future__ import annotations

import logging
from typing import Any

from uniapi.canonical import RequestRefused
from uniapi.config import Credential, Provider

from .admin_question import AdminQuestion, not_found

log = logging.getLogger("uniapi.admin")


def clear_rests(asked: AdminQuestion) -> dict[str, Any]:
    """`POST /v1/rests/clear`: what rests is tried anew; with `provider` (its name) only what is
    its, with `key` (its number from 1, or as lists show it; in a JSON body, as `key` in a query is
    the client's own) only that key.
    """
    name, key = asked.query.get("provider", ""), asked.query.get("key", "")
    providers = _providers(asked, name)
    if not key:
        cleared = asked.wake([one.provider_id for one in providers] if name else None, None)
    elif not name:
        raise RequestRefused.bad_request("`key` needs its `provider`.", param="provider")
    else:
        cleared = sum(
            asked.wake([provider.provider_id], credential.credential_id)
            for provider, credential in _keys(providers, key)
        )
    log.info("%s cleared %d rests (%s)", asked.key.label, cleared, name or "all providers")
    return {"cleared": cleared}


async def test_key(asked: AdminQuestion) -> dict[str, Any]:
    """`POST /v1/keys/test` with `provider` and, in a JSON body, `key` (its number from 1, or as
    lists show it): the key is asked for something small, once. A key that answers rests no longer.
    """
    name, key = asked.query.get("provider", ""), asked.query.get("key", "")
    if not name or not key:
        missing = "key" if name else "provider"
        raise RequestRefused.bad_request(f"`{missing}` is missing.", param=missing)
    provider, credential = _keys(_providers(asked, name), key)[0]
    log.info("%s tests %s %s", asked.key.label, provider.name, credential.display)
    return await asked.test_key(provider, credential)


def _providers(asked: AdminQuestion, name: str) -> list[Provider]:
    """Those of a name; all where none is given. Raises RequestRefused (404)."""
    found = [one for one in asked.config.providers if name in ("", one.name, one.provider_id)]
    if name and not found:
        raise not_found(f"There is no provider `{name[:200]}`.", "provider")
    return found


def _keys(providers: list[Provider], key: str) -> list[tuple[Provider, Credential]]:
    """Raises RequestRefused (404)."""
    found = [
        (provider, credential)
        for provider in providers
        for number, credential in enumerate(provider.credentials, 1)
        if key in (str(number), credential.display)
    ]
    if not found:
        raise not_found(f"The provider has no key `{key[:40]}`.", "key")
    return found
