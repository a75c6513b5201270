"""What a call costs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from uniapi.canonical import Usage
from uniapi.config import Price
from uniapi.money import PriceBook, picodollars


def price(input, output, read=None, write=None, **more):
    figures = {"in": input, "out": output, "cache_read": read, "cache_write": write, **more}
    return Price(figures={name: figure for name, figure in figures.items() if figure is not None})


PRICES = PriceBook(
    {
        "gpt-5": price(2.0, 8.0),
        "gpt-5-mini": price(0.15, 0.6),
        "claude": price(3.0, 15.0, 0.3, 3.75),
        "claude-sonnet-4-5": price(1.0, 1.0),
        "default": price(0.0, 0.000001),
    }
)


@pytest.mark.parametrize(
    "requested, upstream, place",
    [
        ("gpt-5", "x", "gpt-5"),
        ("gpt-5-mini-2026-09-04", "x", "gpt-5-mini"),
        ("gpt-5-nano", None, "default"),
        ("gpt-5.6-sol", "gpt-5.6-sol", "default"),
        ("my-alias", "claude-sonnet-4-5", "claude-sonnet-4-5"),
        ("my-alias", "claude-sonnet-4-5@20250929", "claude-sonnet-4-5"),
        ("gpt-5", "claude-sonnet-4-5", "gpt-5"),
        ("gpt-5-20260904", "claude-sonnet-4-5", "claude-sonnet-4-5"),
        ("other", "unknown", "default"),
        ("default", None, "default"),
    ],
)
def test_the_narrowest_price_counts(requested, upstream, place):
    """The client's name goes before the provider's, an exact one before a dated snapshot, and a
    shorter name says nothing of a longer one.
    """
    found = PRICES.find(requested, upstream)
    assert (f"model_price.{place}", True) == (found.place, found.is_written)


@pytest.mark.parametrize(
    "model, usage, dollars",
    [
        ("gpt-5", Usage(input_tokens=1_000_000, output_tokens=100_000), "2.8"),
        ("gpt-5", Usage(input_tokens=1_000_000, cache_read_tokens=900_000), "2"),
        (
            "claude",
            Usage(
                input_tokens=1000, output_tokens=100, cache_read_tokens=700, cache_write_tokens=200
            ),
            "0.00276",
        ),
        (
            "claude",
            Usage(input_tokens=100, cache_read_tokens=500, cache_write_tokens=500),
            "0.00003",
        ),
        (
            "claude",
            Usage(input_tokens=1000, cache_write_tokens=900, cache_write_1h_tokens=600),
            "0.005025",
        ),
        (
            "claude",
            Usage(input_tokens=10, cache_write_tokens=5, cache_write_1h_tokens=600),
            "0.000045",
        ),
        ("gpt-5-mini", Usage(output_tokens=7), "0.0000042"),
        ("gpt-5", Usage(input_tokens=5, output_tokens=5, cost=0.1), "0.1"),
        ("nothing", Usage(output_tokens=3), "0.000000000003"),
    ],
)
def test_tokens_are_priced_by_kind(model, usage, dollars):
    """Cached tokens are part of the input and cost their own price instead; the provider's own
    figure goes before all.
    """
    from decimal import Decimal

    assert Decimal(dollars) * 10**12 == PRICES.cost_pd(model, None, usage)


@pytest.mark.parametrize(
    "usage",
    [
        None,
        Usage(),
        Usage(cache_read_tokens=5),
        Usage(input_tokens=-1),
    ],
)
def test_what_is_not_known_costs_nothing_that_could_be_said(usage):
    """No cost is invented."""
    assert None is PRICES.cost_pd("gpt-5", None, usage)


@pytest.mark.parametrize("figure", [float("nan"), float("inf"), -1.0, 1e30])
def test_a_vendors_impossible_figure_is_not_used(figure):
    """The price list decides instead."""
    assert (
        PRICES.cost_pd("gpt-5", None, Usage(input_tokens=1, output_tokens=1, cost=figure))
        == 10_000_000
    )


def test_a_model_without_price_has_no_cost():
    """Also without a `default`."""
    assert None is PriceBook({"gpt": price(1, 1)}).cost_pd(
        "claude", "c", Usage(input_tokens=1, output_tokens=1)
    )


@given(st.decimals(0, 1000, places=6), st.integers(0, 10**9))
def test_prices_of_six_decimals_are_exact(per_million, tokens):
    """No rounding at all, so that sums do not drift."""
    assert per_million * tokens * 10**6 == PriceBook(
        {"default": price(float(per_million), 0.0)}
    ).cost_pd("m", None, Usage(input_tokens=tokens))


def test_dollars_as_written_become_picodollars():
    """A tenth is a tenth."""
    assert [picodollars(0.1), picodollars(1e-12), picodollars(0.0)] == [100_000_000_000, 1, 0]


@pytest.mark.parametrize("total, dollars", [(1150, 0.0032), (1100, 0.0028), (None, 0.0028)])
def test_reasoning_beside_the_output_is_billed_as_output(total, dollars):
    """Where the vendor's own total says that the output leaves it out; else it is in already."""
    usage = Usage(input_tokens=1000, output_tokens=100, reasoning_tokens=50, total_tokens=total)
    assert PRICES.cost_pd("gpt-5", None, usage) == picodollars(dollars)
