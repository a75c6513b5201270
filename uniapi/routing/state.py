"""What every plan works with: the live state by name, the facts about engines, and the settings
that apply to all.
"""

from __future__ import annotations

from uniapi.canonical import Failure
from uniapi.clock import Epoch
from uniapi.config import Preferences, Timeouts
from uniapi.limits import Limits
from uniapi.values import dataclass, field

from .attempt_timeouts import keepalive_interval_s, resolve_timeouts
from .candidates import Channel
from .eligibility import RuledOut, ruled_out
from .health import Health
from .question import EngineFacts, Question
from .retry import Blame, blame
from .selector import Selector
from .steps import Attempt, Course

MAX_PACES = 4096


@dataclass(frozen=True, slots=True)
class Pace:
    """How long an attempt may take, and how often its client hears of it meanwhile."""

    timeouts: Timeouts
    keepalive_s: float | None
    straight: Course | None = None
    """The first attempt of most calls: with the one credential there is, without a bound in time.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class RouterState:
    """The surroundings of a plan."""

    preferences: Preferences
    engines: EngineFacts
    health: Health
    limits: Limits
    choice: Selector
    default_timeout_s: float
    _paces: dict[tuple[object, ...], Pace] = field(default_factory=dict)
    """Worked out before: a configuration does not change."""

    def pace(self, channel: Channel, question: Question) -> Pace:
        """Of an attempt at `channel`: what a call is matters only where rules match against it."""
        provider = channel.provider
        has_rules = provider.timeout_policy.rules or self.preferences.timeout_policy.rules
        facts = question.facts() if has_rules else None
        name = (channel.name, question.timeout_s, facts)
        pace = self._paces.get(name)
        if pace is None:
            if len(self._paces) >= MAX_PACES:
                self._paces.clear()
            pace = self._paces[name] = self._pace(channel, question)
        return pace

    def _pace(self, channel: Channel, question: Question) -> Pace:
        default_s = max(self.default_timeout_s, question.timeout_s or 0.0)
        engine = self.engines.name(channel.provider)
        timeouts = resolve_timeouts(channel, self.preferences, question.facts(), default_s, engine)
        first_token_s = timeouts.first_token_s
        patience_s = self.default_timeout_s if first_token_s is None else first_token_s
        keepalive_s = keepalive_interval_s(channel, self.preferences, patience_s)
        straight, credentials = None, channel.provider.credentials
        if len(credentials) == 1 and timeouts.total_s is None:
            straight = Course(Attempt(channel, credentials[0], 1, timeouts, keepalive_s))
        return Pace(timeouts, keepalive_s, straight)

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
