"""The commands beside `serve`.

They read the configuration and the data dir, never the running process; only `check --live` asks
providers.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, TextIO

from uniapi.gateway import Engines

from .clock import SystemClock
from .config import (
    ClientKey,
    Config,
    ConfigProblems,
    ConfigSource,
    Problem,
    choose_source,
    exposed_file,
    parse_config,
    read_config_file,
    unreadable_ca_files,
)
from .configuration import config_text
from .errors import StartError
from .gateway import LearnedModels, ModelLists
from .kept_lists import MODEL_LISTS_FILE
from .limits import Limits
from .live_check import Network, ask_every_key
from .priced_models import config_names
from .retirement_watch import Ending, day_of, endings_by_channel, written_endings
from .routing import Catalog, Cursors, Health, Router, Sessions, explain
from .settings import data_dir_of
from .storage import DiskFolder


def check(
    config_argument: str | None,
    environment: Mapping[str, str],
    *,
    as_json: bool,
    live: bool = False,
    out: TextIO | None = None,
) -> int:
    """Validate the configuration and show every problem, with `live` also what each provider key
    answers; 0 when all is well, 2 when not.
    """
    out = out or sys.stdout
    source = choose_source(config_argument, environment)
    config: Config | None = None
    problems: tuple[Problem, ...]
    try:
        config, problems = _parse(source, environment)
    except ConfigProblems as found:
        problems = found.problems
    if source.kind == "file":
        exposed = exposed_file(source.location)
        problems += (exposed,) if exposed is not None else ()
    problems += unreadable_ca_files(config) if config is not None else ()
    errors = sum(problem.severity == "error" for problem in problems)
    rows = asyncio.run(ask_every_key(config, environment)) if live and config is not None else []
    is_ok = not errors and all(row.ok for row in rows)
    learned = {}
    if live and config is not None:
        learned = _learned(config, _data_dir(source, environment))
    today = day_of(SystemClock().now_s())
    endings = () if config is None else written_endings(config.providers, today)
    if as_json:
        said = [
            {
                "severity": p.severity,
                "path": p.path,
                "message": p.message,
                "line": p.line,
                "column": p.column,
            }
            for p in problems
        ]
        value: dict[str, Any] = {"source": source.shown, "ok": is_ok, "problems": said}
        if endings:
            value["retirements"] = [ending.row(today) for ending in endings]
        if live:
            value["live"] = [row.plain() for row in rows]
            value["learned"] = list(learned.values())
        print(json.dumps(value, ensure_ascii=False, indent=1), file=out)
    else:
        for problem in problems:
            print(problem, file=out)
        for ending in endings:
            print(f"retirement: {ending.said(today)}", file=out)
        print(
            f"{source.shown}: "
            + (
                f"{_count(errors, 'error')}, {_count(len(problems) - errors, 'warning')}"
                if problems
                else "no problem found"
            ),
            file=out,
        )
        if rows:
            print(
                _table(
                    ["provider", "key", "ok", "latency", "models"], [row.cells() for row in rows]
                ),
                file=out,
            )
        for row in learned.values():
            lessons = "; ".join(row["lessons"])
            print(f"learned from refusals: {row['provider']}/{row['model']}: {lessons}", file=out)
    return 0 if is_ok else 2


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def show_models(
    config_argument: str | None, environment: Mapping[str, str], *, as_json: bool
) -> int:
    """The models that each client key can route, from the configuration and the model lists kept in
    the data dir.
    """
    config, catalog, endings = configuration_and_catalog(config_argument, environment)
    today = day_of(SystemClock().now_s())
    listed = {key.display: list(catalog.models(key)) for key in config.client_keys}
    if as_json:
        print(json.dumps(listed, ensure_ascii=False, indent=1))
        return 0
    for key in config.client_keys:
        models = listed[key.display]
        named = key.display if key.label == key.display else f"{key.display} ({key.label})"
        print(f"{named}: {_count(len(models), 'model')}")
        for model in models:
            print(f"  {model}")
            for channel in catalog.candidates(key, model).channels():
                ending = endings.get(channel.channel_id)
                if ending is not None:
                    print(f"    {ending.said(today)}")
        for provider in catalog.unlisted(key):
            print(f"  (and what {provider.name} lists: not asked yet, it is when the gateway runs)")
    return 0


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
    _add_learned(value, _learned(config, _data_dir(source, environment)))
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


def _learned(config: Config, data_dir: Path) -> dict[tuple[str, str], dict[str, Any]]:
    """(provider, upstream model) → what a running gateway has kept there of its refusals."""
    now_s = SystemClock().now_s()
    kept = LearnedModels.of_folder(DiskFolder(data_dir), now_s)
    provider_ids = {provider.provider_id for provider in config.providers}
    return {(row["provider"], row["model"]): row for row in kept.rows(provider_ids, now_s)}


def named_client_key(config: Config, named: str | None) -> ClientKey:
    """The client key that `--key` names: by its label, its masked form or its number in the file;
    the first one when none is named. The key itself is taken too, but anybody on the host can read
    a command line. Raises StartError for a name that fits none, or several.
    """
    keys = config.client_keys
    if named is None:
        return keys[0]
    for key in keys:
        if named == key.secret:
            print(
                "uni-api: a key on the command line can be read by others on this host; its label"
                " or number will do",
                file=sys.stderr,
            )
            return key
    fitting = [key for key in keys if named in (key.label, key.display)]
    if not fitting and named.isascii() and named.isdigit() and 0 < int(named[:9]) <= len(keys):
        fitting = [keys[int(named) - 1]]
    if len(fitting) == 1:
        return fitting[0]
    there = ", ".join(f"{number} {key.label}" for number, key in enumerate(keys, 1))
    if fitting:
        raise StartError(
            f"several client keys are labelled {named!r}: name one by its number ({there})", 2
        )
    raise StartError(
        f"no client key is {named if len(named) < 12 else named[:6] + '…'!r}; there are {there}", 2
    )


def _explained(value: Mapping[str, Any], indent: str = "") -> list[str]:
    """The explanation as lines to read."""
    lines = []
    if "model" in value:
        lines.append(f"{value['model']} for {value['client_key']}:")
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


def _parse(
    source: ConfigSource, environment: Mapping[str, str]
) -> tuple[Config, tuple[Problem, ...]]:
    text = (
        read_config_file(source.location)
        if source.kind == "file"
        else asyncio.run(_remote_text(source, environment))
    )
    return parse_config(
        text,
        source=source.shown,
        engines=config_names(),
        environment=source.variables(environment),
    )


async def _remote_text(source: ConfigSource, environment: Mapping[str, str]) -> str:
    async with Network(environment) as network:
        return await config_text(source, network.transport)


def configuration_and_catalog(
    config_argument: str | None, environment: Mapping[str, str]
) -> tuple[Config, Catalog, dict[tuple[str, str], Ending]]:
    """The configuration, its catalog, with the model lists that a running gateway has kept, and
    what is known of the ends of its models.

    Raises StartError for a configuration that cannot be used.
    """
    source = choose_source(config_argument, environment)
    try:
        config, _ = _parse(source, environment)
    except ConfigProblems as found:
        raise StartError(
            "the configuration cannot be used:\n"
            + "\n".join(f"  {problem}" for problem in found.problems),
            2,
        ) from None
    lists = ModelLists(SystemClock())
    try:
        stored = json.loads((_data_dir(source, environment) / MODEL_LISTS_FILE).read_bytes())
    except (OSError, ValueError):
        stored = {}
    if isinstance(stored, dict):
        lists.load(stored)
    catalog = Catalog(
        config,
        {
            provider.provider_id: lists.entries(provider) or None
            for provider in config.providers
            if provider.is_discovered
        },
    )
    return config, catalog, endings_by_channel(config.providers, lists.entries, lists.listed)


def _data_dir(source: ConfigSource, environment: Mapping[str, str]) -> Path:
    named = environment.get("DATA_DIR")
    return data_dir_of(source, None, Path(named) if named else None)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Plain text in columns."""
    widths = [max(len(cells[place]) for cells in (head, *rows)) for place in range(len(head))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip()
        for cells in (head, *rows)
    )
