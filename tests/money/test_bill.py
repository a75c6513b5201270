"""A cost is additive over calls and never negative, whatever a vendor states."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from uniapi.canonical import Usage
from uniapi.money import bill_pd, read_tariff

COUNTS = st.none() | st.integers(-5, 10**11)
FIGURES = st.dictionaries(
    st.sampled_from(
        [
            *("in", "out", "cache_read", "cache_write", "cache_write_1h", "reasoning"),
            *("audio_in", "audio_out", "image_in", "image_out", "characters"),
            *("request", "image", "minute", "search"),
        ]
    ),
    st.integers(0, 10**6).map(lambda millionths: millionths / 10**4),
    min_size=1,
)
USAGES = st.builds(
    Usage,
    input_tokens=COUNTS,
    output_tokens=COUNTS,
    cache_read_tokens=COUNTS,
    cache_write_tokens=COUNTS,
    cache_write_1h_tokens=COUNTS,
    reasoning_tokens=COUNTS,
    input_audio_tokens=COUNTS,
    output_audio_tokens=COUNTS,
    input_image_tokens=COUNTS,
    output_image_tokens=COUNTS,
    total_tokens=COUNTS,
    web_searches=COUNTS,
    images=COUNTS,
    characters=COUNTS,
    audio_seconds=st.none() | st.floats(allow_nan=True),
    service_tier=st.none() | st.sampled_from(["flex", "priority", "odd"]),
)


@given(FIGURES, USAGES)
def test_no_cost_is_negative(figures, usage):
    """Also where parts are larger than their whole."""
    cost = bill_pd(read_tariff(figures), usage, 0.0)
    assert cost is None or (isinstance(cost, int) and cost >= 0)


PARTS = st.integers(0, 10**6)


@given(FIGURES, PARTS, PARTS, PARTS, PARTS, PARTS)
def test_two_calls_cost_what_their_sum_costs(figures, fresh, read, written, said, thought):
    """Every part at its own figure: nothing is counted twice, nothing falls through."""
    tariff = read_tariff({"in": 1, **figures, "request": 0})
    one = Usage(
        input_tokens=fresh + read + written,
        cache_read_tokens=read,
        cache_write_tokens=written,
        output_tokens=said + thought,
        reasoning_tokens=thought,
    )
    counted = ("input_tokens", "cache_read_tokens", "cache_write_tokens")
    counted += ("output_tokens", "reasoning_tokens")
    both = replace(one, **{name: 3 * getattr(one, name) for name in counted})
    assert 3 * bill_pd(tariff, one, 0.0) == bill_pd(tariff, both, 0.0)


@given(FIGURES, USAGES)
def test_parts_cost_no_more_than_at_the_dearest_figure(figures, usage):
    """A part is billed once."""
    tokens = Usage(
        input_tokens=usage.input_tokens,
        output_tokens=usage.output_tokens,
        cache_read_tokens=usage.cache_read_tokens,
        input_audio_tokens=usage.input_audio_tokens,
        reasoning_tokens=usage.reasoning_tokens,
    )
    tariff = read_tariff(figures)
    dearest = max(figure for name, figure in tariff.figures.items()) if tariff.figures else 0
    cost = bill_pd(tariff, tokens, 0.0) or 0
    most = (max(0, tokens.input_tokens or 0) + max(0, tokens.output_tokens or 0)) * dearest
    assert cost <= most + tariff.figures.get("request", 0)
