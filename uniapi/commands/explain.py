"""`explain MODEL`: where a request for a model would lead, without making it; and `explain
REQUEST.json`, what a real one would become.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any

from uniapi.canonical import Call, RequestRefused
from uniapi.commands.common import named_client_key
from uniapi.commands.dry_run import DryRun, call_of, dry_run_lines, read_request
from uniapi.commands.offline import Offline, offline
from uniapi.config import ClientKey, shown_url
from uniapi.engines import Place
from uniapi.errors import StartError
from uniapi.gateway import Standing, first_way
from uniapi.logs.text import counted, readable
from uniapi.money import PER_MILLION, Found
from uniapi.retirement_watch import day_of
from uniapi.routing import NO_LIST_YET, Channel, explain
from uniapi.values import dataclass

_LONGEST_LINE = 20_000
"""A provider has hundreds of keys."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainOptions:
    """What the command line says. `asked`: a model, a file with a request, `-` for stdin; `client`
    and `model`: the dialect of the request, and the model where its body names none; `timeout_s`:
    what `serve` would take from `TIMEOUT`.
    """

    asked: str
    config: str | None
    key: str | None
    client: str | None
    model: str | None
    as_json: bool
    timeout_s: float

    @property
    def is_request(self) -> bool:
        return self.asked == "-" or self.asked.lower().endswith((".json", ".jsonc"))


def show_explanation(options: ExplainOptions, environment: Mapping[str, str]) -> int:
    """Print it; 0, or 1 when nothing serves it or something stops it. Raises StartError."""
    parts = offline(options.config, environment, options.timeout_s)
    key = named_client_key(parts.config, options.key)
    if options.is_request:
        value = _dry_run(options, parts, key)
        lines = dry_run_lines(value)
        is_served = bool(value["requests"]) and value["stopped_by"] is None
    else:
        value = _explanation(options.asked, parts, key)
        lines = _explained(value)
        is_served = bool(value["channels"])
    if options.as_json:
        print(json.dumps(value, ensure_ascii=False, indent=1))
    else:
        print(readable("\n".join(lines), _LONGEST_LINE))
    return 0 if is_served else 1


def _dry_run(options: ExplainOptions, parts: Offline, key: ClientKey) -> dict[str, Any]:
    data = read_request(options.asked)
    try:
        call = asyncio.run(call_of(data, options.client, key, options.model))
        return DryRun(parts, call, key).plain()
    except RequestRefused as refused:
        error = refused.error
        raise StartError(f"the request is refused: {error.status}: {error.message}", 2) from None


def _explanation(model: str, parts: Offline, key: ClientKey) -> dict[str, Any]:
    """What `routing.explain` says, with the address, price, end and lessons of each channel, and
    the spending of the client key.
    """
    clock = parts.clock
    value = explain(parts.router, key, model, now=clock.monotonic_s(), now_s=clock.now_s())
    candidates = parts.router.candidates(key, model, clock.now_s())
    by_id = {channel.channel_id: channel for channel in candidates.channels()}
    sample = {"model": model, "messages": [{"role": "user", "content": "Hi"}]}
    call = asyncio.run(call_of(json.dumps(sample).encode(), "openai_chat", key, None))
    _add_facts(value, parts, call, by_id)
    value["spending"] = [_spent(one) for one in parts.spending.standings_of(key)]
    return value


def _add_facts(
    value: dict[str, Any],
    parts: Offline,
    call: Call,
    channels: Mapping[tuple[str, str], Channel],
) -> None:
    """What is known of each channel, nested keys' included."""
    for shown in value["channels"]:
        if "nested" in shown:
            _add_facts(shown, parts, call, channels)
            continue
        channel = channels[(shown["provider"], shown["upstream_model"])]
        shown.update(_facts(parts, call, channel))


def _facts(parts: Offline, call: Call, channel: Channel) -> dict[str, Any]:
    provider, model = channel.provider, channel.upstream_model
    now_s = parts.clock.now_s()
    ending = parts.endings.get(channel.channel_id)
    learned = parts.learned.of(provider.provider_id, model, now_s)
    price = parts.prices.find(channel.alias, model, provider.provider_id)
    facts: dict[str, Any] = {
        "url": None,
        "dialect": None,
        "retirement": None if ending is None else ending.row(day_of(now_s)),
        "learned": list(learned.lessons()),
        "price": None if price is None else {"place": price.place, "figures": _figures(price)},
    }
    place = Place(provider=provider, upstream_model=model, alias=channel.alias)
    try:
        way = first_way(call, place, parts.engines.engine_of(provider), learned)
    except RequestRefused:
        return facts
    facts["url"] = shown_url(way.address.url)
    facts["dialect"] = way.dialect.name
    return facts


def _figures(price: Found) -> dict[str, float]:
    """Dollars, as prices are written: a million tokens, or one of what is counted."""
    return {
        name: float(figure * price.factor) / 1e6 if name in PER_MILLION else float(figure) / 1e12
        for name, figure in price.tariff.figures.items()
    }


def _spent(standing: Standing) -> dict[str, Any]:
    return {
        "name": standing.name,
        "limit": standing.text,
        "spent": standing.spent_pd / 1e12,
        "of": standing.limit_pd / 1e12,
    }


def _explained(value: Mapping[str, Any], indent: str = "") -> list[str]:
    """The explanation as lines to read."""
    lines = []
    if "model" in value:
        lines.append(f"{value['model']} for {value['client_key']}:")
        if value["shares"] > 1:
            lines.append(f"{indent}  limits of provider keys: one of {value['shares']} parts")
    if value["channels"]:
        lines.append(_said_order(value, indent))
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
        if channel["url"] is not None:
            lines.append(f"{indent}     {channel['dialect']} at {channel['url']}")
        lines.append(f"{indent}     {_said_price(channel['price'])}")
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
        are_several = len(channel["keys"]) > 1
        keys = ", ".join(
            (f"#{entry['number']} " if are_several else "")
            + entry["key"]
            + (f" (weight {entry['weight']})" if entry["weight"] > 1 else "")
            + (f" (OUT: {entry['out']})" if entry["out"] else "")
            for entry in channel["keys"]
        )
        lines.append(
            f"{indent}     keys, {channel['key_order']}: {keys}"
            + (f"; limit {channel['key_rate_limit']}" if channel["key_rate_limit"] else "")
        )
    if not value["channels"]:
        lines.append(f"{indent}  {_said_nothing(value)}")
    if "model" in value:
        lines.extend(
            f"{indent}  {one['name']}: ${one['spent']:.4f} of ${one['of']:g} spent ({one['limit']})"
            for one in value["spending"]
        )
        lines.extend(
            f"{indent}  out: {entry['provider']}: {entry['reason']}" for entry in value["out"]
        )
    return lines


def _said_order(value: Mapping[str, Any], indent: str) -> str:
    most = f"; at most {counted(value['attempts'], 'attempt')}" if value["attempts"] else ""
    limit = f"; limit {value['rate_limit']}" if value["rate_limit"] else ""
    return f"{indent}  order: {value['algorithm']}, {value['order']}{most}{limit}"


def _said_nothing(value: Mapping[str, Any]) -> str:
    """Why there is no channel, and what to do where that is only for now."""
    if value.get("near"):
        return f"nothing serves it; did you mean {', '.join(value['near'])}?"
    if any(entry["reason"] == NO_LIST_YET for entry in value.get("out", ())):
        return (
            "nothing that is known serves it: start the gateway once, or `check --live`, which ask"
            " the providers below for their models"
        )
    return "nothing serves it; `models` lists what this key reaches"


def _said_price(price: Mapping[str, Any] | None) -> str:
    if price is None:
        return "no price is known: what its calls cost is not counted"
    figures = price["figures"].items()
    tokens = ", ".join(f"{name} ${dollars:g}" for name, dollars in figures if name in PER_MILLION)
    each = "".join(f"; {name} ${one:g} each" for name, one in figures if name not in PER_MILLION)
    per_million = f"{tokens} a million" if tokens else ""
    return f"price: {per_million}{each} ({price['place']})"
