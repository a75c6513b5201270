"""Whose turn it is: the policies applied to channels and credentials, with sessions going back to
where they were served.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

from uniapi.clock import Monotonic
from uniapi.config import ClientKey, Credential, Provider

from .candidates import Candidate, Group
from .health import Health
from .merits import PriceOf, by_price, by_speed, no_price
from .policies import Cursors, draw, order_channels, rendezvous, turn
from .sessions import SessionHint, Sessions, preference
from .speeds import Speeds


class Selector:
    """The state behind every choice; one for each Router."""

    def __init__(
        self,
        cursors: Cursors,
        sessions: Sessions,
        health: Health,
        has_account_cache: Callable[[Provider], bool],
        speeds: Speeds | None = None,
        price_of: PriceOf = no_price,
    ) -> None:
        self._cursors = cursors
        self._sessions = sessions
        self._health = health
        self._has_account_cache = has_account_cache
        self.speeds = Speeds() if speeds is None else speeds
        self._price_of = price_of

    def order(
        self,
        client_key: ClientKey,
        alias: str,
        members: Sequence[Candidate],
        hint: SessionHint,
        *,
        is_usable: Callable[[Candidate], bool],
        rng: random.Random,
        now: Monotonic,
    ) -> list[Candidate]:
        """The candidates in the order of the client key's policy."""
        if len(members) < 2:
            return list(members)
        if client_key.policy == "sticky" and hint.session_id is not None:
            names = [candidate_name(member) for member in members]
            home = self._sessions.home(_channel_scope(client_key, alias), hint.session_id, now)
            return [
                members[index]
                for index in preference(
                    names, [member.weight or 1 for member in members], hint.session_id, home
                )
            ]
        if client_key.policy == "cheapest":
            return [members[index] for index in by_price(members, self._price_of)]
        if client_key.policy == "fastest":
            return [members[index] for index in by_speed(members, self.speeds, rng, now)]
        order = order_channels(
            client_key.policy,
            [member.weight for member in members],
            cursors=self._cursors,
            name=("channel", client_key.key_id, alias),
            is_usable=lambda index: is_usable(members[index]),
            rng=rng,
        )
        return [members[index] for index in order]

    def credential(
        self,
        owner: str,
        provider: Provider,
        upstream_model: str,
        hint: SessionHint,
        *,
        is_usable: Callable[[Credential], bool],
        rng: random.Random,
        now: Monotonic,
    ) -> Credential | None:
        """The credential for the next attempt at a channel, None when none is usable.

        `owner`: the client key the session belongs to.
        """
        credentials = provider.credentials
        policy = provider.credential_policy
        if len(credentials) == 1 or policy == "fixed_priority":
            return next((credential for credential in credentials if is_usable(credential)), None)
        if policy == "random":
            order = draw([credential.weight for credential in credentials], rng)
            return next(
                (credentials[index] for index in order if is_usable(credentials[index])), None
            )
        if self._goes_back(owner, provider, hint, now) and hint.session_id is not None:
            return self._at_home(owner, provider, hint.session_id, is_usable, now)
        return self._next_in_ring(provider, upstream_model, is_usable, now)

    def served_by(
        self,
        client_key: ClientKey,
        alias: str,
        candidate: Candidate,
        hint: SessionHint,
        now: Monotonic,
    ) -> None:
        """Remember which candidate of a `sticky` client key served a session.

        A home that is only passed over stays the home.
        """
        if hint.session_id is not None and client_key.policy == "sticky":
            scope = _channel_scope(client_key, alias)
            home = self._sessions.home(scope, hint.session_id, now)
            self._sessions.settle(
                scope, hint.session_id, candidate_name(candidate) if home is None else home, now
            )

    def served_with(
        self,
        owner: str,
        provider: Provider,
        credential: Credential,
        hint: SessionHint,
        now: Monotonic,
    ) -> None:
        """Remember which credential served a session, where that matters.

        A home that was only passed over stays; a conversation that opens (again) moves.
        """
        if (
            hint.session_id is None
            or len(provider.credentials) < 2
            or not self._keeps_sessions(provider)
        ):
            return
        scope = _credential_scope(owner, provider)
        home = self._sessions.home(scope, hint.session_id, now)
        exists = any(known.credential_id == home for known in provider.credentials)
        stays = home is not None and exists and self._goes_back(owner, provider, hint, now)
        self._sessions.settle(
            scope,
            hint.session_id,
            home if stays and home is not None else credential.credential_id,
            now,
        )

    def _goes_back(self, owner: str, provider: Provider, hint: SessionHint, now: Monotonic) -> bool:
        """Whether the request belongs to a conversation that should meet the credential it met
        before.
        """
        if hint.session_id is None or not self._keeps_sessions(provider):
            return False
        if provider.credential_policy == "sticky" or hint.continues:
            return True
        return (
            hint.is_named
            and self._sessions.home(_credential_scope(owner, provider), hint.session_id, now)
            is not None
        )

    def _keeps_sessions(self, provider: Provider) -> bool:
        return provider.credential_policy == "sticky" or (
            provider.credential_policy is None and self._has_account_cache(provider)
        )

    def _at_home(
        self,
        owner: str,
        provider: Provider,
        session_id: str,
        is_usable: Callable[[Credential], bool],
        now: Monotonic,
    ) -> Credential | None:
        """The session's home when it is usable, else the one it likes best of the others, so that
        it stays together there as well.
        """
        home = self._sessions.home(_credential_scope(owner, provider), session_id, now)
        credentials = provider.credentials
        for credential in credentials:
            if credential.credential_id == home and is_usable(credential):
                return credential
        order = rendezvous(
            [one.credential_id for one in credentials],
            [one.weight for one in credentials],
            session_id,
        )
        return next((credentials[index] for index in order if is_usable(credentials[index])), None)

    def _next_in_ring(
        self,
        provider: Provider,
        upstream_model: str,
        is_usable: Callable[[Credential], bool],
        now: Monotonic,
    ) -> Credential | None:
        name = ("credential", provider.provider_id, upstream_model)
        credentials = provider.credentials
        if provider.credential_policy == "smart_round_robin":
            by_id = {credential.credential_id: credential for credential in credentials}
            lap = self._cursors.lap(
                name,
                list(by_id),
                lambda credential_id: self._health.success_rate(
                    provider.provider_id, credential_id, now
                ),
            )
            credentials = tuple(by_id[credential_id] for credential_id in lap)
        ring = self._cursors.ring(tuple(credential.weight for credential in credentials))
        place = turn(ring, self._cursors, name, lambda index: is_usable(credentials[index]))
        return None if place is None else credentials[ring[place]]


def candidate_name(candidate: Candidate) -> str:
    """What sessions remember a channel or a nested key by."""
    if isinstance(candidate, Group):
        return f"key {candidate.client_key.key_id}"
    return f"{candidate.provider.provider_id}/{candidate.upstream_model}"


def _channel_scope(client_key: ClientKey, alias: str) -> tuple[str, ...]:
    return ("channel", client_key.key_id, alias)


def _credential_scope(owner: str, provider: Provider) -> tuple[str, ...]:
    return ("credential", owner, provider.provider_id)
