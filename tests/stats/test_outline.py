"""What charts draw."""

from hypothesis import given, settings
from hypothesis import strategies as st
from sample_calls import random_calls

from uniapi.stats.aggregate import ATTEMPTS, CALLS, COST, INPUT, OUTPUT, UNPRICED, Aggregate
from uniapi.stats.outline import OUTLINED, Outline
from uniapi.stats.packing import pack_outlines, unpack_outlines
from uniapi.stats.sums import added

some_calls = st.builds(random_calls, st.integers(0, 2**32), st.integers(0, 12))


def outlined(calls):
    counts = Aggregate()
    for one in calls:
        counts.add(one)
    return counts, Outline.of(counts)


@given(some_calls, some_calls)
@settings(max_examples=50)
def test_an_outline_is_the_sum_of_its_parts_and_says_what_the_cells_say(a, b):
    """Made of the hours or of the day, by key and model or by provider, packed or not, the figures are the same."""
    (_, one), (_, two) = outlined(a), outlined(b)
    counts, both = outlined([*a, *b])
    one.merge(two)
    assert both == one == Outline.of(counts.compacted())
    totals = counts.totals()
    row = added(both.models.values(), len(OUTLINED))
    assert row == added(both.providers.values(), len(OUTLINED))
    assert [totals[place] for place in (CALLS, ATTEMPTS, INPUT, OUTPUT, COST, UNPRICED)] == row[:6]
    assert {498240: both, 498241: two} == unpack_outlines(pack_outlines({498240: both, 498241: two}))


@given(some_calls)
@settings(max_examples=20)
def test_the_outline_of_a_client_key_is_that_of_its_cells(a):
    """What its holder may see."""
    counts, outline = outlined(a)
    assert outline.only("a").models == Outline.of(counts.only("a")).models
    assert outline.only("a").providers == {}
