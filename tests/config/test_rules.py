"""Client key rules: every form, weights, near misses, circles, prices."""

import itertools
from collections.abc import Callable

import pytest

from uniapi.config import Config, Problem, Rule, fingerprint

Read = Callable[..., Config]
Problems = Callable[..., tuple[Problem, ...]]

OTHER = "sk-other-00000000000000"
OTHER_ID = fingerprint(OTHER)
HEAD = (
    "providers:\n"
    "  - {provider: a, base_url: https://a, model: [m, x/y, vendor/m, up: nick]}\n"
    "  - {provider: team/b, base_url: https://b, model: [m, org/deep/name]}\n"
    "api_keys:\n"
    f"  - {{api: {OTHER}}}\n"
    "  - api: sk-client-0000000000\n"
    "    model: "
)
SHOWN = "sk-oth…0000"


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("[all]", Rule(kind="all", text="all")),
        ("all", Rule(kind="all", text="all")),
        ("[]", Rule(kind="all", text="all")),
        ("", Rule(kind="all", text="all")),
        ("[{all: 3}]", Rule(kind="all", text="all", weight=3)),
        ("[m]", Rule(kind="model", text="m", model="m")),
        ("[{nick: 2}]", Rule(kind="model", text="nick", model="nick", weight=2)),
        ("[a/*]", Rule(kind="provider", text="a/*", provider="a")),
        ("[{a/*: 5}]", Rule(kind="provider", text="a/*", provider="a", weight=5)),
        ("[a/m]", Rule(kind="provider_model", text="a/m", provider="a", model="m")),
        ("[a/x/y]", Rule(kind="provider_model", text="a/x/y", provider="a", model="x/y")),
        ("[team/b/*]", Rule(kind="provider", text="team/b/*", provider="team/b")),
        (
            "[team/b/org/deep/name]",
            Rule(
                kind="provider_model",
                text="team/b/org/deep/name",
                provider="team/b",
                model="org/deep/name",
            ),
        ),
        ("[<x/y>]", Rule(kind="literal", text="<x/y>", model="x/y")),
        ("[{<x/y>: 4}]", Rule(kind="literal", text="<x/y>", model="x/y", weight=4)),
        (f"[{OTHER}/*]", Rule(kind="key", text=f"{SHOWN}/*", key_id=OTHER_ID)),
        (f"[{{{OTHER}/*: 9}}]", Rule(kind="key", text=f"{SHOWN}/*", key_id=OTHER_ID, weight=9)),
        (
            f"[{OTHER}/x/y]",
            Rule(kind="key_model", text=f"{SHOWN}/x/y", key_id=OTHER_ID, model="x/y"),
        ),
    ],
)
def test_each_form_of_rule(read: Read, problems: Problems, written: str, expected: Rule) -> None:
    """With and without a weight; nothing to complain about."""
    text = f"{HEAD}{written}\n"
    assert read(text).client_keys[1].rules == (expected,)
    assert problems(text) == ()


@pytest.mark.parametrize(
    ("written", "kind", "words"),
    [
        ("vendor/m", "unknown", "write `<vendor/m>`"),
        ("aa/*", "unknown", "did you mean `a`?"),
        ("nobody/x", "unknown", "names an unknown provider `nobody`"),
        (
            "a/mm",
            "provider_model",
            "the provider `a` does not serve `mm`: the rule matches nothing; did you mean `m`?",
        ),
        ("gpt", "model", "no provider serves `gpt`"),
        ("nicki", "model", "did you mean `nick`?"),
        ("a", "model", "it is a provider: write `a/*`"),
        ("'*'", "model", "write `all` for every model"),
        (OTHER, "model", f"it is a client key: write `{SHOWN}/*`"),
        ("<a/m>", "literal", "no provider serves `a/m`"),
        (
            "sk-gone-0000000000000000000/*",
            "unknown",
            "names a client key that is not in `api_keys`",
        ),
    ],
)
def test_a_rule_that_matches_nothing_is_a_warning(
    read: Read, problems: Problems, written: str, kind: str, words: str
) -> None:
    """With what was probably meant; the file loads."""
    text = f"{HEAD}[{written}]\n"
    (only,) = problems(text)
    assert (only.severity, only.path, only.line, only.column) == (
        "warning",
        "api_keys[1].model[0]",
        7,
        13,
    )
    assert words in only.message
    assert [rule.kind for rule in read(text).client_keys[1].rules] == [kind]


def test_models_are_not_doubted_while_a_provider_is_still_to_be_asked(problems: Problems) -> None:
    """It may well serve them."""
    text = (
        "providers: [{provider: a, base_url: https://a}]\n"
        "api_keys: [{api: sk-client-0000000000, model: [gpt, a/gpt, <a/b>]}]"
    )
    assert problems(text) == ()


def test_a_model_of_a_provider_that_is_left_out_is_said_so(problems: Problems) -> None:
    """The user sees the connection."""
    text = (
        "providers:\n"
        "  - {provider: a, base_url: https://a, model: [m]}\n"
        "  - {provider: b, base_url: nowhere, model: [n]}\n"
        "api_keys: [{api: sk-client-0000000000, model: [n]}]\n"
    )
    assert [
        "the provider `b`, which is left out, would" in problem.message
        for problem in problems(text)
    ] == [False, False, True]


def test_circles_are_errors_and_diamonds_are_not(problems: Problems) -> None:
    """a → b → c → a is one; a → b, a → c, b → c is none."""
    keys = {name: f"sk-{name * 20}" for name in "abc"}
    head = "providers: [{provider: p, base_url: https://p}]\napi_keys:\n"
    circle = head + "".join(
        f"  - {{api: {keys[one]}, model: [{keys[other]}/*]}}\n" for one, other in ("ab", "bc", "ca")
    )
    diamond = head + (
        f"  - {{api: {keys['a']}, model: [{keys['b']}/*, {keys['c']}/m]}}\n"
        f"  - {{api: {keys['b']}, model: [{keys['c']}/*]}}\n"
        f"  - {{api: {keys['c']}}}\n"
    )
    (found,) = problems(circle)
    assert (found.severity, found.path) == ("error", "api_keys[2].model[0]")
    assert "sk-aaa…aaaa → sk-bbb…bbbb → sk-ccc…cccc → sk-aaa…aaaa" in found.message
    assert problems(diamond) == ()


def test_a_long_chain_of_nested_keys_is_no_trouble(problems: Problems) -> None:
    """Checked without recursion."""
    keys = [f"sk-{number:020d}" for number in range(1500)]
    chain = "".join(
        f"  - {{api: {one}, model: [{other}/*]}}\n" for one, other in itertools.pairwise(keys)
    )
    assert (
        problems(
            f"providers: [{{provider: p, base_url: https://p}}]\n"
            f"api_keys:\n"
            f"{chain}  - {{api: {keys[-1]}}}\n"
        )
        == ()
    )


PRICED = (
    "providers: [{provider: a, base_url: https://a, model: [gpt-4o, o1, up: nick]}]\n"
    "api_keys:\n"
    "  - {api: sk-client-0000000000, model: [RULES], preferences: {credits: 5}}\n"
    f"  - {{api: {OTHER}, model: [gpt-4o]}}\n"
    "preferences: {model_price: {PRICES}}\n"
)


@pytest.mark.parametrize(
    ("rules", "prices", "words"),
    [
        ("all", "gpt-4o: '1,2', o1: '1,2', up: '1,2'", None),
        ("all", "default: '1,2'", None),
        ("all", "gpt-4o: '1,2'", "no price for `nick`, `o1`"),
        ("o1", "", "no price for `o1`"),
        ("a/gpt-4o", "gpt-4: '1,2'", "no price for `gpt-4o`"),
        (f"{OTHER}/*", "o1: '1,2'", "no price for `gpt-4o`"),
        (f"{OTHER}/o1", "", None),
    ],
)
def test_credits_meet_models_without_price(
    problems: Problems, rules: str, prices: str, words: str | None
) -> None:
    """Only the models the key can reach count, through nested keys too; a price holds for its own
    model, not for what begins with its name.
    """
    found = [
        problem
        for problem in problems(PRICED.replace("RULES", rules).replace("PRICES", prices))
        if problem.path.startswith("api_keys")
    ]
    assert [problem.path for problem in found] == (
        [] if words is None else ["api_keys[0].preferences.credits"]
    )
    assert words is None or words in found[0].message


def test_credits_meet_a_provider_that_lists_its_own_models(problems: Problems) -> None:
    """Nothing is known of their price."""
    text = (
        "providers: [{provider: a, base_url: https://a}]\n"
        "api_keys: [{api: sk-client-0000000000, preferences: {credits: 0}}]\n"
        "preferences: {price_list: false}"
    )
    (only,) = problems(text)
    assert "no price for models that providers list themselves" in only.message


@pytest.mark.parametrize(
    ("provider", "shared", "expected"),
    [
        ("budget: $5/day", "", [("providers[0].preferences.budget", "`o1`, `up`")]),
        ("", "budget: $5/day", [("preferences.budget", "`o1`, `other`, `up`")]),
        ("budget: $5/day", "budget: $5/day, model_price: {default: '1,2'}", []),
        ("budget: $5/day", "model_price: {o1: '1,2', up: '1,2'}", []),
        ("", "", []),
    ],
)
def test_budgets_of_providers_and_of_all_meet_models_without_price(
    problems: Problems, provider: str, shared: str, expected: list[tuple[str, str]]
) -> None:
    """A provider's own models for its budget, everybody's for the one of all."""
    text = (
        "providers:\n"
        f"  - {{provider: a, base_url: https://a, model: [o1, up], preferences: {{{provider}}}}}\n"
        "  - {provider: b, base_url: https://b, model: [other]}\n"
        "api_keys: [{api: sk-client-0000000000}]\n"
        f"preferences: {{{shared}}}\n"
    )
    found = problems(text)
    assert [problem.path for problem in found] == [path for path, _ in expected]
    for problem, (_, names) in zip(found, expected, strict=True):
        assert problem.message.startswith(f"`budget` is set, and there is no price for {names}:")


def test_a_provider_with_a_budget_lists_its_own_models(problems: Problems) -> None:
    """Of whose prices nothing is known; another provider's list is not its business."""
    text = (
        "providers:\n"
        "  - {provider: a, base_url: https://a, preferences: {BUDGET}}\n"
        "  - {provider: b, base_url: https://b, model: [m], preferences: {OTHER}}\n"
        "api_keys: [{api: sk-client-0000000000}]\n"
        "preferences: {price_list: false, model_price: {m: '1,2'}}"
    )
    (only,) = problems(text.replace("BUDGET", "budget: $5/day").replace("OTHER", ""))
    assert "no price for models that providers list themselves" in only.message
    assert not problems(text.replace("BUDGET", "").replace("OTHER", "budget: $5/day"))


def test_a_model_that_no_rule_reaches_is_said_so(problems: Problems) -> None:
    """Through nested keys, patterns and prefixes too; what a provider lists itself is nobody's
    mistake.
    """
    providers = (
        "providers:\n"
        "  - {provider: a, base_url: https://a, model: [m, n]}\n"
        "  - {provider: b, base_url: https://b}\n"
        "api_keys:\n"
    )
    (found,) = problems(providers + "  - {api: sk-client-0000000000, model: [m]}\n")
    assert (found.severity, found.path) == ("warning", "providers[0]")
    assert "reaches `n` of 'a'" in found.message
    for rules in ("a/*", "all", "[m, n]", "[a/m, n]"):
        assert problems(f"{providers}  - {{api: sk-client-0000000000, model: {rules}}}\n") == ()
    nested = (
        f"  - {{api: {OTHER}, model: [n]}}\n"
        f"  - {{api: sk-client-0000000000, model: [{OTHER}/*, m]}}\n"
    )
    assert problems(providers + nested) == ()
