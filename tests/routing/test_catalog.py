"""Rules to channels: every form, weights, nested keys, prefixes, suffixes, and what is listed."""

import pytest

from uniapi.config import ModelEntry
from uniapi.routing import Catalog, Group
from uniapi.routing.catalog import MAX_COMPARED, nearest

PROVIDERS = """
providers:
  - {provider: one, base_url: https://one.example/v1, api: sk-one-0123456789abcdef, model: [gpt-4o, {gpt-4o-2024: gpt-4o-mini}, a/b]}
  - {provider: two, base_url: https://two.example/v1, api: sk-two-0123456789abcdef, model: [gpt-4o, {big: deep/model}, "claude-x[1m]", claude-x]}
  - {provider: dyn, base_url: https://dyn.example/v1, api: sk-dyn-0123456789abcdef}
  - {provider: two, base_url: https://second.example/v1, api: sk-second-two-0123456789, model: [gpt-4o]}
api_keys:
"""  # noqa: E501
KEY = "  - api: sk-client-0123456789abcdef\n    model: %s\n"
INNER = "  - api: sk-inner-0123456789abcdef\n    model: %s\n"


def _catalog(config_of, rules, inner=None, lists=None):
    config = config_of(PROVIDERS + KEY % rules + (INNER % inner if inner else ""))
    return Catalog(config, lists), config.client_keys[0]


def _shown(candidates):
    shown = []
    for member in candidates.members:
        if isinstance(member, Group):
            shown.append(("key", _shown(member.candidates), member.weight))
        else:
            shown.append(
                (
                    f"{member.provider.provider_id}/{member.upstream_model}",
                    member.alias,
                    member.weight,
                )
            )
    return shown


CASES = [
    (
        "all",
        "[all]",
        "gpt-4o",
        [("one/gpt-4o", None), ("two/gpt-4o", None), ("two#2/gpt-4o", None)],
    ),
    ("no model is all", "[]", "gpt-4o-mini", [("one/gpt-4o-2024", None)]),
    ("the renamed name is gone", "[all]", "gpt-4o-2024", []),
    (
        "a name",
        "[gpt-4o]",
        "gpt-4o",
        [("one/gpt-4o", None), ("two/gpt-4o", None), ("two#2/gpt-4o", None)],
    ),
    ("another name", "[gpt-4o]", "gpt-4o-mini", []),
    (
        "a provider, all of that name",
        "[two/*]",
        "gpt-4o",
        [("two/gpt-4o", None), ("two#2/gpt-4o", None)],
    ),
    ("a provider without the model", "[two/*]", "gpt-4o-mini", []),
    ("a model of a provider", "[one/gpt-4o]", "gpt-4o", [("one/gpt-4o", None)]),
    ("only that model", "[one/gpt-4o]", "gpt-4o-mini", []),
    ("a name with a slash", "[two/deep/model]", "deep/model", [("two/big", None)]),
    ("a literal name", "[<a/b>]", "a/b", [("one/a/b", None)]),
    (
        "the order of the rules",
        "[two/*, one/*]",
        "gpt-4o",
        [("two/gpt-4o", None), ("two#2/gpt-4o", None), ("one/gpt-4o", None)],
    ),
    (
        "repeated rules add nothing",
        "[one/*, all, gpt-4o]",
        "gpt-4o",
        [("one/gpt-4o", None), ("two/gpt-4o", None), ("two#2/gpt-4o", None)],
    ),
    (
        "weights",
        "[one/*: 5, two/gpt-4o: 3]",
        "gpt-4o",
        [("one/gpt-4o", 5), ("two/gpt-4o", 3), ("two#2/gpt-4o", 3)],
    ),
    (
        "weight on all",
        "[all: 2]",
        "gpt-4o",
        [("one/gpt-4o", 2), ("two/gpt-4o", 2), ("two#2/gpt-4o", 2)],
    ),
    ("weight on a name and a literal", "[gpt-4o-mini: 2, <a/b>: 4]", "a/b", [("one/a/b", 4)]),
    (
        "a given weight counts, the first of them",
        "[one/*, one/gpt-4o: 7, all: 2]",
        "gpt-4o",
        [("one/gpt-4o", 7), ("two/gpt-4o", 2), ("two#2/gpt-4o", 2)],
    ),
    ("unknown provider", "[nobody/*]", "gpt-4o", []),
    ("a suffix is ignored", "[one/*]", "gpt-4o[1m]", [("one/gpt-4o", None)]),
    ("letters in another case", "[all]", "GPT-4O-Mini", [("one/gpt-4o-2024", None)]),
    ("also with a suffix", "[one/*]", "Gpt-4O[1m]", [("one/gpt-4o", None)]),
    ("Google's list says so", "[all]", "models/gpt-4o-mini", [("one/gpt-4o-2024", None)]),
    ("of what the key may use", "[gpt-4o]", "models/GPT-4o-mini", []),
    ("not twice", "[all]", "models/models/gpt-4o-mini", []),
    ("not with a star", "[all]", "GPT-4O-M*", []),
    ("unless the name exists so", "[all]", "claude-x[1m]", [("two/claude-x[1m]", None)]),
    (
        "a prefix, each channel once",
        "[one/*, two/gpt-4o]",
        "gpt-4o*",
        [
            ("one/gpt-4o", None),
            ("one/gpt-4o-2024", None),
            ("two/gpt-4o", None),
            ("two#2/gpt-4o", None),
        ],
    ),
    (
        "a prefix within what the rules allow",
        "[one/gpt-4o-mini]",
        "gpt-4o*",
        [("one/gpt-4o-2024", None)],
    ),
]


@pytest.mark.parametrize(
    "rules, requested, expected", [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_rules(config_of, rules, requested, expected):
    catalog, key = _catalog(config_of, rules)
    candidates = catalog.candidates(key, requested)
    assert [(channel, weight) for channel, _, weight in _shown(candidates)] == expected
    assert bool(candidates) == bool(expected)


def test_aliases_of_a_prefix(config_of):
    """Each channel keeps the alias it was chosen by; limits and cursors go by the first."""
    catalog, key = _catalog(config_of, "[one/*]")
    candidates = catalog.candidates(key, "gpt-4o*")
    assert [alias for _, alias, _ in _shown(candidates)] == ["gpt-4o", "gpt-4o-mini"]
    assert candidates.alias == "gpt-4o"


@pytest.mark.parametrize(
    "rule, requested, expected",
    [
        (
            "sk-inner-0123456789abcdef/*",
            "gpt-4o",
            [("key", [("one/gpt-4o", "gpt-4o", None)], None)],
        ),
        (
            "sk-inner-0123456789abcdef/*: 3",
            "gpt-4o",
            [("key", [("one/gpt-4o", "gpt-4o", None)], 3)],
        ),
        ("sk-inner-0123456789abcdef/*", "deep/model", []),
        (
            "sk-inner-0123456789abcdef/gpt-4o",
            "gpt-4o",
            [("key", [("one/gpt-4o", "gpt-4o", None)], None)],
        ),
        ("sk-inner-0123456789abcdef/gpt-4o", "gpt-4o-mini", []),
    ],
)
def test_nested_keys(config_of, rule, requested, expected):
    catalog, key = _catalog(config_of, f"[{rule}]", inner="[one/*]")
    assert _shown(catalog.candidates(key, requested)) == expected


def test_a_nested_key_counts_once(config_of):
    catalog, key = _catalog(
        config_of,
        "[sk-inner-0123456789abcdef/*, sk-inner-0123456789abcdef/gpt-4o]",
        inner="[one/*]",
    )
    assert len(catalog.candidates(key, "gpt-4o").members) == 1


def test_a_channel_has_one_way(config_of):
    """Reached directly and through a nested key, the direct way counts."""
    catalog, key = _catalog(config_of, "[sk-inner-0123456789abcdef/*, one/gpt-4o]", inner="[one/*]")
    candidates = catalog.candidates(key, "gpt-4o")
    assert [channel.key_path for channel in candidates.leaves.values()] == [()]


LISTED = [
    ("[all]", ("gpt-4o", "gpt-4o-mini", "a/b", "deep/model", "claude-x[1m]", "claude-x")),
    ("[two/*, gpt-4o-mini]", ("gpt-4o", "deep/model", "claude-x[1m]", "claude-x", "gpt-4o-mini")),
    ("[one/gpt-4o, nobody/x, <a/b>, missing]", ("gpt-4o", "a/b")),
    ("[sk-inner-0123456789abcdef/*]", ("gpt-4o", "gpt-4o-mini", "a/b")),
    ("[sk-inner-0123456789abcdef/a/b]", ("a/b",)),
]


@pytest.mark.parametrize("rules, expected", LISTED)
def test_models_are_exactly_what_can_be_routed(config_of, rules, expected):
    catalog, key = _catalog(config_of, rules, inner="[one/*]")
    assert catalog.models(key) == expected
    every = {entry.alias for provider in catalog.config.providers for entry in provider.models} | {
        "gpt-4o-2024",
        "big",
    }
    assert {
        name
        for name in every
        if catalog.candidates(key, name) and catalog.candidates(key, name).alias == name
    } == set(expected)


def test_discovered_lists(config_of):
    """A list that is not there yet: the provider is named; once it is there, its models count."""
    catalog, key = _catalog(config_of, "[dyn/*]")
    assert [provider.name for provider in catalog.unlisted(key)] == ["dyn"]
    assert not catalog.candidates(key, "found")
    catalog, key = _catalog(
        config_of, "[dyn/*]", lists={"dyn": (ModelEntry(upstream="found", alias="found"),)}
    )
    assert catalog.unlisted(key) == ()
    assert catalog.models(key) == ("found",)


def test_unlisted_only_where_the_rules_lead(config_of):
    catalog, key = _catalog(config_of, "[one/*]")
    assert catalog.unlisted(key) == ()
    catalog, key = _catalog(config_of, "[sk-inner-0123456789abcdef/*]", inner="[dyn/*]")
    assert len(catalog.unlisted(key)) == 1


def test_the_last_of_two_equal_aliases_counts(config_of):
    """Kept from the predecessor: within one provider the later entry wins."""
    text = PROVIDERS.replace(
        "model: [gpt-4o, {gpt-4o-2024", "model: [{old: gpt-4o}, {new: gpt-4o}, {gpt-4o-2024"
    )
    config = config_of(text + KEY % "[one/*]")
    assert _shown(Catalog(config).candidates(config.client_keys[0], "gpt-4o")) == [
        ("one/new", "gpt-4o", None)
    ]


def test_near_matches(config_of):
    catalog, key = _catalog(config_of, "[all]")
    assert catalog.near_matches(key, "GPT-4O-minni")[0] == "gpt-4o-mini"
    assert catalog.near_matches(key, "something else") == ()


def test_near_matches_among_very_many(config_of):
    """The ones that begin alike are looked at."""
    catalog, key = _catalog(
        config_of,
        "[dyn/*]",
        lists={
            "dyn": tuple(
                ModelEntry(upstream=f"vendor/model-{number}", alias=f"vendor/model-{number}")
                for number in range(2000)
            )
        },
    )
    assert "vendor/model-1234" in catalog.near_matches(key, "vendor/model-1234x")
    assert catalog.candidates(key, "vendor/model-1999")


def test_a_name_is_compared_with_few_and_with_their_beginnings():
    """Five thousand names of 256 characters held the loop for two seconds."""
    names = [(f"m-{number:05}", f"M-{number:05}") for number in range(5000)]
    for asked in ("m-04321x", "a", "z", "m-00000"):
        found = nearest(names, asked)
        assert len(found) == MAX_COMPARED
    assert ("m-04321", "M-04321") in nearest(names, "m-04321x")
    assert nearest(names[:7], "m") == names[:7]


def test_in_provider(config_of):
    catalog, key = _catalog(config_of, "[one/*]")
    assert catalog.in_provider(key, "one").provider.name == "one"
    assert catalog.in_provider(key, "two") is None


def test_hundreds_of_providers_and_keys(config_of):
    """A large config resolves as a small one does."""
    providers = "\n".join(
        (
            f"  - {{provider: p{number}, base_url: 'https://h{number}.example/v1', api: "
            f"sk-{number:016d}, model: [shared, own-{number}]}}"
        )
        for number in range(150)
    )
    keys = "\n".join(
        f"  - {{api: sk-client-{number:016d}, model: [p{number}/*, shared]}}"
        for number in range(150)
    )
    config = config_of(f"providers:\n{providers}\napi_keys:\n{keys}\n")
    catalog = Catalog(config)
    for number, key in enumerate(config.client_keys):
        assert (
            next(iter(catalog.candidates(key, "shared").channels())).provider.name == f"p{number}"
        )
        assert len(catalog.candidates(key, "shared").members) == 150
        assert catalog.models(key) == ("shared", f"own-{number}")
