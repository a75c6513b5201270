"""What a call may cost, before it is made: what is reserved of credits and budgets while it runs.
Rather too much than too little: what an estimate misses is what a budget may be overshot by.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import Any

from uniapi.canonical import Call, Operation, Usage
from uniapi.money import PriceBook, bill_pd
from uniapi.operations import SERVICES, request_units
from uniapi.routing import Channel

from .call_facts import estimate_call_tokens

USUAL_OUTPUT = 8192
"""Tokens, where a request names no limit."""
MOST_OUTPUT = 200_000
MOST_ANSWERS = 128
_LONGEST_NUMBER = 18
_ENDLESS = 10**18
PICTURE_TOKENS = 8192
"""Of one picture, where those are billed by tokens: a large one of high quality."""
SPOKEN_TOKENS = 8
"""A token of text to be spoken, where that is billed by tokens."""
MOST_CHANNELS = 20
_LIMITS = (
    ("max_completion_tokens",),
    ("max_output_tokens",),
    ("max_tokens",),
    ("generationConfig", "maxOutputTokens"),
    ("generationConfig", "max_output_tokens"),
    ("generation_config", "maxOutputTokens"),
    ("generation_config", "max_output_tokens"),
)
_CONFIGS = ("generationConfig", "generation_config")
_ANSWERS = (
    *(("n",), ("best_of",)),
    *((config, name) for config in _CONFIGS for name in ("candidateCount", "candidate_count")),
)
_FREE = frozenset({Operation.COUNT_TOKENS, Operation.STORED, Operation.MODERATE})


def estimate_pd(
    call: Call,
    channels: Iterable[Channel],
    prices: PriceBook,
    at_s: float,
    tokens: int | None = None,
) -> int:
    """Pico-dollars at the dearest place that the call may go to; 0 where none has a price.
    `tokens`: the estimate of its input, where that is made.
    """
    if call.operation in _FREE:
        return 0
    usage, most = _expected(call, tokens), 0
    for channel in islice(channels, MOST_CHANNELS):
        provider_id = channel.provider.provider_id
        found = prices.find(call.requested_model, channel.upstream_model, provider_id)
        if found is not None:
            most = max(most, bill_pd(found.tariff, usage, at_s) or 0)
    return most


def _expected(call: Call, tokens: int | None) -> Usage:
    service = SERVICES[call.operation]
    tokens = estimate_call_tokens(call) if tokens is None else tokens
    units = request_units(call.operation, call.json, call.upload_bytes)
    if units is None:
        written = _output(call) if service.writes_tokens else None
        return Usage(input_tokens=tokens, output_tokens=written)
    written = (units.images or 0) * PICTURE_TOKENS + (units.spoken_tokens or 0) * SPOKEN_TOKENS
    return Usage(
        input_tokens=tokens,
        output_tokens=written or USUAL_OUTPUT,
        images=units.images,
        characters=units.characters,
        audio_seconds=units.audio_seconds,
        search_units=units.search_units,
    )


def _output(call: Call) -> int:
    stated = [value for path in _LIMITS if (value := _whole(call.json, path)) is not None]
    answers = [value for path in _ANSWERS if (value := _whole(call.json, path)) is not None]
    each = min(max(stated), MOST_OUTPUT) if stated else USUAL_OUTPUT
    return each * min(max(answers, default=1), MOST_ANSWERS)


def _whole(body: Any, path: tuple[str, ...]) -> int | None:
    for name in path:
        body = body.get(name) if isinstance(body, dict) else None
    if isinstance(body, str) and body.isdecimal() and len(body) < _LONGEST_NUMBER:
        # JSON of protocol buffers: Google reads `"8"` and 8.0 as 8.
        body = int(body)
    is_number = isinstance(body, int | float) and not isinstance(body, bool)
    return int(body) if is_number and 0 < body < _ENDLESS else None
