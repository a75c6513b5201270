"""What a client key has for a requested model, as values: channels, nested keys with what they
offer, and both in rule order.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypeAlias

from uniapi.config import ClientKey, Provider
from uniapi.values import dataclass, field

from .health import Rested


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """One (provider, upstream model) pair a request could go to, under the alias the client used.

    `key_path`: the nested client keys it is reached through, outermost first.
    """

    provider: Provider
    upstream_model: str
    alias: str
    weight: int | None = None
    key_path: tuple[str, ...] = ()
    channel_id: tuple[str, str] = field(init=False, compare=False, repr=False)
    name: tuple[object, ...] = field(init=False, compare=False, repr=False)
    """What tells it from others of the same configuration: its weight is left out."""
    rested: Rested = field(init=False, compare=False, repr=False)
    """It, as what can rest."""
    excludes: bool = field(init=False, compare=False, repr=False)
    """Whether its provider's entry says of some calls that it does not take them."""
    is_limited: bool = field(init=False, compare=False, repr=False)
    """Whether its credentials have limits of their own."""

    def __post_init__(self) -> None:
        provider_id, model = self.provider.provider_id, self.upstream_model
        rates, most = self.provider.credential_rates, self.provider.credential_max_concurrency
        object.__setattr__(self, "is_limited", not (rates.is_empty and most.is_empty))
        object.__setattr__(self, "excludes", _excludes(self.provider))
        object.__setattr__(self, "channel_id", (provider_id, model))
        object.__setattr__(self, "name", (provider_id, model, self.alias, self.key_path))
        object.__setattr__(self, "rested", Rested(provider_id, None, model))

    def __str__(self) -> str:
        return f"{self.provider.provider_id}/{self.upstream_model}"

    @property
    def has_no_choice(self) -> bool:
        """One credential, and neither limits nor budgets of its own, nor anything it excludes."""
        is_free = not (self.is_limited or self.excludes or self.provider.budgets)
        return is_free and len(self.provider.credentials) == 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """A nested client key as a candidate: what it offers for the request."""

    client_key: ClientKey
    candidates: Candidates
    weight: int | None = None


Candidate: TypeAlias = "Channel | Group"


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidates:
    """What a client key has for a requested model, in rule order.

    `alias`: the model's name for limits and cursors. Falsy when there is nothing.
    """

    alias: str
    members: tuple[Candidate, ...] = ()
    leaves: Mapping[tuple[str, str], Channel] = field(init=False, compare=False, repr=False)
    """Each channel once, by its id, on the shortest way that leads to it."""
    may_expire: bool = field(init=False, compare=False, repr=False)
    """Whether a nested key among them has an end."""
    minds_sessions: bool = field(init=False, compare=False, repr=False)
    """Whether it may matter for the choice of a credential which conversation a call belongs to."""
    straight: Channel | None = field(init=False, compare=False, repr=False)
    """The one channel there is, where it has one credential and nothing but a rest can keep that
    from being used at once.
    """

    def __post_init__(self) -> None:
        may_expire = any(
            isinstance(member, Group)
            and (member.client_key.expires_at_s is not None or member.candidates.may_expire)
            for member in self.members
        )
        object.__setattr__(self, "may_expire", may_expire)
        minds = any(
            len(channel.provider.credentials) > 1
            and channel.provider.credential_policy in (None, "sticky")
            for channel in self.channels()
        )
        has_groups = any(isinstance(member, Group) for member in self.members)
        object.__setattr__(self, "minds_sessions", minds or has_groups)
        leaves: dict[tuple[str, str], Channel] = {}
        for channel in self.channels():
            known = leaves.get(channel.channel_id)
            if known is None or len(channel.key_path) < len(known.key_path):
                leaves[channel.channel_id] = channel
        object.__setattr__(self, "leaves", leaves)
        sole = self.members[0] if len(self.members) == 1 else None
        is_straight = isinstance(sole, Channel) and sole.has_no_choice
        object.__setattr__(self, "straight", sole if is_straight else None)

    def __bool__(self) -> bool:
        return bool(self.members)

    def channels(self) -> Iterator[Channel]:
        """All channels, those of nested keys included, as often as they are reached."""
        for member in self.members:
            if isinstance(member, Group):
                yield from member.candidates.channels()
            else:
                yield member


def _excludes(provider: Provider) -> bool:
    """Whether anything in its entry may rule a call out (see `eligibility`)."""
    return provider.max_request_body_bytes is not None or any(
        (
            provider.exclude_endpoints,
            provider.exclude_request_types,
            provider.only_request_types,
            provider.exclude_request_rules,
        )
    )
