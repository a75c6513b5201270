"""Which of the models that a configuration names are shut down, or will be within half a year: what
the start, `check`, `models`, `explain` and the status page say of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, timedelta, timezone
from typing import Any

from uniapi.values import dataclass

from .config import ModelEntry, Provider
from .engines import ListedModel, Place, Retirement, engine_for, retirement_of

HORIZON = timedelta(days=183)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """One model of one provider, under the name that clients use."""

    provider: str
    upstream_model: str
    alias: str
    retirement: Retirement

    def said(self, today: date) -> str:
        model = self.upstream_model
        named = model if model == self.alias else f"{self.alias} ({model})"
        return f"{named} at {self.provider} {self.retirement.said(today)}"

    def row(self, today: date) -> dict[str, Any]:
        """As plain data."""
        return {
            "provider": self.provider,
            "model": self.upstream_model,
            "alias": self.alias,
            "day": self.retirement.day.isoformat(),
            "successor": self.retirement.successor,
            "source": self.retirement.source,
            "state": self.retirement.state(today),
            "message": self.said(today),
        }


def day_of(now_s: float) -> date:
    """The day in UTC, by which vendors count."""
    return datetime.fromtimestamp(now_s, timezone.utc).date()


def written_endings(providers: Iterable[Provider], today: date) -> tuple[Ending, ...]:
    """Those of the models that are written down, the soonest first. What a provider lists by itself
    is its own business.
    """
    found = [
        ending
        for provider in providers
        for entry in provider.models
        if (ending := find_ending(provider, entry, {})) is not None
        and ending.retirement.day <= today + HORIZON
    ]
    return tuple(sorted(found, key=lambda ending: ending.retirement.day))


class RetirementWatch:
    """The endings of the providers in force, found anew each day and for each configuration."""

    def __init__(self, providers: Callable[[], tuple[Provider, ...]]) -> None:
        self._providers = providers
        self._of: tuple[tuple[Provider, ...], date] | None = None
        self._found: tuple[Ending, ...] = ()

    def endings(self, today: date) -> tuple[Ending, ...]:
        """See `written_endings`."""
        providers = self._providers()
        if self._of is None or self._of[0] is not providers or self._of[1] != today:
            self._of, self._found = (providers, today), written_endings(providers, today)
        return self._found


def find_ending(
    provider: Provider, entry: ModelEntry, listed: Mapping[str, ListedModel]
) -> Ending | None:
    """What is known of one model, whenever it ends; `listed`: the provider's own list, by name."""
    place = Place(provider=provider, upstream_model=entry.upstream, alias=entry.alias)
    found = retirement_of(engine_for(provider), place, listed.get(entry.upstream))
    if found is None:
        return None
    return Ending(
        provider=provider.name,
        upstream_model=entry.upstream,
        alias=entry.alias,
        retirement=found,
    )


def endings_by_channel(
    providers: Iterable[Provider],
    entries: Callable[[Provider], Iterable[ModelEntry]],
    listed: Callable[[str], Iterable[ListedModel]],
) -> dict[tuple[str, str], Ending]:
    """(provider id, upstream model) → what is known of it, discovered models included."""
    found: dict[tuple[str, str], Ending] = {}
    for provider in providers:
        known = {model.model: model for model in listed(provider.provider_id)}
        for entry in entries(provider):
            ending = find_ending(provider, entry, known)
            if ending is not None:
                found[(provider.provider_id, entry.upstream)] = ending
    return found
