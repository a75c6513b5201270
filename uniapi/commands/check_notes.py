"""What has changed its meaning since the older uni-api, for those that a configuration concerns:
notes, which are no problems.
"""

from __future__ import annotations

from uniapi.config import Config, Problem
from uniapi.gateway import Engines

_MOST_NAMED = 5


def notes(config: Config) -> tuple[Problem, ...]:
    """One for each change that meets something in `config`."""
    found = [_keys_by_conversation(config), _one_call_only(config)]
    return tuple(Problem(severity="note", path="", message=one) for one in found if one)


def _keys_by_conversation(config: Config) -> str | None:
    engines = Engines()
    names = [
        provider.name
        for provider in config.providers
        if len(provider.credentials) > 1
        and provider.credential_policy is None
        and engines.has_account_cache(provider)
    ]
    if not names:
        return None
    return (
        f"the keys of {_listed(names)} go by conversation, so that prompt caches stay warm;"
        " `api_key_schedule_algorithm: round_robin` is one request each, as it was"
    )


def _one_call_only(config: Config) -> str | None:
    names = [key.label for key in config.client_keys if not key.auto_retry]
    if not names:
        return None
    return (
        f"`AUTO_RETRY: false` of {_listed(names)} means one upstream call and no other key or"
        " provider; it had no effect for a while"
    )


def _listed(names: list[str]) -> str:
    shown = ", ".join(f"`{name}`" for name in names[:_MOST_NAMED])
    more = len(names) - _MOST_NAMED
    return f"{shown} and {more} more" if more > 0 else shown
