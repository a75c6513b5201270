"""What every plan works with: the live state by name, the facts about engines, and the settings
that apply to all.
"""

from __future__ import annotations

from dataclasses import dataclass

from uniapi.canonical import Failure
from uniapi.clock import Epoch
from uniapi.config import Preferences, Timeouts
from uniapi.limits import Limits

from .attempt_timeouts import keepalive_interval_s, resolve_timeouts
from .catalog import Channel
from .eligibility import RuledOut, ruled_out
from .health import Health
from .question import EngineFacts, Question
from .retry import Blame, blame
from .selector import Selector


@dataclass(frozen=True, slots=True, kw_only=True)
class RouterState:
    """The surroundings of a plan."""

    preferences: Preferences
    engines: EngineFacts
    health: Health
    limits: Limits
    choice: Selector
    default_timeout_s: float

    def timeouts(self, channel: Channel, question: Question) -> Timeouts:
        """The timeouts of an attempt at `channel`."""
        return resolve_timeouts(
            channel,
            self.preferences,
            question.facts(),
            max(self.default_timeout_s, question.timeout_s or 0.0),
            self.engines.name(channel.provider),
        )

    def keepalive(self, channel: Channel, timeouts: Timeouts) -> float | None:
        """The interval of heartbeats while an attempt at `channel` with these timeouts says
        nothing.
        """
        first_token_s = timeouts.first_token_s
        return keepalive_interval_s(
            channel,
            self.preferences,
            first_token_s if first_token_s is not None else self.default_timeout_s,
        )

    def ruled_out(self, channel: Channel, question: Question) -> RuledOut | None:
        """Why `channel` cannot take the call at all."""
        return ruled_out(channel, question, self.engines.name(channel.provider))

    def blame(self, channel: Channel, failure: Failure, question: Question, now_s: Epoch) -> Blame:
        """Whose a failure at `channel` is."""
        provider = channel.provider
        return blame(
            failure,
            provider,
            cooldown_s=self.preferences.cooldown_s
            if provider.cooldown_s is None
            else provider.cooldown_s,
            now_s=now_s,
            is_google="googleapis.com" in (provider.base_url or "")
            or self.engines.dialect(provider, channel.upstream_model, question.client_dialect)
            == "gemini",
        )
