"""Token counts. One meaning for every vendor: `input` holds all tokens read, cached ones included;
`output` all tokens written, reasoning included.

Vendors differ (Anthropic's input leaves the cached ones out, Gemini's candidates and xAI's
completion leave the reasoning out); the decoders settle that. None means the vendor did not say:
statistics only hold what was said.
"""

from __future__ import annotations

from collections.abc import Mapping

from uniapi.values import dataclass, fields, replace

from .parts import Json

MOST_COUNTED = 10**12
"""What is more than that is no count: a provider may state a number of a thousand digits, which
nothing could be divided by, nor shown.
"""


def counted(value: Json) -> int | None:
    """A whole number of things; None for anything else."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    is_whole = isinstance(value, int) and not isinstance(value, bool)
    return value if is_whole and 0 <= value <= MOST_COUNTED else None


@dataclass(slots=True)  # a value; freezing it would triple what it costs each call
class Usage:
    input_tokens: int | None = None
    output_tokens: int | None = None
    cache_read_tokens: int | None = None
    """Part of `input_tokens`."""
    cache_write_tokens: int | None = None
    """Part of `input_tokens`; both lifetimes together."""
    cache_write_1h_tokens: int | None = None
    """The part of `cache_write_tokens` with the one-hour lifetime."""
    reasoning_tokens: int | None = None
    """Part of `output_tokens`."""
    input_audio_tokens: int | None = None
    output_audio_tokens: int | None = None
    input_image_tokens: int | None = None
    """Part of `input_tokens`, where a vendor counts them apart; sound likewise."""
    output_image_tokens: int | None = None
    total_tokens: int | None = None
    """The vendor's own total, where it differs from input + output; see `total`."""
    billed_tokens: tuple[int, int] | None = None
    """Read and written, where a vendor bills other counts than it reports (Cohere leaves its own
    preamble out).
    """
    web_searches: int | None = None
    search_units: int | None = None
    """What a rerank is billed by (Cohere)."""
    images: int | None = None
    """Pictures made."""
    audio_seconds: float | None = None
    """Sound read, where that is what is billed."""
    characters: int | None = None
    """Text that was spoken, where that is what is billed."""
    spoken_tokens: int | None = None
    """The same in tokens, as estimated: what speech that is billed by tokens is reckoned from where
    its vendor states none.
    """
    beside: tuple[tuple[str | None, Usage], ...] | None = None
    """What else was used for the answer, which the counts above leave out: the model at whose price
    (None: the one that answered), and how much. A hosted image tool, an advisor, a compaction.
    """
    cost: float | None = None
    """US dollars, when the provider itself says what the call cost."""
    service_tier: str | None = None
    region: str | None = None
    """Where the answer was made, as far as the vendor says so: it may have a price of its own."""
    is_estimate: bool = False
    raw: Mapping[str, Json] | None = None
    """The vendor's usage object as it came, and in `dialect` whose it is: written back to the same
    dialect only.
    """
    dialect: str | None = None

    @property
    def total(self) -> int | None:
        if self.total_tokens is not None:
            return self.total_tokens
        if self.input_tokens is None and self.output_tokens is None:
            return None
        return (self.input_tokens or 0) + (self.output_tokens or 0)

    @property
    def billed_output_tokens(self) -> int | None:
        """All tokens written, as vendors bill them: reasoning that the vendor's own total counts
        beside the output (xAI, and relays that copy it) is output too.
        """
        reasoning, output = self.reasoning_tokens, self.output_tokens
        if not reasoning or self.total_tokens is None:
            return output
        is_beside = self.total_tokens == (self.input_tokens or 0) + (output or 0) + reasoning
        return (output or 0) + reasoning if is_beside else output

    def updated(self, later: Usage) -> Usage:
        """These counts with every figure that `later` states in place of ours: streams report in
        instalments, each cumulative.
        """
        stated = {
            f.name: value
            for f in fields(later)
            if f.name != "is_estimate" and (value := getattr(later, f.name)) is not None
        }
        return replace(self, **stated, is_estimate=later.is_estimate)
