"""`timeout_policy` and its parts: the same at the provider's and at the global level."""

from __future__ import annotations

from .common_schema import TimeoutPolicy, TimeoutRule, Timeouts
from .forms import PATTERNS, SECONDS, SOME_SECONDS
from .levels import Form, Key, Level, match_key, section, without_effect
from .nodes import Node, ProblemList
from .values import positive_seconds, wrong


def timeout_policy(node: Node, report: ProblemList) -> TimeoutPolicy | None:
    """`{default: …, rules: […]}`; a bare number is the default."""
    if node.kind != "map":
        default = timeouts(node, report)
        return None if default is None else TimeoutPolicy(default=default)
    read = section(node, TIMEOUT_POLICY, report)
    if read is None:
        return None
    return TimeoutPolicy(**read.fields())


def timeouts(node: Node, report: ProblemList) -> Timeouts | None:
    """A map of phase to seconds; a bare number bounds the first token and the gaps between tokens,
    as `model_timeout` does.
    """
    if node.kind != "map":
        value = positive_seconds(node, report)
        return None if value is None else Timeouts(first_token_s=value, idle_s=value)
    read = section(node, TIMEOUT, report)
    if read is None:
        return None
    return Timeouts(**read.fields())


def _rules(node: Node, report: ProblemList) -> tuple[TimeoutRule, ...] | None:
    if node.kind != "list":
        wrong(node, report, "a list of `{match: {…}, timeout: {…}}`")
        return None
    return tuple(rule for item in node.items if (rule := _rule(item, report)) is not None)


def _rule(node: Node, report: ProblemList) -> TimeoutRule | None:
    read = section(node, TIMEOUT_RULE, report)
    if read is None:
        if node.kind == "null":
            wrong(node, report, "`{match: {…}, timeout: {…}}`")
        return None
    said = read.fields()
    return TimeoutRule(**said) if len(said) == len(TIMEOUT_RULE.keys) else None


TIMEOUT = Level.of(
    "timeout",
    Timeouts,
    Key("connect", "connect_s", SOME_SECONDS, "", "until the connection stands"),
    Key("first_token", "first_token_s", SOME_SECONDS, "", "until the first token"),
    Key("first_byte", "first_token_s", SOME_SECONDS, "", "the same as `first_token`"),
    Key("idle", "idle_s", SOME_SECONDS, "", "between tokens"),
    Key("total", "total_s", SOME_SECONDS, "", "for the whole call"),
    *without_effect(
        "ignored",
        ("pool", SECONDS, "waiting for a free connection, which does not happen here"),
    ),
    *without_effect(
        "unbuilt",
        ("write", SECONDS, "for sending the request, which counts as a part of `first_token`"),
    ),
)
_TIMEOUT = Form(
    said="a number of seconds, or a map of phase to seconds",
    shapes=("seconds", "level"),
    reader=timeouts,
    level=TIMEOUT,
)
TIMEOUT_MATCH = Level.of(
    "timeout_policy.rules[].match",
    None,
    Key("provider", "provider", PATTERNS, "", "the provider's name"),
    Key("endpoint", "endpoint", PATTERNS, "", "the client's path"),
    Key("method", "method", PATTERNS, "", "the HTTP method"),
    Key("stream", "stream", PATTERNS, "", "`true` or `false`"),
    Key("engine", "engine", PATTERNS, "", "the provider's engine"),
    Key("model", "model", PATTERNS, "", "the model by either name"),
    Key("request_model", "request_model", PATTERNS, "", "the model the client named"),
    Key("upstream_model", "upstream_model", PATTERNS, "", "the model as the provider calls it"),
    Key("request_type", "request_type", PATTERNS, "", "the one type is `compaction`"),
    Key("role", "role", PATTERNS, "", "the client key's role"),
)
TIMEOUT_RULE = Level.of(
    "timeout_policy.rules[]",
    TimeoutRule,
    match_key(TIMEOUT_MATCH),
    Key("timeout", "timeouts", _TIMEOUT, "", "the timeouts", is_required=True),
)
TIMEOUT_POLICY = Level.of(
    "timeout_policy",
    TimeoutPolicy,
    Key("default", "default", _TIMEOUT, "", "for every request"),
    Key(
        "rules",
        "rules",
        Form(
            said="a list of `{match: {…}, timeout: {…}}`",
            shapes=("list",),
            reader=_rules,
            level=TIMEOUT_RULE,
        ),
        "",
        "for requests that fit; the rule with the most members wins",
    ),
)
TIMEOUTS = Form(
    said="a number of seconds, or a map with `default` and `rules`",
    shapes=("seconds", "level"),
    reader=timeout_policy,
    level=TIMEOUT_POLICY,
)
