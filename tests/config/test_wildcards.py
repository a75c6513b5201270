"""`*` in names, `aliases`, `fallback`, `shares`: read, refused, divided."""

import pytest

from uniapi.config import ConfigProblems, fits, most_telling_first, stand_ins
from uniapi.config.alias_maps import circle_in

TEXT = """
providers:
  - {provider: p, base_url: https://p.example/v1, api: sk-p-0123456789abcdef, model: [m, n, %s]}
api_keys:
  - api: sk-client-0123456789abcdef
    preferences: {%s}
preferences: {%s}
"""


@pytest.mark.parametrize(
    "pattern, name, is_fit",
    [
        ("claude-haiku-*", "claude-haiku-5-5", True),
        ("claude-haiku-*", "claude-haiku-", True),
        ("claude-haiku-*", "claude-haiku", False),
        ("*-mini", "gpt-5-mini", True),
        ("a*b*c", "aXXbYc", True),
        ("a*b*c", "acb", False),
        ("ab*bc", "abc", False),
        ("*", "", True),
        ("m", "m", True),
        ("m", "mm", False),
        ("*a*a*", "aa", True),
        ("*a*a*", "a", False),
    ],
)
def test_a_star_is_any_run_of_characters(pattern, name, is_fit):
    assert fits(pattern, name) is is_fit


def test_the_longest_literal_goes_first():
    """And `*` alone at the end."""
    assert most_telling_first(["*", "claude-*", "*-haiku-*", "claude-haiku-*"]) == [
        "claude-haiku-*",
        "claude-*",
        "*-haiku-*",
        "*",
    ]


def test_what_stands_in_is_nested_and_bounded():
    """Each one's own follow it; eight at most, none twice."""
    assert stand_ins({"a": ("b", "c"), "b": ("d",)}, "a") == ("b", "d", "c")
    many = {"a": tuple(f"m{number}" for number in range(50))}
    assert len(stand_ins(many, "a")) == 8
    assert stand_ins({}, "a") == ()


def test_a_circle_is_named():
    assert circle_in({"a": ["b"], "b": ["c"], "c": ["b"]}) == ("b", "c", "b")
    assert circle_in({"a": ["a"]}) == ("a", "a")
    assert circle_in({"a": ["b", "c"], "b": ["c"]}) == ()


@pytest.mark.parametrize(
    "model, own, shared, said",
    [
        ("x", "fallback: {m: [n], n: [m]}", "", "the fallbacks lead in a circle: m → n → m"),
        ("x", "fallback: {m: [n]}", "fallback: {n: [m]}", "this is a circle: n → m → n"),
        ("x", "fallback: [m]", "", "a map of model to a list of models"),
        ("x", "aliases: [m]", "", "a map of name to model"),
        ("x", "aliases: {a: 'm*'}", "", "`m*` must be one model"),
        ("x", "", "shares: 0", "positive whole number"),
    ],
)
def test_what_makes_no_sense_is_refused(read, model, own, shared, said):
    """With the place, and the circle as it goes."""
    with pytest.raises(ConfigProblems) as found:
        read(TEXT % (model, own, shared))
    assert any(said in problem.message for problem in found.value.problems), found.value


def test_a_pattern_without_a_model_is_warned_of(problems):
    """No provider has a model of that name."""
    found = problems(TEXT % ("'gpt-*'", "", ""))
    assert any("stands in the name that clients" in problem.message for problem in found)
    served = TEXT % ("m: 'claude-haiku-*'", "", "")
    found = problems(served.replace("    pref", "    model: [claude-haiku-5]\n    pref"))
    assert [problem.path for problem in found] == ["providers[0]"]
    assert "no client key's rule reaches `m`, `n`" in found[0].message


@pytest.mark.parametrize(
    "own, shared, expected",
    [
        (
            "aliases: {fast: sonnet-5-4}",
            "",
            (
                "api_keys[0].preferences.aliases.fast",
                6,
                "no provider serves `sonnet-5-4`: the alias `fast` leads nowhere"
                "; did you mean `sonnet-5-5`?",
            ),
        ),
        (
            "fallback: {m: [n, sonnet-5-4]}",
            "",
            (
                "api_keys[0].preferences.fallback.m[1]",
                6,
                "no provider serves `sonnet-5-4`: it does not stand in for `m`"
                "; did you mean `sonnet-5-5`?",
            ),
        ),
        (
            "",
            "fallback: {m: p/n}",
            (
                "preferences.fallback.m",
                7,
                "no provider serves `p/n`: it does not stand in for `m`"
                "; write `n`, without a provider",
            ),
        ),
        (
            "",
            "fallback: {sonnet-5-4: n}",
            (
                "preferences.fallback.sonnet-5-4",
                7,
                "no provider serves `sonnet-5-4`: only its fallbacks answer to it"
                "; did you mean `sonnet-5-5`?",
            ),
        ),
        ("aliases: {fast: sonnet-5-5, 'f*': haiku-9}", "fallback: {fast: [haiku-8]}", None),
        ("aliases: {fast: n}", "fallback: {m: [fast]}", None),
        ("", "fallback: {gone: [n]}", None),
    ],
)
def test_names_that_nobody_serves_are_warned_of(problems, own, shared, expected):
    """Where they are written, with what was meant; a pattern and an own name serve too, and what
    stands in for a model that is gone has its use.
    """
    found = problems(TEXT % ("sonnet-5-5, small: 'haiku-*'", own, shared))
    told = [(problem.path, problem.line, problem.message) for problem in found]
    assert told == ([] if expected is None else [expected])


def test_a_name_may_be_one_that_a_provider_lists_itself(problems):
    """What it serves is not known yet."""
    text = TEXT % ("x", "aliases: {fast: nowhere}", "fallback: {m: [nothing]}")
    assert len(problems(text)) == 2
    assert not problems(text.replace(", model: [m, n, x]", ""))


def test_shares_divide_what_belongs_to_provider_keys(read):
    """Rounded down, never below one; the size of one request is not shared."""
    text = TEXT % ("x", "rate_limit: 30/min", "shares: 3")
    limits = "api_key_rate_limit: '10/min,2/day,9000/tpr', api_key_max_concurrency: 7"
    text = text.replace("model: [m", f"preferences: {{{limits}}}, model: [m")
    config = read(text)
    (provider,) = config.providers
    assert [rate.amount for rate in provider.credential_rates.default] == [3, 1, 9000]
    assert provider.credential_max_concurrency.default == 2
    assert config.client_keys[0].rates.default[0].amount == 30
