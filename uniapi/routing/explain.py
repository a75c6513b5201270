"""What a request for a model would lead to, without making it: for the `explain` command and for
tests. Plain data; nothing is counted and no turn is taken.
"""

from __future__ import annotations

from typing import Any

from uniapi.clock import Epoch, Monotonic
from uniapi.config import ByModel, ClientKey, Credential, Rates

from .attempt_timeouts import keepalive_interval_s
from .availability import Availability
from .candidates import Candidate, Candidates, Channel, Group
from .plan import MAX_CALLS
from .question import Question
from .router import Router
from .state import RouterState
from .steps import Obstacle

_TURNS = {
    "fixed_priority": "always in this order",
    "round_robin": "the first place goes round from request to request",
    "smart_round_robin": "the first place goes round from request to request",
    "weighted_round_robin": (
        "the first place goes round in proportion to weight; channels without a weight come last"
    ),
    "lottery": (
        "drawn for each request in proportion to weight; channels without a weight come last"
    ),
    "random": "shuffled for each request",
    "sticky": "a session stays with its channel",
    "cheapest": "by what a usual call costs; channels of no known price last",
    "fastest": "by the last hour's speed; one call in twenty looks elsewhere",
}
NO_LIST_YET = "its model list is not there yet"
"""Why a provider is left out that may have the model."""
_KEY_TURNS = {
    "round_robin": "in turn",
    "random": "drawn for each request",
    "fixed_priority": "always in this order",
    "smart_round_robin": "in turn, those that succeed most first in each lap",
    "sticky": "a session stays with its key",
}


def explain(
    router: Router,
    client_key: ClientKey,
    requested_model: str,
    *,
    now: Monotonic,
    now_s: Epoch,
    path: str = "/v1/chat/completions",
    asked: Question | None = None,
) -> dict[str, Any]:
    """Which channels and keys would be tried for `requested_model`, in which order, with which
    upstream model, timeouts and limits, and why others are out.

    `{"model", "client_key", "shares", "rate_limit", "retries", "attempts", "order",
    "channels": […], "out": [{"provider", "reason"}…], "near": […]}`; the channels stand in the
    order in which the first request of all would try them, those that are out (`out` says why) at
    the end; a nested key among them has `nested` and `channels` of its own. `asked`: a real call,
    where there is one.
    """
    question = asked or Question(
        client_key=client_key,
        requested_model=requested_model,
        client_dialect="openai_chat",
        path=path,
    )
    candidates = router.candidates(client_key, requested_model, now_s)
    availability = Availability(router.state, question, candidates)
    described = _describe_ring(router.state, question, availability, client_key, candidates, now)
    return {
        "model": requested_model,
        "client_key": client_key.display,
        "shares": router.state.preferences.shares,
        **described,
        "out": _left_out(router, client_key, requested_model),
        "near": (
            [] if candidates else list(router.catalog.near_matches(client_key, requested_model))
        ),
    }


def _describe_ring(
    state: RouterState,
    question: Question,
    availability: Availability,
    client_key: ClientKey,
    candidates: Candidates,
    now: Monotonic,
) -> dict[str, Any]:
    """A client key's part: its settings and its candidates, the ones that can be called first."""
    channels: list[dict[str, Any]] = []
    for member in _in_order(client_key, candidates):
        if isinstance(member, Group):
            inner = _describe_ring(
                state, question, availability, member.client_key, member.candidates, now
            )
            out = (
                None
                if any(channel["out"] is None for channel in inner["channels"])
                else "none of its channels can be tried"
            )
            channels.append(
                {"nested": member.client_key.display, "weight": member.weight, "out": out, **inner}
            )
        else:
            channels.append(_describe_channel(state, question, availability, member, now))
    channels.sort(key=lambda channel: channel["out"] is not None)
    retries = availability.retries(client_key, candidates.members)
    usable = sum(channel["out"] is None for channel in channels)
    attempts = min(MAX_CALLS, usable + retries) if retries else 1
    return {
        "rate_limit": _rates(client_key.rates, candidates.alias, candidates.alias),
        "retries": retries,
        "attempts": attempts if usable else 0,
        "algorithm": client_key.policy,
        "order": _TURNS[client_key.policy],
        "channels": channels,
    }


def _in_order(client_key: ClientKey, candidates: Candidates) -> list[Candidate]:
    """The candidates as a first request would take them: a ring begins at its first place, and
    those without a weight come last where weights count.
    """
    members = list(candidates.members)
    if client_key.policy in ("weighted_round_robin", "lottery"):
        members.sort(key=lambda member: member.weight is None)
    return members


def _describe_channel(
    state: RouterState,
    question: Question,
    availability: Availability,
    channel: Channel,
    now: Monotonic,
) -> dict[str, Any]:
    timeouts = state.pace(channel, question).timeouts
    provider = channel.provider
    obstacle = availability.obstacle(channel, now)
    out = None if obstacle is None else _said(obstacle)
    if out is None and not availability.leads_to(channel):
        out = "it is reached on a shorter way"
    policy = provider.credential_policy
    if policy is not None:
        turns = _KEY_TURNS[policy]
    elif state.engines.has_account_cache(provider):
        turns = "in turn for new conversations; one that goes on stays with its key"
    else:
        turns = "in turn"
    return {
        "provider": provider.provider_id,
        "engine": state.engines.name(provider),
        "alias": channel.alias,
        "upstream_model": channel.upstream_model,
        "weight": channel.weight,
        "out": out,
        "timeouts": {
            "connect": timeouts.connect_s,
            "first_token": timeouts.first_token_s,
            "idle": timeouts.idle_s,
            "total": timeouts.total_s,
        },
        "keepalive_interval": keepalive_interval_s(
            channel, state.preferences, timeouts.first_token_s or state.default_timeout_s
        ),
        "key_rate_limit": _rates(provider.credential_rates, channel.alias, channel.upstream_model),
        "key_order": turns,
        "keys": [
            _describe_credential(availability, channel, credential, now)
            for credential in provider.credentials
        ],
    }


def _describe_credential(
    availability: Availability, channel: Channel, credential: Credential, now: Monotonic
) -> dict[str, Any]:
    obstacle = availability.obstacle_of(channel, credential, now)
    return {
        "number": credential.number,
        "key": credential.display,
        "weight": credential.weight,
        "out": None if obstacle is None else _said(obstacle),
    }


def _said(obstacle: Obstacle) -> str:
    return (
        obstacle.text
        if obstacle.free_in_s is None
        else f"{obstacle.text}, back in {obstacle.free_in_s:.0f} s"
    )


def _rates(rates: ByModel[Rates], alias: str, upstream_model: str) -> str | None:
    found = rates.resolve(alias, upstream_model)
    return ",".join(rate.text for rate in found) if found else None


def _left_out(router: Router, client_key: ClientKey, requested_model: str) -> list[dict[str, str]]:
    """Providers that are not among the candidates though one might look for them there."""
    out = [
        {
            "provider": provider.provider_id,
            "reason": "has the model, but no rule of this client key leads to it",
        }
        for provider in router.catalog.unreached(client_key, requested_model)
    ]
    out += [
        {"provider": provider.provider_id, "reason": NO_LIST_YET}
        for provider in router.catalog.unlisted(client_key)
    ]
    return out
