"""What the status page draws: figures over time, in all and for each model, provider and client key, and the calls that failed last."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Literal

from .aggregate import ATTEMPTS, CALLS, COST, INPUT, OUTPUT, Aggregate, CellKey
from .calendar import DAY_S, HOUR_S
from .cost import dollars
from .recorder import Bucket
from .records import NOT_FAILURES, CallRecord
from .report import summary

MOST_SERIES = 12
"""Of one kind; the rest is added up as `(other)`."""
OTHER = "(other)"
_COUNTED = ("requests", "attempts", "input_tokens", "output_tokens", "cost")
_MEMBERS = (*_COUNTED, "errors", "failed_attempts")


def status_figures(
    buckets: Sequence[Bucket], *, start_s: float, end_s: float, step: Literal["hour", "day"], names: Mapping[str, str]
) -> dict[str, Any]:
    """The times of the steps (epoch seconds), a list of figures for each of them, and the whole stretch as `/v1/stats` has it. Every step is there, empty ones too."""
    width = HOUR_S if step == "hour" else DAY_S
    times = list(range(int(start_s) // width * width, int(end_s) + 1, width))
    places = {at: index for index, at in enumerate(times)}
    counted = [(places[bucket.start_s], bucket.counts) for bucket in buckets if bucket.start_s in places]
    whole = Aggregate()
    for _, counts in counted:
        whole.merge(counts)
    return {
        "step_s": width,
        "times": times,
        "all": _lines(counted, len(times), lambda key: "")[""] if counted else _empty(len(times)),
        "models": _largest(_lines(counted, len(times), lambda key: key.requested_model)),
        "providers": _largest(_lines(counted, len(times), lambda key: key.provider)),
        "client_keys": _largest(_lines(counted, len(times), lambda key: names.get(key.key_id, key.key_id))),
        "summary": summary(whole, names),
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


def _lines(counted: Sequence[tuple[int, Aggregate]], length: int, name: Callable[[CellKey], str]) -> dict[str, dict[str, list[Any]]]:
    """For each name the figures of every step. Costs are added up exactly and only then made dollars."""
    lines: dict[str, dict[str, list[Any]]] = {}
    for place, counts in counted:
        for key, cell in counts.cells.items():
            label = name(key)
            line = lines.get(label)
            if line is None:
                line = lines[label] = _empty(length)
            for member, amount in zip(_COUNTED, (cell[CALLS], cell[ATTEMPTS], cell[INPUT], cell[OUTPUT], cell[COST]), strict=True):
                if amount:
                    line[member][place] += amount
            if key.outcome not in NOT_FAILURES:
                line["errors"][place] += cell[CALLS]
                line["failed_attempts"][place] += cell[ATTEMPTS]
    for line in lines.values():
        line["cost"] = [dollars(amount) for amount in line["cost"]]
    return lines


def _largest(lines: dict[str, dict[str, list[Any]]]) -> list[dict[str, Any]]:
    """The series with the most requests, the rest as one; what never came to a provider has no name and is left out."""
    ordered = sorted(((name, line) for name, line in lines.items() if name), key=lambda item: (-sum(item[1]["requests"]), item[0]))
    shown = [{"name": name, **line} for name, line in ordered[:MOST_SERIES]]
    rest = [line for _, line in ordered[MOST_SERIES:]]
    if rest:
        shown.append({"name": OTHER, **{member: [sum(step) for step in zip(*(line[member] for line in rest), strict=True)] for member in _MEMBERS}})
    return shown


def _empty(length: int) -> dict[str, list[Any]]:
    return {member: [0] * length for member in _MEMBERS}
