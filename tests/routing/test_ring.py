"""A ring of candidates as a plan walks it."""

from uniapi.config import ClientKey
from uniapi.routing.ring import Ring

KEY = ClientKey(key_id="k", display="sk-…", secret="sk-client", label="k")


def test_a_ring_goes_round_until_a_whole_turn_found_nothing():
    """Whoever finds something to try resets the misses; then it goes on behind the last place."""
    ring = Ring(KEY, "m", ["a", "b"], None)
    assert [ring.advance(), ring.advance(), ring.advance()] == ["a", "b", None]
    ring.misses = 0
    assert [ring.advance(), ring.entry] == ["a", "a"]


def test_a_budget_ends_the_ring():
    """Uncounted at first, then one less with each attempt that counts."""
    ring = Ring(KEY, "m", ["a", "b"], None)
    ring.spend()
    assert (ring.is_used_up, ring.used) == (False, 1)
    ring.budget = 1
    assert ring.advance() == "a"
    ring.spend()
    assert (ring.is_used_up, ring.advance()) == (True, None)


def test_an_empty_ring_has_nothing():
    assert Ring(KEY, "m", [], None).advance() is None
