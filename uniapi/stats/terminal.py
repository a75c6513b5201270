"""The `stats` command: the report as plain text, with tables and small bar charts that any terminal
and any log can show.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from typing import Any

from .columns import COLUMNS

NARROWEST = 60
BAR_WIDTH = 24
NARROWEST_BAR = 6
MOST_ROWS = 15
_COUNTED = tuple(
    (column.short, column.legacy) for column in COLUMNS if column.short and column.legacy
)
"""Heads and members of the models' columns."""
_BLOCKS = "▁▂▃▄▅▆▇█"
_ASCII_BLOCKS = ".:-=+*%#"


def terminal_report(
    status: Mapping[str, Any], *, title: str, width: int = 80, is_ascii: bool = False
) -> str:
    """The text for the figures of `status_figures`.

    `width`: columns to keep to; `is_ascii`: for terminals that show nothing else.
    """
    width = max(NARROWEST, width)
    summary = status["summary"]
    totals = summary["totals"]
    if not totals["requests"] and not totals["attempts"]:
        return f"{title}\n\nNothing was counted in this time.\n"
    parts = [f"{title}\n", _totals(totals), _timeline(status, width, is_ascii)]
    rows = [row | {"name": row["model"]} for row in summary["model_token_counts"]]
    parts.append(
        _table(
            "Models",
            rows,
            _COUNTED,
            "request_count",
            width,
            is_ascii,
        )
    )
    providers = [
        row | {"name": row["provider"], "ok": _share(row["successful_attempts"], row["attempts"])}
        for row in summary["providers"]
    ]
    parts.append(
        _table(
            "Providers",
            providers,
            (("attempts", "attempts"), ("ok", "ok"), ("cost", "cost")),
            "attempts",
            width,
            is_ascii,
        )
    )
    keys = [
        row
        | {
            "name": f"{row['provider']} {row['key']}",
            "ok": _share(row["success_count"], row["total_requests"]),
        }
        for row in summary["provider_keys"]
    ]
    parts.append(
        _table(
            "Provider keys",
            keys,
            (("attempts", "total_requests"), ("ok", "ok")),
            "total_requests",
            width,
            is_ascii,
        )
    )
    clients = [row | {"name": row["key"]} for row in summary["client_keys"]]
    parts.append(
        _table(
            "Client keys",
            clients,
            (("requests", "requests"), ("errors", "errors"), ("cost", "cost")),
            "requests",
            width,
            is_ascii,
        )
    )
    failures = [
        row | {"name": f"{row['provider'] or 'gateway'} {row['kind']}"}
        for row in summary["failure_counts"]
    ]
    parts.append(_table("Failures", failures, (("count", "count"),), "count", width, is_ascii))
    return "\n".join(part for part in parts if part)


def _totals(totals: Mapping[str, Any]) -> str:
    count = totals["unpriced_requests"]
    requests = "request" if count == 1 else "requests"
    unpriced = f" ({count:,} {requests} without a known price)" if count else ""
    cost = "unknown" if totals["cost"] is None else f"${totals['cost']:.4f}"
    lines = [
        (
            f"  requests {totals['requests']:,}"
            f"   failed {totals['errors'] - totals['mistakes']:,}"
            f"   turned away {totals['mistakes']:,}"
        ),
        f"  attempts {totals['attempts']:,}   left early {totals['client_left']:,}",
        (
            f"  tokens   in {_short(totals['input_tokens'])} (cached"
            f" {_short(totals['cache_read_tokens'])})   out {_short(totals['output_tokens'])}"
        ),
        f"  cost     {cost}{unpriced}",
    ]
    first = totals["first_token_s"]
    if first["p50"] is not None:
        lines.append(
            f"  first token  {first['p50']:.1f} s in the middle, {first['p90']:.1f} s for nine"
            " of ten"
        )
    return "\n".join(lines) + "\n"


def _timeline(status: Mapping[str, Any], width: int, is_ascii: bool) -> str:
    """Requests over time: one character a step, several steps to a character when there are more
    than fit.
    """
    requests = status["all"]["requests"]
    columns = width - 4
    per = -(-len(requests) // columns)
    sums = [sum(requests[place : place + per]) for place in range(0, len(requests), per)]
    top = max(sums)
    blocks = _ASCII_BLOCKS if is_ascii else _BLOCKS
    line = "".join(
        " " if not count else blocks[max(0, -(-count * len(blocks) // top) - 1)] for count in sums
    )
    is_hourly = status["step_s"] == 3600
    unit = "hour" if is_hourly else "day"
    steps = f"{per} {unit}s" if per > 1 else f"one {unit}"
    first, last = (_step_name(status, place) for place in (0, -1))
    zone = ", UTC" if is_hourly else ""
    if first == last:
        ends = first
    elif len(line) > len(first) + len(last):
        ends = f"{first}{last:>{len(line) - len(first)}}"
    else:
        ends = f"{first} to {last}"
    return f"Requests over time (most: {top:,} in {steps}{zone})\n  {line}\n  {ends}\n"


def _table(
    title: str,
    rows: Sequence[Mapping[str, Any]],
    columns: Sequence[tuple[str, str]],
    measure: str,
    width: int,
    is_ascii: bool,
) -> str:
    """A table with a bar behind each row, longest first."""
    rows = sorted((row for row in rows if row[measure]), key=lambda row: -row[measure])
    if not rows:
        return ""
    shown = rows[:MOST_ROWS]
    cells = [[_cell(name, row[member]) for name, member in columns] for row in shown]
    widths = [
        max(len(name), *(len(row[place]) for row in cells))
        for place, (name, _) in enumerate(columns)
    ]
    # Names come first; the bars take what is left.
    rest = width - 4 - sum(widths) - 2 * len(widths)
    room = min(max(12, rest - NARROWEST_BAR), max(len(title), *(len(row["name"]) for row in shown)))
    bar = min(BAR_WIDTH, max(NARROWEST_BAR, rest - room))
    lines = [
        f"{title:<{room + 2}}"
        + "".join(f"  {name:>{size}}" for (name, _), size in zip(columns, widths, strict=True))
    ]
    top = shown[0][measure]
    for row, texts in zip(shown, cells, strict=True):
        filled = ("#" if is_ascii else "█") * max(1, round(bar * row[measure] / top))
        values = "".join(f"  {text:>{size}}" for text, size in zip(texts, widths, strict=True))
        lines.append(f"  {_cut(row['name'], room, is_ascii):<{room}}{values}  {filled}")
    if len(rows) > MOST_ROWS:
        lines.append(f"  and {len(rows) - MOST_ROWS} more")
    return "\n".join(lines) + "\n"


def _cell(name: str, value: Any) -> str:
    if name == "cost":
        return "-" if value is None else f"${value:.4f}"
    return value if isinstance(value, str) else _short(value)


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f}%" if whole else "-"


def _short(count: int) -> str:
    """12,345 as it is; 1.2M from a million on."""
    for unit, size in (("G", 10**9), ("M", 10**6)):
        if count >= size:
            return f"{count / size:.1f}{unit}"
    return f"{count:,}"


def _cut(text: str, room: int, is_ascii: bool) -> str:
    printable = "".join(
        character if character.isprintable() and (not is_ascii or character.isascii()) else "?"
        for character in text
    )
    ending = "~" if is_ascii else "…"
    return printable if len(printable) <= room else printable[: room - 1] + ending


def _step_name(status: Mapping[str, Any], place: int) -> str:
    """`11-03 12:00` of an hour in UTC, `11-03` of a local day."""
    if "dates" in status:
        return str(status["dates"][place])[5:]
    at_s = status["times"][place]
    return datetime.datetime.fromtimestamp(at_s, datetime.timezone.utc).strftime("%m-%d %H:%M")
