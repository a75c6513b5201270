"""`timeout_policy` and its parts: the same at the provider's and at the global level."""

from __future__ import annotations

from .keys import TIMEOUT, TIMEOUT_MATCH, TIMEOUT_POLICY, TIMEOUT_RULE
from .nodes import Node, ProblemList
from .schema import TimeoutPolicy, TimeoutRule, Timeouts
from .values import patterns, positive_seconds, section, wrong


def timeout_policy(node: Node, report: ProblemList) -> TimeoutPolicy | None:
    """`{default: …, rules: […]}`; a bare number is the default."""
    if node.kind != "map":
        default = timeouts(node, report)
        return None if default is None else TimeoutPolicy(default=default)
    read = section(node, TIMEOUT_POLICY, report)
    if read is None:
        return None
    return TimeoutPolicy(
        default=read.read("default", timeouts, Timeouts()), rules=read.read("rules", _rules, ())
    )


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
    first_token = read.optional("first_token", positive_seconds)
    first_byte = read.optional("first_byte", positive_seconds)
    return Timeouts(
        connect_s=read.optional("connect", positive_seconds),
        first_token_s=first_byte if first_token is None else first_token,
        idle_s=read.optional("idle", positive_seconds),
        total_s=read.optional("total", positive_seconds),
    )


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
    match = read.optional("match", lambda value, report: patterns(value, TIMEOUT_MATCH, report))
    limits = read.optional("timeout", timeouts)
    return None if match is None or limits is None else TimeoutRule(match=match, timeouts=limits)
