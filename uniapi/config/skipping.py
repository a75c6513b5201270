"""What a provider is not used for: client paths, kinds of requests, requests that fit a rule, large
bodies. The same keys stand under a provider and under its `preferences`.
"""

from __future__ import annotations

from .forms import PATTERNS, SIZE, TEXT
from .levels import Form, Key, Level, match_key, section
from .nodes import Node, ProblemList
from .provider_schema import RequestRule
from .values import lower_texts, near, texts, wrong

_REQUEST_TYPES = ("compaction",)


def _endpoints(node: Node, report: ProblemList) -> tuple[str, ...] | None:
    paths = texts(node, report)
    if paths is None:
        return None
    return tuple(path if path.startswith("/") else f"/{path}" for path in paths)


def _request_types(node: Node, report: ProblemList) -> tuple[str, ...] | None:
    names = lower_texts(node, report)
    for name in names or ():
        if name not in _REQUEST_TYPES:
            report.warning(
                node,
                f"`{name}` is no request type we know: expected"
                f" {', '.join(_REQUEST_TYPES)}{near(name, _REQUEST_TYPES)}",
            )
    return names


def _request_rules(node: Node, report: ProblemList) -> tuple[RequestRule, ...] | None:
    if node.kind != "list":
        wrong(node, report, "a list of `{match: {…}, reason: …}`")
        return None
    read = (section(item, REQUEST_RULE, report) for item in node.items)
    said = [rule.fields() for rule in read if rule is not None]
    return tuple(RequestRule(**rule) for rule in said if "match" in rule)


REQUEST_MATCH = Level.of(
    "providers[].exclude_request_rules[].match",
    None,
    Key("endpoint", "endpoint", PATTERNS, "", "the client's path"),
    Key("request_model", "request_model", PATTERNS, "", "the model the client named"),
    Key("upstream_model", "upstream_model", PATTERNS, "", "the model as the provider calls it"),
    Key("reasoning_effort", "reasoning_effort", PATTERNS, "", "the effort asked for"),
    Key("request_type", "request_type", PATTERNS, "", "the one type is `compaction`"),
)
REQUEST_RULE = Level.of(
    "providers[].exclude_request_rules[]",
    RequestRule,
    match_key(REQUEST_MATCH),
    Key("reason", "reason", TEXT, "", "shown by `explain`"),
)

_ENDPOINTS = Form(said="text or a list of texts", shapes=("text", "texts"), reader=_endpoints)
_TYPES = Form(said="text or a list of texts", shapes=("text", "texts"), reader=_request_types)
_RULES = Form(
    said="a list of `{match: {…}, reason: …}`",
    shapes=("list",),
    reader=_request_rules,
    level=REQUEST_RULE,
)
WHAT_TO_SKIP = (
    Key(
        "exclude_endpoints",
        "exclude_endpoints",
        _ENDPOINTS,
        "",
        "client paths this provider is not used for, such as `/v1/embeddings`",
    ),
    Key(
        "exclude_request_types",
        "exclude_request_types",
        _TYPES,
        "",
        "request types this provider is not used for; the one type is `compaction`",
    ),
    Key(
        "only_request_types",
        "only_request_types",
        _TYPES,
        "",
        "the only request types this provider is used for; the one type is `compaction`",
    ),
    Key(
        "exclude_request_rules",
        "exclude_request_rules",
        _RULES,
        "",
        "requests that fit every member of a `match` skip this provider",
    ),
    Key(
        "max_request_body_bytes",
        "max_request_body_bytes",
        SIZE,
        "",
        "larger request bodies skip this provider",
    ),
)
"""Rows of both levels."""
