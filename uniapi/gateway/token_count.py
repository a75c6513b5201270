"""Counting tokens: the provider's own count where it offers one in the client's dialect, else our
labelled estimate. A client that counts is never left without a figure.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from uniapi.canonical import Call, FailureKind, Json, RequestRefused, estimate_input_tokens
from uniapi.dialects import CLIENT_DIALECTS
from uniapi.pipes import Pipe, RelayBody
from uniapi.routing import GiveUp
from uniapi.wire import ResponseHead, dump_json

COUNT_PATIENCE_S = 10.0
"""A count that takes longer is of no use to anybody: the estimate is there at once."""
ESTIMATE_HEADERS = {"x-uniapi-estimate": "true"}

_OWN_MISTAKES = frozenset({FailureKind.BAD_REQUEST, FailureKind.TOO_LONG})
"""What the provider says about the request itself is better than our figure."""

_SPELLINGS: Mapping[str, Callable[[int], dict[str, Json]]] = {
    "anthropic": lambda tokens: {"input_tokens": tokens},
    "gemini": lambda tokens: {"totalTokens": tokens},
    "openai_responses": lambda tokens: {"object": "response.input_tokens", "input_tokens": tokens},
}


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
        request = dialect.decode_request(_counted(call), call.requested_model, False)
    except RecursionError:
        raise RequestRefused.bad_request("The request body is nested too deep.") from None
    return dump_json(_SPELLINGS[call.dialect](estimate_input_tokens(request)))


def _counted(call: Call) -> Mapping[str, Any]:
    """What is to be counted: Gemini's clients may wrap a whole request."""
    for name in ("generateContentRequest", "generate_content_request"):
        wrapped = call.json.get(name)
        if isinstance(wrapped, dict):
            return wrapped
    return call.json


def _spell_bedrock(answer: Any) -> bytes:
    """docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_CountTokens.html"""
    return dump_json({"input_tokens": int(answer["inputTokens"])})
