"""The global `preferences`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from .addresses import proxy_fault
from .keys import MODALITIES, MODEL_INFO, PREFERENCES, RETENTION
from .nodes import Node, ProblemList
from .schema import ByModel, ModelInfo, Preferences, Price, Rates, Retention, TimeoutPolicy
from .timeouts import timeout_policy
from .values import (
    boolean,
    by_model,
    choice,
    duration_s,
    named,
    networks,
    number,
    positive,
    rates,
    seconds,
    seconds_by_model,
    section,
    size_bytes,
    text,
    texts,
    wrong,
)

_ORIGIN = re.compile(r"[a-z][a-z0-9+.-]*://[^/\s?#]+", re.IGNORECASE)
_PRICE = (
    'two or four prices in dollars per million tokens, such as `"2.5,10"` or `[2.5, 10, 0.25, 3]`'
)


def read_preferences(node: Node | None, report: ProblemList) -> Preferences:
    """The section, or its defaults when it is not there."""
    read = section(node, PREFERENCES, report)
    if read is None:
        return Preferences()
    built = Preferences()
    return Preferences(
        model_timeout=read.read("model_timeout", seconds_by_model, ByModel()),
        timeout_policy=read.read("timeout_policy", timeout_policy, TimeoutPolicy()),
        cooldown_s=read.read("cooldown_period", seconds, built.cooldown_s),
        error_triggers=read.read("error_triggers", texts, ()),
        rates=read.read("rate_limit", _instance_rates, ()),
        proxy=read.optional("proxy", _proxy),
        keepalive_interval=read.read("keepalive_interval", seconds_by_model, ByModel()),
        prices=read.read("model_price", _prices, {}),
        allow_private_urls=read.read("allow_private_urls", boolean, built.allow_private_urls),
        cors_origins=read.read("cors_origins", _origins, built.cors_origins),
        trusted_proxies=read.read("trusted_proxies", networks, ()),
        max_body_bytes=read.read("max_body_bytes", size_bytes, built.max_body_bytes),
        unsupported_parameters=read.read(
            "unsupported_parameters", _drop_or_reject, built.unsupported_parameters
        ),
        retention=read.read("retention", _retention, Retention()),
        model_info=read.read("model_info", _model_info, {}),
    )


def _instance_rates(node: Node, report: ProblemList) -> Rates | None:
    """One rate; a map is let pass when it says `default` and nothing else."""
    if node.kind != "map":
        return rates(node, report)
    if [member.key.text for member in node.members] != ["default"]:
        wrong(node, report, "one rate for the whole gateway, such as `600/min`")
        return None
    read = by_model(node, report, rates)
    return read.default if read else None


def _proxy(node: Node, report: ProblemList) -> str | None:
    proxy = text(node, report)
    fault = proxy_fault(proxy) if proxy else None
    if fault:
        report.error(node, f"the proxy cannot be used: {fault}. Nothing is sent past a proxy")
        return None
    return proxy


def _prices(node: Node, report: ProblemList) -> Mapping[str, Price] | None:
    if node.kind != "map":
        wrong(node, report, "a map of model to prices")
        return None
    found = {name: _price(member.value, report) for name, member in named(node)}
    return {name: price for name, price in found.items() if price is not None}


def _price(node: Node, report: ProblemList) -> Price | None:
    """`in,out` or `in,out,cache_read,cache_write`; with two figures what a cache holds costs as
    input.
    """
    pieces = _figures(node)
    figures = [number(piece, report, "a price in dollars, 0 or more") for piece in pieces]
    if len(figures) not in (2, 4):
        wrong(node, report, _PRICE)
        return None
    if None in figures:
        return None
    known = [figure for figure in figures if figure is not None]
    if len(known) == 2:
        known += [known[0], known[0]]
    return Price(input=known[0], output=known[1], cache_read=known[2], cache_write=known[3])


def _figures(node: Node) -> tuple[Node, ...]:
    """The figures of a price as nodes of their own."""
    if node.kind == "list":
        return node.items
    if not node.is_scalar:
        return ()
    pieces = node.text.split(",")
    return tuple(
        Node(
            path=node.path,
            line=node.line,
            column=node.column,
            kind="text",
            text=piece.strip(),
            written=piece.strip(),
        )
        for piece in pieces
    )


def _origins(node: Node, report: ProblemList) -> tuple[str, ...] | None:
    """`*`, or origins as browsers send them: scheme, host and port, nothing after.

    An empty list: no web page.
    """
    found = []
    for item in node.items if node.kind == "list" else (node,):
        origin = text(item, report)
        if origin is None:
            continue
        origin = origin.rstrip("/")
        if origin != "*" and not _ORIGIN.fullmatch(origin):
            wrong(item, report, "`*` or an origin such as `https://chat.example.com`")
            continue
        found.append(origin.lower())
    return tuple(found)


def _drop_or_reject(node: Node, report: ProblemList) -> Any:
    return choice(node, report, ("drop", "reject"))


def _retention(node: Node, report: ProblemList) -> Retention | None:
    read = section(node, RETENTION, report)
    if read is None:
        return None
    built = Retention()
    return Retention(
        raw_s=read.read("raw", duration_s, built.raw_s),
        raw_bytes=read.read("raw_bytes", size_bytes, built.raw_bytes),
        hourly_s=read.read("hourly", duration_s, built.hourly_s),
        daily_s=read.read("daily", duration_s, built.daily_s),
    )


def _model_info(node: Node, report: ProblemList) -> Mapping[str, ModelInfo] | None:
    if node.kind != "map":
        wrong(node, report, "a map of model to what is known of it")
        return None
    found = {name: _one_model(member.value, report) for name, member in named(node)}
    return {name: known for name, known in found.items() if known is not None}


def _one_model(node: Node, report: ProblemList) -> ModelInfo | None:
    read = section(node, MODEL_INFO, report)
    if read is None:
        return None
    takes, gives = read.read("modalities", _modalities, ((), ()))
    return ModelInfo(
        context_length=read.optional("context_length", positive),
        max_output_tokens=read.optional("max_output_tokens", positive),
        input_modalities=read.read("input_modalities", texts, takes),
        output_modalities=read.read("output_modalities", texts, gives),
    )


def _modalities(node: Node, report: ProblemList) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
    """A list is what the model takes; a map says both."""
    if node.kind != "map":
        takes = texts(node, report)
        return None if takes is None else (takes, ())
    read = section(node, MODALITIES, report)
    return (read.read("input", texts, ()), read.read("output", texts, ())) if read else None
