"""The commands beside `serve`. They read the configuration and the data dir, never the running process; only `check --live` asks providers."""

from __future__ import annotations

import asyncio
import json
import random
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TextIO

from uniapi.canonical import Call, Operation, Principal
from uniapi.clock import Clock, SystemClock
from uniapi.config import (
    ClientKey,
    Config,
    ConfigProblems,
    ConfigSource,
    Problem,
    Provider,
    choose_source,
    exposed_file,
    parse_config,
    read_config_file,
)
from uniapi.dialects import ReplyContext
from uniapi.engines import Target, engine_for, engine_names
from uniapi.errors import StartError, WireError
from uniapi.gateway import AiohttpTransport, CredentialStore, FetchFailed, ModelLists, Transport, ask_once, list_models
from uniapi.limits import Limits
from uniapi.routing import Catalog, Cursors, Health, Router, Sessions, explain
from uniapi.scheduler import Jobs

from .app import MODEL_LISTS_FILE
from .configuration import config_text
from .settings import data_dir_of
from .snapshot import Engines

LIVE_TIMEOUT_S = 20.0
LIVE_AT_ONCE = 8


def check(config_argument: str | None, environment: Mapping[str, str], *, as_json: bool, live: bool = False, out: TextIO | None = None) -> int:
    """Validate the configuration and show every problem, with `live` also what each provider key answers; 0 when all is well, 2 when not."""
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
    errors = sum(problem.severity == "error" for problem in problems)
    rows = asyncio.run(_live(config)) if live and config is not None else []
    if as_json:
        said = [{"severity": p.severity, "path": p.path, "message": p.message, "line": p.line, "column": p.column} for p in problems]
        value: dict[str, Any] = {"source": source.shown, "ok": not errors, "problems": said}
        if live:
            value["live"] = [row.plain() for row in rows]
        print(json.dumps(value, ensure_ascii=False, indent=1), file=out)
    else:
        for problem in problems:
            print(problem, file=out)
        print(
            f"{source.shown}: " + (f"{_count(errors, 'error')}, {_count(len(problems) - errors, 'warning')}" if problems else "no problem found"),
            file=out,
        )
        if rows:
            print(_table(["provider", "key", "ok", "latency", "models"], [row.cells() for row in rows]), file=out)
    return 2 if errors or any(not row.ok for row in rows) else 0


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def show_models(config_argument: str | None, environment: Mapping[str, str], *, as_json: bool) -> int:
    """The models that each client key can route, from the configuration and the model lists kept in the data dir."""
    config, catalog = _catalog(config_argument, environment)
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
        for provider in catalog.unlisted(key):
            print(f"  (and what {provider.name} lists: not asked yet, it is when the gateway runs)")
    return 0


def show_explanation(config_argument: str | None, environment: Mapping[str, str], *, model: str, key: str | None, as_json: bool) -> int:
    """What a request for `model` would lead to: which channels and keys, in which order, with which timeouts and limits, and why others are out. 0, or 1 when nothing serves it."""
    config, catalog = _catalog(config_argument, environment)
    clock = SystemClock()
    router = Router(
        catalog=catalog,
        engines=Engines(),
        health=Health(),
        limits=Limits(),
        cursors=Cursors(),
        sessions=Sessions(),
        default_timeout_s=_timeout(environment),
    )
    value = explain(router, _client_key(config, key), model, now=clock.monotonic_s())
    print(json.dumps(value, ensure_ascii=False, indent=1) if as_json else "\n".join(_explained(value)))
    return 0 if value["channels"] else 1


def _timeout(environment: Mapping[str, str]) -> float:
    try:
        return float(environment.get("TIMEOUT") or 100)
    except ValueError:
        return 100.0


def _client_key(config: Config, named: str | None) -> ClientKey:
    """The client key that `--key` names (itself, its label, or its masked form); the first one when none is named. Raises StartError."""
    if named is None:
        return config.client_keys[0]
    for key in config.client_keys:
        if named in (key.secret, key.label, key.display):
            return key
    raise StartError(
        f"no client key is {named if len(named) < 12 else named[:6] + '…'!r}; there are {', '.join(key.label for key in config.client_keys)}", 2
    )


def _explained(value: Mapping[str, Any], indent: str = "") -> list[str]:
    """The explanation as lines to read."""
    lines = []
    if "model" in value:
        lines.append(f"{value['model']} for {value['client_key']}:")
    lines.append(
        f"{indent}  order: {value['algorithm']}, {value['order']}; retries {value['retries']}"
        + (f"; limit {value['rate_limit']}" if value["rate_limit"] else "")
    )
    for number, channel in enumerate(value["channels"], 1):
        if "nested" in channel:
            lines.append(f"{indent}  {number}. client key {channel['nested']}")
            lines.extend(_explained(channel, indent + "    "))
            continue
        weight = f", weight {channel['weight']}" if channel["weight"] is not None else ""
        lines.append(
            f"{indent}  {number}. {channel['provider']}/{channel['upstream_model']} ({channel['engine']}{weight})"
            + (f" OUT: {channel['out']}" if channel["out"] else "")
        )
        times = ", ".join(f"{name.replace('_', ' ')} {seconds:g} s" for name, seconds in channel["timeouts"].items() if seconds is not None)
        lines.append(f"{indent}     timeouts: {times}")
        keys = ", ".join(entry["key"] + (f" (OUT: {entry['out']})" if entry["out"] else "") for entry in channel["keys"])
        lines.append(
            f"{indent}     keys, {channel['key_order']}: {keys}" + (f"; limit {channel['key_rate_limit']}" if channel["key_rate_limit"] else "")
        )
    if not value["channels"]:
        lines.append(f"{indent}  nothing serves it" + (f"; did you mean {', '.join(value['near'])}?" if value.get("near") else ""))
    lines.extend(f"{indent}  out: {entry['provider']}: {entry['reason']}" for entry in value.get("out", ()))
    return lines


def _parse(source: ConfigSource, environment: Mapping[str, str]) -> tuple[Config, tuple[Problem, ...]]:
    text = read_config_file(source.location) if source.kind == "file" else asyncio.run(_remote_text(source))
    return parse_config(text, source=source.shown, engines=engine_names(), environment=environment)


async def _remote_text(source: ConfigSource) -> str:
    async with _Network() as network:
        return await config_text(source, network.transport, None)


def _catalog(config_argument: str | None, environment: Mapping[str, str]) -> tuple[Config, Catalog]:
    """The configuration and its catalog, with the model lists that a running gateway has kept. Raises StartError for a configuration that cannot be used."""
    source = choose_source(config_argument, environment)
    try:
        config, _ = _parse(source, environment)
    except ConfigProblems as found:
        raise StartError("the configuration cannot be used:\n" + "\n".join(f"  {problem}" for problem in found.problems), 2) from None
    lists = ModelLists(SystemClock(), lambda: None)
    named = environment.get("DATA_DIR")
    try:
        stored = json.loads((data_dir_of(source, None, Path(named) if named else None) / MODEL_LISTS_FILE).read_bytes())
    except (OSError, ValueError):
        stored = {}
    if isinstance(stored, dict):
        lists.load(stored)
    return config, Catalog(config, {provider.provider_id: lists.entries(provider) or None for provider in config.providers if provider.is_discovered})


# check --live


@dataclass(frozen=True, slots=True)
class _LiveRow:
    """What one provider key answered."""

    provider: str
    key: str
    ok: bool
    latency_s: float
    models: int | None
    message: str

    def plain(self) -> dict[str, Any]:
        return {
            "provider": self.provider,
            "key": self.key,
            "ok": self.ok,
            "latency_ms": round(self.latency_s * 1000),
            "models": self.models,
            "message": self.message,
        }

    def cells(self) -> list[str]:
        return [
            self.provider,
            self.key,
            "yes" if self.ok else "NO",
            f"{self.latency_s * 1000:.0f} ms",
            str(self.models) if self.models is not None else self.message[:80],
        ]


class _Network:
    """A transport for the length of one command."""

    async def __aenter__(self) -> _Network:
        self.clock: Clock = SystemClock()
        self.jobs = Jobs(self.clock, random.Random())
        self.transport: Transport = AiohttpTransport(self.jobs.spawn)
        self.credentials = CredentialStore(self.clock)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.jobs.shutdown()
        await self.transport.close()


async def _live(config: Config) -> list[_LiveRow]:
    """Ask every key of every provider once, a few at a time."""
    limit = asyncio.Semaphore(LIVE_AT_ONCE)
    async with _Network() as network:

        async def one(provider: Provider, number: int) -> _LiveRow:
            async with limit:
                return await _ask_key(replace(provider, credentials=(provider.credentials[number],)), network, config)

        return await asyncio.gather(*(one(provider, number) for provider in config.providers for number in range(len(provider.credentials))))


async def _ask_key(provider: Provider, network: _Network, config: Config) -> _LiveRow:
    """One key: its model list, or, where the provider has none, a completion of one token with its first model."""
    began = network.clock.monotonic_s()
    display = provider.credentials[0].display

    def row(ok: bool, models: int | None, message: str) -> _LiveRow:
        return _LiveRow(provider.name, display, ok, network.clock.monotonic_s() - began, models, message)

    proxy = provider.credentials[0].proxy or provider.proxy or config.preferences.proxy
    provider = replace(provider, proxy=proxy)
    try:
        listed = await asyncio.wait_for(list_models(provider, network.transport, network.credentials, network.clock), LIVE_TIMEOUT_S)
        return row(True, len(listed), "")
    except (FetchFailed, WireError, asyncio.TimeoutError) as error:
        if not provider.models:
            return row(False, None, str(error) or "no answer in time")
    entry = provider.models[0]
    target = Target(provider=provider, credential=provider.credentials[0], upstream_model=entry.upstream, alias=entry.alias)
    value = {"model": entry.alias, "max_tokens": 1, "messages": [{"role": "user", "content": "Hi"}]}
    call = Call(
        request_id="check",
        dialect="openai_chat",
        operation=Operation.GENERATE,
        principal=Principal(key_id="check", label="check"),
        requested_model=entry.alias,
        stream=False,
        body=json.dumps(value).encode(),
        json=value,
        path="/v1/chat/completions",
    )
    context = ReplyContext(requested_model=entry.alias, id_seed="0", created_s=0)
    failure = await ask_once(
        call, target, engine_for(provider), context, network.transport, network.credentials, network.clock, timeout_s=LIVE_TIMEOUT_S
    )
    return row(True, len(provider.models), "") if failure is None else row(False, None, failure.message)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Plain text in columns."""
    widths = [max(len(cells[place]) for cells in (head, *rows)) for place in range(len(head))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip() for cells in (head, *rows))
