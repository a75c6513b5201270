"""Who may use what: from a client key and a requested model to the channels that could serve it.
Compiled from a Config once; lookups cost a few dictionary reads.

A requested name is looked up as the client key's `aliases` say, then as it is; when nobody has it,
a `[1m]`-style suffix is taken off; when nobody has that, by the wildcards that fit it, the one with
the longest literal first; and at last without `models/` before it and whatever the case of its
letters. A trailing `*` in what is asked for asks for every alias that begins so.
Candidates are distinct channels in the order of
the key's rules, then of the file. A nested client key is a Group: its own candidates, with its own
order, retries and limits.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence

from uniapi.config import (
    ClientKey,
    Config,
    ModelEntry,
    Provider,
    Rule,
    fits,
    is_wildcard,
    most_telling_first,
)
from uniapi.near import near_words
from uniapi.values import dataclass, field, replace

from .candidates import Candidate, Candidates, Channel, Group

MAX_REMEMBERED = 4096
MAX_COMPARED = 200
MAX_COMPARED_LENGTH = 64
"""Comparing two names takes time by the square of their length, and both may be a stranger's."""
MAX_NESTED = 10
"""Client keys within client keys; what lies deeper does not count."""
_LISTED = "models/"
_SUFFIX = re.compile(r"\[[^\[\]]*\]$")


@dataclass(frozen=True, slots=True)
class _Served:
    """A provider with what it serves: alias → upstream model (of two entries with one alias the
    last counts, as it always did).
    """

    provider: Provider
    upstream_by_alias: Mapping[str, str]


@dataclass(slots=True)
class _Remembered:
    """What was worked out before. Only speed depends on it."""

    candidates: dict[tuple[str, str], Candidates] = field(default_factory=dict)
    models: dict[str, tuple[str, ...]] = field(default_factory=dict)
    folded: dict[str, dict[str, str]] = field(default_factory=dict)
    """Aliases by their names without regard to case, the first of several."""
    sorted_names: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    """Aliases in lower case, cut, each with the alias."""


class Catalog:
    """Channels by client key and model.

    `lists` holds the models of providers that name none; None or absent: not there yet.
    """

    def __init__(
        self, config: Config, lists: Mapping[str, Sequence[ModelEntry] | None] | None = None
    ) -> None:
        lists = lists or {}
        self.config = config
        self._served: list[_Served] = []
        self._by_alias: dict[str, list[_Served]] = {}
        self._by_name: dict[str, list[_Served]] = {}
        self._wildcards: list[str] = []
        self._unlisted: list[Provider] = []
        self._keys = {client_key.key_id: client_key for client_key in config.client_keys}
        for provider in config.providers:
            listed = lists.get(provider.provider_id) if provider.is_discovered else provider.models
            if listed is None:
                self._unlisted.append(provider)
                listed = ()
            served = _Served(provider, {entry.alias: entry.upstream for entry in listed})
            self._served.append(served)
            self._by_name.setdefault(provider.name, []).append(served)
            for alias in served.upstream_by_alias:
                self._by_alias.setdefault(alias, []).append(served)
        self._wildcards = most_telling_first(filter(is_wildcard, self._by_alias))
        self._remembered = _Remembered()

    def candidates(self, client_key: ClientKey, requested: str) -> Candidates:
        """The candidates for a requested model name.

        Empty when this key cannot use such a model.
        """
        name = (client_key.key_id, requested)
        found = self._remembered.candidates.get(name)
        if found is None:
            found = self._resolve(client_key, requested)
            if found:
                if len(self._remembered.candidates) >= MAX_REMEMBERED:
                    self._remembered.candidates.clear()
                self._remembered.candidates[name] = found
        return found

    def models(self, client_key: ClientKey) -> tuple[str, ...]:
        """The aliases this key can route, each once, in the order of its rules and the file."""
        found = self._remembered.models.get(client_key.key_id)
        if found is None:
            listed = dict.fromkeys(self._aliases(client_key, ()))
            own = (name for name in client_key.aliases if not is_wildcard(name))
            listed.update(dict.fromkeys(name for name in own if self.candidates(client_key, name)))
            found = self._remembered.models[client_key.key_id] = tuple(listed)
        return found

    def near_matches(
        self, client_key: ClientKey, requested: str, count: int = 3
    ) -> tuple[str, ...]:
        """Aliases of this key that look like `requested`, best first."""
        lowered = requested.lower()[:MAX_COMPARED_LENGTH]
        names = self._remembered.sorted_names.get(client_key.key_id)
        if names is None:
            names = self._remembered.sorted_names[client_key.key_id] = sorted(
                (alias.lower()[:MAX_COMPARED_LENGTH], alias) for alias in self.models(client_key)
            )
        by_lowered = dict(nearest(names, lowered))
        return tuple(
            by_lowered[match] for match in near_words(lowered, by_lowered, n=count, cutoff=0.5)
        )

    def unlisted(self, client_key: ClientKey) -> tuple[Provider, ...]:
        """The providers this key may use whose model list is not there yet."""
        return tuple(
            provider for provider in self._unlisted if self._reaches(client_key, provider, ())
        )

    def in_provider(self, client_key: ClientKey, provider_id: str) -> Channel | None:
        """A channel for calls that name no model but belong to a provider (a stored response by its
        id); None when this key may not use the provider.
        """
        for served in self._served:
            if served.provider.provider_id == provider_id and self._reaches(
                client_key, served.provider, ()
            ):
                return Channel(provider=served.provider, upstream_model="", alias="")
        return None

    def unreached(self, client_key: ClientKey, requested: str) -> tuple[Provider, ...]:
        """Providers that have the model but that no rule of this key reaches: for `explain`."""
        reached = {
            channel.provider.provider_id
            for channel in self.candidates(client_key, requested).channels()
        }
        having = [
            served.provider
            for name in dict.fromkeys((requested, _SUFFIX.sub("", requested)))
            for served in self._by_alias.get(name, ())
        ]
        return tuple(provider for provider in having if provider.provider_id not in reached)

    def _resolve(self, client_key: ClientKey, requested: str) -> Candidates:
        """Names in the order of what they say: the client's own, the models', then wildcards of
        both, the longest literal first.
        """
        plain = _SUFFIX.sub("", requested)
        names = list(dict.fromkeys((requested, plain or requested)))
        found = self._named(client_key, names)
        if found or requested.endswith("*"):
            return found
        # Google's list of models, also in OpenAI's form, says `models/gemini-…`, and clients ask
        # for what a list says; OpenCode and others write names in small letters
        # (diegosouzapw/OmniRoute#5135, 2026-12-01).
        bare = names[-1].removeprefix(_LISTED)
        if bare != names[-1]:
            found = self._named(client_key, [bare])
        meant = None if found else self._folded(client_key).get(bare.casefold())
        return found if meant is None else self._named(client_key, [meant])

    def _folded(self, client_key: ClientKey) -> Mapping[str, str]:
        """What this key may ask for, by its name without regard to case."""
        found = self._remembered.folded.get(client_key.key_id)
        if found is None:
            found = self._remembered.folded[client_key.key_id] = {}
            for alias in (*client_key.aliases, *self._aliases(client_key, ())):
                if not is_wildcard(alias):
                    found.setdefault(alias.casefold(), alias)
        return found

    def _named(self, client_key: ClientKey, names: Sequence[str]) -> Candidates:
        """The first of `names` that leads anywhere, or the wildcards for the last."""
        for name in names:
            model = client_key.aliases.get(name)
            found = (
                self._expand(client_key, name, ())
                if model is None
                else self._served_as(client_key, model)
            )
            if found:
                return found
        own = filter(is_wildcard, client_key.aliases)
        for pattern in self._standing_for(names[-1], own):
            model = client_key.aliases.get(pattern)
            found = (
                self._expand(client_key, names[-1], (), pattern)
                if model is None
                else self._served_as(client_key, model)
            )
            if found:
                return found
        return found

    def _served_as(self, client_key: ClientKey, model: str) -> Candidates:
        """What a client key has for a model, by its name or by a wildcard of the models'."""
        found = self._expand(client_key, model, ())
        for pattern in () if found else self._standing_for(model, ()):
            found = self._expand(client_key, model, (), pattern)
            if found:
                break
        return found

    def _standing_for(self, name: str, own: Iterable[str]) -> list[str]:
        """The wildcards that stand for `name`: the client key's `own` and the models'."""
        known = dict.fromkeys((*own, *self._wildcards))
        return most_telling_first(pattern for pattern in known if fits(pattern, name))

    def _expand(
        self,
        client_key: ClientKey,
        requested: str,
        path: tuple[str, ...],
        pattern: str | None = None,
    ) -> Candidates:
        """Rules to distinct candidates; the first weight given to a channel counts.

        `path` holds the keys on the way, against circles; `pattern`: the alias with `*` that is to
        serve the name, instead of one of its own.
        """
        found: dict[tuple[str, ...], Candidate] = {}
        for rule in client_key.rules:
            for candidate in self._matching(rule, client_key, requested, path, pattern):
                name = (
                    (candidate.client_key.key_id,)
                    if isinstance(candidate, Group)
                    else (*candidate.channel_id, "")
                )
                known = found.get(name)
                if known is None:
                    found[name] = candidate
                elif known.weight is None and candidate.weight is not None:
                    found[name] = replace(known, weight=candidate.weight)
        members = tuple(found.values())
        alias = requested if pattern is None else pattern
        if requested.endswith("*"):
            alias = next(
                (channel.alias for channel in Candidates(alias="", members=members).channels()),
                requested,
            )
        return Candidates(alias=alias, members=members)

    def _matching(
        self,
        rule: Rule,
        client_key: ClientKey,
        requested: str,
        path: tuple[str, ...],
        pattern: str | None,
    ) -> Iterator[Candidate]:
        if rule.kind in ("key", "key_model"):
            group = self._group(rule, client_key, requested, path, pattern)
            if group is not None:
                yield group
            return
        reached = (
            self._reached(rule, requested)
            if pattern is None
            else self._stood_for(rule, requested, pattern)
        )
        for served, alias in reached:
            yield Channel(
                provider=served.provider,
                upstream_model=served.upstream_by_alias[alias],
                alias=alias,
                weight=rule.weight,
                key_path=path,
            )

    def _stood_for(self, rule: Rule, requested: str, pattern: str) -> Iterator[tuple[_Served, str]]:
        """The providers that have the alias `pattern`, where the rule reaches it for this name. A
        bare `*` needs a rule of its own: `*`, or its provider's `/*`.
        """
        named = rule.model
        is_meant = named is None or named in (requested, pattern) or fits(named, requested)
        if rule.kind == "unknown" or not is_meant:
            return
        if pattern == "*" and named != "*" and rule.provider is None:
            return
        scope = self._by_name.get(rule.provider, ()) if rule.provider is not None else None
        for served in self._by_alias.get(pattern, ()) if scope is None else scope:
            if pattern in served.upstream_by_alias:
                yield served, pattern

    def _group(
        self,
        rule: Rule,
        client_key: ClientKey,
        requested: str,
        path: tuple[str, ...],
        pattern: str | None,
    ) -> Group | None:
        inner = self._keys.get(rule.key_id or "")
        if (
            inner is None
            or inner.key_id in path
            or inner.key_id == client_key.key_id
            or len(path) >= MAX_NESTED
        ):
            return None
        if rule.model is not None and not _asks_for(requested, rule.model):
            return None
        asked = rule.model if rule.model is not None else requested
        candidates = self._expand(inner, asked, (*path, inner.key_id), pattern)
        return (
            Group(client_key=inner, candidates=candidates, weight=rule.weight)
            if candidates
            else None
        )

    def _reached(self, rule: Rule, requested: str) -> Iterator[tuple[_Served, str]]:
        """The (provider, alias) pairs a rule about providers or models gives for a
        requested name.
        """
        if rule.kind == "unknown" or (
            rule.model is not None and not _asks_for(requested, rule.model)
        ):
            return
        names = rule.model if rule.model is not None else requested
        scope = self._by_name.get(rule.provider, ()) if rule.provider is not None else None
        if not names.endswith("*"):
            for served in self._by_alias.get(names, ()) if scope is None else scope:
                if names in served.upstream_by_alias:
                    yield served, names
            return
        for served in self._served if scope is None else scope:
            for alias in served.upstream_by_alias:
                if _asks_for(names, alias) and not is_wildcard(alias):
                    yield served, alias

    def _aliases(self, client_key: ClientKey, path: tuple[str, ...]) -> Iterator[str]:
        for rule in client_key.rules:
            if rule.kind in ("key", "key_model"):
                inner = self._keys.get(rule.key_id or "")
                if (
                    inner is not None
                    and inner.key_id not in path
                    and inner.key_id != client_key.key_id
                    and len(path) < MAX_NESTED
                ):
                    yield from (
                        alias
                        for alias in self._aliases(inner, (*path, client_key.key_id))
                        if rule.model in (None, alias)
                    )
            else:
                yield from self._listed(rule)

    def _listed(self, rule: Rule) -> Iterator[str]:
        """The names that a rule about providers or models gives; one that a wildcard stands for,
        where the rule names it.
        """
        names = "*" if rule.model is None else rule.model
        found = [alias for _, alias in self._reached(rule, names)]
        yield from found
        if not found and not is_wildcard(names):
            for pattern in self._wildcards:
                if fits(pattern, names) and any(self._stood_for(rule, names, pattern)):
                    yield names
                    return

    def _reaches(self, client_key: ClientKey, provider: Provider, path: tuple[str, ...]) -> bool:
        for rule in client_key.rules:
            if rule.kind in ("key", "key_model"):
                inner = self._keys.get(rule.key_id or "")
                if (
                    inner is not None
                    and len(path) < MAX_NESTED
                    and inner.key_id not in path
                    and self._reaches(inner, provider, (*path, client_key.key_id))
                ):
                    return True
            elif rule.kind != "unknown" and rule.provider in (None, provider.name):
                return True
        return False


def _asks_for(requested: str, alias: str) -> bool:
    """Whether a requested name, perhaps with a trailing `*`, means `alias`."""
    return requested == alias or (requested.endswith("*") and alias.startswith(requested[:-1]))


def nearest(names: Sequence[tuple[str, str]], lowered: str) -> Sequence[tuple[str, str]]:
    """The few that `lowered` is compared with: of very many sorted names those around its place,
    which begin as it does.
    """
    if len(names) <= MAX_COMPARED:
        return names
    place = bisect_left(names, (lowered, ""))
    first = max(0, min(place - MAX_COMPARED // 2, len(names) - MAX_COMPARED))
    return names[first : first + MAX_COMPARED]
