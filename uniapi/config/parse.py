"""The text of an `api.yaml` → Config, with every problem at once.

This module joins the readers and makes the checks that need the whole file.
"""

from __future__ import annotations

from collections.abc import Mapping

from .client_keys import ClientKeysRead, read_client_keys
from .keys import TOP, advice_on
from .levels import Section
from .nodes import Node, ProblemList
from .preferences import read_preferences
from .providers import ProvidersRead, read_providers
from .rules import entries_allowed
from .schema import Config, ConfigProblems, EngineNames, Preferences, Problem
from .values import wrong
from .yaml_tree import read_tree

_NAMED_AT_MOST = 5


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
        raise ConfigProblems(report.problems(), source)
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
    _warn_of_unpriced(keys, providers, preferences, report)
    return Config(
        providers=tuple(providers.providers), client_keys=tuple(keys.keys), preferences=preferences
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


def _warn_of_unpriced(
    keys: ClientKeysRead, providers: ProvidersRead, preferences: Preferences, report: ProblemList
) -> None:
    """`credits` can only be counted down where calls have a price; providers that report a cost of
    their own do without.
    """
    prices = preferences.prices
    if "default" in prices:
        return
    rules_of = {key.key_id: key.rules for key in keys.keys}
    for key in keys.keys:
        if key.key_id not in keys.credits_at:
            continue
        entries = entries_allowed(key.key_id, rules_of, providers)
        unpriced = sorted(
            {
                entry.alias
                for entry in entries
                if not any(name.startswith(tuple(prices)) for name in (entry.alias, entry.upstream))
            }
        )
        listed = [f"`{alias}`" for alias in unpriced[:_NAMED_AT_MOST]]
        if len(unpriced) > _NAMED_AT_MOST:
            listed.append(f"{len(unpriced) - _NAMED_AT_MOST} more")
        if not listed and any(provider.is_discovered for provider in providers.providers):
            listed.append("models that providers list themselves")
        if listed:
            message = (
                f"`credits` is set, and `model_price` has no price for {', '.join(listed)}: their"
                " calls cost nothing unless the provider reports a cost"
            )
            report.warning(keys.credits_at[key.key_id], message)
