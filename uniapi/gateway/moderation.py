"""`ENABLE_MODERATION`: what a user says is shown to a moderation model before it is sent on.

The model is one that the same client key can route. A flagged text is refused; where no moderation model answers, the call passes with a line in the log
(PRODUCT §6): a gateway that stops with its moderation provider would be worse than none.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from typing import Any

from uniapi.canonical import Call, ClientError, Operation
from uniapi.clock import Clock
from uniapi.config import Preferences, Provider
from uniapi.engines import Engine, Target
from uniapi.errors import WireError
from uniapi.routing import Channel
from uniapi.wire import HttpRequest, dump_json, load_json

from .call_facts import last_user_text
from .credentials import CredentialStore
from .fetch import FetchFailed, fetch
from .upstream import Transport

log = logging.getLogger("uniapi.moderation")

MODERATION_MODELS = ("omni-moderation-latest", "text-moderation-latest")
"""The first that a client key can route is asked."""
PATIENCE_S = 5.0
"""For each channel: the user waits for the answer to the call itself."""
MAX_CHANNELS = 3
MODERATED = frozenset({Operation.GENERATE, Operation.COMPLETE, Operation.COMPACT, Operation.EMBED, Operation.IMAGE, Operation.SPEECH})

FLAGGED = ClientError(
    status=400,
    message="The request was flagged by the moderation model.",
    code="content_policy_violation",
    type="invalid_request_error",
)


class Moderation:
    """Asks moderation models. Holds no state of its own."""

    def __init__(self, transport: Transport, credentials: CredentialStore, clock: Clock) -> None:
        self._transport = transport
        self._credentials = credentials
        self._clock = clock

    async def is_flagged(self, call: Call, channels: Iterable[Channel], engine_of: Callable[[Provider], Engine], preferences: Preferences) -> bool:
        """Whether the last user text of `call` is refused by the first of `channels` that answers; each is asked once."""
        text = last_user_text(call) if call.operation in MODERATED else ""
        if not text.strip():
            return False
        asked = 0
        for channel in channels:
            if asked == MAX_CHANNELS:
                break
            asked += 1
            provider = channel.provider
            try:
                answer = await self._ask(text, channel, engine_of(provider), preferences)
                return any(result.get("flagged") is True for result in answer["results"])
            except (FetchFailed, WireError) as error:
                reason = str(error)
            except (TypeError, KeyError, AttributeError):
                reason = "its answer has no results"
            log.warning("%s: moderation by %s/%s failed: %s", call.request_id, provider.name, channel.upstream_model, reason)
        log.warning("%s: passes without moderation: %s", call.request_id, "no answer" if asked else f"no model {' or '.join(MODERATION_MODELS)}")
        return False

    async def _ask(self, text: str, channel: Channel, engine: Engine, preferences: Preferences) -> Any:
        """One question to one channel. Raises FetchFailed or WireError when it has no answer."""
        provider = channel.provider
        credential = provider.credentials[0]
        target = Target(provider=provider, credential=credential, upstream_model=channel.upstream_model, alias=channel.alias)
        dialect = engine.dialect(target, "openai_chat")
        address = engine.address(target, Operation.MODERATE, False, dialect)
        if address is None or not dialect.name.startswith("openai"):
            raise WireError("this kind of provider has no moderation")
        proxy = credential.proxy or provider.proxy or preferences.proxy
        headers = {
            "content-type": "application/json",
            "accept": "application/json",
            "accept-encoding": "identity",
            "user-agent": "uni-api",
            **address.headers,
            **{name.lower(): value for name, value in provider.headers.items()},
        }
        body = dump_json({"model": channel.upstream_model, "input": text})
        token = await self._credentials.token(engine, target, self._transport, proxy)
        request = HttpRequest(method=address.method, url=address.url, headers=headers, body=body)
        request = engine.authorize(target, request, token, self._clock.now_s())
        head, answer = await fetch(self._transport, request, proxy=proxy, timeout_s=PATIENCE_S)
        if head.status != 200:
            raise FetchFailed(engine.classify(head.status, head.headers, answer, dialect))
        return load_json(answer)
