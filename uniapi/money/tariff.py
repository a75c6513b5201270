"""What one model costs: figures by what they are paid for, and when others hold instead.

A *row* is a mapping as the price list and the map form of `model_price` write it. In dollars per
million: `in`, `out`, `cache_read`, `cache_write`, `cache_write_1h`, `reasoning`, `audio_in`,
`audio_out`, `image_in`, `image_out` (tokens), `characters`. In dollars each: `request`, `image`
(one made), `minute` (of sound), `search`, `searched` (a request that did, however often). What a
row leaves out costs as what it is part of.

    tiers    [[200000, {…}], …]            over so many input tokens, all of them cost this
    service  {"flex": {…}, "batch": {…}}   by the service tier that the answer names
    regions  {"us": 1.1}                   tokens times this, by the region of the answer
    hours    [["01:00", "04:00", {…}], …]  of the day, in UTC
    from     [["2027-01-01", row], …]      a whole row, from the beginning of a day on
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, TypeAlias

from uniapi.values import dataclass, field

Figure: TypeAlias = int | Decimal
"""Pico-dollars for one of what is counted; whole unless the price has very many decimals."""

PER_MILLION = (
    "in",
    "out",
    "cache_read",
    "cache_write",
    "cache_write_1h",
    "reasoning",
    "audio_in",
    "audio_out",
    "image_in",
    "image_out",
    "characters",
)
EACH = ("request", "image", "minute", "search", "searched")
FIGURES = frozenset((*PER_MILLION, *EACH))
LARGEST = 10**7
"""Dollars: a figure beyond this is no price."""
MOST_PARTS = 50
LARGEST_FACTOR = 100
HOUR_WRITE = 2
"""What a token that the cache keeps for an hour costs, in input tokens, where nothing says it:
Anthropic, the only vendor that tells such tokens apart, bills twice the input
(platform.claude.com/docs, pricing, 2026-11-30).
"""
_SECOND_WORDS = {"priority": "fast", "fast": "priority", "ultrafast": "fast"}
"""OpenAI renamed one to the other (developers.openai.com, guides/fast-mode, 2026-11-30)."""
_DAY_S = 86400


class NotAPrice(ValueError):
    """What a row says is no price; the message says where."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tariff:
    """One model's figures, by name; and those that replace some of them."""

    figures: Mapping[str, Figure]
    tiers: tuple[tuple[int, Mapping[str, Figure]], ...] = ()
    """Over so many input tokens; the highest first."""
    service: Mapping[str, Tariff] = field(default_factory=dict)
    hours: tuple[tuple[int, int, Mapping[str, Figure]], ...] = ()
    """From one second of the UTC day to another, which may lie on the next day."""
    regions: Mapping[str, Decimal] = field(default_factory=dict)
    """What all tokens cost times as much, by where they were read and written."""
    later: tuple[tuple[float, Tariff], ...] = ()
    """From an epoch second on; the latest first."""

    def on(self, at_s: float) -> Tariff:
        """The tariff in force at a moment."""
        for from_s, tariff in self.later:
            if at_s >= from_s:
                return tariff
        return self

    def holding(
        self, *, input_tokens: int, service: str | None, at_s: float
    ) -> Mapping[str, Figure]:
        """The figures for one call."""
        if not (self.tiers or self.service or self.hours):
            return self.figures
        word = (service or "").lower()
        chosen = self.service and (
            self.service.get(word) or self.service.get(_SECOND_WORDS.get(word, ""))
        )
        figures = dict(self.figures)
        for tariff in (self, chosen) if chosen else (self,):
            figures.update(tariff.figures)
            figures.update(tariff._by_hour(at_s))
            figures.update(tariff._by_size(input_tokens))
        return figures

    def _by_hour(self, at_s: float) -> Mapping[str, Figure]:
        second = at_s % _DAY_S
        for start, end, figures in self.hours:
            is_in = start <= second < end if start <= end else second >= start or second < end
            if is_in:
                return figures
        return {}

    def _by_size(self, input_tokens: int) -> Mapping[str, Figure]:
        return next((figures for over, figures in self.tiers if input_tokens > over), {})


def read_tariff(row: Any) -> Tariff:
    """A row, made ready. Raises NotAPrice."""
    if not isinstance(row, Mapping) or not row:
        raise NotAPrice("a price is a map of figures")
    later = [
        (_day_s(entry[0]), read_tariff({**entry[1], "from": []}))
        for entry in _parts(row, "from", 2)
        if isinstance(entry[1], Mapping)
    ]
    service = row.get("service", {})
    if not isinstance(service, Mapping) or len(service) > MOST_PARTS:
        raise NotAPrice("`service` is a map of figures by the name of a service tier")
    return Tariff(
        figures=_figures(row),
        tiers=tuple(
            sorted(
                ((_whole(entry[0]), _figures(entry[1])) for entry in _parts(row, "tiers", 2)),
                key=lambda tier: -tier[0],
            )
        ),
        service={str(word).lower(): read_tariff(figures) for word, figures in service.items()},
        hours=tuple(
            (_clock_s(start), _clock_s(end), _figures(figures))
            for start, end, figures in _parts(row, "hours", 3)
        ),
        regions=_regions(row.get("regions", {})),
        later=tuple(sorted(later, key=lambda one: -one[0])),
    )


def _regions(value: Any) -> dict[str, Decimal]:
    if not isinstance(value, Mapping) or len(value) > MOST_PARTS:
        raise NotAPrice("`regions` is a map of numbers by the name of a region")
    for factor in value.values():
        is_number = isinstance(factor, int | float | Decimal) and not isinstance(factor, bool)
        if not is_number or not 0 < factor <= LARGEST_FACTOR:
            raise NotAPrice(f"`regions`: expected a number up to {LARGEST_FACTOR}")
    return {str(word).lower(): Decimal(str(factor)) for word, factor in value.items()}


_OTHERS = frozenset({"tiers", "service", "hours", "from", "regions"})


def _figures(row: Any) -> dict[str, Figure]:
    if not isinstance(row, Mapping):
        raise NotAPrice("expected a map of figures")
    for name in row:
        if name not in FIGURES and name not in _OTHERS:
            raise NotAPrice(f"`{str(name)[:40]}` is no figure of a price")
    return {
        name: _figure(name, row[name], 10**6 if name in PER_MILLION else 10**12)
        for name in row
        if name in FIGURES
    }


def _figure(name: str, value: Any, scale: int) -> Figure:
    """Dollars per million, or each → pico-dollars of one."""
    is_number = isinstance(value, int | float | Decimal) and not isinstance(value, bool)
    if not is_number or not 0 <= value <= LARGEST:
        raise NotAPrice(f"`{name}`: expected dollars, 0 or more")
    exact = (value if isinstance(value, Decimal) else Decimal(repr(value))) * scale
    whole = int(exact)
    return whole if whole == exact else exact


def _parts(row: Mapping[str, Any], name: str, width: int) -> list[Any]:
    parts = row.get(name, [])
    is_list = isinstance(parts, list | tuple) and len(parts) <= MOST_PARTS
    if not is_list or any(
        not isinstance(part, list | tuple) or len(part) != width for part in parts
    ):
        raise NotAPrice(f"`{name}`: expected a list of lists of {width}")
    return list(parts)


def _whole(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 < value < 10**12:
        raise NotAPrice("`tiers`: expected a number of input tokens")
    return value


def _day_s(text: Any) -> float:
    try:
        day = datetime.date.fromisoformat(text)
    except (TypeError, ValueError):
        raise NotAPrice("`from`: expected a day such as 2027-01-01") from None
    return float((day - datetime.date(1970, 1, 1)).days * _DAY_S)


def _clock_s(text: Any) -> int:
    try:
        time = datetime.time.fromisoformat(text)
    except (TypeError, ValueError):
        raise NotAPrice("`hours`: expected a time of the day such as 16:30") from None
    return time.hour * 3600 + time.minute * 60
