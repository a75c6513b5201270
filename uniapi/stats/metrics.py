"""`GET /metrics`: the counters in Prometheus' text format
(https://prometheus.io/docs/instrumenting/exposition_formats/).

Labels are names from the configuration and requested models (bounded where they are counted); never
keys. Counters begin anew with the process, as Prometheus expects.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from uniapi.money import dollars
from uniapi.values import dataclass, field

from .aggregate import Aggregate, CellKey
from .columns import ATTEMPTS, CALLS, COLUMNS, COST, PLACE
from .latencies import BOUNDS_S, BUCKETS, FIRST_HISTOGRAM, FIRST_MS, TOTAL_HISTOGRAM, TOTAL_MS

METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"
Labels = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveFigures:
    """What is true at this moment, from outside the counts.

    `resting`: (provider, what: `channel` or `key`) → how many rest now.
    """

    version: str
    python: str = ""
    live_calls: int = 0
    resting: Mapping[tuple[str, str], int] = field(default_factory=dict)
    config_loaded_at_s: float | None = None
    is_config_stale: bool = False
    is_writing_stats: bool = True
    started_at_s: float | None = None


def metrics_text(counts: Aggregate, live: LiveFigures, names: Mapping[str, str]) -> str:
    """The whole page. `counts`: the recorder's `lifetime()`; `names`: what to show for
    client keys.
    """
    lines = [*_gauges(live)]
    calls = _summed(
        counts,
        CALLS,
        lambda key: (
            ("key", names.get(key.key_id, key.key_id)),
            ("model", key.requested_model),
            ("outcome", key.outcome),
        ),
    )
    lines += _metric(
        "uniapi_requests_total",
        "counter",
        "Client requests that ended, by client key, requested model and outcome.",
        calls,
    )
    attempts = _summed(
        counts,
        ATTEMPTS,
        lambda key: (
            ("provider", key.provider),
            ("model", key.upstream_model),
            ("outcome", key.outcome),
        ),
    )
    lines += _metric(
        "uniapi_attempts_total",
        "counter",
        "Upstream attempts, by provider, upstream model and outcome.",
        attempts,
    )
    lines += _metric(
        "uniapi_tokens_total",
        "counter",
        "Tokens as reported by providers; cached ones are part of input, reasoning of output.",
        _tokens(counts),
    )
    costs = {labels: dollars(amount) for labels, amount in _summed(counts, COST, _channel).items()}
    lines += _metric("uniapi_cost_dollars_total", "counter", "Known cost in US dollars.", costs)
    lines += _histogram(
        "uniapi_first_token_seconds",
        "Time to the first token of served calls.",
        counts,
        FIRST_HISTOGRAM,
        FIRST_MS,
    )
    lines += _histogram(
        "uniapi_request_seconds",
        "Time of served calls, from door to door.",
        counts,
        TOTAL_HISTOGRAM,
        TOTAL_MS,
    )
    return "\n".join(lines) + "\n"


def _gauges(live: LiveFigures) -> Iterator[str]:
    build: Labels = (("version", live.version), ("python", live.python))
    yield from _metric("uniapi_build_info", "gauge", "The running version.", {build: 1})
    yield from _metric("uniapi_live_calls", "gauge", "Calls in progress.", {(): live.live_calls})
    resting: dict[Labels, float] = {
        (("provider", provider), ("kind", kind)): count
        for (provider, kind), count in live.resting.items()
    }
    yield from _metric(
        "uniapi_resting", "gauge", "Channels and provider keys that rest now.", resting
    )
    yield from _metric(
        "uniapi_config_stale",
        "gauge",
        "1 when the newest configuration was refused.",
        {(): int(live.is_config_stale)},
    )
    yield from _metric(
        "uniapi_stats_writable",
        "gauge",
        "0 when statistics cannot be written to disk.",
        {(): int(live.is_writing_stats)},
    )
    if live.config_loaded_at_s is not None:
        yield from _metric(
            "uniapi_config_loaded_timestamp_seconds",
            "gauge",
            "When the configuration in force was loaded.",
            {(): live.config_loaded_at_s},
        )
    if live.started_at_s is not None:
        yield from _metric(
            "process_start_time_seconds",
            "gauge",
            "When the process began.",
            {(): live.started_at_s},
        )


def _summed(
    counts: Aggregate, place: int, labels_of: Callable[[CellKey], Labels]
) -> dict[Labels, int]:
    sums: dict[Labels, int] = {}
    for key, cell in counts.cells.items():
        if cell[place]:
            labels = labels_of(key)
            sums[labels] = sums.get(labels, 0) + cell[place]
    return sums


def _channel(key: CellKey) -> Labels:
    return (("provider", key.provider), ("model", key.upstream_model))


def _tokens(counts: Aggregate) -> dict[Labels, int]:
    return {
        (*labels, ("kind", column.kind)): count
        for column in COLUMNS
        if column.kind is not None
        for labels, count in _summed(counts, PLACE[column.name], _channel).items()
    }


def _metric(name: str, kind: str, text: str, samples: Mapping[Labels, float]) -> list[str]:
    """One family. Nothing is said of one without samples."""
    if not samples:
        return []
    return [
        f"# HELP {name} {text}",
        f"# TYPE {name} {kind}",
        *(_sample(name, labels, value) for labels, value in samples.items()),
    ]


def _histogram(
    name: str, text: str, counts: Aggregate, histogram: int, sum_place: int
) -> list[str]:
    """Served calls by channel, in cumulative buckets."""
    lines: list[str] = []
    for channel, total in counts.waits.channels.items():
        labels: Labels = (("provider", channel.provider), ("model", channel.upstream_model))
        if not any(total[histogram : histogram + BUCKETS]):
            continue
        below = 0
        for bound, count in zip(
            (*map(str, BOUNDS_S), "+Inf"), total[histogram : histogram + BUCKETS], strict=True
        ):
            below += count
            lines.append(_sample(f"{name}_bucket", (*labels, ("le", bound)), below))
        lines += [
            _sample(f"{name}_sum", labels, total[sum_place] / 1000),
            _sample(f"{name}_count", labels, below),
        ]
    return [f"# HELP {name} {text}", f"# TYPE {name} histogram", *lines] if lines else []


def _sample(name: str, labels: Iterable[tuple[str, str]], value: float) -> str:
    inside = ",".join(f"{label}={_quoted(text)}" for label, text in labels)
    return f"{name}{{{inside}}} {value!r}" if inside else f"{name} {value!r}"


def _quoted(text: str) -> str:
    """Backslash, quote and line break are escaped, nothing else."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
