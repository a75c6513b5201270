"""What `cheapest` and `fastest` go by: the price of a usual call at each channel, and what finished
calls say of its pace. Joins routing, which orders, with the prices and the records.
"""

from __future__ import annotations

from collections.abc import Callable

from .clock import Clock, Epoch
from .money import PriceBook
from .routing import Channel, PriceOf, Speeds
from .stats import CallRecord

INPUT_SHARE = 3
"""Tokens of input for one of output, in a usual call; a prompt of USUAL_INPUT tokens decides which
tier counts.
"""
USUAL_INPUT = 3000


def usual_price(book: PriceBook, now_s: Callable[[], Epoch]) -> PriceOf:
    """The price of a channel's model, for comparing: three parts of input and one of output."""

    def price_of(channel: Channel) -> float | None:
        found = book.find(channel.alias, channel.upstream_model, channel.provider.provider_id)
        if found is None:
            return None
        now = now_s()
        figures = found.tariff.on(now).holding(input_tokens=USUAL_INPUT, service=None, at_s=now)
        if "in" not in figures and "out" not in figures:
            return None
        return float(INPUT_SHARE * figures.get("in", 0) + figures.get("out", 0))

    return price_of


class SpeedMeter:
    """Takes the pace of channels out of finished calls; only where some client key goes by it."""

    def __init__(self, clock: Clock) -> None:
        self.speeds = Speeds()
        self.is_wanted = False
        self._clock = clock

    def take_in(self, call: CallRecord) -> None:
        """A whole answer that was not streamed counts as one that came at once, at its end."""
        if not self.is_wanted or call.outcome != "ok" or not call.attempts:
            return
        last, now = call.attempts[-1], self._clock.monotonic_s()
        channel = last.provider_id, last.upstream_model
        first_token_s = last.duration_s if call.first_token_s is None else call.first_token_s
        self.speeds.first_token(channel, first_token_s, now)
        tokens = None if call.usage is None else call.usage.output_tokens
        if call.stream and tokens is not None:
            self.speeds.answer(channel, tokens, last.duration_s - first_token_s, now)
