"""What charts draw."""

from hypothesis import given, settings
from hypothesis import strategies as st
from sample_calls import random_calls

from uniapi.stats.aggregate import Aggregate
from uniapi.stats.chart_sums import OUTLINED, outline_of, outlined
from uniapi.stats.columns import PLACE
from uniapi.stats.packing import pack_outlines, unpack_outlines
from uniapi.stats.sums import add_rows, added

some_calls = st.builds(random_calls, st.integers(0, 2**32), st.integers(0, 12))


def counted(calls):
    counts = Aggregate()
    for one in calls:
        counts.add(one)
    return counts


@given(some_calls, some_calls)
@settings(max_examples=40)
def test_an_outline_is_the_sum_of_its_parts_and_says_what_the_cells_say(a, b):
    """Made of the hours or of the day, by client key or by anything else, packed or not, the
    figures are the same.
    """
    together = counted([*a, *b])
    outline, second = outline_of(counted(a)), outline_of(counted(b))
    add_rows(outline, second)
    assert outline == outline_of(together) == outline_of(together.compacted())
    assert {498240: outline, 498241: second} == unpack_outlines(
        pack_outlines({498240: outline, 498241: second})
    )
    row = added(outline.values(), len(OUTLINED))
    assert row == added(outlined(together, lambda key: key.requested_model).values(), len(OUTLINED))
    totals = together.totals()
    assert [totals[PLACE[name]] for name in OUTLINED[:6]] == row[:6]
