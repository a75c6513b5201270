"""Facts about vendors and model families, as rows, and the resolver that merges the rows that fit.
The rows are in the modules `facts_…`, one for each format or kind of host.

Order matters: later rows win over earlier ones, member by member; `drops` add up. A row is there
because a vendor refuses something or needs it said another way, and says so; what a vendor merely
ignores gets no row. Every row that drops something costs a client something it asked for: when in
doubt, there is no row.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from uniapi.dialects import Quirk
from uniapi.values import dataclass, replace

from .presets import preset_for

_VENDOR_ENGINES = {
    "openrouter": "openrouter",
    "azure": "azure",
    "azure-databricks": "databricks",
    "cloudflare": "cloudflare",
    "cohere": "cohere",
    "aws": "bedrock",
}
"""Engines that are one vendor, whatever the host."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QuirkRow:
    """For the named engines and vendors (empty: any; the vendor `""` is an unknown host) and the
    models that `model` is found in: `changes` to the Quirk and members refused.

    `reason` says where the fact comes from, or what the vendor answers without it. `model` begins
    at a word of the model's name in lower case: `gpt-5` is found in `openai/gpt-5` and `my-gpt-5`.
    It stays text, which `re` compiles when the row is first asked (and remembers): most rows never
    are, and all together took 40 ms of every start.
    """

    reason: str
    model: str | None
    engines: frozenset[str]
    vendors: frozenset[str]
    drops: frozenset[str]
    changes: Mapping[str, Any]

    def fits(self, engine: str, vendor: str, model: str) -> bool:
        return (
            (not self.engines or engine in self.engines)
            and (not self.vendors or vendor in self.vendors)
            and (self.model is None or finds_model(self.model, model))
        )


def finds_model(pattern: str, model: str) -> bool:
    """Whether a word of the model's name, in lower case, begins as `pattern` says."""
    return re.search(rf"(?<![a-z0-9])(?:{pattern})", model) is not None


def fact(
    reason: str,
    model: str | None = None,
    *,
    engines: Collection[str] = (),
    vendors: Collection[str] = (),
    drops: Collection[str] = (),
    **changes: Any,
) -> QuirkRow:
    """A row, its changes to the Quirk by their names."""
    return QuirkRow(
        reason=reason,
        model=model,
        engines=frozenset(engines),
        vendors=frozenset(vendors),
        drops=frozenset(drops),
        changes=changes,
    )


def vendor_fact(
    vendor: str, reason: str, model: str | None = None, drops: Collection[str] = (), **changes: Any
) -> QuirkRow:
    """A row of one vendor."""
    return fact(reason, model, vendors=(vendor,), drops=drops, **changes)


def vendor_of(engine: str, host: str) -> str:
    return _VENDOR_ENGINES.get(engine) or preset_for(host).vendor


def resolve(rows: Iterable[QuirkRow], engine: str, vendor: str, model: str) -> Quirk:
    changes: dict[str, Any] = {}
    drops: frozenset[str] = frozenset()
    for row in rows:
        if row.fits(engine, vendor, model):
            changes.update(row.changes)
            drops |= row.drops
    return replace(Quirk(), dropped_members=drops, **changes)
