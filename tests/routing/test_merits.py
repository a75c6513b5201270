"""`cheapest` and `fastest`: the orders, what is forgotten, what is explored, and a virtual day."""

import random
import runpy
from pathlib import Path

import pytest

from uniapi.routing.merits import by_price, by_speed
from uniapi.routing.speeds import Speeds

SIMULATION = runpy.run_path(str(Path(__file__).parent / "merit_simulation.py"))
TEXT = """
providers:
  - {provider: a, base_url: https://a.example/v1, api: sk-a-0123456789abcdef, model: [m]}
  - {provider: b, base_url: https://b.example/v1, api: sk-b-0123456789abcdef, model: [m]}
  - {provider: c, base_url: https://c.example/v1, api: sk-c-0123456789abcdef, model: [m]}
api_keys: [{api: sk-client-0123456789abcdef}]
"""


@pytest.fixture
def members(play):
    player = play(TEXT)
    return list(player.router.catalog.candidates(player.config.client_keys[0], "m").members)


def test_the_cheapest_first_and_the_unknown_last(members):
    prices = {"a": None, "b": 2.0, "c": 0.5}
    assert by_price(members, lambda channel: prices[channel.provider.name]) == [2, 1, 0]
    assert by_price(members, lambda channel: 1.0) == [0, 1, 2]


def test_the_fastest_of_the_last_hour_first(members):
    """First token and pace together; after an hour nothing is known any more."""
    speeds = Speeds()
    for name, first, pace in (("a", 0.2, 10.0), ("b", 1.0, 100.0)):
        speeds.first_token((name, "m"), first, 0.0)
        speeds.answer((name, "m"), 100, 100 / pace, 0.0)
    never = random.Random()
    never.random = lambda: 0.99
    assert by_speed(members, speeds, never, 10.0) == [1, 0, 2]
    assert speeds.expected_s(("b", "m"), 10.0) == pytest.approx(4.0)
    assert speeds.expected_s(("b", "m"), 3601.0) is None
    assert speeds.expected_s(("c", "m"), 10.0) is None


def test_one_call_in_twenty_looks_elsewhere(members):
    """So that who was never measured, or has become faster, is found out."""
    speeds = Speeds()
    speeds.first_token(("a", "m"), 0.1, 0.0)
    rng = random.Random(3)
    firsts = [by_speed(members, speeds, rng, 1.0)[0] for _ in range(4000)]
    assert 0.03 < sum(first != 0 for first in firsts) / 4000 < 0.07
    assert {1, 2} <= set(firsts)


def test_speeds_are_bounded_and_forgotten():
    """A slice holds five minutes, a channel an hour of them."""
    speeds = Speeds()
    for second in range(0, 90_000, 100):
        speeds.first_token(("a", "m"), 1.0, float(second))
    assert len(speeds._slices["a", "m"]) <= 13
    speeds.keep(set())
    assert speeds._slices == {}


def test_a_virtual_day(play, config_of):
    """`cheapest` costs least, `fastest` answers soonest and finds out within the hour that the fast
    one has become slow; both serve all.
    """
    engines = play(TEXT).router.state.engines
    days = {
        policy: SIMULATION["run"](policy, config_of, engines, requests=4000)
        for policy in SIMULATION["POLICIES"]
    }
    assert all(served == 1.0 for *_, served in days.values())
    assert days["cheapest"][0] < 0.4 * days["round_robin"][0]
    assert days["fastest"][1] < 0.5 * days["round_robin"][1]
    assert days["fastest"][3]["dear"] > 0.8
    assert days["cheapest"][3]["cheap"] > 0.9
