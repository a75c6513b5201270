"""Orders by what a channel costs and by how fast it was: `cheapest`, `fastest`."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

from uniapi.clock import Monotonic

from .candidates import Candidate, Channel, Group
from .speeds import Speeds

EXPLORED = 0.05
"""The share of calls that begin elsewhere than at the fastest, so that who has become faster is
found out.
"""

PriceOf = Callable[[Channel], "float | None"]
"""What a usual call costs at a channel; None: not known."""


def no_price(_: Channel) -> float | None:
    return None


def by_price(members: Sequence[Candidate], price_of: PriceOf) -> list[int]:
    """The cheapest first; those of no known price at the end; of equals the first in the rules."""
    prices = [_least(member, price_of) for member in members]
    return sorted(range(len(members)), key=lambda at: (prices[at] is None, prices[at] or 0.0))


def by_speed(
    members: Sequence[Candidate], speeds: Speeds, rng: random.Random, now: Monotonic
) -> list[int]:
    """The fastest of the last hour first; who was not measured goes before it now and then, and is
    tried in its turn by that; nobody measured: in random order.
    """
    times = [
        _least(member, lambda channel: speeds.expected_s(channel.channel_id, now))
        for member in members
    ]
    order = rng.sample(range(len(members)), len(members))
    order.sort(key=lambda at: (times[at] is None, times[at] or 0.0))
    if len(order) > 1 and rng.random() < EXPLORED:
        order.insert(0, order.pop(rng.randrange(1, len(order))))
    return order


def _least(member: Candidate, of: Callable[[Channel], float | None]) -> float | None:
    """Of a channel; of a nested key that of the best channel that it leads to."""
    channels = member.candidates.channels() if isinstance(member, Group) else (member,)
    return min((value for one in channels if (value := of(one)) is not None), default=None)
