"""Orders: in which sequence channels and credentials are tried, and the counters that make them
take turns.

A ring is a sequence with repeats (a weight of 3 is three places). A cursor points at the place
whose turn is next; a request takes the first usable place from there on and the cursor moves behind
it. So what rests is passed over without making the ring jump, its share goes to all others evenly,
and it has its place again when it is back. Everything here is pure but `Cursors`, the state;
randomness is an argument.
"""

from __future__ import annotations

import hashlib
import math
import random
from collections.abc import Callable, Sequence
from typing import TypeVar

from uniapi.config import PolicyName
from uniapi.values import dataclass, field

T = TypeVar("T")

MAX_CURSORS = 50_000
MAX_RINGS = 256
MAX_RING = 10_000
"""Places in a ring; larger weights are scaled down."""


@dataclass(slots=True)
class Cursors:
    """Whose turn it is: ring name → index of the next place; for `smart_round_robin` also the order
    of the running lap. Survives a reload.
    """

    _places: dict[tuple[str, ...], int] = field(default_factory=dict)
    _laps: dict[tuple[str, ...], tuple[str, ...]] = field(default_factory=dict)
    _rings: dict[tuple[int, ...], tuple[int, ...]] = field(default_factory=dict)

    def at(self, name: tuple[str, ...], size: int) -> int:
        return self._places.get(name, 0) % size

    def move(self, name: tuple[str, ...], place: int) -> None:
        if name not in self._places and len(self._places) >= MAX_CURSORS:
            self._places.clear()
            self._laps.clear()
        self._places[name] = place

    def ring(self, weights: tuple[int, ...]) -> tuple[int, ...]:
        """`weighted_ring`, computed once for each set of weights in use."""
        ring = self._rings.get(weights)
        if ring is None:
            if len(self._rings) >= MAX_RINGS:
                self._rings.clear()
            ring = self._rings[weights] = weighted_ring(weights)
        return ring

    def lap(
        self,
        name: tuple[str, ...],
        members: Sequence[str],
        rate: Callable[[str], tuple[float, float]],
    ) -> tuple[str, ...]:
        """The order of this lap: sorted anew by success rate when a lap begins or the members
        changed; ties by volume, those without history last.
        """
        running = self._laps.get(name)
        if running is not None and self._places.get(name, 0) != 0 and set(running) == set(members):
            return running
        ordered = tuple(sorted(members, key=rate, reverse=True))
        self._laps[name] = ordered
        return ordered


def weighted_ring(weights: Sequence[int]) -> tuple[int, ...]:
    """The order of one full turn, as indexes. Each step every member's credit grows by its weight,
    the highest credit in proportion to weight goes next (the first of equals) and pays the sum:
    5/3/2 gives a b c a b a c a b a, 1/3 gives a b b b.
    """
    divisor = math.gcd(*weights)
    weights = [weight // divisor for weight in weights]
    if sum(weights) > MAX_RING:
        scale = MAX_RING / sum(weights)
        weights = [max(1, int(weight * scale)) for weight in weights]
    total = sum(weights)
    credit = [0] * len(weights)
    ring = []
    for _ in range(total):
        credit = [have + weight for have, weight in zip(credit, weights, strict=True)]
        chosen = max(range(len(weights)), key=lambda index: credit[index] / weights[index])
        credit[chosen] -= total
        ring.append(chosen)
    return tuple(ring)


def from_place(ring: Sequence[int], place: int) -> list[int]:
    """The distinct members in the order in which they come, starting at `place`."""
    return list(dict.fromkeys([*ring[place:], *ring[:place]]))


def take_turn(
    ring: Sequence[int], cursors: Cursors, name: tuple[str, ...], is_usable: Callable[[int], bool]
) -> list[int]:
    """The members in the order of their turns, the first usable one in front; the cursor moves
    behind its place. When none is usable it stays.
    """
    place = turn(ring, cursors, name, is_usable)
    return from_place(ring, cursors.at(name, len(ring)) if place is None else place)


def turn(
    ring: Sequence[int], cursors: Cursors, name: tuple[str, ...], is_usable: Callable[[int], bool]
) -> int | None:
    """The first usable place from the cursor on, which moves behind it; None when there is none,
    and the cursor stays.
    """
    place = cursors.at(name, len(ring))
    for step in range(len(ring)):
        index = (place + step) % len(ring)
        if is_usable(ring[index]):
            cursors.move(name, (index + 1) % len(ring))
            return index
    return None


def draw(weights: Sequence[int], rng: random.Random) -> list[int]:
    """All members in random order without replacement, each draw in proportion to weight."""
    return sorted(range(len(weights)), key=lambda index: rng.expovariate(weights[index]))


def rendezvous(names: Sequence[str], weights: Sequence[int], session: str) -> list[int]:
    """The order in which a session prefers the members: the same every time, evenly spread over
    sessions, hardly changed when a member comes or goes.
    """

    def score(index: int) -> float:
        digest = hashlib.blake2b(
            f"{session}\0{names[index]}".encode(errors="surrogatepass"), digest_size=6
        ).digest()
        return -weights[index] / math.log((int.from_bytes(digest, "big") + 1) / (2**48 + 2))

    return sorted(range(len(names)), key=score, reverse=True)


def order_channels(
    policy: PolicyName,
    weights: Sequence[int | None],
    *,
    cursors: Cursors,
    name: tuple[str, ...],
    is_usable: Callable[[int], bool],
    rng: random.Random,
) -> list[int]:
    """All channels, as indexes, in the order of `policy` (`sticky` is ordered by `sessions`;
    without a session it is round robin; `cheapest` and `fastest` are ordered by `merits`).

    Where weights count, members without one come after those with one, in round robin among
    themselves.
    """
    members = range(len(weights))
    match policy:
        case "fixed_priority":
            return list(members)
        case "random":
            return rng.sample(members, len(members))
        case "round_robin" | "smart_round_robin" | "sticky" | "cheapest" | "fastest":
            return take_turn(members, cursors, name, is_usable)
        case "weighted_round_robin" | "lottery":
            weighted = [
                (index, weight) for index, weight in enumerate(weights) if weight is not None
            ]
            if not weighted:
                weighted = [(index, 1) for index in members]
            first = _order_weighted(policy == "lottery", weighted, cursors, name, is_usable, rng)
            others = (
                [index for index, weight in enumerate(weights) if weight is None]
                if len(weighted) < len(weights)
                else []
            )
            if not others:
                return first
            return first + _order_weighted(
                False,
                [(index, 1) for index in others],
                cursors,
                (*name, "unweighted"),
                is_usable,
                rng,
            )


def _order_weighted(
    is_drawn: bool,
    weighted: Sequence[tuple[int, int]],
    cursors: Cursors,
    name: tuple[str, ...],
    is_usable: Callable[[int], bool],
    rng: random.Random,
) -> list[int]:
    weights = [weight for _, weight in weighted]
    if is_drawn:
        places = draw(weights, rng)
    else:
        places = take_turn(
            cursors.ring(tuple(weights)), cursors, name, lambda place: is_usable(weighted[place][0])
        )
    return [weighted[place][0] for place in places]
