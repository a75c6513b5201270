"""The counters: one row each, from what a call says to every place that shows it. A new counter is
a new row here, at the end, with the function that reads it; nothing else names one by its place.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from operator import attrgetter

from uniapi.money import are_plausible, plausible
from uniapi.values import dataclass

from .records import CallRecord

Stated = list[int | None]
"""One figure of the usage of some calls, None where it is not stated, or cannot be true."""
Figures = Mapping[str, Stated]
"""Those of the journal by name, without those that no vendor states. Calls without usage have no
place in them.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One counter: whole numbers that are added up.

    `name`: in reports and charts. `count(calls, figures)`: what finished calls, and what was stated
    for them, add to it; without one it is the figure `name` of their usage. `journal`: the member
    of a line that keeps it. `legacy`: in the rows of `/v1/token_usage`, whose names are the
    predecessor's. `kind`: the label in the metric of tokens. `chart`: its place in the rows that
    charts are drawn from. `title`, `short`: the head of its column in the page's and the terminal's
    tables. What is None has no such place.

    The order of the rows, and the places in a chart, are part of the files on disk.
    """

    name: str
    count: Callable[[Sequence[CallRecord], Figures], int] | None = None
    journal: str | None = None
    legacy: str | None = None
    kind: str | None = None
    chart: int | None = None
    title: str | None = None
    short: str | None = None


def _all_tokens(calls: Sequence[CallRecord], figures: Figures) -> int:
    """The vendor's own sum where it gives one; by estimate where an answer was cut short."""
    sums = figures.get("total_tokens", [None])
    if None not in sums:
        return _sum(sums)
    total = 0
    for usage in [call.usage for call in calls if call.usage is not None]:
        stated = plausible(usage.total_tokens)
        if stated is None:
            stated = (plausible(usage.input_tokens) or 0) + (plausible(usage.output_tokens) or 0)
        total += stated
    return total


def _unpriced(calls: Sequence[CallRecord], figures: Figures) -> int:
    """How many have tokens of which nobody knows what they cost."""
    usages = [call.usage for call in calls if call.cost_pd is None and call.usage is not None]
    return sum(
        plausible(usage.input_tokens) is not None or plausible(usage.output_tokens) is not None
        for usage in usages
    )


COLUMNS = (
    Column(
        name="requests",
        count=lambda calls, figures: len(calls),
        legacy="request_count",
        chart=0,
        short="requests",
    ),
    # Attempts are counted where each of them went, not with their call.
    Column(name="attempts", count=lambda calls, figures: 0, chart=1),
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
        count=lambda calls, figures: sum([call.cost_pd or 0 for call in calls]),
        legacy="cost",
        chart=4,
        title="Cost",
        short="cost",
    ),
    Column(name="unpriced_requests", count=_unpriced, chart=5),
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
_STATED = tuple(
    (place, column.name) for place, column in enumerate(COLUMNS) if column.count is None
)
KEPT = {column.name: column.journal for column in COLUMNS if column.journal is not None}
"""The figures of a usage that the journal keeps, and the members of a line that they are."""
_READERS = {name: attrgetter(name) for name in KEPT}


def stated_figures(calls: Sequence[CallRecord]) -> Figures:
    """What vendors state for some calls, figure by figure."""
    usages = [call.usage for call in calls if call.usage is not None]
    figures: dict[str, Stated] = {}
    for name, read in _READERS.items():
        column = list(map(read, usages))
        if column.count(None) < len(column):
            is_usual = are_plausible(column)
            figures[name] = column if is_usual else list(map(plausible, column))
    return figures


def count_calls(row: list[int], calls: Sequence[CallRecord], figures: Figures) -> None:
    """Add all that some finished calls say to a row of counters."""
    for place, name in _STATED:
        if name in figures:
            row[place] += _sum(figures[name])
    for place, count in _COUNTS:
        row[place] += count(calls, figures)


def _sum(column: Stated) -> int:
    return sum(filter(None, column))
