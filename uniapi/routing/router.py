"""The face of the room at run time: a catalog with the live state, and plans made of them. Rebuilt when the config or a model list changes; the state stays."""

from __future__ import annotations

import random

from uniapi.limits import Limits

from .asked import Asked, EngineFacts, Pin
from .catalog import Candidate, Candidates, Catalog, Group
from .choice import Choice
from .health import Health
from .plan import Plan
from .policies import Cursors
from .sessions import Sessions
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
    ) -> None:
        self.catalog = catalog
        self.state = RouterState(
            preferences=catalog.config.preferences,
            engines=engines,
            health=health,
            limits=limits,
            choice=Choice(cursors, sessions, health, engines.has_account_cache),
            default_timeout_s=default_timeout_s,
        )

    def plan(self, asked: Asked, *, now: float, now_epoch_s: float, rng: random.Random) -> Plan:
        """The way of one call. Its first `next` gives up with 404 when the client key has no such model."""
        return Plan(self.state, asked, self._candidates(asked), now=now, now_epoch_s=now_epoch_s, rng=rng)

    def _candidates(self, asked: Asked) -> Candidates:
        if asked.pin is None:
            return self.catalog.candidates(asked.client_key, asked.requested_model)
        if not asked.requested_model:
            channel = self.catalog.in_provider(asked.client_key, asked.pin.provider_id)
            return Candidates(alias="", members=() if channel is None else (channel,))
        return _pinned(self.catalog.candidates(asked.client_key, asked.requested_model), asked.pin)


def _pinned(candidates: Candidates, pin: Pin) -> Candidates:
    """Only what leads to the provider a call belongs to."""
    members: list[Candidate] = []
    for member in candidates.members:
        if isinstance(member, Group):
            inner = _pinned(member.candidates, pin)
            if inner:
                members.append(Group(client_key=member.client_key, candidates=inner, weight=member.weight))
        elif member.provider.provider_id == pin.provider_id:
            members.append(member)
    return Candidates(alias=candidates.alias, members=tuple(members))
