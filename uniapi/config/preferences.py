"""The global `preferences`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from .addresses import proxy_fault
from .alias_maps import FALLBACK
from .budgets import BUDGET
from .common_schema import Rates
from .forms import (
    BOOL,
    COUNT,
    DURATION,
    NETWORKS,
    PROMPT_CACHE,
    PROXY,
    SECONDS,
    SECONDS_BY_MODEL,
    SIZE,
    TEXT,
    TEXTS,
)
from .levels import Form, Key, Level, as_written, section, without_effect
from .nodes import Node, ProblemList
from .notify import NOTIFY
from .prices import PRICE_LIST, PRICES
from .schema import Inspect, ModelInfo, Preferences, Retention
from .timeouts import TIMEOUTS
from .values import boolean, by_model, choice, named, positive, rates, text, texts, wrong

_ORIGIN = re.compile(r"[a-z][a-z0-9+.-]*://[^/\s?#]+", re.IGNORECASE)
MOST_INSPECTED = 5000
LEAST_DISK_BYTES = 1_000_000


def read_preferences(node: Node | None, report: ProblemList) -> Preferences:
    """The section, or its defaults when it is not there."""
    read = section(node, PREFERENCES, report)
    return Preferences() if read is None else Preferences(**read.fields())


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
    proxy: str | None = PROXY.reader(node, report)
    fault = proxy_fault(proxy) if proxy else None
    if fault:
        report.error(node, f"the proxy cannot be used: {fault}. Nothing is sent past a proxy")
        return None
    return proxy


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
    return Retention(**read.fields())


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
    takes, gives = read.value("modalities") or ((), ())
    return ModelInfo(**{"input_modalities": takes, "output_modalities": gives, **read.fields()})


def _modalities(node: Node, report: ProblemList) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
    """A list is what the model takes; a map says both."""
    if node.kind != "map":
        takes = texts(node, report)
        return None if takes is None else (takes, ())
    read = section(node, MODALITIES, report)
    said = {} if read is None else read.fields()
    return said.get("input_modalities", ()), said.get("output_modalities", ())


def _inspect(node: Node, report: ProblemList) -> Inspect | None:
    """A map, how many, or whether at all."""
    if node.kind == "map":
        read = section(node, INSPECT, report)
        found = Inspect() if read is None else Inspect(**read.fields())
    elif node.kind == "bool":
        found = Inspect()
        if not boolean(node, report):
            return None
    else:
        last = positive(node, report)
        if last is None:
            return None
        found = Inspect(last=last)
    if found.last > MOST_INSPECTED:
        report.error(node, f"`last` is {found.last}; no more than {MOST_INSPECTED} can be kept")
        return None
    if found.disk_bytes is not None and found.disk_bytes < LEAST_DISK_BYTES:
        report.error(node, "`to_disk` must be 1MB or more")
        return None
    where = "in memory" if found.disk_bytes is None else "in the data dir"
    report.warning(
        node,
        f"the inspector is on: the last {found.last} requests are kept in full, prompts and answers"
        f" too, {where}. Whoever has an admin key can read them",
    )
    return found


INSPECT = Level.of(
    "preferences.inspect",
    Inspect,
    Key("last", "last", COUNT, "200", "how many requests, up to 5000"),
    Key("to_disk", "disk_bytes", SIZE, "off", "so much of them in the data dir, not in memory"),
)
RETENTION = Level.of(
    "preferences.retention",
    Retention,
    Key("raw", "raw_s", DURATION, "7d", "single calls"),
    Key("raw_bytes", "raw_bytes", SIZE, "25MB", "single calls, in bytes"),
    Key("hourly", "hourly_s", DURATION, "31d", "sums per hour"),
    Key("daily", "daily_s", DURATION, "13mo", "sums per day"),
)
MODALITIES = Level.of(
    "preferences.model_info.<model>.modalities",
    ModelInfo,
    Key("input", "input_modalities", TEXTS, "", "what it takes"),
    Key("output", "output_modalities", TEXTS, "", "what it gives"),
)
MODEL_INFO = Level.of(
    "preferences.model_info.<model>",
    ModelInfo,
    Key("context_length", "context_length", COUNT, "", "tokens it can take"),
    Key("max_output_tokens", "max_output_tokens", COUNT, "", "tokens it can give"),
    Key(
        "modalities",
        "",
        Form(
            said="a list, or a map with `input` and `output`",
            shapes=("text", "texts", "level"),
            reader=_modalities,
            level=MODALITIES,
        ),
        "",
        "what it takes, or what it takes and gives",
    ),
    Key(
        "input_modalities",
        "input_modalities",
        TEXTS,
        "",
        "what it takes: text, image, audio, …",
    ),
    Key("output_modalities", "output_modalities", TEXTS, "", "what it gives"),
)
HEDGING = Level.of(
    "preferences.hedging",
    None,
    *without_effect(
        "unbuilt",
        ("enabled", BOOL, "not built"),
        ("max_inflight_attempts", COUNT, "not built"),
        ("winner_policy", TEXT, "not built"),
    ),
)

_RATE = Form(said="a rate such as `15/min,1500/day`", shapes=("text",), reader=_instance_rates)
_PROXY = Form(said=PROXY.said, shapes=PROXY.shapes, reader=_proxy)
_ORIGINS = Form(said="text or a list of texts", shapes=("text", "texts"), reader=_origins)
_DROP_OR_REJECT = Form(
    said="`drop` or `reject`", shapes=("drop or reject",), reader=_drop_or_reject
)

PREFERENCES = Level.of(
    "preferences",
    Preferences,
    Key(
        "fallback",
        "fallback",
        FALLBACK,
        "",
        "for every client key: models that stand in for a model when nothing of it is left to try",
    ),
    Key(
        "shares",
        "shares",
        COUNT,
        "1",
        "how many gateways use the same provider keys: each takes its part of what belongs to a"
        " provider key (`api_key_rate_limit`, `api_key_max_concurrency`)",
    ),
    Key(
        "model_timeout",
        "model_timeout",
        SECONDS_BY_MODEL,
        "TIMEOUT (100)",
        "time to the first token, and between tokens",
    ),
    Key(
        "timeout_policy",
        "timeout_policy",
        TIMEOUTS,
        "",
        "timeouts by phase and by request",
    ),
    Key(
        "cooldown_period",
        "cooldown_s",
        SECONDS,
        "5 s doubling to 300 s",
        "rest of a channel that failed; 0: never",
    ),
    Key(
        "error_triggers",
        "error_triggers",
        TEXTS,
        "",
        "answers that contain one of these count as failed",
    ),
    Key("rate_limit", "rates", _RATE, "999999/min", "limit of the whole gateway"),
    Key(
        "proxy",
        "proxy",
        _PROXY,
        "that of the environment",
        "how every provider is reached; `none`: directly",
        is_secret=True,
    ),
    Key(
        "ca_file",
        "ca_file",
        TEXT,
        "",
        "a file of certificates (PEM) to trust beside the system's, such as a company's",
    ),
    Key(
        "keepalive_interval",
        "keepalive_interval",
        SECONDS_BY_MODEL,
        "off",
        "a heartbeat while the first token is awaited",
    ),
    Key(
        "model_price",
        "prices",
        PRICES,
        "",
        "dollars per million tokens: `in,out` or `in,out,cache_read,cache_write`, or a map;"
        " `default` for the rest; goes before the price list",
    ),
    Key(
        "price_list",
        "price_list",
        PRICE_LIST,
        "true",
        "the dated list of prices inside; `false`: none but `model_price`; a path or a URL: that"
        " list instead, looked at once a day",
    ),
    Key("budget", "budgets", BUDGET, "", "what may be spent in a calendar period, by all together"),
    Key(
        "prompt_cache",
        "prompt_cache",
        PROMPT_CACHE,
        "auto",
        "`auto`: a client that marks nothing for Claude's prompt cache gets marks where they pay;"
        " `client`: only its own; `off`: none at all",
    ),
    Key(
        "notify",
        "notify",
        NOTIFY,
        "",
        "where to tell of spent budgets, refused keys and the like: a URL (ntfy, Telegram, Bark,"
        " Slack, Discord or any webhook), a map, or a list of them",
        is_secret=True,
    ),
    Key(
        "allow_private_urls",
        "allow_private_urls",
        BOOL,
        "false",
        "fetch image addresses inside the local network",
    ),
    Key("cors_origins", "cors_origins", _ORIGINS, "*", "web pages that may call the gateway"),
    Key(
        "trusted_proxies",
        "trusted_proxies",
        NETWORKS,
        "none",
        "addresses or networks whose `X-Forwarded-For` is believed",
    ),
    Key("max_body_bytes", "max_body_bytes", SIZE, "32MiB", "larger request bodies are refused"),
    Key(
        "unsupported_parameters",
        "unsupported_parameters",
        _DROP_OR_REJECT,
        "drop",
        "what happens to request members an upstream cannot take",
    ),
    Key(
        "learn",
        "learn",
        BOOL,
        "true",
        "a refused request is mended as the refusal says, tried once more, and that is remembered",
    ),
    Key(
        "max_bodies_in_memory",
        "max_bodies_bytes",
        SIZE,
        "256MB",
        "bodies of all running requests together; over it a request is told to come back",
    ),
    Key(
        "max_answers_in_memory",
        "max_answers_bytes",
        SIZE,
        "a quarter of the memory there is, 256MB at most",
        "answers of all running requests together, as far as nobody has taken them; over it"
        " providers are waited with, then a request is told to come back",
    ),
    Key(
        "retention",
        "retention",
        Form(said="a map", shapes=("level",), reader=_retention, level=RETENTION),
        "",
        "how long statistics are kept",
    ),
    Key(
        "model_info",
        "model_info",
        Form(
            said="a map of model to what is known of it",
            shapes=("level by name",),
            reader=_model_info,
            level=MODEL_INFO,
        ),
        "",
        "what the model lists say of a model",
    ),
    Key(
        "inspect",
        "inspect",
        Form(
            said="a map with `last` and `to_disk`, a number of requests, or `false`",
            shapes=("bool", "positive", "level"),
            reader=_inspect,
            level=INSPECT,
        ),
        "off",
        "the last requests are kept in full, prompts and answers too, for the page",
    ),
    *without_effect(
        "unbuilt",
        (
            "hedging",
            Form(said="a map", shapes=("level",), reader=as_written, level=HEDGING),
            "a second upstream call while the first is slow",
        ),
    ),
)
