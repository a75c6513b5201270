"""Every error and warning: its severity, place and path, and the words that help."""

from collections.abc import Callable

import pytest

from uniapi.config import ConfigProblems, EngineNames, Problem, parse_config

Problems = Callable[..., tuple[Problem, ...]]
ProviderYaml = Callable[..., str]

P, F, K, G = "provider", "preferences of a provider", "key", "global preferences"
"""Where a case's lines go: under the provider, under its `preferences` (from line 6), under the
client key (from line 7), under the global ones (from line 8).
"""


def _file(provider_yaml: ProviderYaml, where: str, lines: str) -> str:
    if where == P:
        return provider_yaml(provider=lines)
    if where == F:
        return provider_yaml(
            provider="preferences:\n" + "\n".join(f"  {line}" for line in lines.splitlines())
        )
    return provider_yaml(key=lines) if where == K else provider_yaml(preferences=lines)


ERRORS = [
    (
        P,
        "engine: opnai",
        5,
        13,
        "providers[0].engine",
        "unknown engine `opnai`",
        "did you mean `gpt`?",
    ),
    (
        P,
        "engine: claud",
        5,
        13,
        "providers[0].engine",
        "expected one of aws, azure",
        "did you mean `claude`?",
    ),
    (
        P,
        "tools: maybe",
        5,
        12,
        "providers[0].tools",
        "expected `true` or `false`, found `maybe`",
        "",
    ),
    (P, "image: []", 5, 12, "providers[0].image", "found a list", ""),
    (P, "region: {}", 5, 13, "providers[0].region", "expected text, found a map", ""),
    (P, "model: [gpt, ]\ntools: 2", 6, 12, "providers[0].tools", "found `2`", ""),
    (P, "model:\n  -", 6, 8, "providers[0].model[0]", "expected text, found nothing", ""),
    (
        P,
        "model:\n  - gpt-4o:",
        6,
        16,
        "providers[0].model[0].gpt-4o",
        "expected text, found nothing",
        "",
    ),
    (
        P,
        "model:\n  - gpt-4.1: [a]",
        6,
        18,
        'providers[0].model[0]["gpt-4.1"]',
        "expected text, found a list",
        "",
    ),
    (P, "model: [{}]", 5, 13, "providers[0].model[0]", "`upstream: alias`", ""),
    (
        P,
        "max_request_body_bytes: 20XB",
        5,
        29,
        "providers[0].max_request_body_bytes",
        "expected a size such as `20MB`",
        "found `20XB`",
    ),
    (
        P,
        "max_request_body_bytes: 0",
        5,
        29,
        "providers[0].max_request_body_bytes",
        "expected a size",
        "found `0`",
    ),
    (
        P,
        "preferences: [a]",
        5,
        18,
        "providers[0].preferences",
        "expected a map with keys such as",
        "found a list",
    ),
    (
        P,
        "exclude_endpoints: {a: b}",
        5,
        24,
        "providers[0].exclude_endpoints",
        "expected text, found a map",
        "",
    ),
    (
        P,
        "exclude_request_rules: {}",
        5,
        28,
        "providers[0].exclude_request_rules",
        "expected a list of `{match",
        "",
    ),
    (
        P,
        "exclude_request_rules:\n  - reason: x",
        6,
        9,
        "providers[0].exclude_request_rules[0]",
        "`match` is missing",
        "",
    ),
    (
        P,
        "exclude_request_rules:\n  - match: {}",
        6,
        16,
        "providers[0].exclude_request_rules[0].match",
        "expected at least one of endpoint",
        "",
    ),
    (
        F,
        "model_timeout: fast",
        6,
        22,
        "providers[0].preferences.model_timeout",
        "a number of seconds greater than 0, found `fast`",
        "",
    ),
    (F, "model_timeout: 0", 6, 22, "providers[0].preferences.model_timeout", "found `0`", ""),
    (F, "model_timeout: true", 6, 22, "providers[0].preferences.model_timeout", "found `true`", ""),
    (F, "model_timeout: .nan", 6, 22, "providers[0].preferences.model_timeout", "found `.nan`", ""),
    (
        F,
        "model_timeout:\n  gpt-4o: x\n  o1: -1",
        7,
        17,
        "providers[0].preferences.model_timeout.gpt-4o",
        "found `x`",
        "",
    ),
    (
        F,
        "keepalive_interval: {gpt: 0}",
        6,
        33,
        "providers[0].preferences.keepalive_interval.gpt",
        "greater than 0",
        "",
    ),
    (
        F,
        "api_key_rate_limit: 5 per min",
        6,
        27,
        "providers[0].preferences.api_key_rate_limit",
        "expected a rate",
        "did you mean `5/min`?",
    ),
    (
        F,
        "api_key_rate_limit: {x: 0/min}",
        6,
        31,
        "providers[0].preferences.api_key_rate_limit.x",
        "positive whole number",
        "",
    ),
    (
        F,
        "api_key_rate_limit: [5/min]",
        6,
        27,
        "providers[0].preferences.api_key_rate_limit",
        "found a list",
        "",
    ),
    (
        F,
        "api_key_cooldown_period: -1",
        6,
        32,
        "providers[0].preferences.api_key_cooldown_period",
        "0 or more, found `-1`",
        "",
    ),
    (
        F,
        "cooldown_period: soon",
        6,
        24,
        "providers[0].preferences.cooldown_period",
        "found `soon`",
        "",
    ),
    (
        F,
        "api_key_schedule_algorithm: randm",
        6,
        35,
        "providers[0].preferences.api_key_schedule_algorithm",
        "expected one of",
        "`random`?",
    ),
    (
        F,
        "timeout_policy: {default: {idle: x}}",
        6,
        40,
        "providers[0].preferences.timeout_policy.default.idle",
        "found `x`",
        "",
    ),
    (
        F,
        "timeout_policy: {rules: x}",
        6,
        31,
        "providers[0].preferences.timeout_policy.rules",
        "expected a list",
        "",
    ),
    (
        F,
        "timeout_policy: {rules: [{match: {model: x}}]}",
        6,
        32,
        "providers[0].preferences.timeout_policy.rules[0]",
        "`timeout` is missing",
        "",
    ),
    (
        F,
        "timeout_policy: {rules: [{match: , timeout: 3}]}",
        6,
        39,
        "providers[0].preferences.timeout_policy.rules[0].match",
        "is missing",
        "",
    ),
    (
        F,
        "timeout_policy: {rules: [~]}",
        6,
        32,
        "providers[0].preferences.timeout_policy.rules[0]",
        "found nothing",
        "",
    ),
    (
        F,
        "headers: [x]",
        6,
        16,
        "providers[0].preferences.headers",
        "expected a map of header name to text",
        "",
    ),
    (
        F,
        'headers: {"a b": x}',
        6,
        17,
        'providers[0].preferences.headers["a b"]',
        "not the name of a header",
        "",
    ),
    (F, 'headers: {a: "x\\r\\ny"}', 6, 20, "providers[0].preferences.headers.a", "line break", ""),
    (
        F,
        "post_body_parameter_overrides: x",
        6,
        38,
        "providers[0].preferences.post_body_parameter_overrides",
        "expected a map",
        "",
    ),
    (
        F,
        "post_body_parameter_overrides: {x: .inf}",
        6,
        42,
        "providers[0].preferences.post_body_parameter_overrides.x",
        "JSON can hold",
        "",
    ),
    (
        F,
        "post_body_parameter_overrides: {__remove__: [{where: x}]}",
        6,
        52,
        "providers[0].preferences.post_body_parameter_overrides.__remove__[0]",
        "expected `path`",
        "",
    ),
    (
        F,
        "think_tags: sometimes",
        6,
        19,
        "providers[0].preferences.think_tags",
        "found `sometimes`",
        "",
    ),
    (
        K,
        "model: [{all: 0}]",
        7,
        19,
        "api_keys[0].model[0].all",
        "positive whole number, found `0`",
        "",
    ),
    (K, "model: [{all: 1.5}]", 7, 19, "api_keys[0].model[0].all", "found `1.5`", ""),
    (K, "model: [{all: true}]", 7, 19, "api_keys[0].model[0].all", "found `true`", ""),
    (
        K,
        "model: [{gpt-4o: gpt}]",
        7,
        22,
        "api_keys[0].model[0].gpt-4o",
        "expected a weight",
        "under the provider's `model`",
    ),
    (K, "model: [[a]]", 7, 13, "api_keys[0].model[0]", "expected text, found a list", ""),
    (K, "model: [sk-client-0000000000/*]", 7, 13, "api_keys[0].model[0]", "lead in a circle", ""),
    (
        K,
        "preferences: {SCHEDULING_ALGORITHM: rand}",
        7,
        41,
        "api_keys[0].preferences.SCHEDULING_ALGORITHM",
        "expected one of",
        "`random`?",
    ),
    (
        K,
        "preferences: {AUTO_RETRY: -1}",
        7,
        31,
        "api_keys[0].preferences.AUTO_RETRY",
        "a number of retries, found `-1`",
        "",
    ),
    (
        K,
        "preferences: {AUTO_RETRY: 1.5}",
        7,
        31,
        "api_keys[0].preferences.AUTO_RETRY",
        "found `1.5`",
        "",
    ),
    (
        K,
        "preferences: {AUTO_RETRY: often}",
        7,
        31,
        "api_keys[0].preferences.AUTO_RETRY",
        "found `often`",
        "",
    ),
    (
        K,
        "preferences: {rate_limit: 15}",
        7,
        31,
        "api_keys[0].preferences.rate_limit",
        "expected a rate",
        "did you mean `15/min`?",
    ),
    (
        K,
        "preferences: {credits: -3}",
        7,
        28,
        "api_keys[0].preferences.credits",
        "0 or more, found `-3`",
        "",
    ),
    (
        K,
        "preferences: {created_at: 2026-13-01}",
        7,
        31,
        "api_keys[0].preferences.created_at",
        "expected a date",
        "found `2026-13-01`",
    ),
    (
        K,
        "preferences: {expires_at: tomorrow}",
        7,
        31,
        "api_keys[0].preferences.expires_at",
        "found `tomorrow`",
        "",
    ),
    (
        K,
        "preferences: {allowed_ips: [10.0.0.0/40]}",
        7,
        33,
        "api_keys[0].preferences.allowed_ips[0]",
        "a network such as",
        "",
    ),
    (
        K,
        "preferences: {max_concurrency: 0}",
        7,
        36,
        "api_keys[0].preferences.max_concurrency",
        "positive whole number",
        "",
    ),
    (G, "cooldown_period: -5", 8, 20, "preferences.cooldown_period", "0 or more", ""),
    (G, "error_triggers: ['']", 8, 20, "preferences.error_triggers[0]", "found empty text", ""),
    (
        G,
        "rate_limit: {gpt: 5/min}",
        8,
        15,
        "preferences.rate_limit",
        "one rate for the whole gateway",
        "",
    ),
    (
        G,
        "proxy: socks5://[user]:[pass]@[ip]:[port]",
        8,
        10,
        "preferences.proxy",
        "the proxy cannot be used",
        "Nothing is sent past a proxy",
    ),
    (G, "proxy: 127.0.0.1:7890", 8, 10, "preferences.proxy", "it has no scheme", ""),
    (G, "model_price: 5", 8, 16, "preferences.model_price", "a map of model to prices", ""),
    (
        G,
        "model_price: {gpt: 5}",
        8,
        22,
        "preferences.model_price.gpt",
        "two or four prices",
        "found `5`",
    ),
    (
        G,
        "model_price: {gpt: {}}",
        8,
        22,
        "preferences.model_price.gpt",
        "two or four prices",
        "",
    ),
    (
        G,
        "model_price: {gpt: {in: -1}}",
        8,
        27,
        "preferences.model_price.gpt.in",
        "a price in dollars, 0 or more",
        "found `-1`",
    ),
    (
        G,
        "model_price: {gpt: {in: 1, tiers: {many: {in: 2}}}}",
        8,
        38,
        "preferences.model_price.gpt.tiers.many",
        "a number of input tokens",
        "",
    ),
    (
        G,
        "budget: 5",
        8,
        11,
        "preferences.budget",
        "a budget such as `$5/day`",
        "did you mean `$5/day`?",
    ),
    (
        G,
        "budget: $5/dya",
        8,
        11,
        "preferences.budget",
        "unknown period `dya`",
        "did you mean `day`?",
    ),
    (
        G,
        "notify: ntfy.sh/x",
        8,
        11,
        "preferences.notify",
        "the address of a webhook",
        "",
    ),
    (
        G,
        "notify: {token: abc}",
        8,
        11,
        "preferences.notify",
        "Telegram needs a chat",
        "",
    ),
    (
        G,
        "model_price: {gpt: '1,x'}",
        8,
        22,
        "preferences.model_price.gpt",
        "a price in dollars, 0 or more, found `x`",
        "",
    ),
    (
        G,
        "cors_origins: [example.com]",
        8,
        18,
        "preferences.cors_origins[0]",
        "an origin such as",
        "",
    ),
    (
        G,
        "trusted_proxies: '*'",
        8,
        20,
        "preferences.trusted_proxies",
        "an address such as",
        "`0.0.0.0/0`",
    ),
    (G, "max_body_bytes: lots", 8, 19, "preferences.max_body_bytes", "a size such as", ""),
    (
        G,
        "unsupported_parameters: rejct",
        8,
        27,
        "preferences.unsupported_parameters",
        "expected one of drop, reject",
        "`reject`?",
    ),
    (G, "retention: {raw: 7}", 8, 20, "preferences.retention.raw", "a length of time such as", ""),
    (G, "retention: {daily: 0d}", 8, 22, "preferences.retention.daily", "found `0d`", ""),
    (G, "retention: forever", 8, 14, "preferences.retention", "expected a map", ""),
    (
        G,
        "model_info: {gpt: {context_length: big}}",
        8,
        38,
        "preferences.model_info.gpt.context_length",
        "positive whole number",
        "",
    ),
    (G, "allow_private_urls: 5", 8, 23, "preferences.allow_private_urls", "found `5`", ""),
    (G, "a: 1\na: 2", 9, 3, "preferences.a", "`a` is already given on line 8", ""),
]

WARNINGS = [
    (
        P,
        "proxy: http://p:1",
        5,
        5,
        "providers[0].proxy",
        "unknown key `proxy`",
        "belongs under the provider's `preferences`",
    ),
    (P, "enigne: gpt", 5, 5, "providers[0].enigne", "unknown key", "did you mean `engine`?"),
    (
        P,
        "Model: [a]",
        5,
        5,
        "providers[0].Model",
        "unknown key",
        "did you mean `model` (capitals count)?",
    ),
    (P, "colour: red", 5, 5, "providers[0].colour", "unknown key `colour` is ignored", ""),
    (P, "model: [x, x]", 5, 16, "providers[0].model[1]", "the model name `x` is listed twice", ""),
    (
        P,
        "model: [{a: x}, {b: x}]",
        5,
        25,
        "providers[0].model[1].b",
        "stands for `a` and for `b`: the last one counts",
        "",
    ),
    (P, "project_id: [p, q]", 5, 17, "providers[0].project_id", "2 projects for 1 keys", ""),
    (
        P,
        "model: [gemini-2.5-pro, gemini-2.5-flash: g]",
        3,
        15,
        "providers[0].base_url",
        "`a.example` is taken for OpenAI-compatible",
        "`engine: gemini`",
    ),
    (
        P,
        "only_request_types: [compacton]",
        5,
        25,
        "providers[0].only_request_types",
        "no request type we know",
        "`compaction`?",
    ),
    (
        F,
        "base_url: https://x",
        6,
        7,
        "providers[0].preferences.base_url",
        "unknown key",
        "belongs directly under a provider",
    ),
    (
        F,
        "modle_timeout: 5",
        6,
        7,
        "providers[0].preferences.modle_timeout",
        "unknown key",
        "did you mean `model_timeout`?",
    ),
    (
        F,
        "api_key_schedule_algorithm: lottery",
        6,
        35,
        "providers[0].preferences.api_key_schedule_algorithm",
        "orders channels, not keys",
        "",
    ),
    (
        F,
        "search_defaults: {topic: general}",
        6,
        7,
        "providers[0].preferences.search_defaults",
        "has no effect: not built",
        "",
    ),
    (
        F,
        "passthrough_request_headers: Authorization",
        6,
        36,
        "providers[0].preferences.passthrough_request_headers",
        "never passed on",
        "",
    ),
    (
        F,
        "timeout_policy: {default: {ilde: 3}}",
        6,
        34,
        "providers[0].preferences.timeout_policy.default.ilde",
        "unknown key",
        "`idle`?",
    ),
    (
        K,
        "rate_limit: 5/min",
        7,
        5,
        "api_keys[0].rate_limit",
        "unknown key",
        "belongs under the client key's `preferences`",
    ),
    (K, "model: [b/*]", 7, 13, "api_keys[0].model[0]", "names an unknown provider `b`", ""),
    (
        K,
        "model: [sk-other-key-000000000/*]",
        7,
        13,
        "api_keys[0].model[0]",
        "a client key that is not in `api_keys`",
        "`sk-oth…0000/*`",
    ),
    (K, "role: Administrator", 7, 11, "api_keys[0].role", "is only a label", "exactly `admin`"),
    (
        K,
        "preferences: {scheduling_algorithm: random}",
        7,
        19,
        "api_keys[0].preferences.scheduling_algorithm",
        "unknown key",
        "`SCHEDULING_ALGORITHM`",
    ),
    (
        G,
        "api_key_cooldown_period: 3",
        8,
        3,
        "preferences.api_key_cooldown_period",
        "unknown key",
        "under the provider's `preferences`",
    ),
    (
        G,
        "AUTO_RETRY: true",
        8,
        3,
        "preferences.AUTO_RETRY",
        "unknown key",
        "belongs under the client key's `preferences`",
    ),
    (G, "hedging: {enabled: true}", 8, 3, "preferences.hedging", "has no effect: not built", ""),
]


@pytest.mark.parametrize(("where", "lines", "line", "column", "path", "words", "hint"), ERRORS)
def test_error(
    provider_yaml: ProviderYaml,
    problems: Problems,
    where: str,
    lines: str,
    line: int,
    column: int,
    path: str,
    words: str,
    hint: str,
) -> None:
    """A wrong value is an error at its place; what surrounds it is fine."""
    first = next(
        problem
        for problem in problems(_file(provider_yaml, where, lines))
        if problem.severity == "error"
    )
    assert (line, column, path) == (first.line, first.column, first.path)
    assert words in first.message
    assert hint in first.message


@pytest.mark.parametrize(("where", "lines", "line", "column", "path", "words", "hint"), WARNINGS)
def test_warning(
    provider_yaml: ProviderYaml,
    problems: Problems,
    where: str,
    lines: str,
    line: int,
    column: int,
    path: str,
    words: str,
    hint: str,
) -> None:
    """What has no effect, or probably not the intended one, is a warning: the file still loads."""
    (only,) = problems(_file(provider_yaml, where, lines))
    assert ("warning", line, column, path) == (only.severity, only.line, only.column, only.path)
    assert words in only.message
    assert hint in only.message


@pytest.mark.parametrize(
    "key, is_example",
    [
        ("sk-your-key-here", True),
        ("AIza-your-key", True),
        ("sk-xxxxxxxxxxxx", True),
        ("<MY_OPENAI_KEY>", True),
        ("sk-proj-abc...", True),
        ("sk-proj-9yourZxxA-here_0Q", False),
        ("gsk_xX1yourself2Kl", False),
        ("sk-ant-first-key", True),
        ("ollama", False),
    ],
)
def test_a_key_copied_from_an_example_is_noticed(
    problems: Problems, key: str, is_example: bool
) -> None:
    """`check` finds what a newcomer forgot; no vendor's own key is suspected."""
    text = (
        f"providers:\n"
        f"  - provider: p\n"
        f"    base_url: https://a.example/v1\n"
        f'    api: "{key}"\n'
        f"    model: [m]\n"
        f"api_keys:\n"
        f"  - api: sk-0123456789abcdef0123\n"
    )
    assert [
        ("providers[0].api", "this looks like an example's key: put your own in its place")
    ] * is_example == [(problem.path, problem.message) for problem in problems(text)]


def test_a_client_key_that_the_readme_shows_is_everybodys(problems: Problems) -> None:
    """Who copies the first example and forgets its last line has a key that strangers know."""
    text = (
        "providers: [{provider: p, base_url: 'https://a.example/v1', api: k, model: [m]}]\n"
        "api_keys: [{api: sk-choose-a-long-key-for-your-clients}]\n"
    )
    (only,) = problems(text)
    assert (only.path, only.severity) == ("api_keys[0].api", "warning")
    assert "others have read too: `keygen` makes one" in only.message


LEFT_OUT = [
    (
        "base_url: a.example/v1",
        6,
        15,
        "providers[1].base_url",
        "did you mean `https://a.example/v1`?",
    ),
    (
        "base_url: 192.168.1.5:1234/v1",
        6,
        15,
        "providers[1].base_url",
        "did you mean `http://192.168.1.5:1234/v1`?",
    ),
    ("base_url: ftp://a.example", 6, 15, "providers[1].base_url", "found `ftp://`"),
    ("base_url: https://https://a.example/v1", 6, 15, "providers[1].base_url", "twice"),
    ("base_url: https:///v1", 6, 15, "providers[1].base_url", "names no host"),
    ("base_url: https://a b/v1", 6, 15, "providers[1].base_url", "blank inside"),
    ("base_url: https://a:port/v1", 6, 15, "providers[1].base_url", "expected an address"),
    ("base_url: 'https://[ip]/v1'", 6, 15, "providers[1].base_url", "expected an address"),
    ("api: sk-1", 5, 5, "providers[1]", "`base_url` is missing"),
    (
        "base_url: https://b.example\n    engine: codex",
        7,
        13,
        "providers[1].engine",
        "its engine `codex` is not built",
    ),
    (
        "base_url: https://b.example\n    preferences: {proxy: 'socks5://[u]:[p]@[ip]:[port]'}",
        7,
        26,
        "providers[1].preferences.proxy",
        "its proxy cannot",
    ),
    (
        "base_url: https://b.example\n    preferences: {proxy: 'ftp://h:1'}",
        7,
        26,
        "providers[1].preferences.proxy",
        "not a kind of proxy",
    ),
    (
        "base_url: https://b.example\n    api: {key: sk-1, proxy: nonsense}",
        7,
        29,
        "providers[1].api.proxy",
        "its proxy cannot be used",
    ),
    (
        "project_id: p\n    client_email: a@b\n    private_key: xxx",
        8,
        18,
        "providers[1].private_key",
        "its private key cannot be used: it has no end line",
    ),
    (
        "project_id: p\n    client_email: a@b",
        7,
        19,
        "providers[1].client_email",
        "`private_key` is missing",
    ),
    ("aws_access_key: AKIAX", 6, 21, "providers[1].aws_access_key", "`aws_secret_key` is missing"),
]


@pytest.mark.parametrize(("lines", "line", "column", "path", "words"), LEFT_OUT)
def test_a_provider_that_cannot_be_built_is_left_out_and_the_rest_runs(
    engines: EngineNames, lines: str, line: int, column: int, path: str, words: str
) -> None:
    """One warning says why; the other provider stays, and a rule that names the lost one is not
    called unknown.
    """
    text = (
        f"providers:\n"
        f"  - provider: a\n"
        f"    base_url: https://a.example/v1\n"
        f"    model: [m]\n"
        f"  - provider: b\n"
        f"    {lines}\n"
        "api_keys:\n  - api: sk-client-0000000000\n    model: [a/m, b/*]\n"
    )
    config, (only,) = parse_config(text, source="", engines=engines, environment={})
    assert [provider.name for provider in config.providers] == ["a"]
    assert ("warning", path) == (only.severity, only.path)
    assert "the provider `b` is left out: " in only.message
    assert words in only.message
    # `- provider: b` stands on line 5, so a fault of the whole entry is there, others below
    assert (line, column) == (only.line, only.column)


TOP_LEVEL = [
    ("", 1, 1, "", "the file is empty"),
    ("# nothing\n", 1, 1, "", "the file is empty"),
    ("~", 1, 1, "", "the file is empty"),
    ("- a", 1, 1, "", "expected a map with `providers` and `api_keys`, found a list"),
    ("hello", 1, 1, "", "found `hello`"),
    ("api_keys: [{api: sk-client-0000000000}]", 1, 1, "", "`providers` is missing"),
    ("providers: [{provider: a, base_url: https://a}]", 1, 1, "", "`api_keys` is missing"),
    (
        "providers: [{provider: a, base_url: https://a}]\napi_keys:",
        2,
        10,
        "api_keys",
        "`api_keys` is missing",
    ),
    (
        "providers: [{provider: a, base_url: https://a}]\napi_keys: []",
        2,
        11,
        "api_keys",
        "expected at least one client key",
    ),
    (
        "providers: [{provider: a, base_url: https://a}]\napi_keys: {api: x}",
        2,
        11,
        "api_keys",
        "begin each entry with `- api: sk-…`",
    ),
    (
        "providers: [{provider: a, base_url: https://a}]\napi_keys: [~]",
        2,
        12,
        "api_keys[0]",
        "expected a client key",
    ),
    (
        "providers: [{provider: a, base_url: https://a}]\napi_keys: [{role: x}]",
        2,
        12,
        "api_keys[0]",
        "`api` is missing",
    ),
    (
        "providers: [{provider: a, base_url: https://a}]\napi_keys: [{api: ''}]",
        2,
        18,
        "api_keys[0].api",
        "the client key is empty",
    ),
    (
        "providers: [{provider: a, base_url: https://a}]\napi_keys: [{api: [x]}]",
        2,
        18,
        "api_keys[0].api",
        "expected one key, found a list",
    ),
    (
        "providers: []\napi_keys: [{api: sk-client-0000000000}]",
        1,
        12,
        "providers",
        "nothing is left to serve: the list is empty",
    ),
    (
        "providers: {provider: a}\napi_keys: [{api: sk-client-0000000000}]",
        1,
        12,
        "providers",
        "begin each entry with `- provider: name`",
    ),
    (
        "providers: [~]\napi_keys: [{api: sk-client-0000000000}]",
        1,
        13,
        "providers[0]",
        "expected a provider",
    ),
    (
        "providers: [{base_url: https://a}]\napi_keys: [{api: sk-client-0000000000}]",
        1,
        13,
        "providers[0]",
        "`provider` is missing",
    ),
    (
        "providers: [{provider: , base_url: https://a}]\napi_keys: [{api: sk-client-0000000000}]",
        1,
        23,
        "providers[0].provider",
        "is missing",
    ),
    (
        "providers: [{provider: a}]\napi_keys: [{api: sk-client-0000000000}]",
        1,
        12,
        "providers",
        "every provider is left out",
    ),
    (
        (
            "providers: [{provider: a, base_url: https://a, api: ''}]\n"
            "api_keys: [{api: sk-client-0000000000}]"
        ),
        1,
        53,
        "providers[0].api",
        "the key is empty",
    ),
    (
        (
            "providers: [{provider: a, base_url: https://a, api: [~]}]\n"
            "api_keys: [{api: sk-client-0000000000}]"
        ),
        1,
        54,
        "providers[0].api[0]",
        "the key is empty",
    ),
    ("a: {b", 1, 6, "", "not valid YAML"),
    ("providers:\n\t- a", 2, 1, "", "indent with blanks"),
    ("a:\n  - @cf/x", 2, 5, "", "needs quotes"),
    ("a: b: c", 1, 5, "", "check the indentation"),
    ("a: *nowhere", 1, 4, "", "undefined alias"),
    ("a: !!python/object:os.system x", 1, 4, "", "unknown tag"),
    ("a: !mine [x]", 1, 4, "", "unknown tag"),
    ("a: 1\n---\nb: 2", 2, 1, "", "single document"),
    ("a: \x01", 1, 4, "", "not allowed in YAML"),
    ("{[a]: b}", 1, 2, "", "expected text as the name"),
    ("<<: 5", 1, 5, "", "expected a map, or a list of maps, after `<<`"),
    ("[" * 1000, 1, 61, "", "nested more than 60 levels deep"),
    (
        "\n".join(" " * depth + "a:" for depth in range(1000)),
        60,
        60,
        "",
        "nested more than 60 levels deep",
    ),
    ("a: &a [*a]", 1, 4, "", "nested more than 60 levels deep"),
    ("x" * 5_000_000, 0, 0, "", "the file has 5000000 characters"),
    (
        "a: &a [x,x,x,x,x,x,x,x,x,x]\n"
        + "".join(
            f"b{i}: &b{i} [{','.join([f'*b{i - 1}' if i else '*a'] * 10)}]\n" for i in range(9)
        ),
        None,
        None,
        "",
        "aliases unfold to more than",
    ),
]


@pytest.mark.parametrize(("text", "line", "column", "path", "words"), TOP_LEVEL)
def test_a_file_that_cannot_be_used(
    problems: Problems, text: str, line: int | None, column: int | None, path: str, words: str
) -> None:
    """Broken YAML, a wrong outline, nothing to serve, hostile sizes: an error at its place, never
    another exception.
    """
    first = next(problem for problem in problems(text) if problem.severity == "error")
    assert words in first.message
    assert path == first.path
    if line is not None:
        assert (line, column) == (first.line, first.column)


def test_all_problems_come_at_once_in_file_order(engines: EngineNames) -> None:
    """One run of `check` shows everything."""
    text = (
        "preferences: {cooldown_period: x}\n"
        "api_keys:\n"
        "  - api: short\n"
        "  - api: short\n"
        "    model: [{all: 0}]\n"
        "providers:\n"
        "  - provider: a\n"
        "    base_url: https://a.example/v1\n"
        "    engine: nosuch\n"
        "    preferences: {model_timeout: x, api_key_rate_limit: y, colour: z}\n"
    )
    with pytest.raises(ConfigProblems) as refused:
        parse_config(text, source="api.yaml", engines=engines, environment={})
    assert [
        (problem.line, problem.severity, problem.path) for problem in refused.value.problems
    ] == [
        (1, "error", "preferences.cooldown_period"),
        (3, "warning", "api_keys[0].api"),
        (4, "warning", "api_keys[1].api"),
        (4, "error", "api_keys[1].api"),
        (9, "error", "providers[0].engine"),
        (10, "error", "providers[0].preferences.model_timeout"),
        (10, "error", "providers[0].preferences.api_key_rate_limit"),
        (10, "warning", "providers[0].preferences.colour"),
    ]
    assert str(refused.value).startswith(
        "api.yaml: error: line 1, column 32: preferences.cooldown_period: expected a number"
    )


SECRET = "sk-verysecret1234567890abcdefghij"


@pytest.mark.parametrize(
    "text",
    [
        (
            f"providers: [{{provider: a, base_url: https://a, api: [{SECRET}, {SECRET}]}}]\n"
            f"api_keys: [{{api: {SECRET}}}, {{api: {SECRET}}}]"
        ),
        (
            f"providers: [{{provider: a, base_url: https://a, engine: {SECRET}, {SECRET}: "
            f"x}}]\n"
            f"api_keys: [{{api: x, model: [{{{SECRET}/x: 0}}, {SECRET}, {SECRET}/*]}}]"
        ),
        (
            f"providers: [{{provider: a, base_url: 'user:{SECRET}@a'}}]\n"
            f"api_keys: [{{api: x, role: [{SECRET}]}}]"
        ),
        (
            f"providers: [{{provider: a, base_url: https://a, preferences: {{proxy: "
            f"'x://u:{SECRET}@h'}}}}]\n"
            f"api_keys: [{{api: x}}]"
        ),
        (
            f'providers: [{{provider: a, base_url: https://a, api: "{SECRET}\\n{SECRET}"}}]\n'
            f'api_keys: [{{api: "{SECRET}\\n"}}]'
        ),
    ],
)
def test_no_problem_shows_a_secret(problems: Problems, text: str) -> None:
    """Messages and paths are printed and logged; keys appear masked at most."""
    found = problems(text)
    assert found
    assert "verysecret1" not in "\n".join(str(problem) for problem in found)


def test_a_value_used_twice_through_an_alias_is_reported_at_each_use(problems: Problems) -> None:
    """The place is the one where it is written, the paths are those where it counts."""
    text = (
        "providers:\n"
        "  - {provider: a, base_url: https://a, preferences: &shared {cooldown_period: x}}\n"
        "  - {provider: b, base_url: https://b, preferences: *shared}\n"
        "api_keys: [{api: sk-client-0000000000}]\n"
    )
    assert [(problem.line, problem.path) for problem in problems(text)] == [
        (2, "providers[0].preferences.cooldown_period"),
        (2, "providers[1].preferences.cooldown_period"),
    ]
