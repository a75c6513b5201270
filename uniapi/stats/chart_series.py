"""What the status page draws: figures over time, those of each model, provider and client key."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from uniapi.clock import Epoch
from uniapi.money import Calendar

from .aggregate import Aggregate
from .calendar import HOUR_S
from .chart_sums import COST_PLACE, OUTLINED, UNPRICED_PLACE, outlined
from .columns import COLUMNS
from .journal_line import short_name
from .recent import MOST_READ_BYTES
from .recorder import Recorder
from .report import known_cost, summary
from .several import Counted
from .steps import daily, hourly
from .sums import add_row, added

MOST_ROWS = 20
"""Of one kind; the rest is added up as `(other)`."""
HOUR_STEPS = 30
OTHER = "(other)"
HOURLY_UP_TO = 24 * 14
"""Hours that are shown one by one; longer stretches come by the local day."""


def status_figures(
    recorder: Counted,
    hours: int,
    now_s: Epoch,
    key_id: str | None = None,
    most_rows: int = MOST_ROWS,
    calendar: Calendar | None = None,
) -> dict[str, Any]:
    """The last `hours` hours: the times of the steps (epoch seconds) with a list of figures for
    each of them, the figures of the whole stretch by model, provider and client key (`columns`:
    those that are shown there beside requests), and all that `/v1/stats` has. Every step is there,
    empty ones too, and the present one is the last: 24 hours are 24 steps. With a client key, its
    own only. Longer stretches come by the day of the calendar's zone (that of `TZ`), with the
    `dates` of the days; where only the sum of a UTC day is kept it stands at the local day of its
    noon.
    """
    if hours <= HOURLY_UP_TO:
        shown = hourly(now_s, hours)
    else:
        shown = daily(now_s, -(-hours // 24), calendar or Calendar())
    from_s = shown.first_hours[0] * HOUR_S
    counts = recorder.window(from_s, now_s)
    if key_id is not None:
        counts = counts.only(key_id)
    steps: dict[int, list[int]] = {}
    for at, outline in recorder.outlines(from_s, now_s).items():
        for owner, row in outline.items():
            if key_id in (None, owner):
                add_row(steps, shown.place(at // HOUR_S), row)
    figures = _figures(shown.times, shown.width_s, steps, counts, recorder.names(), most_rows)
    return figures if shown.dates is None else {**figures, "dates": shown.dates}


def hour_figures(
    recorder: Recorder, now_s: Epoch, key_id: str | None = None, most_rows: int = MOST_ROWS
) -> dict[str, Any]:
    """The same of the last hour, in steps of two minutes, from single calls."""
    width = HOUR_S // HOUR_STEPS
    last = int(now_s) // width * width
    times = [last - width * back for back in reversed(range(HOUR_STEPS))]
    counts, parts = Aggregate(), [Aggregate() for _ in times]
    for _, call in recorder.newest(MOST_READ_BYTES):
        if call.at_s + call.total_s < times[0]:
            break
        if call.at_s >= times[0] and key_id in (None, call.key_id):
            counts.add(call)
            parts[min(len(parts) - 1, int(call.at_s - times[0]) // width)].add(call)
    steps = {
        place: added(outlined(part, lambda key: key.key_id).values(), len(OUTLINED))
        for place, part in enumerate(parts)
        if part
    }
    return _figures(times, width, steps, counts, recorder.names(), most_rows)


def _figures(
    times: list[int],
    width: int,
    steps: Mapping[int, list[int]],
    counts: Aggregate,
    names: Mapping[str, str],
    most_rows: int,
) -> dict[str, Any]:
    return {
        "step_s": width,
        "columns": [
            {"name": column.name, "title": column.title}
            for column in COLUMNS
            if column.title is not None
        ],
        "times": times,
        "all": _lists([steps.get(place, [0] * len(OUTLINED)) for place in range(len(times))]),
        "models": _largest(outlined(counts, lambda key: key.requested_model), most_rows),
        "providers": _largest(outlined(counts, lambda key: key.provider), most_rows),
        "client_keys": _largest(
            {
                names.get(owner, owner): row
                for owner, row in outlined(counts, lambda key: key.key_id).items()
            },
            most_rows,
        ),
        "summary": summary(counts, names),
    }


def _largest(rows: Mapping[str, list[int]], most: int) -> list[dict[str, Any]]:
    """The rows with the most requests, the rest as one; what never came to a provider has no name
    and is left out.
    """
    ordered = sorted(
        (name for name in rows if name), key=lambda name: (-rows[name][0], -rows[name][1], name)
    )
    shown = {name: rows[name] for name in ordered[:most]}
    for name in ordered[most:]:
        add_row(shown, OTHER, rows[name])
    return [
        {
            "name": short_name(name),
            **{member: values[0] for member, values in _lists([row]).items()},
        }
        for name, row in shown.items()
    ]


def _lists(rows: list[list[int]]) -> dict[str, list[Any]]:
    """Rows as a list for each figure; dollars, None where they are not known."""
    lists: dict[str, list[Any]] = {
        name: [row[place] for row in rows] for place, name in enumerate(OUTLINED)
    }
    lists["cost"] = [known_cost(row[COST_PLACE], row[UNPRICED_PLACE]) for row in rows]
    return lists
