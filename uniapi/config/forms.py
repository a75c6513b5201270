"""The forms that keys of several levels share."""

from __future__ import annotations

from .addresses import as_proxy
from .levels import Form, Key, as_written, pattern_words
from .nodes import Node, ProblemList
from .values import (
    boolean,
    choice,
    counts_by_model,
    dollars,
    duration_s,
    moment_s,
    networks,
    plain,
    positive,
    positive_seconds,
    rates_by_model,
    seconds,
    seconds_by_model,
    size_bytes,
    text,
    texts,
)

CREDENTIAL_POLICIES = ("round_robin", "random", "fixed_priority", "smart_round_robin", "sticky")
POLICIES = (
    "fixed_priority",
    "round_robin",
    "weighted_round_robin",
    "lottery",
    "random",
    "smart_round_robin",
    "sticky",
    "cheapest",
    "fastest",
)


PROMPT_CACHE_WORDS = ("auto", "client", "off")


def _prompt_cache(node: Node, report: ProblemList) -> str | None:
    """YAML reads a bare `off` as a boolean."""
    if node.kind == "bool":
        return "auto" if boolean(node, report) else "off"
    return choice(node, report, PROMPT_CACHE_WORDS)


def _proxy(node: Node, report: ProblemList) -> str | None:
    """In its normal form; whether it can be used is asked where it is known what follows."""
    written = text(node, report)
    return None if written is None else as_proxy(written)


TEXT = Form(said="text", shapes=("text",), reader=text)
TEXTS = Form(said="text or a list of texts", shapes=("text", "texts"), reader=texts)
PATTERNS = Form(said="text or a list of texts", shapes=("text", "texts"), reader=pattern_words)
ANY = Form(said="anything", shapes=("any",), reader=plain)
BOOL = Form(said="`true` or `false`", shapes=("bool",), reader=boolean)
COUNT = Form(said="a positive whole number", shapes=("positive",), reader=positive)
SECONDS = Form(said="a number of seconds", shapes=("seconds",), reader=seconds)
SOME_SECONDS = Form(said="a number of seconds", shapes=("seconds",), reader=positive_seconds)
DOLLARS = Form(said="an amount in US dollars", shapes=("seconds",), reader=dollars)
SIZE = Form(
    said="a size such as `20MB` or a number of bytes",
    shapes=("positive", "text"),
    reader=size_bytes,
)
DURATION = Form(said="a length of time such as `7d` or `13mo`", shapes=("text",), reader=duration_s)
MOMENT = Form(
    said="a date or an ISO time such as `2026-01-31T08:00:00Z`",
    shapes=("text", "seconds"),
    reader=moment_s,
)
RATE_BY_MODEL = Form(
    said="a rate such as `15/min,1500/day`, or a map of model to rate",
    shapes=("text", "text by name"),
    reader=rates_by_model,
)
COUNT_BY_MODEL = Form(
    said="a positive whole number, or a map of model to such a number",
    shapes=("positive", "positive by name"),
    reader=counts_by_model,
)
SECONDS_BY_MODEL = Form(
    said="a number of seconds, or a map of model to seconds",
    shapes=("seconds", "seconds by name"),
    reader=seconds_by_model,
)
PROXY = Form(
    said="`http://`, `socks5://` or `socks5h://` address, or `none`",
    shapes=("text",),
    reader=_proxy,
)
NETWORKS = Form(said="text or a list of texts", shapes=("text", "texts"), reader=networks)
PROMPT_CACHE = Form(
    said="`auto`, `client` or `off`", shapes=("prompt cache",), reader=_prompt_cache
)
MAP = Form(said="a map", shapes=("map",), reader=as_written)
"""Of a key that is not used, or whose reader needs more than the value."""

ENABLED = Key("enabled", "", BOOL, "true", "false: as if it were not written")
"""Of a provider, of one of its keys, of a client key. What is switched off is not looked at."""
