"""What a call costs at a tariff, to the pico-dollar: every part of what it used once, at the figure
for that part, or at that of what it is part of.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TypeGuard, cast

from uniapi.canonical import Usage
from uniapi.values import replace

from .amounts import PICO, picodollars, rounded
from .tariff import HOUR_WRITE, Figure, Tariff

LARGEST_COST = 10**6
"""Dollars: a vendor's figure beyond this is no cost of one call."""
MOST_COUNTED = 10**10
SOUND_PER_TOKEN = 6
"""Tokens of sound that a token of text is spoken in: OpenAI answers with sound alone, and bills
gpt-4o-mini-tts by both. Measured on a bill (github.com/sanand0/blog, openai-tts-cost, 2025-11-02);
OpenAI's own $0.015 a minute comes to the same (developers.openai.com/api/docs/pricing).
"""


def plausible(count: int | None) -> int | None:
    """A count as a vendor states it, None when it states none or one that cannot be true."""
    return count if type(count) is int and 0 <= count <= MOST_COUNTED else None


def are_plausible(counts: Sequence[int | None]) -> TypeGuard[Sequence[int]]:
    """Whether all of some counts, one at least, are stated and can be true: the usual case, and
    quickly seen.
    """
    if set(map(type, counts)) != {int}:
        return False
    known = cast("Sequence[int]", counts)
    return min(known) >= 0 and max(known) <= MOST_COUNTED


def stated_cost_pd(usage: Usage | None) -> int | None:
    """What the provider itself says the call cost: it goes before every price list."""
    if usage is None or usage.cost is None or not 0 <= usage.cost <= LARGEST_COST:
        return None
    return picodollars(usage.cost)


def bill_pd(tariff: Tariff, usage: Usage, at_s: float, region: str | None = None) -> int | None:
    """Pico-dollars, None where the usage says nothing that the tariff has a figure for. `region`:
    where the provider's address has the tokens read, unless the usage says it.
    """
    tariff = tariff.on(at_s)
    if usage.billed_tokens is not None:
        read, written = usage.billed_tokens
        usage = replace(usage, input_tokens=read, output_tokens=written, total_tokens=None)
    is_told = usage.input_tokens is not None or usage.output_tokens is not None
    if usage.spoken_tokens is not None and not is_told and "characters" not in tariff.figures:
        usage = _as_spoken(usage, usage.spoken_tokens)
    given = plausible(usage.input_tokens)
    figures = tariff.holding(input_tokens=given or 0, service=usage.service_tier, at_s=at_s)
    factor = tariff.regions.get((usage.region or region or "").lower(), 1)
    read_cost, written_cost = _input(figures, usage, given), _output(figures, usage)
    amounts = (
        None if read_cost is None else read_cost * factor,
        None if written_cost is None else written_cost * factor,
        _units(figures, usage),
    )
    known = [amount for amount in amounts if amount is not None]
    if not known:
        return None
    cost = sum(known) + figures.get("request", 0)
    return cost if isinstance(cost, int) else rounded(cost)


def _as_spoken(usage: Usage, tokens: int) -> Usage:
    """The usage of speech that is billed by tokens of which its vendor tells none."""
    sound = tokens * SOUND_PER_TOKEN
    return replace(usage, input_tokens=tokens, output_tokens=sound, output_audio_tokens=sound)


def _input(figures: Mapping[str, Figure], usage: Usage, given: int | None) -> Figure | None:
    """Cached tokens are part of the input; so are sound and pictures, which are taken from what
    the cache did not have.
    """
    if given is None:
        return None
    each = figures.get("in", 0)
    read = min(plausible(usage.cache_read_tokens) or 0, given)
    written = min(plausible(usage.cache_write_tokens) or 0, given - read)
    kept_1h = min(plausible(usage.cache_write_1h_tokens) or 0, written)
    fresh = given - read - written
    sound = min(plausible(usage.input_audio_tokens) or 0, fresh) if "audio_in" in figures else 0
    pictures = 0
    if "image_in" in figures:
        pictures = min(plausible(usage.input_image_tokens) or 0, fresh - sound)
    return (
        (fresh - sound - pictures) * each
        + sound * figures.get("audio_in", 0)
        + pictures * figures.get("image_in", 0)
        + read * figures.get("cache_read", each)
        + (written - kept_1h) * figures.get("cache_write", each)
        + kept_1h * figures.get("cache_write_1h", HOUR_WRITE * each)
    )


def _output(figures: Mapping[str, Figure], usage: Usage) -> Figure | None:
    written = plausible(usage.billed_output_tokens)
    if written is None:
        return None
    left, cost = written, 0
    parts = (
        ("reasoning", usage.reasoning_tokens),
        ("audio_out", usage.output_audio_tokens),
        ("image_out", usage.output_image_tokens),
    )
    total: Figure = cost
    for name, stated in parts:
        if name in figures:
            count = min(plausible(stated) or 0, left)
            left -= count
            total = total + count * figures[name]
    return total + left * figures.get("out", 0)


def _units(figures: Mapping[str, Figure], usage: Usage) -> Figure | None:
    """What is paid by the piece. Pictures that are billed by their tokens have no figure each."""
    searches = (plausible(usage.web_searches) or 0) + (plausible(usage.search_units) or 0)
    counted: tuple[tuple[str, int | None], ...] = (
        ("image", plausible(usage.images)),
        ("characters", plausible(usage.characters)),
        ("search", searches or None),
        ("searched", 1 if searches else None),
    )
    amounts = [count * figures[name] for name, count in counted if count and name in figures]
    seconds = usage.audio_seconds
    if "minute" in figures and seconds is not None and 0 <= seconds < MOST_COUNTED:
        minutes = Decimal(repr(seconds)) / 60
        amounts.append(rounded(minutes * figures["minute"]))
    return sum(amounts) if amounts else None


__all__ = ["LARGEST_COST", "PICO", "are_plausible", "bill_pd", "plausible", "stated_cost_pd"]
