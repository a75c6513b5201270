"""The map that forgets what is old and what has not been used for longest."""

from uniapi.gateway.expiring_map import LASTS_S, ExpiringMap


def test_an_entry_is_kept_for_an_hour():
    """Putting it again counts anew; what is asked for too late is gone from the memory too."""
    memory = ExpiringMap(10_000)
    memory.put("a", 1, 10, now=0.0)
    assert memory.get("a", now=LASTS_S - 1) == 1
    memory.put("a", 2, 10, now=LASTS_S - 1)
    assert (memory.get("a", now=LASTS_S), len(memory)) == (2, 1)
    assert (memory.get("a", now=2 * LASTS_S), len(memory)) == (None, 0)
    assert memory.get("b", now=0.0) is None


def test_the_least_used_goes_first():
    """An entry that was replaced does not count twice, and one that is too large for all leaves
    none.
    """
    memory = ExpiringMap(4000)
    for name in ("a", "b", "c", "a"):
        memory.put(name, name, 1000, now=0.0)
    assert memory.get("b", now=0.0) == "b"
    memory.put("d", "d", 1000, now=0.0)
    assert [name for name in "abcd" if memory.get(name, now=0.0) is not None] == ["a", "b", "d"]
    memory.put("e", "e", 5000, now=0.0)
    assert len(memory) == 0
