"""`post_body_parameter_overrides`: in which order they apply, what a removal takes, and that
nothing given is changed.
"""

import copy

import pytest

from uniapi.config import BodyOverrides
from uniapi.gateway.overrides import apply_overrides

BODY = {
    "model": "m",
    "n": 1,
    "options": {"a": 1, "b": {"c": 2}},
    "tools": [{"type": "x", "name": "1"}, {"type": "y"}, "z"],
}


def overrides(merge=None, remove=(), **by_alias):
    return BodyOverrides(
        merge=merge or {},
        remove=tuple(remove),
        by_alias={name: BodyOverrides(**value) for name, value in by_alias.items()},
    )


CASES = [
    (overrides(), BODY),
    (overrides({"n": 2, "new": [1]}), {**BODY, "n": 2, "new": [1]}),
    (overrides({"options": {"b": {"d": 3}}}), {**BODY, "options": {"a": 1, "b": {"c": 2, "d": 3}}}),
    (overrides({"n": 2}, m={"merge": {"n": 3}}), {**BODY, "n": 3}),
    (overrides({"n": 2}, other={"merge": {"n": 3}}), {**BODY, "n": 2}),
    (overrides(remove=[{"path": "n"}], m={"merge": {"n": 5}}), {**BODY, "n": 5}),
    (
        overrides(m={"remove": ({"path": "options"},)}),
        {name: BODY[name] for name in ("model", "n", "tools")},
    ),
    (overrides(remove=[{"path": "options.b.c"}]), {**BODY, "options": {"a": 1, "b": {}}}),
    (overrides(remove=[{"path": "options.z.c"}, {"path": "n.c"}]), BODY),
    (
        overrides(remove=[{"path": "tools", "where": {"type": "x"}}]),
        {**BODY, "tools": [{"type": "y"}, "z"]},
    ),
    (
        overrides(remove=[{"path": "tools", "where_any": [{"type": "y"}, "z"]}]),
        {**BODY, "tools": [{"type": "x", "name": "1"}]},
    ),
    (
        overrides(remove=[{"path": "n", "where": 1}]),
        {name: BODY[name] for name in ("model", "options", "tools")},
    ),
    (overrides(remove=[{"path": "n", "where": 2}]), BODY),
    (
        overrides(
            remove=[
                {
                    "path": "tools",
                    "where_any": [{"type": "x"}, {"type": "y"}, "z"],
                    "drop_empty": True,
                }
            ]
        ),
        {name: BODY[name] for name in ("model", "n", "options")},
    ),
]


@pytest.mark.parametrize("given, expected", CASES)
def test_members_are_merged_then_removed_then_those_of_the_alias(given, expected):
    """The provider's merge, its removals, the alias's merge, its removals."""
    body = copy.deepcopy(BODY)
    assert apply_overrides(body, given, "m") == expected
    assert body == BODY
