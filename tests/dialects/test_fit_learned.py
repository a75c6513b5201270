"""What refusals taught is minded in every dialect, after the rules of the rows."""

import pytest

from uniapi.dialects import UPSTREAM_DIALECTS, Beside, Quirk

BODY = {
    "model": "m",
    "much": 9000,
    "odd": 1,
    "old": 2,
    "effort": "xhigh",
    "turns": [{"x": 1}, {"y": 2}],
}


@pytest.mark.parametrize("dialect", UPSTREAM_DIALECTS)
def test_lessons_hold_in_every_dialect(dialect):
    """A member goes, one gets another name, a word becomes the nearest; the rest stays itself."""
    quirk = Quirk(
        learned_drops=frozenset({("odd",), ("turns", "[]", "x")}),
        learned_renames=frozenset({(("old",), "new")}),
        learned_choices=frozenset({(("effort",), ("low", "high"))}),
        learned_limits=frozenset({(("much",), 8192.0), (("old",), 5.0)}),
    )
    body, losses = UPSTREAM_DIALECTS[dialect].fit(BODY, quirk, Beside())
    assert {name: body.get(name) for name in ("much", "odd", "old", "new", "effort", "turns")} == {
        "much": 8192,
        "odd": None,
        "old": None,
        "new": 2,
        "effort": "high",
        "turns": [{}, {"y": 2}],
    }
    assert set(losses) >= {"much", "odd", "effort", "turns.[].x"}


@pytest.mark.parametrize("dialect", UPSTREAM_DIALECTS)
def test_a_body_without_what_was_refused_is_not_touched(dialect):
    """Where a lesson has nothing to do the very object goes on."""
    quirk = Quirk(learned_drops=frozenset({("nothing",)}))
    plain = UPSTREAM_DIALECTS[dialect].fit(BODY, Quirk(), Beside())[0]
    assert UPSTREAM_DIALECTS[dialect].fit(BODY, quirk, Beside())[0] == plain
