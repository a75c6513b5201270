"""How long served calls took."""

from sample_calls import attempt, call

from uniapi.stats.latencies import (
    FIRST_HISTOGRAM,
    MAX_ROWS,
    TOTAL_HISTOGRAM,
    WAITS_WIDTH,
    Waits,
    quantile_s,
)


def counted(*calls):
    waits = Waits()
    for one in calls:
        waits.add_equal((one,))
    return waits


def test_quantiles_lie_in_their_bucket():
    """Half of the calls had their first token before the middle."""
    row = counted(*(call(first_token_s=seconds) for seconds in (0.3, 0.4, 0.45, 3.0))).totals()
    middle, slow = (quantile_s(row, FIRST_HISTOGRAM, share) for share in (0.5, 0.99))
    assert 0.25 < middle <= 0.5
    assert 2.0 < slow <= 4.0
    assert None is quantile_s(Waits().totals(), FIRST_HISTOGRAM, 0.5)


def test_only_served_calls_wait():
    """A failure after three seconds is no answer after three seconds; without a first token there
    is only the whole.
    """
    waits = counted(call(outcome="timeout", total_s=3.0), call(first_token_s=None, total_s=3.0))
    assert (
        sum(waits.totals()[FIRST_HISTOGRAM:TOTAL_HISTOGRAM]),
        sum(waits.totals()[TOTAL_HISTOGRAM:]),
    ) == (0, 1)


def test_by_client_and_by_channel_the_sums_are_the_same():
    """The same calls are summed twice."""
    waits = counted(
        call(),
        call(key_id="key2"),
        call(provider_id="azure", attempts=(attempt(provider="azure"),), total_s=9.0),
    )
    assert [
        a + b for a, b in zip(waits.of_client("key1"), waits.of_client("key2"), strict=True)
    ] == waits.totals()
    assert [
        a + b for a, b in zip(waits.of_provider("openai"), waits.of_provider("azure"), strict=True)
    ] == waits.totals()
    assert [0] * WAITS_WIDTH == waits.of_provider("nobody") == waits.of_client("nobody")
    assert waits.of_client("key2") == waits.only("key2").totals()


def test_channels_are_bounded():
    """What is past the bound is counted together."""
    waits = counted(*(call(upstream_model=f"m{number}") for number in range(MAX_ROWS + 9)))
    assert len(waits.channels) == MAX_ROWS + 1
    assert (
        waits.of_client("key1")[TOTAL_HISTOGRAM:]
        == [sum(column) for column in zip(*waits.channels.values(), strict=True)][TOTAL_HISTOGRAM:]
    )
