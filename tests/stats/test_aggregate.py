"""The algebra of counts."""

from hypothesis import given, settings
from hypothesis import strategies as st
from sample_calls import attempt, call, random_calls

from uniapi.stats.aggregate import MAX_CELLS, MAX_NAMES, Aggregate, merged
from uniapi.stats.columns import ATTEMPTS, CALLS, COST, PLACE
from uniapi.stats.packing import pack, unpack
from uniapi.stats.report import summary

some_calls = st.builds(random_calls, st.integers(0, 2**32), st.integers(0, 12))


def counted(all_calls):
    counts = Aggregate()
    for one in all_calls:
        counts.add(one)
    return counts


@given(some_calls, some_calls, some_calls)
@settings(max_examples=40)
def test_merging_is_associative_and_commutative_and_the_same_as_counting_together(a, b, c):
    """In whatever groups and order counts are added up, the sum is the same to the last digit."""
    one, two, three = counted(a), counted(b), counted(c)
    together = counted([*a, *b, *c])
    assert together == merged([one, two, three]) == merged([three, one, two])
    assert together == merged([merged([one, two]), three]) == merged([one, merged([two, three])])
    assert one == merged([one, Aggregate()])


@given(some_calls, some_calls)
@settings(max_examples=40)
def test_shortening_and_merging_can_be_done_in_any_order(a, b):
    """A day kept in its short form is the sum of its hours in their short form."""
    one, two = counted(a), counted(b)
    both = merged([one, two])
    assert both.daily() == merged([one.daily(), two.daily()])
    assert (
        both.compacted() == merged([one.compacted(), two.compacted()]) == both.daily().compacted()
    )


@given(some_calls)
@settings(max_examples=40)
def test_shortening_changes_no_report(a):
    """The whole report is the same from the short form; long ago, only provider keys and addresses
    are missing.
    """
    counts = counted(a)
    full = summary(counts, {})
    assert full == summary(counts.daily(), {})
    assert {**full, "provider_keys": [], "ip_request_counts": []} == summary(counts.compacted(), {})


@given(some_calls)
@settings(max_examples=40)
def test_packing_loses_nothing(a):
    """What a file holds is what was counted."""
    counts = counted(a)
    assert counts == unpack(pack(counts))
    assert counts.daily() == unpack(pack(counts.daily()))


def test_a_call_counts_once_and_each_attempt_once():
    """A call that failed over counts its tokens for the provider that served it."""
    counts = counted(
        [call(attempts=(attempt("overloaded", provider="azure"), attempt("ok")), cost_pd=7)]
    )
    cells = {key.provider: cell for key, cell in counts.cells.items()}
    assert tuple(cells["azure"][place] for place in (CALLS, ATTEMPTS, PLACE["input_tokens"])) == (
        0,
        1,
        0,
    )
    assert tuple(
        cells["openai"][place] for place in (CALLS, ATTEMPTS, PLACE["input_tokens"], COST)
    ) == (
        1,
        1,
        100,
        7,
    )


def test_a_client_cannot_fill_the_memory_with_model_names():
    """Past the bound names are counted together, and no call is lost."""
    counts = counted(
        call(requested_model=f"m{number}", client_ip=f"ip{number}")
        for number in range(MAX_CELLS + 500)
    )
    assert len(counts.cells) <= MAX_CELLS + 1
    assert len(counts.ips) <= MAX_NAMES + 1
    assert MAX_CELLS + 500 == counts.totals()[CALLS] == sum(counts.ips.values())


def test_calls_of_models_that_nobody_has_are_counted_under_one_name():
    """However many names a client thinks of; one that was tried somewhere keeps its own."""
    refused = {"outcome": "refused", "status": 404, "attempts": (), "provider_id": None}
    counts = counted(call(requested_model=f"m{number}", **refused) for number in range(300))
    counts.add(call(requested_model="mine", outcome="error", status=404))
    assert sorted({key.requested_model for key in counts.cells}) == ["(unknown)", "mine"]
    assert sum(row[CALLS] for row in counts.cells.values()) == 301
