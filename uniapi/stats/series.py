"""What the status page draws: figures over time, in all and for each model, provider and client key, and the calls that failed last."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from .calendar import DAY_S, HOUR_S
from .outline import OUTLINED, Outline
from .recorder import Recorder
from .records import CallRecord
from .report import known_cost, summary
from .sums import add_row, added

MOST_SERIES = 12
"""Of one kind; the rest is added up as `(other)`."""
OTHER = "(other)"
HOURLY_UP_TO = 24 * 14
"""Hours that are shown one by one; longer stretches come by the day (UTC)."""
_COST, _UNPRICED = OUTLINED.index("cost"), OUTLINED.index("unpriced_requests")

Series = dict[str, dict[int, list[int]]]
"""Name → place of the step → its row, empty steps left out."""


def status_figures(recorder: Recorder, hours: int, now_s: float, key_id: str | None = None) -> dict[str, Any]:
    """The times of the steps (epoch seconds) of the last `hours` hours, a list of figures for each of them, and the whole stretch as `/v1/stats` has it. Every step is
    there, empty ones too, and the present one is the last: 24 hours are 24 steps. With a client key its own figures only, which are not told apart by provider.
    """
    width, count = (HOUR_S, hours) if hours <= HOURLY_UP_TO else (DAY_S, -(-hours // 24))
    last = int(now_s) // width * width
    times = [last - width * back for back in reversed(range(count))]
    counts = recorder.window(times[0], now_s)
    outlines = recorder.outlines(times[0], now_s)
    if key_id is not None:
        counts = counts.only(key_id)
        outlines = {at: outline.only(key_id) for at, outline in outlines.items()}
    steps: dict[int, Outline] = {}
    for at, outline in outlines.items():
        steps.setdefault((at - times[0]) // width, Outline()).merge(outline)
    names = recorder.names()
    return {
        "step_s": width,
        "times": times,
        "all": _lists({place: added(outline.models.values(), len(OUTLINED)) for place, outline in steps.items()}, count),
        "models": _largest(_series(steps, lambda outline: outline.by(lambda key_id, model: model)), count),
        "providers": _largest(_series(steps, lambda outline: outline.providers), count),
        "client_keys": _largest(_series(steps, lambda outline: outline.by(lambda key_id, model: names.get(key_id, key_id))), count),
        "summary": summary(counts, names),
    }


def failure_rows(calls: Iterable[CallRecord], key_id: str | None = None) -> list[dict[str, Any]]:
    """Failed calls for showing, the latest first; only those of one client key when it is given."""
    return [_failure(call) for call in reversed(list(calls)) if key_id in (None, call.key_id)]


def _failure(call: CallRecord) -> dict[str, Any]:
    return {
        "request_id": call.request_id,
        "at": call.at_s,
        "key": call.key_label,
        "model": call.requested_model,
        "status": call.status,
        "outcome": call.outcome,
        "total_s": call.total_s,
        "attempts": [
            {
                "provider": attempt.provider,
                "model": attempt.upstream_model,
                "key": attempt.credential_display,
                "outcome": attempt.outcome,
                "status": attempt.status,
                "seconds": attempt.duration_s,
                "message": attempt.message,
            }
            for attempt in call.attempts
        ],
    }


def _series(steps: Mapping[int, Outline], rows_of: Callable[[Outline], Mapping[str, list[int]]]) -> Series:
    """For each name its rows by step."""
    series: Series = {}
    for place, outline in steps.items():
        for name, row in rows_of(outline).items():
            series.setdefault(name, {})[place] = row
    return series


def _largest(series: Series, length: int) -> list[dict[str, Any]]:
    """The series with the most requests, the rest as one; what never came to a provider has no name and is left out."""
    sums = {name: added(rows.values(), len(OUTLINED)) for name, rows in series.items() if name}
    ordered = sorted(sums, key=lambda name: (-sums[name][0], name))
    shown = {name: series[name] for name in ordered[:MOST_SERIES]}
    for name in ordered[MOST_SERIES:]:
        rest = shown.setdefault(OTHER, {})
        for place, row in series[name].items():
            add_row(rest, place, row)
    return [{"name": name, **_lists(rows, length)} for name, rows in shown.items()]


def _lists(rows: Mapping[int, list[int]], length: int) -> dict[str, list[Any]]:
    """The figures of every step, a list for each; dollars, None where they are not known."""
    nothing = [0] * len(OUTLINED)
    steps = [rows.get(place, nothing) for place in range(length)]
    lists: dict[str, list[Any]] = {name: [step[place] for step in steps] for place, name in enumerate(OUTLINED)}
    lists["cost"] = [known_cost(step[_COST], step[_UNPRICED]) for step in steps]
    return lists
