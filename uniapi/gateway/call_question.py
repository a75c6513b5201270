"""What routing is asked of a call: one place for it, whether the call is made or only explained."""

from __future__ import annotations

from collections.abc import Callable

from uniapi.canonical import Call
from uniapi.clock import Epoch, Monotonic
from uniapi.config import ClientKey, Provider
from uniapi.dialects import CLIENT_DIALECTS
from uniapi.engines import Engine
from uniapi.operations import SERVICES
from uniapi.routing import NO_SESSION, Pin, Question

from .call_facts import reasoning_effort
from .eligible_channels import rules_out
from .session_hint import session_hint

_PATIENCE = "x-stainless-timeout"


def question_of(
    call: Call,
    key: ClientKey,
    engine_of: Callable[[Provider], Engine],
    now: Monotonic,
    now_s: Epoch,
    tokens: int = 0,
    pin: Pin | None = None,
    minds_session: bool = False,
) -> Question:
    """`tokens`: the estimate of its input; `pin`: the credential that an id in it binds it to."""
    service = SERVICES[call.operation]
    needs = CLIENT_DIALECTS[call.dialect].needs(call.json)
    # By position: a class that is called with names costs two dicts.
    asked = Question(
        key,
        call.requested_model,
        call.dialect,
        call.path,
        needs,
        call.method,
        call.stream,
        service.request_type,
        reasoning_effort(call),
        len(call.body) + call.upload_bytes,
        tokens,
        session_hint(call) if minds_session else NO_SESSION,
        pin,
        _client_deadline(call, now, now_s) if _PATIENCE in call.headers else None,
        None,
        service.timeout_s,
        service.is_bought,
    )
    if pin is not None or not service.is_generated:
        asked.rules_out = rules_out(call, engine_of, is_bound=pin is not None)
    return asked


def _client_deadline(call: Call, now: Monotonic, now_s: Epoch) -> float | None:
    """The moment the client's own SDK gives up (`x-stainless-timeout`, seconds after the call came
    in): no attempt begins after it.
    """
    try:
        seconds = float(call.headers[_PATIENCE])
    except ValueError:
        return None
    if not 0 < seconds < 86400:
        return None
    return now + seconds - max(0.0, now_s - call.received_at_s)
