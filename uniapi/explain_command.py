"""`explain MODEL`: where a request for a model would lead, without making it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from typing import Any

from .clock import SystemClock
from .commands import configuration_and_catalog, data_dir_beside, learned_in, named_client_key
from .config import choose_source
from .gateway import Engines
from .limits import Limits
from .retirement_watch import Ending, day_of
from .routing import Cursors, Health, Router, Sessions, explain


def show_explanation(
    config_argument: str | None,
    environment: Mapping[str, str],
    *,
    model: str,
    key: str | None,
    as_json: bool,
    timeout_s: float,
) -> int:
    """What a request for `model` would lead to: which channels and keys, in which order, with which
    timeouts and limits, and why others are out. 0, or 1 when nothing serves it. `timeout_s`: what
    `serve` would take from `TIMEOUT`.
    """
    config, catalog, endings = configuration_and_catalog(config_argument, environment)
    clock = SystemClock()
    router = Router(
        catalog=catalog,
        engines=Engines(),
        health=Health(),
        limits=Limits(),
        cursors=Cursors(),
        sessions=Sessions(),
        default_timeout_s=timeout_s,
    )
    value = explain(
        router, named_client_key(config, key), model, now=clock.monotonic_s(), now_s=clock.now_s()
    )
    _add_endings(value, endings, day_of(clock.now_s()))
    source = choose_source(config_argument, environment)
    _add_learned(value, learned_in(config, data_dir_beside(source, environment)))
    print(
        json.dumps(value, ensure_ascii=False, indent=1) if as_json else "\n".join(_explained(value))
    )
    return 0 if value["channels"] else 1


def _add_endings(
    value: dict[str, Any], endings: Mapping[tuple[str, str], Ending], today: date
) -> None:
    """What is known of the end of each channel's model, nested keys' included."""
    for channel in value["channels"]:
        if "nested" in channel:
            _add_endings(channel, endings, today)
            continue
        ending = endings.get((channel["provider"], channel["upstream_model"]))
        channel["retirement"] = None if ending is None else ending.row(today)


def _add_learned(value: dict[str, Any], learned: Mapping[tuple[str, str], Any]) -> None:
    """What refusals have taught of each channel's model, nested keys' included."""
    for channel in value["channels"]:
        if "nested" in channel:
            _add_learned(channel, learned)
        else:
            row = learned.get((channel["provider"], channel["upstream_model"]))
            channel["learned"] = [] if row is None else row["lessons"]


def _explained(value: Mapping[str, Any], indent: str = "") -> list[str]:
    """The explanation as lines to read."""
    lines = []
    if "model" in value:
        lines.append(f"{value['model']} for {value['client_key']}:")
        if value["shares"] > 1:
            lines.append(f"{indent}  limits of provider keys: one of {value['shares']} parts")
    lines.append(
        f"{indent}  order: {value['algorithm']}, {value['order']}; at most"
        f" {_counted(value['attempts'], 'attempt')}"
        + (f"; limit {value['rate_limit']}" if value["rate_limit"] else "")
    )
    for number, channel in enumerate(value["channels"], 1):
        place = f"{number}." if channel["out"] is None else " –"
        if "nested" in channel:
            weight = f" (weight {channel['weight']})" if channel["weight"] is not None else ""
            lines.append(
                f"{indent}  {place} client key {channel['nested']}{weight}"
                + (f" OUT: {channel['out']}" if channel["out"] else "")
            )
            lines.extend(_explained(channel, indent + "    "))
            continue
        weight = f", weight {channel['weight']}" if channel["weight"] is not None else ""
        lines.append(
            f"{indent}  {place} {channel['provider']}/{channel['upstream_model']}"
            f" ({channel['engine']}{weight})"
            + (f" OUT: {channel['out']}" if channel["out"] else "")
        )
        if channel["retirement"] is not None:
            lines.append(f"{indent}     {channel['retirement']['message']}")
        if channel["learned"]:
            lines.append(f"{indent}     learned from refusals: {'; '.join(channel['learned'])}")
        times = ", ".join(
            f"{name.replace('_', ' ')} {seconds:g} s"
            for name, seconds in channel["timeouts"].items()
            if seconds is not None
        )
        beats = channel["keepalive_interval"]
        lines.append(
            f"{indent}     timeouts: {times}"
            + (f"; heartbeats every {beats:g} s" if beats is not None else "")
        )
        keys = ", ".join(
            entry["key"]
            + (f" (weight {entry['weight']})" if entry["weight"] > 1 else "")
            + (f" (OUT: {entry['out']})" if entry["out"] else "")
            for entry in channel["keys"]
        )
        lines.append(
            f"{indent}     keys, {channel['key_order']}: {keys}"
            + (f"; limit {channel['key_rate_limit']}" if channel["key_rate_limit"] else "")
        )
    if not value["channels"]:
        lines.append(
            f"{indent}  nothing serves it"
            + (f"; did you mean {', '.join(value['near'])}?" if value.get("near") else "")
        )
    if "model" in value:
        lines.extend(
            f"{indent}  out: {entry['provider']}: {entry['reason']}" for entry in value["out"]
        )
    return lines


def _counted(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"
