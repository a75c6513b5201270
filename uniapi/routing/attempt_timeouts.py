"""How long an attempt may take, phase by phase: `model_timeout`, refined by `timeout_policy`, with
the defaults below them (docs/design.md, Timeouts).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from uniapi.config import Preferences, TimeoutRule, Timeouts
from uniapi.values import dataclass

from .candidates import Channel

CONNECT_S = 15.0
_NOTHING_SET = Timeouts()


@dataclass(frozen=True, slots=True, kw_only=True)
class CallFacts:
    """What rules can match of a call.

    `role` is the client key's label; `request_type` `compaction` or None.
    """

    path: str
    method: str = "POST"
    stream: bool = False
    requested_model: str = ""
    role: str = ""
    request_type: str | None = None
    reasoning_effort: str | None = None


def resolve_timeouts(
    channel: Channel, preferences: Preferences, call: CallFacts, default_s: float, engine: str = ""
) -> Timeouts:
    """The timeouts of an attempt at `channel`: `connect_s`, `first_token_s` and `idle_s` are always
    set, `total_s` may be None. `default_s`: env `TIMEOUT`; `engine`: the channel's, as found out.
    """
    provider = channel.provider
    between = model_timeout_s(channel, preferences, default_s)
    resolved = Timeouts(connect_s=CONNECT_S, first_token_s=between, idle_s=between)
    layers = [preferences.timeout_policy.default, provider.timeout_policy.default]
    if preferences.timeout_policy.rules or provider.timeout_policy.rules:
        subject = subject_of(channel, call, engine)
        layers += [
            _best_rule(policy.rules, subject)
            for policy in (preferences.timeout_policy, provider.timeout_policy)
        ]
    for layer in layers:
        if layer != _NOTHING_SET:
            resolved = _over(resolved, layer)
    return resolved


def model_timeout_s(channel: Channel, preferences: Preferences, default_s: float) -> float:
    """The time to the first token and between tokens, before `timeout_policy`: the provider's
    `model_timeout`, then the global one, then the default.
    """
    for table in (channel.provider.model_timeout, preferences.model_timeout):
        value = None if table.is_empty else table.resolve(channel.alias, channel.upstream_model)
        if value is not None:
            return value
    return default_s


def keepalive_interval_s(
    channel: Channel, preferences: Preferences, first_token_s: float
) -> float | None:
    """The interval of heartbeats while nothing comes from `channel`; None when none is configured,
    or one that would come after the time-out.
    """
    for table in (channel.provider.keepalive_interval, preferences.keepalive_interval):
        value = None if table.is_empty else table.resolve(channel.alias, channel.upstream_model)
        if value is not None:
            return value if 0 < value < first_token_s else None
    return None


def matches(match: Mapping[str, tuple[str, ...]], subject: Mapping[str, tuple[str, ...]]) -> bool:
    """Whether every member of `match` fits: one of its patterns (lower case; `*` alone or at the
    end is a wildcard) one of the subject's words. A member the subject lacks does not fit.
    """
    return all(_fits(patterns, subject.get(member, ())) for member, patterns in match.items())


def _fits(patterns: Iterable[str], words: tuple[str, ...]) -> bool:
    for pattern in patterns:
        for word in words:
            if word == pattern or (pattern.endswith("*") and word.startswith(pattern[:-1])):
                return True
    return False


def subject_of(channel: Channel, call: CallFacts, engine: str = "") -> dict[str, tuple[str, ...]]:
    """What rules match against: member → words, in lower case."""
    words: dict[str, tuple[str | None, ...]] = {
        "provider": (channel.provider.name,),
        "endpoint": (call.path,),
        "method": (call.method,),
        "stream": ("true" if call.stream else "false",),
        "engine": (channel.provider.engine or engine,),
        "model": (channel.alias, channel.upstream_model),
        "request_model": (call.requested_model, channel.alias),
        "upstream_model": (channel.upstream_model,),
        "request_type": (call.request_type,),
        "role": (call.role,),
        "reasoning_effort": (call.reasoning_effort,),
    }
    return {member: tuple(word.lower() for word in some if word) for member, some in words.items()}


def _best_rule(rules: tuple[TimeoutRule, ...], subject: Mapping[str, tuple[str, ...]]) -> Timeouts:
    """The timeouts of the matching rule with most members; the first of equals."""
    fitting = [rule for rule in rules if matches(rule.match, subject)]
    return max(fitting, key=lambda rule: len(rule.match)).timeouts if fitting else Timeouts()


def _over(below: Timeouts, above: Timeouts) -> Timeouts:
    return Timeouts(
        connect_s=below.connect_s if above.connect_s is None else above.connect_s,
        first_token_s=below.first_token_s if above.first_token_s is None else above.first_token_s,
        idle_s=below.idle_s if above.idle_s is None else above.idle_s,
        total_s=below.total_s if above.total_s is None else above.total_s,
    )
