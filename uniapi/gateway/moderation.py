"""`ENABLE_MODERATION`: what a user says is shown to a moderation model before it is sent on.

The model is one that the same client key can route, and it is asked as if the client had asked it:
a call to `/v1/moderations` of that key, with its channels, keys, limits and failover, of which
nothing is recorded. A flagged text is refused; where no moderation model answers, the call passes
with a line in the log: a gateway that stops with its moderation provider would be
worse than none.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Mapping
from typing import Any

from uniapi.canonical import Call, ClientError, Operation, RequestRefused
from uniapi.clock import Clock
from uniapi.config import ClientKey
from uniapi.errors import WireError
from uniapi.operations import SERVICES
from uniapi.routing import Plan, Question, Router
from uniapi.values import replace
from uniapi.wire import dump_json, load_json

from .call_facts import estimate_call_tokens, last_user_text
from .eligible_channels import rules_out
from .executor import Executor
from .lanes import Lanes

log = logging.getLogger("uniapi.moderation")

_MODELS = SERVICES[Operation.MODERATE].default_models
"""The first that a client key can route is asked."""
PATIENCE_S = 5.0
"""For one answer: the user waits for the answer to the call itself."""
LONGEST_S = 8.0
"""For all attempts together."""
FLAGGED = ClientError(
    status=400,
    message="The request was flagged by the moderation model.",
    code="content_policy_violation",
    type="invalid_request_error",
)


class Moderation:
    """Asks moderation models through an executor. Holds no state of its own."""

    def __init__(self, executor: Executor, clock: Clock, rng: random.Random) -> None:
        self._executor = executor
        self._clock = clock
        self._rng = rng

    async def is_flagged(self, call: Call, key: ClientKey, router: Router, lanes: Lanes) -> bool:
        """Whether the last user text of `call` is refused by the first moderation model that `key`
        can route.
        """
        text = last_user_text(call) if SERVICES[call.operation].is_moderated else ""
        if not text.strip():
            return False
        model = next((model for model in _MODELS if router.catalog.candidates(key, model)), None)
        if model is None:
            log.warning(
                "%s: passes without moderation: no model %s",
                call.request_id,
                " or ".join(_MODELS),
            )
            return False
        question = _question(call, model, text)
        kept = _Kept()
        try:
            await self._executor.run(
                question, self._plan(question, key, router, lanes), lanes, kept
            )
        except RequestRefused as refused:
            kept.status, kept.body = refused.error.status, refused.error.message.encode()
        verdict = _verdict(kept.status, kept.body)
        if verdict is None:
            log.warning(
                "%s: passes without moderation: no answer (%s)", call.request_id, kept.status
            )
        return verdict is True

    def _plan(self, question: Call, key: ClientKey, router: Router, lanes: Lanes) -> Plan:
        now = self._clock.monotonic_s()
        asked = Question(
            client_key=key,
            requested_model=question.requested_model,
            client_dialect=question.dialect,
            path=question.path,
            body_bytes=len(question.body),
            tokens=estimate_call_tokens(question),
            deadline=now + LONGEST_S,
            patience_s=PATIENCE_S,
            rules_out=rules_out(question, lanes.engine_of, is_bound=False),
        )
        now_s = self._clock.now_s()
        candidates = router.candidates(key, question.requested_model, now_s)
        return router.plan(asked, candidates, now=now, now_s=now_s, rng=self._rng)


def _question(call: Call, model: str, text: str) -> Call:
    """The call to the moderation model, by the same client key."""
    value = {"model": model, "input": text}
    return replace(
        call,
        dialect="openai_chat",
        operation=Operation.MODERATE,
        requested_model=model,
        stream=False,
        body=dump_json(value),
        json=value,
        path="/v1/moderations",
        method="POST",
        resource="",
        query={},
        query_text="",
        headers={},
        content_type="application/json",
        upload=None,
        upload_bytes=0,
    )


def _verdict(status: int | None, body: bytes) -> bool | None:
    """Whether an answer flags the text; None when it is no verdict."""
    if status != 200:
        return None
    try:
        value: Any = load_json(body)
        return any(result.get("flagged") is True for result in value["results"])
    except (WireError, TypeError, KeyError, AttributeError):
        return None


class _Kept:
    """A Reply that nobody reads but us."""

    tap = None

    def __init__(self) -> None:
        self.status: int | None = None
        self.body = b""

    has_lost = False

    @property
    def is_started(self) -> bool:
        return self.status is not None

    async def start(self, status: int, headers: Mapping[str, str]) -> None:
        self.status = status

    def write(self, data: bytes) -> None:
        self.body += data

    write_last = write

    def backlog(self) -> int:
        return 0

    async def finish(self) -> None:
        """Nothing is left to do."""

    def break_off(self) -> None:
        self.body = b""

    async def send(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        self.status, self.body = status, body
