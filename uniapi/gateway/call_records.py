"""The records that calls and their attempts become."""

from __future__ import annotations

from uniapi.canonical import MOST_REPEATED, Call, ClientError, Failure, Operation
from uniapi.clock import Monotonic
from uniapi.config import without_secrets, without_secrets_in_bytes
from uniapi.stats import AttemptRecord, CallRecord
from uniapi.values import replace

from .call_state import CallState
from .echo import kept_words, without_echo
from .lanes import Lane

_NAMES = {operation: operation.value for operation in Operation}
LONGEST_MESSAGE = 300
"""Characters of what an upstream said, or a client was told, that are kept."""


def masked_failure(failure: Failure, secrets: tuple[str, ...], request_body: bytes) -> Failure:
    """The failure as it may be shown to clients and kept: neither its message nor its body holds
    one of the provider's secrets, and what is kept nothing of the request.
    """
    message, body = without_secrets(failure.message, secrets), failure.body
    url = None if failure.url is None else without_secrets(failure.url, secrets)
    if body is not None:
        body = without_secrets_in_bytes(body, secrets)
    shown = replace(failure, message=message, body=body, url=url)
    return replace(
        shown,
        message=without_echo(message, request_body, MOST_REPEATED),
        kept=kept_words(shown, request_body),
    )


def attempt_record(
    lane: Lane, outcome: str, status: int | None, duration_s: float, message: str = ""
) -> AttemptRecord:
    """One try; `message` is the upstream's, cut, without our secrets in it."""
    said = without_secrets(message, lane.secrets)[:LONGEST_MESSAGE] if message else ""
    number = lane.target.credential.number
    provider, provider_id, model, key_id, shown = lane.names
    return AttemptRecord(
        provider, provider_id, model, key_id, shown, outcome, status, duration_s, said, number
    )


def call_record(state: CallState, now: Monotonic) -> CallRecord:
    """A call that came to at least one attempt, or to the end of its plan."""
    status = state.reply.status or state.status
    record = _record(state.call, status, state.outcome)
    record.attempts = tuple(state.attempts)
    record.total_s = now - state.plan.started_at
    if state.said:
        record.message = state.said[:LONGEST_MESSAGE]
    if state.lane is not None:
        # Names by place: see Lane.
        record.provider, record.provider_id, record.upstream_model, _, _ = state.lane.names
    if state.receiver is not None:
        record.usage = state.usage
        record.first_token_s = state.receiver.first_token_after_s
    return record


def outcome_of_refusal(status: int) -> str:
    """Of a call that came to no attempt: whether that is its client's own, or ours."""
    return "unavailable" if status >= 500 else "refused"


def refusal_record(call: Call, error: ClientError, *, is_flagged: bool = False) -> CallRecord:
    """A call that was refused before any attempt; `is_flagged`: by the moderation model."""
    record = _record(call, error.status, outcome_of_refusal(error.status))
    record.message = without_echo(error.message[:LONGEST_MESSAGE], call.body)
    record.is_flagged = is_flagged
    return record


def left_record(call: Call, total_s: float) -> CallRecord:
    """A call whose client left before any attempt."""
    record = _record(call, 0, "client_left")
    record.total_s = total_s
    return record


def _record(call: Call, status: int, outcome: str) -> CallRecord:
    who = call.principal
    record = CallRecord(
        call.request_id,
        call.received_at_s,
        who.key_id,
        who.label,
        _NAMES[call.operation],
        f"{call.method} {call.path}",
        call.requested_model,
        status,
        outcome,
        call.stream,
    )
    record.client_ip = call.client_ip
    return record
