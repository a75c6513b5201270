"""Whatever the text, the outcome is a Config or ConfigProblems."""

from typing import Any

import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from uniapi.config import KEYS, ConfigProblems, EngineNames, parse_config

ENGINES = EngineNames(
    built=frozenset({"gpt", "aws"}),
    known_unbuilt=frozenset({"codex"}),
    check_private_key=lambda pem: None,
)
NAMES = sorted({key.name for key in KEYS} | {"default", "__remove__", "gpt-4o", "match", "<<"})

scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.dates(),
    st.datetimes(),
    st.binary(max_size=5),
    st.text(max_size=12),
    st.sampled_from(
        [
            "${X}",
            "${Y:-1}",
            "${",
            "$${",
            "5/min",
            "20MB",
            "7d",
            "sk-a/*",
            "a/*",
            "<a/b>",
            "all",
            "gpt",
            "https://a",
            "socks5://[a]:b",
            "1,2",
            "codex",
        ]
    ),
)
trees = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(st.one_of(st.sampled_from(NAMES), scalars), inner, max_size=5),
    ),
    max_leaves=25,
)


def outcome(text: str) -> str:
    """`ok` or `refused`; a refusal holds at least one error, and every problem a sound place."""
    try:
        _, found = parse_config(text, source="x", engines=ENGINES, environment={"X": "value: [\n"})
        assert all(problem.severity == "warning" for problem in found)
    except ConfigProblems as refused:
        found = refused.problems
        assert any(problem.severity == "error" for problem in found)
    assert all(problem.line >= 0 and problem.message for problem in found)
    assert list(found) == sorted(found, key=lambda problem: (problem.line, problem.column))
    return "ok"


@given(st.text(max_size=300))
@settings(max_examples=40, deadline=None)
def test_arbitrary_text(text: str) -> None:
    """Never another exception."""
    assert outcome(text) == "ok"


@given(st.text(alphabet="ab:-[]{}&*!|>'\"%@`#,? \n\t<$1.", max_size=200))
@settings(max_examples=40, deadline=None)
def test_text_made_of_what_yaml_cares_about(text: str) -> None:
    """Nor for broken or odd syntax."""
    assert outcome(text) == "ok"


@given(trees)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_arbitrary_yaml(tree: Any) -> None:
    """Nor for well-formed YAML of any outline."""
    assert outcome(yaml.safe_dump(tree)) == "ok"


@given(
    st.fixed_dictionaries(
        {
            "providers": st.lists(
                st.fixed_dictionaries(
                    {"provider": scalars, "base_url": st.just("https://a")},
                    optional={
                        key.name: trees
                        for key in KEYS
                        if key.level == "providers[]" and key.name not in ("provider", "base_url")
                    },
                ),
                max_size=2,
            ),
            "api_keys": st.lists(
                st.fixed_dictionaries(
                    {"api": scalars}, optional={"model": trees, "role": trees, "preferences": trees}
                ),
                max_size=3,
            ),
        },
        optional={
            "preferences": st.dictionaries(
                st.sampled_from([key.name for key in KEYS if key.level == "preferences"]),
                trees,
                max_size=4,
            )
        },
    )
)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_wrong_types_anywhere_in_a_plausible_file(tree: Any) -> None:
    """Nor for any value under any key."""
    assert outcome(yaml.safe_dump(tree, sort_keys=False)) == "ok"


@given(
    st.dictionaries(
        st.sampled_from([key.name for key in KEYS if key.level == "providers[].preferences"]),
        trees,
        max_size=6,
    ),
    st.dictionaries(
        st.sampled_from([key.name for key in KEYS if key.level == "api_keys[].preferences"]),
        trees,
        max_size=6,
    ),
)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_wrong_types_anywhere_in_preferences(provider: Any, key: Any) -> None:
    """The same, one level down."""
    tree = {
        "providers": [{"provider": "a", "base_url": "https://a", "preferences": provider}],
        "api_keys": [{"api": "sk-client-0000000000", "preferences": key}],
    }
    assert outcome(yaml.safe_dump(tree)) == "ok"
