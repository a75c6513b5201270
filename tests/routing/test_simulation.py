"""A virtual hour: requests arrive, keys die, storms of 429 pass over, a channel is down for ten
minutes, one is slow. Event by event on a clock that only the test turns.

The baseline in the same hour is what a plain proxy does: keys in strict turn, three attempts, no
memory of failures.
"""

from __future__ import annotations

import heapq
import random
from collections import Counter, defaultdict
from dataclasses import dataclass, field

import pytest

from uniapi.canonical import Failure, FailureKind
from uniapi.routing import Attempt, GiveUp, SessionHint, Tried, Wait

HOUR_S = 3600.0
DOWN = (1200.0, 1800.0)
"""When channel `b` is down."""
DEATHS = {("a", 2): 600.0, ("a", 5): 1500.0}
"""Keys refused for good from some time on."""
PER_MINUTE = {"a": 7, "c": 17}
"""Requests a minute for each key, beyond which the provider answers 429 with a delay."""


@dataclass
class Upstreams:
    """The world outside: three providers with eight, two and two keys."""

    rng: random.Random
    calls: Counter = field(default_factory=Counter)
    hammered: int = 0
    recent: dict = field(default_factory=lambda: defaultdict(list))
    told_until: dict = field(default_factory=dict)
    refused_at: dict = field(default_factory=dict)

    def answer(self, provider: str, key: int, now: float) -> tuple[float, Failure | None]:
        """(seconds it takes, what goes wrong)."""
        name = (provider, key)
        self.calls[name] += 1
        if now < self.told_until.get(name, 0.0) or now < self.refused_at.get(name, -1e9) + 600.0:
            self.hammered += 1
        if now >= DEATHS.get(name, HOUR_S * 9):
            self.refused_at[name] = now
            return 0.2, Failure(kind=FailureKind.CREDENTIAL_REFUSED, message="dead", status=401)
        if provider == "b" and DOWN[0] <= now < DOWN[1]:
            return 0.5, Failure(kind=FailureKind.SERVER_ERROR, message="down", status=502)
        limit = PER_MINUTE.get(provider)
        if limit is not None:
            recent = self.recent[name] = [at for at in self.recent[name] if at > now - 60]
            if len(recent) >= limit:
                delay = recent[0] + 60 - now
                self.told_until[name] = now + delay
                return 0.1, Failure(
                    kind=FailureKind.RATE_LIMITED,
                    message="slow down",
                    status=429,
                    retry_after_s=delay,
                )
            recent.append(now)
        if provider == "c" and self.rng.random() < 0.05:
            return 30.0, Failure(kind=FailureKind.TIMEOUT, message="slow")
        return self.rng.uniform(0.3, 2.0), None


@dataclass
class Figures:
    """What came out of an hour."""

    requests: int = 0
    served: int = 0
    attempts: int = 0
    first_served_by_b_after: float | None = None
    turns: int = 0
    turns_at_home: int = 0
    opened: Counter = field(default_factory=Counter)

    @property
    def share(self) -> float:
        return self.served / self.requests


class Hour:
    """One hour of arrivals: conversations of one to eight turns, their openings at random times."""

    def __init__(self, seed: int, conversations: int) -> None:
        self.rng = random.Random(seed)
        self.queue: list = []
        self.order = 0
        for number in range(conversations):
            self.at(
                self.rng.uniform(0, HOUR_S - 400),
                ("turn", f"session {number}", 0, self.rng.choice([1, 1, 2, 4, 8])),
            )

    def at(self, when: float, what: tuple) -> None:
        self.order += 1
        heapq.heappush(self.queue, (when, self.order, what))

    def next_turn(self, session: str, turn: int, turns: int, now: float) -> None:
        if turn + 1 < turns:
            self.at(now + self.rng.uniform(5, 40), ("turn", session, turn + 1, turns))


def run_gateway(player, seed: int, conversations: int = 500) -> tuple[Figures, Upstreams]:
    """The hour with our plans."""
    hour, figures = Hour(seed, conversations), Figures()
    world = Upstreams(random.Random(seed + 1))
    homes: dict = {}

    def go_on(plan, step, session, turn, turns, now):
        if isinstance(step, Wait):
            hour.at(now + step.seconds, ("step", plan, None, session, turn, turns))
        elif isinstance(step, Attempt):
            figures.attempts += 1
            provider, _, key = player.shown(step).partition("#")
            seconds, failure = world.answer(provider, int(key), now)
            hour.at(now + seconds, ("step", plan, failure or (provider, key), session, turn, turns))
        else:
            assert isinstance(step, GiveUp)
            plan.finished(now)
            hour.next_turn(session, turn, turns, now)

    while hour.queue:
        now, _, what = heapq.heappop(hour.queue)
        player.now = now
        if what[0] == "turn":
            _, session, turn, turns = what
            figures.requests += 1
            asked = player.asked(session=SessionHint(session_id=session, continues=turn > 0))
            plan = player.plan_for(asked)
            go_on(plan, plan.next(None, now), session, turn, turns, now)
            continue
        _, plan, outcome, session, turn, turns = what
        if isinstance(outcome, tuple):
            plan.succeeded(now)
            plan.finished(now)
            figures.served += 1
            if outcome[0] == "b" and now > DOWN[1] and figures.first_served_by_b_after is None:
                figures.first_served_by_b_after = now - DOWN[1]
            if turn == 0:
                figures.opened[outcome] += 1
            else:
                figures.turns += 1
                figures.turns_at_home += homes.get(session) == outcome
            homes[session] = outcome
            hour.next_turn(session, turn, turns, now)
        else:
            tried = None if outcome is None else Tried(failure=outcome)
            go_on(plan, plan.next(tried, now), session, turn, turns, now)
    return figures, world


def run_baseline(
    seed: int, keys: list[tuple[str, int]], conversations: int = 500
) -> tuple[Figures, Upstreams]:
    """The hour with keys in strict turn and three attempts."""
    hour, figures = Hour(seed, conversations), Figures()
    world = Upstreams(random.Random(seed + 1))
    turn_of_key = 0
    while hour.queue:
        now, _, what = heapq.heappop(hour.queue)
        _, session, turn, turns, *tried = what
        figures.requests += not tried
        figures.attempts += 1
        key = keys[turn_of_key % len(keys)]
        turn_of_key += 1
        seconds, failure = world.answer(*key, now)
        if failure is not None and len(tried) < 2:
            hour.at(now + seconds, ("turn", session, turn, turns, *tried, key))
            continue
        figures.served += failure is None
        hour.next_turn(session, turn, turns, now + seconds)
    return figures, world


TROUBLED = {"a": 8, "b": 2, "c": 2}


@pytest.mark.parametrize("seed", [101, 202, 303, 404, 505])
def test_an_hour_of_trouble(play, yaml_of, seed):
    """Nearly everything is served at little more than one attempt a request, no resting key is
    called, and the channel that was down is back within its cooldown.
    """
    player = play(yaml_of(TROUBLED, SCHEDULING_ALGORITHM="round_robin", AUTO_RETRY=2), now=0.0)
    figures, world = run_gateway(player, seed)
    plain, plain_world = run_baseline(
        seed, [(name, key) for name, count in TROUBLED.items() for key in range(1, count + 1)]
    )
    assert figures.requests > 1200
    assert figures.share >= 0.995
    assert figures.share >= plain.share - 0.002
    assert figures.attempts / figures.requests < min(1.1, plain.attempts / plain.requests)
    assert world.hammered <= 5
    assert world.hammered < plain_world.hammered / 10
    assert figures.first_served_by_b_after is not None
    assert figures.first_served_by_b_after <= 310


def test_over_five_more_hours_fewer_requests_are_lost_than_by_the_baseline(play, yaml_of):
    """Single hours lose none to two requests, so what a rule costs shows only in their sum: at most
    a third of what the plain proxy loses.
    """
    lost = plain_lost = 0
    for seed in (7001, 7102, 7203, 7304, 7405):
        figures, world = run_gateway(
            play(yaml_of(TROUBLED, SCHEDULING_ALGORITHM="round_robin", AUTO_RETRY=2), now=0.0), seed
        )
        plain, _ = run_baseline(
            seed, [(name, key) for name, count in TROUBLED.items() for key in range(1, count + 1)]
        )
        assert world.hammered <= 5
        lost += figures.requests - figures.served
        plain_lost += plain.requests - plain.served
    assert lost * 3 <= plain_lost


@pytest.mark.parametrize("seed", [11, 22, 33, 44, 55])
def test_conversations_stay_with_their_key(play, yaml_of, seed):
    """While keys are healthy every turn meets the key of the turn before, and conversations open on
    the keys in strict turn.
    """
    player = play(yaml_of({"sound": 7}), now=0.0)
    figures, _ = run_gateway(player, seed, conversations=400)
    assert figures.turns > 400
    assert figures.served == figures.requests == figures.attempts
    assert figures.turns_at_home / figures.turns >= 0.99
    assert max(figures.opened.values()) - min(figures.opened.values()) <= 1
