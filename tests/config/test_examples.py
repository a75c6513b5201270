"""The files our users already have load, with exactly the warnings they deserve."""

from collections.abc import Callable

from uniapi.config import Config, ModelEntry, Problem, Rate, Rule

Read = Callable[..., Config]
Problems = Callable[..., tuple[Problem, ...]]
FixtureText = Callable[[str], str]


def test_the_minimal_example_loads_without_a_word(
    fixture_text: FixtureText, read: Read, problems: Problems
) -> None:
    """One provider that is asked for its models, one key that may use everything and is the
    administrator's.
    """
    text = fixture_text("minimal.yaml")
    config = read(text)
    assert problems(text) == ()
    (provider,), (key,) = config.providers, config.client_keys
    assert (provider.name, provider.is_discovered, provider.models) == ("provider_name", True, ())
    assert [credential.secret for credential in provider.credentials] == ["sk-YgS6GTi0b4bEabc4C"]
    assert (True, (Rule(kind="all", text="all"),)) == (key.is_admin, key.rules)


def test_the_faq_example_warns_of_its_guessable_key(
    fixture_text: FixtureText, read: Read, problems: Problems
) -> None:
    """Rules keep their order: ai2 goes before ai1."""
    text = fixture_text("faq-priority.yaml")
    assert [(found.severity, found.path, found.line, found.column) for found in problems(text)] == [
        ("warning", "api_keys[0].api", 9, 10)
    ]
    assert [rule.text for rule in read(text).client_keys[0].rules] == ["ai2/*", "ai1/*"]


def test_the_advanced_example_gives_exactly_these_warnings(
    fixture_text: FixtureText, problems: Problems
) -> None:
    """Its placeholders: keys, a proxy and a private key that cannot be used, rules for providers it
    does not have, and models that no rule reaches.
    """
    expected = [
        (2, 5, "providers[0]", "no client key's rule reaches `dall-e-3` of 'provider_name'"),
        (14, 9, "providers[1].api[1]", "looks like an example's key"),
        (
            42,
            14,
            "providers[2].preferences.proxy",
            "the provider `gemini` is left out: its proxy cannot be used",
        ),
        (
            46,
            18,
            "providers[3].private_key",
            "the provider `vertex` is left out: its private key cannot be used",
        ),
        (59, 5, "providers[4]", "no client key's rule reaches `@cf/meta/llama-3.1-8b-instruct`"),
        (60, 10, "providers[4].api", "looks like an example's key"),
        (66, 5, "providers[5]", "no client key's rule reaches `causallm-35b`"),
        (87, 9, "api_keys[1].model[2]", "unknown provider `openai-test`"),
        (102, 10, "api_keys[2].api", "looks like an example's key"),
        (104, 9, 'api_keys[2].model[0]["gcp1/*"]', "unknown provider `gcp1`"),
        (105, 9, 'api_keys[2].model[1]["gcp2/*"]', "unknown provider `gcp2`"),
        (106, 9, 'api_keys[2].model[2]["gcp3/*"]', "unknown provider `gcp3`"),
    ]
    found = problems(fixture_text("advanced.yaml"))
    assert ["warning"] * len(expected) == [problem.severity for problem in found]
    assert [row[:3] for row in expected] == [
        (problem.line, problem.column, problem.path) for problem in found
    ]
    assert [
        row[3]
        for row, problem in zip(expected, found, strict=True)
        if row[3] not in problem.message
    ] == []


def test_the_advanced_example_says_what_its_readme_says(
    fixture_text: FixtureText, read: Read
) -> None:
    """Renamed models, key lists, a nested key, weights, limits and timeouts."""
    config = read(fixture_text("advanced.yaml"))
    providers = {provider.name: provider for provider in config.providers}
    assert list(providers) == ["provider_name", "anthropic", "cloudflare", "other-provider"]
    assert (
        ModelEntry(upstream="claude-3-5-sonnet-20240620", alias="claude-3-5-sonnet")
        in providers["anthropic"].models
    )
    assert len(providers["anthropic"].credentials) == 2
    assert (providers["cloudflare"].cf_account_id, providers["cloudflare"].base_url) == (
        "8ec0xxxxxxxxxxxxe721",
        None,
    )
    assert (providers["other-provider"].engine, providers["other-provider"].has_tools) == (
        "openrouter",
        False,
    )

    first, second, third = config.client_keys
    assert [key.is_admin for key in config.client_keys] == [True, False, False]
    assert [rule.kind for rule in first.rules] == ["model", "model", "provider"]
    assert [rule.kind for rule in second.rules] == ["provider_model", "literal", "unknown", "key"]
    assert third.key_id == second.rules[3].key_id
    assert (True, (Rate(amount=15, counts="requests", window_s=60.0, text="15/min"),)) == (
        second.is_moderated,
        second.rates.default,
    )
    assert (third.policy, [rule.weight for rule in third.rules]) == (
        "weighted_round_robin",
        [5, 3, 2],
    )

    timeouts = config.preferences.model_timeout
    assert tuple(
        timeouts.resolve(name, name)
        for name in (
            "gpt-4o-2024-08-06",
            "claude-3-5-sonnet-20240620",
            "o1-mini",
            "o1-preview-2",
            "unknown",
        )
    ) == (10.0, 10.0, 30.0, 100.0, 10.0)
    assert (config.preferences.cooldown_s, len(config.preferences.error_triggers)) == (300.0, 2)
