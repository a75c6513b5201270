"""What was learned is kept per model, joined with what was known, and forgotten after two weeks."""

from uniapi.engines import Learned
from uniapi.gateway.learned_models import LEARNED_LAST_S, LearnedModels
from uniapi.storage import KeptMap, MemoryFolder

DROPS = Learned(drops=frozenset({("store",)}))
FIRST = Learned(facts={"system_turns": "first"})


def models(folder=None):
    kept = KeptMap(folder or MemoryFolder(), "learned", limit=2, lasts_s=LEARNED_LAST_S)
    kept.load(0.0)
    return LearnedModels(kept), kept


def test_lessons_join_and_stay_with_their_model():
    """A second lesson stands beside the first; other models and providers know nothing of it."""
    learned, _ = models()
    learned.learn("p", "m", DROPS, 0.0)
    learned.learn("p", "m", FIRST, 1.0)
    assert learned.of("p", "m", 2.0) == DROPS.joined(FIRST)
    assert not learned.of("p", "other", 2.0)
    assert not learned.of("q", "m", 2.0)


def test_lessons_end_after_two_weeks():
    """Then the vendor is tried afresh."""
    learned, _ = models()
    learned.learn("p", "m", DROPS, 0.0)
    assert learned.of("p", "m", LEARNED_LAST_S - 1) == DROPS
    assert not learned.of("p", "m", LEARNED_LAST_S)


def test_lessons_survive_a_restart():
    """They lie in the data dir."""
    folder = MemoryFolder()
    learned, kept = models(folder)
    learned.learn("p", "m", DROPS, 0.0)
    kept.flush(0.0)
    again, _ = models(folder)
    assert list(again.entries(1.0)) == [("p", "m", DROPS)]


def test_the_oldest_models_go():
    """What is remembered is bounded."""
    learned, _ = models()
    for name in ("a", "b", "c"):
        learned.learn("p", name, DROPS, 0.0)
    assert [model for _, model, _ in learned.entries(0.0)] == ["b", "c"]


def test_what_is_known_is_told_in_words():
    """Of the providers in force alone, with the time from which the vendor is tried afresh."""
    learned, _ = models()
    learned.learn("p", "m", DROPS, 5.0)
    learned.learn("gone", "m", DROPS, 5.0)
    assert learned.rows({"p"}, 6.0) == [
        {"provider": "p", "model": "m", "lessons": ["without store"], "until": 5 + LEARNED_LAST_S}
    ]
