"""The cache doctor at the attempt loop: which answers it looks at, what it is told, and what it
found, by day, model and reason, with the money that misses have cost; kept in the data dir.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping
from typing import Any

from uniapi.canonical import Call, Usage
from uniapi.clock import Clock, Epoch
from uniapi.dialects import Quirk
from uniapi.engines import Target
from uniapi.money import LEAST_TOKENS, LIKELY_LIFE_S, CacheDoctor, CachedRequest, Verdict
from uniapi.storage import Folder, KeptMap, MemoryFolder

from .session_hint import session_hint

CACHES_FILE = "caches"
MOST_ROWS = 3000
DAY_S = 86400.0
LASTS_S = 62 * DAY_S
HOUR_LIFE_S = 3600.0
_TOO_SHORT = Verdict(reason="below-minimum", share=0.0)
_FIGURES = ("requests", "input_tokens", "read_tokens", "lost_tokens", "lost_pd")

PriceGap = Callable[[str, str, str, float], int]
"""(requested model, upstream model, provider id, when) → what a token that is not read from the
cache costs more than one that is, in pico-dollars.
"""


class CacheRounds:
    """`look` once for each answer that tells how much of its input came from a cache, in a thread
    where that takes long; then `count` what it found, on the event loop.
    """

    def __init__(self, folder: Folder, clock: Clock, price_gap: PriceGap) -> None:
        self._clock = clock
        self._price_gap = price_gap
        self._doctor = CacheDoctor()
        self._day_begins_s = 0.0
        """Of the last answer, in UTC."""
        self._new: dict[tuple[str, str, str], list[int]] = {}
        """What that day came to since it was last settled, by provider, model and reason."""
        self._kept = KeptMap(folder, CACHES_FILE, limit=MOST_ROWS, lasts_s=LASTS_S)
        self._kept.load(clock.now_s())

    @classmethod
    def in_memory(cls, clock: Clock) -> CacheRounds:
        """Without a disk or prices."""
        return cls(MemoryFolder(), clock, lambda requested, upstream, provider_id, at_s: 0)

    def look(self, call: Call, target: Target, quirk: Quirk, usage: Usage | None) -> Verdict | None:
        """None where nobody says what was read from a cache."""
        if usage is None or not usage.input_tokens:
            return None
        if usage.cache_read_tokens is None and not tells_of_cache(usage, is_over=True):
            return None
        if (
            usage.input_tokens < (quirk.least_cached or LEAST_TOKENS)
            and not usage.cache_read_tokens
        ):
            return _TOO_SHORT
        return self._examined(call, target, usage, quirk)

    def conversations(self) -> list[dict[str, Any]]:
        """The latest ones, for the page: no word of them."""
        return [
            {
                "key": one.label,
                "model": one.model,
                "requests": one.requests,
                "input_tokens": one.input_tokens,
                "read_tokens": one.read_tokens,
                "last": one.last.header if one.last is not None else "",
            }
            for one in self._doctor.conversations()
        ]

    def rows(self, since_s: float = 0.0) -> list[dict[str, Any]]:
        """What was found since a day began, by model and reason: see `cache_rows`."""
        self.settle()
        now_s = self._clock.now_s()
        values = {name: self._kept.get(name, now_s) for name in self._kept.names()}
        return cache_rows(values, since_s)

    def settle(self) -> None:
        """Put what was counted since the last time to what is kept; on the event loop."""
        begins_s, found, self._new = self._day_begins_s, self._new, {}
        date = datetime.datetime.fromtimestamp(begins_s, datetime.timezone.utc).date()
        for (provider, model, reason), sums in found.items():
            name = "\n".join((date.isoformat(), provider, model[:100], reason))
            self._kept.add(name, sums, self._clock.now_s())

    def flush(self, now_s: Epoch) -> None:
        """Make what was settled durable; in a thread."""
        self._kept.flush(now_s)

    def _examined(self, call: Call, target: Target, usage: Usage, quirk: Quirk) -> Verdict:
        hint = session_hint(call)
        key = call.principal
        is_long = bool(usage.cache_write_1h_tokens)
        served = CachedRequest(
            session=f"{key.key_id}:{hint.session_id}",
            label=key.label,
            model=target.upstream_model,
            place=(target.provider.provider_id, target.credential.credential_id),
            input_tokens=usage.input_tokens or 0,
            read_tokens=usage.cache_read_tokens or 0,
            at=self._clock.monotonic_s(),
            least_tokens=quirk.least_cached or LEAST_TOKENS,
            life_s=HOUR_LIFE_S if is_long else quirk.cache_lasts_s or LIKELY_LIFE_S,
        )
        return self._doctor.examine(served, call.json)

    def count(self, call: Call, target: Target, usage: Usage, verdict: Verdict) -> None:
        """Sum up what `look` has said of an answer."""
        now_s = self._clock.now_s()
        provider_id, model = target.provider.provider_id, target.upstream_model
        lost_pd = 0
        if verdict.lost_tokens:
            gap = self._price_gap(call.requested_model, model, provider_id, now_s)
            lost_pd = verdict.lost_tokens * gap
        if len(self._new) >= MOST_ROWS or not 0 <= now_s - self._day_begins_s < DAY_S:
            self.settle()
            self._day_begins_s = now_s // DAY_S * DAY_S
        name = (target.provider.name, model, verdict.reason)
        sums = self._new.get(name)
        if sums is None:
            sums = self._new[name] = [0] * len(_FIGURES)
        sums[0] += 1
        sums[1] += usage.input_tokens or 0
        sums[2] += usage.cache_read_tokens or 0
        sums[3] += verdict.lost_tokens
        sums[4] += lost_pd


def tells_of_cache(usage: Usage | None, is_over: bool) -> bool:
    """Whether it says what was read from a cache. Google leaves a count of none out, which is known
    when the answer is over.
    """
    if usage is None:
        return False
    return usage.cache_read_tokens is not None or (is_over and usage.dialect == "gemini")


def cache_rows(kept: Mapping[str, Any], since_s: float) -> list[dict[str, Any]]:
    """Rows of `provider`, `model`, `reason` and their figures, the dearest first, from what is kept
    by day; what makes no sense is left out.
    """
    first = datetime.datetime.fromtimestamp(max(0.0, since_s), datetime.timezone.utc).date()
    sums: dict[tuple[str, str, str], list[int]] = {}
    for name, figures in kept.items():
        parts = name.split("\n")
        is_row = isinstance(figures, list) and len(figures) == len(_FIGURES)
        if len(parts) != 4 or not is_row or parts[0] < first.isoformat():
            continue
        row = sums.setdefault((parts[1], parts[2], parts[3]), [0] * len(_FIGURES))
        row[:] = [old + int(new) for old, new in zip(row, figures, strict=True)]
    found = [
        {
            **dict(zip(("provider", "model", "reason"), place, strict=True)),
            **dict(zip(_FIGURES, row, strict=True)),
        }
        for place, row in sums.items()
    ]
    return sorted(found, key=lambda row: (-row["lost_pd"], -row["input_tokens"]))
