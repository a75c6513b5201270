"""A virtual day under `round_robin`, `cheapest` and `fastest`: what it costs, how long the first
token takes, who serves. The figures: `python tests/routing/merit_simulation.py`.

Three channels: one is cheap and slow, one dear and fast, one between; at noon the fast one becomes
slow for two hours, and the cheap one is down for one.
"""

import random
import sys
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from uniapi.canonical import Failure, FailureKind
from uniapi.clock import Epoch, Monotonic
from uniapi.limits import Limits
from uniapi.routing import (
    Attempt,
    Catalog,
    Cursors,
    Health,
    Question,
    Router,
    Sessions,
    Speeds,
    Tried,
    Wait,
)

DAY_S = 86_400
CHANNELS = {"cheap": (0.3, 2.0, 20.0), "middle": (1.0, 1.0, 50.0), "dear": (3.0, 0.3, 120.0)}
"""Dollars for a thousand answers, seconds to the first token, tokens a second."""
NOON_S = 12 * 3600
POLICIES = ("round_robin", "cheapest", "fastest")
CONFIG = """
providers:
  - {provider: cheap, base_url: https://a.example/v1, api: sk-a-0123456789abcdef, model: [m]}
  - {provider: middle, base_url: https://b.example/v1, api: sk-b-0123456789abcdef, model: [m]}
  - {provider: dear, base_url: https://c.example/v1, api: sk-c-0123456789abcdef, model: [m]}
api_keys:
  - {api: sk-client-0123456789abcdef, preferences: {SCHEDULING_ALGORITHM: %s}}
"""


def answer(name, now, rng):
    """(seconds to the first token, tokens a second), None: it is down."""
    _, first, pace = CHANNELS[name]
    if name == "cheap" and NOON_S <= now < NOON_S + 3600:
        return None
    if name == "dear" and NOON_S <= now < NOON_S + 7200:
        first, pace = first * 20, pace / 10
    return first * rng.uniform(0.7, 1.6), pace * rng.uniform(0.8, 1.2)


def run(policy, config_of, engines, seed=1, requests=20_000):
    """One day. Gives (dollars, p50 and p95 of the first token, shares by channel, share served)."""
    config, speeds, rng = config_of(CONFIG % policy), Speeds(), random.Random(seed)
    router = Router(
        catalog=Catalog(config),
        engines=engines,
        health=Health(),
        limits=Limits(),
        cursors=Cursors(),
        sessions=Sessions(),
        speeds=speeds,
        price_of=lambda channel: CHANNELS[channel.provider.name][0],
    )
    firsts, served, dollars = [], Counter(), 0.0
    for number in range(requests):
        now = number * DAY_S / requests
        plan, waited = _plan(router, config.client_keys[0], now, rng), 0.0
        step = plan.next(None, Monotonic(now))
        while isinstance(step, (Attempt, Wait)):
            if isinstance(step, Wait):
                waited += step.seconds
                step = plan.next(None, Monotonic(now + waited))
                continue
            name = step.channel.provider.name
            told = answer(name, now, rng)
            if told is None:
                waited += 0.5
                failure = Failure(kind=FailureKind.SERVER_ERROR, message="down", status=502)
                step = plan.next(Tried(failure=failure), Monotonic(now + waited))
                continue
            first, pace = told
            tokens = rng.choice([50, 200, 800])
            plan.succeeded(Monotonic(now + waited + first))
            speeds.first_token(step.channel.channel_id, first, now)
            speeds.answer(step.channel.channel_id, tokens, tokens / pace, now)
            firsts.append(waited + first)
            served[name] += 1
            dollars += CHANNELS[name][0] / 1000
            break
        plan.finished(Monotonic(now + waited))
    firsts.sort()
    shares = {name: served[name] / requests for name in CHANNELS}
    middle, late = firsts[len(firsts) // 2], firsts[int(len(firsts) * 0.95)]
    return dollars, middle, late, shares, len(firsts) / requests


def _plan(router, key, now, rng):
    asked = Question(
        client_key=key,
        requested_model="m",
        client_dialect="openai_chat",
        path="/v1/chat/completions",
    )
    now_s = Epoch(1_700_000_000.0 + now)
    candidates = router.candidates(key, "m", now_s)
    return router.plan(asked, candidates, now=Monotonic(now), now_s=now_s, rng=rng)


def main():
    sys.path.insert(0, str(Path(__file__).parent))
    from conftest import Facts, read_config

    print(f"{'policy':<13}{'dollars':>9}{'p50 s':>8}{'p95 s':>8}{'served':>8}  shares")
    for policy in POLICIES:
        dollars, middle, late, shares, served = run(policy, read_config, Facts())
        told = ", ".join(f"{name} {share:.1%}" for name, share in shares.items())
        print(f"{policy:<13}{dollars:>9.2f}{middle:>8.2f}{late:>8.2f}{served:>8.2%}  {told}")


if __name__ == "__main__":
    main()
