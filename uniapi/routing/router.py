"""The face of the room at run time: a catalog with the live state, and plans made of them.

Rebuilt when the config or a model list changes; the state stays.
"""

from __future__ import annotations

import random

from uniapi.clock import Epoch, Monotonic
from uniapi.config import ClientKey, stand_ins
from uniapi.limits import Limits

from .candidates import Candidate, Candidates, Group
from .catalog import Catalog
from .fallbacks import FallbackPlan
from .health import Health
from .merits import PriceOf, no_price
from .plan import Plan
from .policies import Cursors
from .question import EngineFacts, Pin, Question
from .selector import Selector
from .sessions import Sessions
from .speeds import Speeds
from .state import RouterState


class Router:
    """Makes a Plan for each call."""

    def __init__(
        self,
        *,
        catalog: Catalog,
        engines: EngineFacts,
        health: Health,
        limits: Limits,
        cursors: Cursors,
        sessions: Sessions,
        default_timeout_s: float = 100.0,
        speeds: Speeds | None = None,
        price_of: PriceOf = no_price,
    ) -> None:
        self.catalog = catalog
        self._fallback = catalog.config.preferences.fallback
        self.state = RouterState(
            preferences=catalog.config.preferences,
            engines=engines,
            health=health,
            limits=limits,
            choice=Selector(cursors, sessions, health, engines.has_account_cache, speeds, price_of),
            default_timeout_s=default_timeout_s,
        )

    def plan(
        self,
        question: Question,
        candidates: Candidates,
        now: Monotonic,
        now_s: Epoch,
        rng: random.Random,
    ) -> Plan:
        """The way of one call through what `candidates` gave for its key and model. Its first
        `next` gives up with 404 when there are none.
        """
        if question.pin is not None:
            candidates = self._bound(question, question.pin, candidates)
        elif self._fallback or question.client_key.fallback:
            models = self.stand_ins(question.client_key, question.requested_model)
            if models:
                return FallbackPlan(
                    self.state,
                    question,
                    candidates,
                    models,
                    lambda model: self._own(question.client_key, model, now_s),
                    now=now,
                    now_s=now_s,
                    rng=rng,
                )
        return Plan(self.state, question, candidates, now, now_s, rng)

    def candidates(self, client_key: ClientKey, requested_model: str, now_s: Epoch) -> Candidates:
        """What a client key has for a model now: what the catalog says, without nested keys whose
        time is over; of a model that it has not, what it has for the first that stands in for it.
        """
        candidates = self._own(client_key, requested_model, now_s)
        if candidates or not (self._fallback or client_key.fallback):
            return candidates
        models = self.stand_ins(client_key, requested_model)
        found = (self._own(client_key, model, now_s) for model in models)
        return next(filter(None, found), candidates)

    def stand_ins(self, client_key: ClientKey, model: str) -> tuple[str, ...]:
        """The models that stand in for one, in order."""
        return stand_ins({**self._fallback, **client_key.fallback}, model)

    def _own(self, client_key: ClientKey, model: str, now_s: Epoch) -> Candidates:
        candidates = self.catalog.candidates(client_key, model)
        return _valid(candidates, now_s) if candidates.may_expire else candidates

    def _bound(self, question: Question, pin: Pin, candidates: Candidates) -> Candidates:
        """Those of the provider that an id belongs to; any channel of it where the id alone names
        the place.
        """
        if question.requested_model:
            return _pinned(candidates, pin)
        channel = self.catalog.in_provider(question.client_key, pin.provider_id)
        return Candidates(alias="", members=() if channel is None else (channel,))


def _valid(candidates: Candidates, now_s: Epoch) -> Candidates:
    """Without the nested keys whose time is over."""
    members: list[Candidate] = []
    for member in candidates.members:
        if not isinstance(member, Group):
            members.append(member)
        elif member.client_key.expires_at_s is None or now_s < member.client_key.expires_at_s:
            inner = _valid(member.candidates, now_s)
            if inner:
                members.append(
                    Group(client_key=member.client_key, candidates=inner, weight=member.weight)
                )
    return Candidates(alias=candidates.alias, members=tuple(members))


def _pinned(candidates: Candidates, pin: Pin) -> Candidates:
    """Only what leads to the provider a call belongs to."""
    members: list[Candidate] = []
    for member in candidates.members:
        if isinstance(member, Group):
            inner = _pinned(member.candidates, pin)
            if inner:
                members.append(
                    Group(client_key=member.client_key, candidates=inner, weight=member.weight)
                )
        elif member.provider.provider_id == pin.provider_id:
            members.append(member)
    return Candidates(alias=candidates.alias, members=tuple(members))
