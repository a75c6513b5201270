"""A ring of candidates as a plan walks it."""

from uniapi.config import ClientKey
from uniapi.routing.ring import Level

KEY = ClientKey(key_id="k", display="sk-…", secret="sk-client", label="k")


def test_a_ring_goes_round_until_a_whole_turn_found_nothing():
    """Whoever finds something to try resets the misses; then it goes on behind the last place."""
    level = Level(KEY, "m", ["a", "b"], None)
    assert [level.advance(), level.advance(), level.advance()] == ["a", "b", None]
    level.misses = 0
    assert [level.advance(), level.entry] == ["a", "a"]


def test_a_budget_ends_the_ring():
    """Uncounted at first, then one less with each attempt that counts."""
    level = Level(KEY, "m", ["a", "b"], None)
    level.spend()
    assert (level.is_used_up, level.spent) == (False, 1)
    level.budget = 1
    assert level.advance() == "a"
    level.spend()
    assert (level.is_used_up, level.advance()) == (True, None)


def test_an_empty_ring_has_nothing():
    assert Level(KEY, "m", [], None).advance() is None
