"""Which channels cannot take a call at all, whatever their health: what the provider's entry
excludes, and what its engine does not have.
"""

from __future__ import annotations

from uniapi.values import dataclass

from .attempt_timeouts import matches, subject_of
from .candidates import Channel
from .question import Question


@dataclass(frozen=True, slots=True, kw_only=True)
class RuledOut:
    """Why a channel cannot take a call; `status` is what the client gets when none can."""

    reason: str
    status: int = 400


def ruled_out(channel: Channel, question: Question, engine: str = "") -> RuledOut | None:
    """The first reason against `channel` for this call, None when there is none."""
    provider = channel.provider
    if question.path in provider.exclude_endpoints:
        return RuledOut(reason=f"`exclude_endpoints` has {question.path}")
    if (
        question.request_type is not None
        and question.request_type in provider.exclude_request_types
    ):
        return RuledOut(reason=f"`exclude_request_types` has {question.request_type}")
    if provider.only_request_types and question.request_type not in provider.only_request_types:
        return RuledOut(
            reason=f"`only_request_types` lacks {question.request_type or 'this type of request'}"
        )
    if (
        provider.max_request_body_bytes is not None
        and question.body_bytes > provider.max_request_body_bytes
    ):
        limit = provider.max_request_body_bytes
        return RuledOut(
            reason=f"the body has {question.body_bytes} bytes, `max_request_body_bytes` is {limit}",
            status=413,
        )
    if provider.exclude_request_rules:
        subject = subject_of(channel, question.facts(), engine)
        for rule in provider.exclude_request_rules:
            if rule.match and matches(rule.match, subject):
                return RuledOut(reason=rule.reason or "a rule of `exclude_request_rules` fits")
    if question.rules_out is not None:
        reason = question.rules_out(channel)
        if reason is not None:
            return RuledOut(reason=reason)
    return None
