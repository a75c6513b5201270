"""The counters: one row each, from what a call says to every place that shows it. A new counter is
a new row here, at the end, with the function that reads it; nothing else names one by its place.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from operator import attrgetter

from uniapi.money import plausible
from uniapi.values import dataclass

from .records import CallRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One counter: whole numbers that are added up.

    `name`: in reports and charts. `count(call)`: what a finished call adds to it; without one it is
    the figure `name` of the call's usage. `journal`: the member of a line that keeps it. `legacy`:
    in the rows of `/v1/token_usage`, whose names are the predecessor's. `kind`: the label in the
    metric of tokens. `chart`: its place in the rows that charts are drawn from. `title`, `short`:
    the head of its column in the page's and the terminal's tables. What is None has no such place.

    The order of the rows, and the places in a chart, are part of the files on disk.
    """

    name: str
    count: Callable[[CallRecord], int] | None = None
    journal: str | None = None
    legacy: str | None = None
    kind: str | None = None
    chart: int | None = None
    title: str | None = None
    short: str | None = None


def _all_tokens(call: CallRecord) -> int:
    """The vendor's own sum where it gives one; by estimate where an answer was cut short."""
    usage = call.usage
    if usage is None:
        return 0
    stated = plausible(usage.total_tokens)
    if stated is not None:
        return stated
    return (plausible(usage.input_tokens) or 0) + (plausible(usage.output_tokens) or 0)


def _is_unpriced(call: CallRecord) -> int:
    """Whether there are tokens, and nobody knows what they cost."""
    usage = call.usage
    if usage is None or call.cost_pd is not None:
        return 0
    return int(
        plausible(usage.input_tokens) is not None or plausible(usage.output_tokens) is not None
    )


COLUMNS = (
    Column(
        name="requests", count=lambda call: 1, legacy="request_count", chart=0, short="requests"
    ),
    # Attempts are counted where each of them went, not with their call.
    Column(name="attempts", count=lambda call: 0, chart=1),
    Column(
        name="input_tokens",
        journal="in",
        legacy="total_prompt_tokens",
        kind="input",
        chart=2,
        title="Tokens in",
        short="in",
    ),
    Column(
        name="output_tokens",
        journal="out",
        legacy="total_completion_tokens",
        kind="output",
        chart=3,
        title="Tokens out",
        short="out",
    ),
    Column(name="total_tokens", count=_all_tokens, journal="sum", legacy="total_tokens"),
    Column(
        name="cache_read_tokens",
        journal="read",
        legacy="cache_read_tokens",
        kind="cache_read",
    ),
    Column(
        name="cache_write_tokens",
        journal="write",
        legacy="cache_write_tokens",
        kind="cache_write",
    ),
    Column(
        name="reasoning_tokens",
        journal="reason",
        legacy="reasoning_tokens",
        kind="reasoning",
    ),
    # In pico-dollars; shown in dollars.
    Column(
        name="cost",
        count=lambda call: call.cost_pd or 0,
        legacy="cost",
        chart=4,
        title="Cost",
        short="cost",
    ),
    Column(name="unpriced_requests", count=_is_unpriced, chart=5),
    # Part of the cache writes: those that are kept for an hour, which cost more.
    Column(
        name="cache_write_1h_tokens",
        journal="write_1h",
        legacy="cache_write_1h_tokens",
        kind="cache_write_1h",
    ),
    Column(
        name="web_searches",
        journal="searches",
        legacy="web_searches",
    ),
)

WIDTH = len(COLUMNS)
PLACE: Mapping[str, int] = {column.name: place for place, column in enumerate(COLUMNS)}
"""Where a counter stands in a row of all of them."""
CALLS, ATTEMPTS, COST = PLACE["requests"], PLACE["attempts"], PLACE["cost"]
UNPRICED = PLACE["unpriced_requests"]
"""The few that are more than added up and shown."""

_COUNTS = tuple(
    (place, column.count) for place, column in enumerate(COLUMNS) if column.count is not None
)
_STATED = tuple(place for place, column in enumerate(COLUMNS) if column.count is None)
_read_stated = attrgetter(*(COLUMNS[place].name for place in _STATED))


def count_calls(row: list[int], calls: Sequence[CallRecord]) -> None:
    """Add all that some finished calls say to a row of counters."""
    stated = [_read_stated(call.usage) for call in calls if call.usage is not None]
    for place, figures in zip(_STATED, zip(*stated, strict=True), strict=False):
        # Most figures are stated by no call at all.
        if any(figures):
            row[place] += sum([plausible(figure) or 0 for figure in figures if figure])
    for place, count in _COUNTS:
        row[place] += sum(map(count, calls))
