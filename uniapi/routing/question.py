"""What the router is asked, and what it must be told about engines without importing them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from uniapi.canonical import NO_NEEDS, DialectNeeds
from uniapi.config import ClientKey, Provider
from uniapi.values import dataclass

from .attempt_timeouts import CallFacts
from .candidates import Channel
from .sessions import NO_SESSION, SessionHint


class EngineFacts(Protocol):
    """The facts about engines that routing depends on."""

    def name(self, provider: Provider) -> str:
        """The value of `engine:`, detected when it is not written."""
        ...

    def has_account_cache(self, provider: Provider) -> bool:
        """Whether the prompt cache belongs to the account, so that a conversation should stay with
        its credential.
        """
        ...

    def dialect(
        self,
        provider: Provider,
        upstream_model: str,
        client_dialect: str,
        needs: DialectNeeds = NO_NEEDS,
    ) -> str:
        """The name of the dialect spoken to this channel for a client of that dialect who needs
        this.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Pin:
    """The one credential a call belongs to, because an id in it was issued there."""

    provider_id: str
    credential_id: str


@dataclass(slots=True)  # a value; freezing it would triple what it costs each call
class Question:
    """One call, as far as routing is concerned. `tokens`: the estimate of its input; `deadline`: on
    the scale of `now`, None when the client set none; `patience_s`: the longest wait for an
    attempt's first token, whatever is configured; `timeout_s`: the least that the time-out is where
    none is configured; `is_bought`: no second call where the first may have cost something;
    `rules_out`: why a channel cannot take this call (None: it can), beside what the config says.
    With a `pin`, `requested_model` may be empty.
    """

    client_key: ClientKey
    requested_model: str
    client_dialect: str
    path: str
    needs: DialectNeeds = NO_NEEDS
    method: str = "POST"
    stream: bool = False
    request_type: str | None = None
    reasoning_effort: str | None = None
    body_bytes: int = 0
    tokens: int = 0
    session: SessionHint = NO_SESSION
    pin: Pin | None = None
    deadline: float | None = None
    patience_s: float | None = None
    timeout_s: float | None = None
    is_bought: bool = False
    rules_out: Callable[[Channel], str | None] | None = None

    def facts(self) -> CallFacts:
        """What rules can match of it."""
        return CallFacts(
            path=self.path,
            method=self.method,
            stream=self.stream,
            requested_model=self.requested_model,
            role=self.client_key.label,
            request_type=self.request_type,
            reasoning_effort=self.reasoning_effort,
        )
