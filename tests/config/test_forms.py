"""Every form a value may be written in, and what it comes to."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from uniapi.config import (
    BodyOverrides,
    ByModel,
    Config,
    ConfigProblems,
    EngineNames,
    ModelEntry,
    ModelInfo,
    Notify,
    Preferences,
    Price,
    Problem,
    RequestRule,
    Retention,
    SpendingCap,
    TimeoutPolicy,
    TimeoutRule,
    Timeouts,
    fingerprint,
    parse_config,
    parse_rates,
)

Read = Callable[..., Config]
Problems = Callable[..., tuple[Problem, ...]]
ProviderYaml = Callable[..., str]

DAY = 86400.0


@pytest.mark.parametrize(
    ("written", "field", "expected"),
    [
        ("engine: claude", "engine", "claude"),
        ("tools: false", "has_tools", False),
        ("tools: no", "has_tools", False),
        ('tools: "false"', "has_tools", False),
        ("image: off", "has_images", False),
        ("region: us-east-1", "region", "us-east-1"),
        ("project_id: 123", "project_id", "123"),
        ("project_id: [p]", "project_id", "p"),
        ("notes: {anything: [at, all]}", "name", "a"),
        ("exclude_endpoints: v1/embeddings", "exclude_endpoints", ("/v1/embeddings",)),
        ("exclude_endpoints: [/v1/a, /v1/b]", "exclude_endpoints", ("/v1/a", "/v1/b")),
        ("preferences: {exclude_endpoints: /v1/a}", "exclude_endpoints", ("/v1/a",)),
        ("exclude_request_types: compaction", "exclude_request_types", ("compaction",)),
        ("only_request_types: [compaction]", "only_request_types", ("compaction",)),
        ("max_request_body_bytes: 1000", "max_request_body_bytes", 1000),
        ("max_request_body_bytes: 20MB", "max_request_body_bytes", 20_000_000),
        ("max_request_body_bytes: 20 MiB", "max_request_body_bytes", 20 * 1024 * 1024),
        ("preferences: {max_request_body_bytes: 1.5KB}", "max_request_body_bytes", 1500),
        (
            (
                "exclude_request_rules: [{match: "
                "{endpoint: /v1/responses, reasoning_effort: [LOW, none]}, reason: slow}]"
            ),
            "exclude_request_rules",
            (
                RequestRule(
                    match={"endpoint": ("/v1/responses",), "reasoning_effort": ("low", "none")},
                    reason="slow",
                ),
            ),
        ),
        ("model: gpt-4o", "models", (ModelEntry(upstream="gpt-4o", alias="gpt-4o"),)),
        (
            "model: [4.10, 007]",
            "models",
            (ModelEntry(upstream="4.10", alias="4.10"), ModelEntry(upstream="007", alias="007")),
        ),
        ("model: [a: b]", "models", (ModelEntry(upstream="a", alias="b"),)),
        (
            "model: [{a: b, c: d}]",
            "models",
            (ModelEntry(upstream="a", alias="b"), ModelEntry(upstream="c", alias="d")),
        ),
        ("model: {a: b}", "models", (ModelEntry(upstream="a", alias="b"),)),
        (
            "model: [2024-05-13: dated]",
            "models",
            (ModelEntry(upstream="2024-05-13", alias="dated"),),
        ),
        ("model: []", "is_discovered", True),
        ("model:", "is_discovered", True),
        ("model: [a]", "is_discovered", False),
        (
            "preferences: {api_key_rate_limit: '15/min,10/day'}",
            "credential_rates",
            ByModel(default=parse_rates("15/min,10/day")),
        ),
        (
            "preferences: {api_key_rate_limit: {Gemini-1.5: 2/min, default: 4/min}}",
            "credential_rates",
            ByModel(entries={"gemini-1.5": parse_rates("2/min")}, default=parse_rates("4/min")),
        ),
        ("preferences: {api_key_cooldown_period: 0}", "credential_cooldown_s", 0.0),
        ("preferences: {api_key_rate_limit_cooldown_period: 9}", "credential_cooldown_s", 9.0),
        (
            "preferences: {api_key_rate_limit_cooldown_period: 9, api_key_cooldown_period: 3}",
            "credential_cooldown_s",
            3.0,
        ),
        ("preferences: {}", "credential_cooldown_s", None),
        ("preferences: {}", "quota_cooldown_s", 21600.0),
        ("preferences: {api_key_quota_cooldown_period: 1_000}", "quota_cooldown_s", 1000.0),
        ("preferences: {api_key_schedule_algorithm: sticky}", "credential_policy", "sticky"),
        ("preferences:", "credential_policy", None),
        ("preferences: {cooldown_period: '60'}", "cooldown_s", 60.0),
        ("preferences: {model_timeout: 90}", "model_timeout", ByModel(default=90.0)),
        (
            "preferences: {model_timeout: {o1: 600, default: 60.5}}",
            "model_timeout",
            ByModel(entries={"o1": 600.0}, default=60.5),
        ),
        (
            "preferences: {keepalive_interval: {default: 25}}",
            "keepalive_interval",
            ByModel(default=25.0),
        ),
        ("preferences: {keepalive_interval: 25}", "keepalive_interval", ByModel(default=25.0)),
        (
            "preferences: {proxy: 'socks5h://u:p@127.0.0.1:1080'}",
            "proxy",
            "socks5h://u:p@127.0.0.1:1080",
        ),
        ("preferences: {headers: {X-A: 1, X-B: b c}}", "headers", {"X-A": "1", "X-B": "b c"}),
        (
            "preferences: {passthrough_request_headers: X-Trace}",
            "passthrough_request_headers",
            ("x-trace",),
        ),
        ("preferences: {think_tags: true}", "think_tags", True),
    ],
)
def test_provider(
    provider_yaml: ProviderYaml,
    read: Read,
    problems: Problems,
    written: str,
    field: str,
    expected: Any,
) -> None:
    """A provider's keys: one case for each way of writing one."""
    text = provider_yaml(provider=written)
    assert getattr(read(text).providers[0], field) == expected
    assert problems(text) == ()


@pytest.mark.parametrize(
    ("written", "field", "expected"),
    [
        ("role: admin", "is_admin", True),
        ("role: friend", "label", "friend"),
        ("role: 7", "label", "7"),
        ("preferences: {SCHEDULING_ALGORITHM: sticky}", "policy", "sticky"),
        ("preferences: {AUTO_RETRY: false}", "auto_retry", False),
        ("preferences: {AUTO_RETRY: 3}", "auto_retry", 3),
        ("preferences: {AUTO_RETRY: 0}", "auto_retry", 0),
        ("preferences: {AUTO_RETRY: 'true'}", "auto_retry", True),
        ("preferences: {}", "auto_retry", True),
        ("preferences: {rate_limit: 5/min}", "rates", ByModel(default=parse_rates("5/min"))),
        (
            "preferences: {rate_limit: {gpt: 5/min}}",
            "rates",
            ByModel(entries={"gpt": parse_rates("5/min")}),
        ),
        ("preferences: {ENABLE_MODERATION: true}", "is_moderated", True),
        ("preferences: {created_at: 1970-01-02}", "created_at_s", DAY),
        ("preferences: {created_at: '1970-01-02T01:00:00+01:00'}", "created_at_s", DAY),
        ("preferences: {expires_at: 1970-01-02T00:00:00Z}", "expires_at_s", DAY),
        ("preferences: {expires_at: 1970-01-02 00:00:00}", "expires_at_s", DAY),
        ("preferences: {expires_at: 86400}", "expires_at_s", DAY),
        ("preferences: {allowed_ips: 10.0.0.7}", "allowed_ips", ("10.0.0.7",)),
        ("preferences: {allowed_ips: [10.1.2.3/8, '::1']}", "allowed_ips", ("10.0.0.0/8", "::1")),
        ("preferences: {allowed_ips: '::ffff:10.0.0.7'}", "allowed_ips", ("10.0.0.7",)),
        ("preferences: {max_concurrency: 4}", "max_concurrency", 4),
    ],
)
def test_client_key(
    provider_yaml: ProviderYaml,
    read: Read,
    problems: Problems,
    written: str,
    field: str,
    expected: Any,
) -> None:
    """A client key's keys."""
    text = provider_yaml(key=written)
    assert getattr(read(text).client_keys[0], field) == expected
    assert problems(text) == ()


@pytest.mark.parametrize(
    ("written", "field", "expected"),
    [
        ("model_timeout: 30", "model_timeout", ByModel(default=30.0)),
        ("model_timeout: 1:30", "model_timeout", ByModel(default=90.0)),
        (
            "timeout_policy: 5",
            "timeout_policy",
            TimeoutPolicy(default=Timeouts(first_token_s=5.0, idle_s=5.0)),
        ),
        (
            "timeout_policy: {default: 5}",
            "timeout_policy",
            TimeoutPolicy(default=Timeouts(first_token_s=5.0, idle_s=5.0)),
        ),
        (
            "timeout_policy: {default: {connect: 1, first_byte: 2, idle: 3, total: 4, pool: 6}}",
            "timeout_policy",
            TimeoutPolicy(
                default=Timeouts(connect_s=1.0, first_token_s=2.0, idle_s=3.0, total_s=4.0)
            ),
        ),
        (
            (
                "timeout_policy: {rules: [{match: {stream: yes, model: [O1*, '*']}, timeout: "
                "{total: 9}}, {match: {role: x}, timeout: 2}]}"
            ),
            "timeout_policy",
            TimeoutPolicy(
                rules=(
                    TimeoutRule(
                        match={"stream": ("true",), "model": ("o1*", "*")},
                        timeouts=Timeouts(total_s=9.0),
                    ),
                    TimeoutRule(
                        match={"role": ("x",)}, timeouts=Timeouts(first_token_s=2.0, idle_s=2.0)
                    ),
                )
            ),
        ),
        ("cooldown_period: 0", "cooldown_s", 0.0),
        ("cooldown_period: 1e30", "cooldown_s", None),
        ("error_triggers: overload", "error_triggers", ("overload",)),
        ("rate_limit: 600/min", "rates", parse_rates("600/min")),
        ("rate_limit: {default: 600/min}", "rates", parse_rates("600/min")),
        ("proxy: http://127.0.0.1:7890", "proxy", "http://127.0.0.1:7890"),
        (
            "model_price: {gpt: '1,2', o1: [3, 4.5, 0.1, 5], default: '0.3, 1'}",
            "prices",
            {
                "gpt": Price(figures={"in": 1.0, "out": 2.0}),
                "o1": Price(figures={"in": 3.0, "out": 4.5, "cache_read": 0.1, "cache_write": 5.0}),
                "default": Price(figures={"in": 0.3, "out": 1.0}),
            },
        ),
        (
            "model_price: {m: {input: 2, out: 8, cache_write_1h: 4, image: 0.04, search: 0.01,"
            " tiers: {200k: {in: 4}, 1_000_000: {in: 5, out: 9}}}}",
            "prices",
            {
                "m": Price(
                    figures={
                        "in": 2.0,
                        "out": 8.0,
                        "cache_write_1h": 4.0,
                        "image": 0.04,
                        "search": 0.01,
                    },
                    tiers=((200_000, {"in": 4.0}), (1_000_000, {"in": 5.0, "out": 9.0})),
                )
            },
        ),
        ("price_list: false", "price_list", False),
        ("price_list: 'on'", "price_list", True),
        ("price_list: ./prices.json", "price_list", "./prices.json"),
        (
            "budget: '$5/day, 60.5 / months'",
            "budgets",
            (SpendingCap(dollars=5.0, period="day"), SpendingCap(dollars=60.5, period="month")),
        ),
        ("prompt_cache: off", "prompt_cache", "off"),
        ("prompt_cache: client", "prompt_cache", "client"),
        (
            "notify: https://ntfy.sh/my-topic",
            "notify",
            (Notify(url="https://ntfy.sh/my-topic", service="ntfy"),),
        ),
        (
            "notify: [{token: '1:a', chat: -100}, {url: 'https://x.example/h', service: slack,"
            " headers: {Authorization: Bearer t}}]",
            "notify",
            (
                Notify(
                    url="https://api.telegram.org/bot1:a/sendMessage",
                    service="telegram",
                    chat="-100",
                    token="1:a",
                ),
                Notify(
                    url="https://x.example/h",
                    service="slack",
                    headers={"authorization": "Bearer t"},
                ),
            ),
        ),
        ("allow_private_urls: true", "allow_private_urls", True),
        ("cors_origins: []", "cors_origins", ()),
        (
            "cors_origins: [https://Chat.example/, 'http://localhost:3000']",
            "cors_origins",
            ("https://chat.example", "http://localhost:3000"),
        ),
        ("cors_origins: '*'", "cors_origins", ("*",)),
        (
            "trusted_proxies: [127.0.0.1, 172.16.0.0/12]",
            "trusted_proxies",
            ("127.0.0.1", "172.16.0.0/12"),
        ),
        ("max_body_bytes: 64MiB", "max_body_bytes", 64 * 1024 * 1024),
        ("unsupported_parameters: reject", "unsupported_parameters", "reject"),
        ("learn: false", "learn", False),
        ("max_bodies_in_memory: 1MB", "max_bodies_bytes", 1_000_000),
        (
            "retention: {raw: 1d, raw_bytes: 5MB}",
            "retention",
            Retention(raw_s=DAY, raw_bytes=5_000_000),
        ),
        (
            "retention: {raw: 12 hours, hourly: 2w, daily: 13mo}",
            "retention",
            Retention(raw_s=DAY / 2, hourly_s=14 * DAY, daily_s=390 * DAY),
        ),
        (
            (
                "model_info: {gpt-4o: "
                "{context_length: 128000, max_output_tokens: 16384, modalities: [text, image]}}"
            ),
            "model_info",
            {
                "gpt-4o": ModelInfo(
                    context_length=128000,
                    max_output_tokens=16384,
                    input_modalities=("text", "image"),
                )
            },
        ),
        (
            (
                "model_info: {x: {modalities: {input: text, output: [audio]}}, y: "
                "{input_modalities: [text], output_modalities: text}}"
            ),
            "model_info",
            {
                "x": ModelInfo(input_modalities=("text",), output_modalities=("audio",)),
                "y": ModelInfo(input_modalities=("text",), output_modalities=("text",)),
            },
        ),
    ],
)
def test_global_preferences(
    provider_yaml: ProviderYaml,
    problems: Problems,
    read: Read,
    written: str,
    field: str,
    expected: Any,
) -> None:
    """The global `preferences`."""
    text = provider_yaml(preferences=written)
    if expected is None:
        assert [problem.severity for problem in problems(text)] == ["error"]
        return
    assert getattr(read(text).preferences, field) == expected
    assert problems(text) == ()


def test_without_preferences_the_defaults_hold(provider_yaml: ProviderYaml, read: Read) -> None:
    """A guess of 5 s, `*`, 32 MiB, drop, 7 days."""
    preferences = read(provider_yaml()).preferences
    assert preferences == Preferences()
    assert (preferences.cooldown_s, preferences.cors_origins, preferences.max_body_bytes) == (
        None,
        ("*",),
        32 * 1024 * 1024,
    )


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("api: sk-1", [("api_key", "sk-1", 1, None, None)]),
        ("api: 0123", [("api_key", "0123", 1, None, None)]),
        ("api: 1e5", [("api_key", "1e5", 1, None, None)]),
        (
            "api: [k1, 42, {key: k3, weight: 3, proxy: 'http://p:1', project_id: p3}]",
            [
                ("api_key", "k1", 1, None, None),
                ("api_key", "42", 1, None, None),
                ("api_key", "k3", 3, "http://p:1", "p3"),
            ],
        ),
        ("api: {key: k}", [("api_key", "k", 1, None, None)]),
        ("api:", [("none", "", 1, None, None)]),
        ("api: []", [("none", "", 1, None, None)]),
        ("notes: none", [("none", "", 1, None, None)]),
        (
            ("api: [k1, k2]\n    project_id: [p1, p2]"),
            [("api_key", "k1", 1, None, "p1"), ("api_key", "k2", 1, None, "p2")],
        ),
        (
            "api: [k1, k2]\n    project_id: p",
            [("api_key", "k1", 1, None, "p"), ("api_key", "k2", 1, None, "p")],
        ),
        ("api: [k1, {key: k2, proxy: bad}]", [("api_key", "k1", 1, None, None)]),
    ],
)
def test_api_in_all_its_forms(read: Read, written: str, expected: list[Any]) -> None:
    """One key, many, numbers, maps, none at all.

    A key whose proxy cannot be used is left out, the others stay.
    """
    provider = read(
        f"providers:\n"
        f"  - provider: a\n"
        f"    base_url: https://a\n"
        f"    {written}\n"
        f"api_keys: [{{api: sk-client-0000000000}}]\n"
    ).providers[0]
    assert [
        (found.kind, found.secret, found.weight, found.proxy, found.project_id)
        for found in provider.credentials
    ] == expected
    assert len({found.credential_id for found in provider.credentials}) == len(expected)


def test_a_key_listed_twice_is_one_credential(read: Read, problems: Problems) -> None:
    """The second is reported; the same key for another project is another credential with a name of
    its own.
    """
    text = (
        "providers: [{provider: a, base_url: https://a, api: [k, k, "
        "{key: k, project_id: p}]}]\n"
        "api_keys: [{api: sk-client-0000000000}]\n"
    )
    assert [(problem.path, problem.severity) for problem in problems(text)] == [
        ("providers[0].api[1]", "warning")
    ]
    first, second = read(text).providers[0].credentials
    assert (first.project_id, second.project_id) == (None, "p")
    assert first.credential_id == fingerprint("k") != second.credential_id


def test_accounts_are_credentials_of_their_own_kind(read: Read) -> None:
    """A Vertex service account and an AWS key pair; literal `\\n` in a private key are
    line ends.
    """
    config = read(
        "providers:\n"
        "  - provider: v\n"
        "    project_id: p\n"
        "    client_email: robot@p.example\n"
        "    private_key: '-----BEGIN PRIVATE KEY-----\\nabc\\n-----END PRIVATE KEY-----'\n"
        "  - provider: w\n"
        "    aws_access_key: AKIA1\n"
        "    aws_secret_key: s\n"
        "    aws_session_token: t\n"
        "api_keys: [{api: sk-client-0000000000}]\n"
    )
    account, pair = (provider.credentials[0] for provider in config.providers)
    assert (account.kind, account.account, account.project_id, account.display) == (
        "service_account",
        "robot@p.example",
        "p",
        "robot@p.example",
    )
    assert account.secret == "-----BEGIN PRIVATE KEY-----\nabc\n-----END PRIVATE KEY-----"
    assert (pair.kind, pair.account, pair.secret, pair.session_token) == ("aws", "AKIA1", "s", "t")


@pytest.mark.parametrize(
    "where",
    [
        "engine: aws\n    api: ABSKkey",
        "engine: vertex-gemini\n    api: AQ.key",
        "cf_account_id: x\n    api: k",
    ],
)
def test_a_provider_whose_place_is_known_needs_no_address(
    read: Read, problems: Problems, where: str
) -> None:
    """Bedrock and Vertex API keys go to the vendor's own host."""
    text = f"providers:\n  - provider: a\n    {where}\napi_keys: [{{api: sk-client-0000000000}}]\n"
    assert read(text).providers[0].base_url is None
    assert problems(text) == ()


def test_providers_of_one_name_keep_their_own_keys(engines: EngineNames) -> None:
    """Both are there, told apart by their ids; a warning says so."""
    text = (
        "providers:\n"
        "  - {provider: a, base_url: https://a, api: k1}\n"
        "  - {provider: a, base_url: https://b, api: k2}\n"
        "api_keys: [{api: sk-client-0000000000}]\n"
    )
    config, (warning,) = parse_config(text, source="", engines=engines, environment={})
    assert [
        (provider.provider_id, provider.name, provider.credentials[0].secret)
        for provider in config.providers
    ] == [
        ("a", "a", "k1"),
        ("a#2", "a", "k2"),
    ]
    assert (warning.path, warning.line, warning.column) == ("providers[1].provider", 3, 16)


def test_body_overrides_are_told_apart_from_those_of_one_alias(read: Read) -> None:
    """A map under one of the provider's model names is for that model; all else is merged;
    `__remove__` in all its forms.
    """
    written = (
        "model: [up: thinking]\n"
        "preferences:\n"
        "  post_body_parameter_overrides:\n"
        "    thinking: {temperature: 1, __remove__: top_p}\n"
        "    metadata: {a: null, b: [1, 2.5, true, 2026-01-02]}\n"
        "    __remove__: [seed, {path: tools, where: {type: x}, drop_empty: true}, "
        "{path: a.b, where_any: [1]}]\n"
    )
    text = "providers:\n  - provider: a\n    base_url: https://a\n" + "".join(
        f"    {line}\n" for line in written.splitlines()
    )
    overrides = read(text + "api_keys: [{api: sk-client-0000000000}]\n").providers[0].body_overrides
    assert overrides == BodyOverrides(
        merge={"metadata": {"a": None, "b": [1, 2.5, True, "2026-01-02"]}},
        remove=(
            {"path": "seed"},
            {"path": "tools", "where": {"type": "x"}, "drop_empty": True},
            {"path": "a.b", "where_any": [1]},
        ),
        by_alias={"thinking": BodyOverrides(merge={"temperature": 1}, remove=({"path": "top_p"},))},
    )


def test_body_overrides_of_a_provider_whose_models_are_not_known_yet(
    provider_yaml: ProviderYaml, read: Read
) -> None:
    """A map under a name no body member would have is taken for a model's."""
    text = provider_yaml(
        provider=(
            "preferences: {post_body_parameter_overrides: {gpt-4o: {seed: 1}, stream_options: "
            "{include_usage: true}}}"
        )
    )
    overrides = read(text).providers[0].body_overrides
    assert (overrides.merge, list(overrides.by_alias)) == (
        {"stream_options": {"include_usage": True}},
        ["gpt-4o"],
    )


def test_anchors_aliases_and_merge_keys_work(read: Read) -> None:
    """A map's own keys go before those merged in, and earlier ones of a list before later ones."""
    text = (
        "providers:\n"
        "  - &first {provider: a, base_url: https://a, api: &keys [k1, k2], preferences: "
        "&p {cooldown_period: 1, think_tags: true}}\n"
        "  - {<<: *first, provider: b, preferences: {<<: [{cooldown_period: 7}, *p]}}\n"
        "  - {provider: c, base_url: https://c, api: *keys}\n"
        "api_keys: [{api: sk-client-0000000000}]\n"
    )
    a, b, c = read(text).providers
    assert (a.name, b.name, b.base_url, c.name) == ("a", "b", "https://a", "c")
    assert a.credentials == b.credentials == c.credentials
    assert (b.cooldown_s, b.think_tags) == (7.0, True)


VARIABLES = {
    "KEY": "sk-from-env: [not yaml]",
    "PERIOD": "42",
    "EMPTY": "",
    "RATE": "5/min",
    "NAME": "up",
}


@pytest.mark.parametrize(
    ("written", "field", "expected"),
    [
        ("model: ['${NAME}-1']", "models", (ModelEntry(upstream="up-1", alias="up-1"),)),
        ("model: [{'${NAME}': x}]", "models", (ModelEntry(upstream="up", alias="x"),)),
        ("region: ${KEY}", "region", "sk-from-env: [not yaml]"),
        ("region: ${MISSING:-eu}", "region", "eu"),
        ("region: ${EMPTY:-eu}", "region", "eu"),
        ("region: '${NAME}/${MISSING:-x}/${NAME}'", "region", "up/x/up"),
        ("region: $${NAME}", "region", "${NAME}"),
        ("region: $NAME", "region", "$NAME"),
        ("preferences: {cooldown_period: '${PERIOD}'}", "cooldown_s", 42.0),
        (
            "preferences: {cooldown_period: $PERIOD}".replace("$PERIOD", '"${MISSING:-8}"'),
            "cooldown_s",
            8.0,
        ),
        ("tools: ${MISSING:-false}", "has_tools", False),
        (
            "preferences: {api_key_rate_limit: '${RATE}'}",
            "credential_rates",
            ByModel(default=parse_rates("5/min")),
        ),
    ],
)
def test_variables(
    provider_yaml: ProviderYaml, read: Read, written: str, field: str, expected: Any
) -> None:
    """`${VAR}`, `${VAR:-default}` and `$${`, in values and names; a value can hold anything, it is
    no YAML any more.
    """
    assert getattr(read(provider_yaml(provider=written), VARIABLES).providers[0], field) == expected


def test_a_missing_variable_is_one_error_that_names_it(
    provider_yaml: ProviderYaml, problems: Problems
) -> None:
    """What the value would have been is not complained about as well."""
    (only,) = problems(provider_yaml(provider="preferences: {cooldown_period: '${PERIOD}'}"), {})
    assert (only.severity, only.path, only.line, only.column) == (
        "error",
        "providers[0].preferences.cooldown_period",
        5,
        36,
    )
    assert "`PERIOD` is not set" in only.message


def test_what_is_no_variable_is_left_with_a_warning(
    provider_yaml: ProviderYaml, read: Read, problems: Problems
) -> None:
    """A prompt may hold `${` by chance."""
    text = provider_yaml(provider="region: '${not closed'")
    assert read(text).providers[0].region == "${not closed"
    assert [(problem.severity, problem.path) for problem in problems(text)] == [
        ("warning", "providers[0].region")
    ]


def test_an_empty_variable_for_a_key_is_an_empty_key(problems: Problems) -> None:
    """Better than calls without a key; the variable is named."""
    text = (
        "providers: [{provider: a, base_url: https://a, api: '${EMPTY}'}]\n"
        "api_keys: [{api: sk-client-0000000000}]"
    )
    assert [(problem.severity, problem.message) for problem in problems(text, VARIABLES)] == [
        ("error", "the environment variable `EMPTY` is set but empty, where a key is needed")
    ]


@pytest.mark.parametrize(
    "written",
    [
        "api: ${EMPTY}",
        'api: "sk-${EMPTY}"',
        "api: [k1, '${EMPTY}']",
        "api: [{key: '${EMPTY}', weight: 2}]",
        "private_key: ${EMPTY}\n    client_email: a@b",
        "aws_access_key: a\n    aws_secret_key: '${EMPTY}'",
    ],
)
def test_a_variable_set_to_nothing_is_named_wherever_a_key_is_meant(
    problems: Problems, written: str
) -> None:
    """Quoted or not, alone or in a list; the client's own key too."""
    text = (
        f"providers:\n  - provider: a\n    base_url: https://a\n    {written}\n"
        "api_keys:\n  - api: sk-client-0000000000"
    )
    for one in (text, text.replace(written, "api: k").replace("sk-client-0000000000", "${EMPTY}")):
        errors = [each.message for each in problems(one, VARIABLES) if each.severity == "error"]
        assert errors == [
            "the environment variable `EMPTY` is set but empty, where a key is needed"
        ]


def test_a_variable_set_to_nothing_elsewhere_is_as_if_nothing_were_written(read: Read) -> None:
    """As containers have them: `PROXY=` means none."""
    text = (
        "providers:\n  - {provider: a, base_url: https://a, api: k, preferences: {}}\n"
        "preferences:\n  proxy: ${EMPTY}\n"
        "api_keys: [{api: sk-client-0000000000}]"
    )
    assert read(text, VARIABLES).preferences.proxy is None


def test_the_only_client_key_is_the_administrators(engines: EngineNames) -> None:
    """With a second one only `role: admin` counts."""
    head = (
        "providers: [{provider: a, base_url: https://a}]\n"
        "api_keys:\n"
        "  - {api: sk-client-0000000000, role: me}\n"
    )
    alone, _ = parse_config(head, source="", engines=engines, environment={})
    both, _ = parse_config(
        head + "  - {api: sk-client-0000000001, role: admin}\n",
        source="",
        engines=engines,
        environment={},
    )
    assert [(key.is_admin, key.label) for key in alone.client_keys] == [(True, "me")]
    assert [(key.is_admin, key.label) for key in both.client_keys] == [
        (False, "me"),
        (True, "sk-cli…0001"),
    ]


def test_errors_raise_with_the_source(engines: EngineNames) -> None:
    """The message names the file, the exception carries it."""
    with pytest.raises(ConfigProblems) as refused:
        parse_config("", source="here.yaml", engines=engines, environment={})
    assert refused.value.source == "here.yaml"
    assert str(refused.value).startswith("here.yaml: error: line 1, column 1: the file is empty")


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("sk-\u0430aaaaaaaaaaaaaaaa", "its character 4 is U+0430, cyrillic small letter a"),
        ("sk-aaaaaaaa\u200baaaaaaaaa", "control character"),
        ("sk-aaaaaaaaaaaaaaaa\uff0d1", "U+FF0D"),
        ("“sk-aaaaaaaaaaaaaaaa”", "the quote at its end"),
        ("sk-aaaaaaaaaaaaaaaa'", "the quote at its end"),
        ("sk-aaaaaaaaaaaaaaaa,sk-bbbbbbbbbbbbbbbb", "several keys in one text"),
        ("sk-aaaaaaaaaaaaaaaa，sk-bbbbbbbbbbbbbbbb", "several keys in one text"),
        ("sk-aaaaaaaaaaaaaaaa; sk-bbbbbbbbbbbbbbbb", "several keys in one text"),
        ("sk-aaaaaaaaaaaaaaaa sk-bbbbbbbbbbbbbbbb", "blank inside"),
        ("Bearer sk-aaaaaaaaaaaaaaaa", "leave `Bearer` out"),
        ("$OPENAI_API_KEY", "`${OPENAI_API_KEY}`"),
        ("os.environ/OPENAI_API_KEY", "`${OPENAI_API_KEY}`"),
        ("process.env.OPENAI_API_KEY", "`${OPENAI_API_KEY}`"),
        ("$env:OPENAI_API_KEY", "`${OPENAI_API_KEY}`"),
        ("{{ OPENAI_API_KEY }}", "`${OPENAI_API_KEY}`"),
        ("%OPENAI_API_KEY%", "`${OPENAI_API_KEY}`"),
    ],
)
def test_a_slip_in_a_key_is_noticed_and_the_key_not_shown(
    problems: Problems, written: str, said: str
) -> None:
    """What no vendor's key has in it, and other tools' ways to name a variable."""
    text = (
        f"providers: [{{provider: a, base_url: https://a, api: {json.dumps(written)}}}]\n"
        "api_keys: [{api: sk-client-0000000000}]"
    )
    (problem,) = problems(text)
    assert said in problem.message
    assert "aaaaaaa" not in problem.message


@pytest.mark.parametrize(
    ("written", "models"),
    [
        ("[{name: deepseek-ai/DeepSeek-V3}]", [("deepseek-ai/DeepSeek-V3",) * 2]),
        ("[{id: up, alias: mine}]", [("up", "mine")]),
        ("{model: up}", [("up", "up")]),
        ("['gpt-a, gpt-b', c]", [("gpt-a", "gpt-a"), ("gpt-b", "gpt-b"), ("c", "c")]),
        ("gpt-a，gpt-b", [("gpt-a", "gpt-a"), ("gpt-b", "gpt-b")]),
    ],
)
def test_models_as_other_tools_write_them_are_understood_with_a_warning(
    read: Read, problems: Problems, written: str, models: list[tuple[str, str]]
) -> None:
    """Nobody's model is called `name`, and none has a comma in its name."""
    text = (
        f"providers: [{{provider: a, base_url: https://a, api: k, model: {written}}}]\n"
        "api_keys: [{api: sk-client-0000000000}]"
    )
    (provider,) = read(text).providers
    assert [(entry.upstream, entry.alias) for entry in provider.models] == models
    assert [problem.severity for problem in problems(text)] == ["warning"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("providers：\n  - provider: a\napi_keys: []", "write `:`"),
        ("providers: [{provider: a，base_url: https://a}]\napi_keys: [", "write `,`"),
        ("providers:\n  - provider:a\napi_keys: [{api: k}]", "a blank after the colon"),
    ],
)
def test_signs_of_another_keyboard_are_named(problems: Problems, text: str, said: str) -> None:
    assert any(said in problem.message for problem in problems(text))


SWITCHES = """
providers:
  - {provider: a, base_url: https://a.example/v1, api: [k1, {key: k2, enabled: false}], model: [m]}
  - {provider: b, enabled: false, base_url: nonsense, api: [{weight: none}], model: [n]}
api_keys:
  - {api: sk-client-0000000000, model: [a/*, b/n]}
  - {api: sk-client-0000000001, enabled: false, model: 5}
"""


def test_what_is_switched_off_is_as_if_it_were_not_written(read: Read, problems: Problems) -> None:
    """A provider, one of its keys, a client key: not looked at, and rules may go on naming it. The
    key that is left is not the administrator's by being alone.
    """
    assert problems(SWITCHES) == ()
    config = read(SWITCHES)
    (provider,) = config.providers
    assert [credential.secret for credential in provider.credentials] == ["k1"]
    assert [(key.secret, key.is_admin) for key in config.client_keys] == [
        ("sk-client-0000000000", False)
    ]
    on = SWITCHES.replace("enabled: false", "enabled: true")
    assert "error" in [problem.severity for problem in problems(on)]


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("enabled: false", "nothing is left to serve"),
        ("api: [{key: k, enabled: false}]", "every key of it is switched off"),
    ],
)
def test_a_file_whose_everything_is_switched_off_says_so(
    problems: Problems, written: str, said: str
) -> None:
    text = (
        f"providers:\n  - provider: a\n    base_url: https://a\n    {written}\n"
        "api_keys:\n  - api: sk-client-0000000000"
    )
    assert any(said in problem.message for problem in problems(text))
    off = text.replace(written, "api: k") + "\n    enabled: false"
    assert any("every client key is switched off" in problem.message for problem in problems(off))


def test_keys_have_a_limit_of_calls_at_once_by_model(read: Read) -> None:
    """A number, or a map of model to number."""
    text = (
        "providers:\n  - provider: a\n    base_url: https://a\n    api: k\n"
        "    preferences: {api_key_max_concurrency: {gpt-5: 2, default: 10}}\n"
        "api_keys:\n  - api: sk-client-0000000000"
    )
    limits = read(text).providers[0].credential_max_concurrency
    assert (limits.resolve("gpt-5", "gpt-5"), limits.resolve("m", "m")) == (2, 10)


@pytest.mark.parametrize(
    "written, kept",
    [
        ("https://a.example/odd/path#", "https://a.example/odd/path#"),
        ("https://a.example/v1#anchor", "https://a.example/v1"),
        ("https://a.example/v1", "https://a.example/v1"),
    ],
)
def test_a_bare_hash_behind_an_address_says_that_it_is_the_endpoint(
    read: Read, written: str, kept: str
) -> None:
    """Chat clients' convention; any other fragment is a page's place."""
    entry = f"{{provider: p, base_url: '{written}', api: k, model: [m]}}"
    config = read(f"providers: [{entry}]\napi_keys: [{{api: sk-0123456789abcdef0123}}]\n")
    assert config.providers[0].base_url == kept
