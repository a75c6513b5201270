"""The text of an `api.yaml` → Config, with every problem at once.

This module joins the readers and makes the checks that need the whole file.
"""

from __future__ import annotations

from collections.abc import Mapping

from uniapi.values import replace

from .alias_maps import check_joined
from .client_keys import ClientKeysRead, read_client_keys
from .engine_names import EngineNames
from .keys import TOP, advice_on
from .levels import Section
from .nodes import Node, ProblemList
from .preferences import read_preferences
from .problems import ConfigProblems, Problem
from .provider_schema import ModelEntry
from .providers import ProvidersRead, read_providers
from .rules import entries_allowed
from .schema import Config
from .shared import divided
from .unpriced import warn_of_unpriced
from .unserved import warn_of_unserved
from .values import shortened, wrong
from .yaml_tree import read_tree


def parse_config(
    text: str, *, source: str, engines: EngineNames, environment: Mapping[str, str]
) -> tuple[Config, tuple[Problem, ...]]:
    """The configuration and its warnings, in file order. `source` is the file or URL, for messages;
    `environment` what `${VAR}` is looked up in.

    Raises ConfigProblems with every error and warning when there is any error; nothing else,
    whatever the text.
    """
    report = ProblemList()
    root = read_tree(text, environment, report)
    config = _read(root, engines, report) if root is not None else None
    for key, level in report.unknown_keys:
        report.warning(key, f"unknown key {key.shown()} is ignored{advice_on(key.text, level)}")
    if config is None or report.error_count():
        raise ConfigProblems(report.problems(), source, text)
    return config, report.problems()


def _read(root: Node, engines: EngineNames, report: ProblemList) -> Config | None:
    if root.kind == "null":
        report.error(root, "the file is empty: expected `providers` and `api_keys`")
        return None
    if root.kind != "map":
        wrong(root, report, "a map with `providers` and `api_keys`")
        return None
    top = Section(root, TOP, report)
    providers = _providers(top, engines, report)
    keys = _client_keys(top, providers, report)
    preferences = read_preferences(top.get("preferences"), report)
    check_joined(keys.keys, preferences.fallback, keys.fallback_at, report)
    written = top.get("preferences")
    shared_budget, shared_fallback = (
        None if written is None else written.member(name) for name in ("budget", "fallback")
    )
    warn_of_unpriced(keys, providers, preferences, shared_budget, engines, report)
    warn_of_unserved(keys, providers, shared_fallback, report)
    _warn_of_unreached(keys, providers, report)
    reached = [
        replace(provider, prompt_cache=provider.prompt_cache or preferences.prompt_cache)
        for provider in providers.providers
    ]
    return Config(
        providers=tuple(divided(one, preferences.shares) for one in reached),
        client_keys=tuple(keys.keys),
        preferences=preferences,
    )


def _providers(top: Section, engines: EngineNames, report: ProblemList) -> ProvidersRead:
    """Every provider; none left to serve is an error, said only when no other error explains it."""
    node = top.get("providers")
    if node is None:
        return ProvidersRead()
    errors_before = report.error_count()
    read = read_providers(node, engines, report)
    if not read.providers and report.error_count() == errors_before:
        reason = (
            "every provider is left out (see the warnings) or switched off"
            if read.left_out
            else "the list is empty"
        )
        report.error(node, f"nothing is left to serve: {reason}")
    return read


def _client_keys(top: Section, providers: ProvidersRead, report: ProblemList) -> ClientKeysRead:
    node = top.get("api_keys")
    return ClientKeysRead() if node is None else read_client_keys(node, providers, report)


def _warn_of_unreached(keys: ClientKeysRead, providers: ProvidersRead, report: ProblemList) -> None:
    """Models that are written down and that no client key may ask."""
    if not keys.keys:
        return
    rules_of = {key.key_id: key.rules for key in keys.keys}
    reached: set[tuple[str, ModelEntry]] = set()
    for key in keys.keys:
        reached |= entries_allowed(key.key_id, rules_of, providers)
    for provider in providers.providers:
        alone = {
            entry.alias for entry in provider.models if (provider.provider_id, entry) not in reached
        }
        place = providers.places.get(provider.provider_id)
        if alone and place is not None:
            report.warning(
                place,
                f"no client key's rule reaches {', '.join(shortened(sorted(alone)))} of"
                f" {provider.name!r}: nobody can ask for it (add `{provider.name}/*` to the `model`"
                " list of a client key)",
            )
