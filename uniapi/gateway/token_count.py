"""Counting tokens: the provider's own count where it offers one, in whatever dialect, else our
labelled estimate. A client that counts is never left without a figure.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from uniapi.canonical import Call, FailureKind, Json, RequestRefused, estimate_input_tokens
from uniapi.dialects import CLIENT_DIALECTS, Beside, figure
from uniapi.engines import find_mending
from uniapi.pipes import Pipe, RelayBody
from uniapi.routing import GiveUp, Road
from uniapi.wire import ResponseHead, dump_json

from .route import Way

ESTIMATE_HEADERS = {"x-uniapi-estimate": "true"}

_OWN_MISTAKES = frozenset({FailureKind.BAD_REQUEST, FailureKind.TOO_LONG})
"""What the provider says about the request itself is better than our figure."""


def count_pipe(call: Call, way: Way) -> Callable[[ResponseHead], Pipe]:
    """The pipe for a native count: handed on where the client reads such an answer, else spelled
    for it; an answer without a figure has failed. Bedrock answers in its own words whoever asks.
    """
    counting = way.dialect.counting
    spell: Callable[[Call, Callable[[Mapping[str, Json]], int], Any], bytes | None] = _spelled
    if way.address.shape == "bedrock":
        read = figure("inputTokens")
    elif counting is None:
        return lambda head: RelayBody()
    else:
        read, spell = counting.read, _spelled if way.road is Road.TRANSLATE else _looked_at
    return lambda head: RelayBody(partial(spell, call, read))


def fit_count(
    call: Call, way: Way, body: dict[str, Json], beside: Beside
) -> tuple[dict[str, Json], tuple[str, ...]]:
    """A count's body as this upstream takes it, and the losses: fitted as the generation it asks
    about, without what only a generation takes. Gemini's may be wrapped, and stays so.
    """
    counting = way.dialect.counting
    if counting is None:
        return body, ()
    asked = CLIENT_DIALECTS[call.dialect].counted(body) if way.road is Road.RELAY else body
    fitted, losses = way.dialect.fit(dict(asked), way.quirk, beside)
    reduced = counting.reduced(fitted, asked if way.road is Road.RELAY else {})
    if asked is body:
        return reduced, losses
    return {
        name: reduced if value is asked and reduced != asked else value
        for name, value in body.items()
    }, losses


def falls_back(call: Call, step: GiveUp) -> bool:
    """Whether the estimate is given in place of this end of a plan: always, but for the client's
    own mistake, told in its own dialect. A member that the vendor could do without is none:
    generations are mended then (anthropics/claude-code#63532, 2026-11-30).
    """
    failure = step.failure
    if failure is None or failure.dialect != call.dialect:
        return True
    is_own = failure.kind in _OWN_MISTAKES
    return not is_own or bool(find_mending(failure, call.json, call.dialect))


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


def _looked_at(call: Call, read: Callable[[Mapping[str, Json]], int], answer: Any) -> bytes | None:
    """As it came; raises where there is no figure."""
    read(answer)
    return None


def _spelled(call: Call, read: Callable[[Mapping[str, Json]], int], answer: Any) -> bytes:
    return dump_json(CLIENT_DIALECTS[call.dialect].encode_count(read(answer)))
