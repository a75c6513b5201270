"""Counting tokens: the provider's own count where it offers one in the client's dialect, else our
labelled estimate. A client that counts is never left without a figure.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from uniapi.canonical import Call, FailureKind, RequestRefused, estimate_input_tokens
from uniapi.dialects import CLIENT_DIALECTS
from uniapi.pipes import Pipe, RelayBody
from uniapi.routing import GiveUp
from uniapi.wire import ResponseHead, dump_json

ESTIMATE_HEADERS = {"x-uniapi-estimate": "true"}

_OWN_MISTAKES = frozenset({FailureKind.BAD_REQUEST, FailureKind.TOO_LONG})
"""What the provider says about the request itself is better than our figure."""


def count_pipe(shape: str) -> Callable[[ResponseHead], Pipe]:
    """The pipe for a native count; `shape` is the address's. Bedrock answers in its own words
    whoever asks.
    """
    render = _spell_bedrock if shape == "bedrock" else None
    return lambda head: RelayBody(render)


def falls_back(step: GiveUp) -> bool:
    """Whether the estimate is given in place of this end of a plan: always, but for the client's
    own mistake.
    """
    return step.failure is None or step.failure.kind not in _OWN_MISTAKES


def estimate_answer(call: Call) -> bytes:
    """The estimate as the client's dialect spells it.

    Raises RequestRefused when the body makes no sense.
    """
    dialect = CLIENT_DIALECTS[call.dialect]
    try:
        request = dialect.decode_request(dialect.counted(call.json), call.requested_model, False)
    except RecursionError:
        raise RequestRefused.bad_request("The request body is nested too deep.") from None
    return dump_json(dialect.encode_count(estimate_input_tokens(request)))


def _spell_bedrock(answer: Any) -> bytes:
    """docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_CountTokens.html"""
    return dump_json({"input_tokens": int(answer["inputTokens"])})
