"""Every key of `api.yaml`: its level, form, default and meaning. The one table that the check for
unknown keys, the JSON Schema and the README's table read.

A level is a place in the file, written as a path: `providers[].preferences`. Levels without a
leading name (`timeout`, `timeout_policy`) occur at several places. A form says how a value is
written; forms that hold another level name it.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import Literal

Status = Literal["used", "ignored", "unbuilt"]

TOP = ""
PROVIDER = "providers[]"
CREDENTIAL = "providers[].api[]"
PROVIDER_PREFERENCES = "providers[].preferences"
REQUEST_RULE = "providers[].exclude_request_rules[]"
REQUEST_MATCH = "providers[].exclude_request_rules[].match"
CLIENT_KEY = "api_keys[]"
CLIENT_KEY_PREFERENCES = "api_keys[].preferences"
PREFERENCES = "preferences"
RETENTION = "preferences.retention"
MODEL_INFO = "preferences.model_info.<model>"
MODALITIES = "preferences.model_info.<model>.modalities"
HEDGING = "preferences.hedging"
TIMEOUT_POLICY = "timeout_policy"
TIMEOUT_RULE = "timeout_policy.rules[]"
TIMEOUT_MATCH = "timeout_policy.rules[].match"
TIMEOUT = "timeout"

CREDENTIAL_POLICIES = ("round_robin", "random", "fixed_priority", "smart_round_robin", "sticky")
POLICIES = (
    "fixed_priority",
    "round_robin",
    "weighted_round_robin",
    "lottery",
    "random",
    "smart_round_robin",
    "sticky",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """A way to write a value: `said` for messages and the table, `shapes` for the JSON Schema
    (names of SHAPES in json_schema.py), `level` of what it holds.
    """

    said: str
    shapes: tuple[str, ...]
    level: str | None = None


FORMS: dict[str, Form] = {
    "text": Form(said="text", shapes=("text",)),
    "any": Form(said="anything", shapes=("any",)),
    "bool": Form(said="`true` or `false`", shapes=("bool",)),
    "retry": Form(said="`true`, `false` or a number of retries", shapes=("bool", "count")),
    "count": Form(said="a positive whole number", shapes=("positive",)),
    "seconds": Form(said="a number of seconds", shapes=("seconds",)),
    "dollars": Form(said="an amount in US dollars", shapes=("seconds",)),
    "size": Form(said="a size such as `20MB` or a number of bytes", shapes=("positive", "text")),
    "duration": Form(said="a length of time such as `7d` or `13mo`", shapes=("text",)),
    "moment": Form(
        said="a date or an ISO time such as `2026-01-31T08:00:00Z`", shapes=("text", "seconds")
    ),
    "texts": Form(said="text or a list of texts", shapes=("text", "texts")),
    "rate": Form(said="a rate such as `15/min,1500/day`", shapes=("text",)),
    "rate by model": Form(
        said="a rate such as `15/min,1500/day`, or a map of model to rate",
        shapes=("text", "text by name"),
    ),
    "seconds by model": Form(
        said="a number of seconds, or a map of model to seconds",
        shapes=("seconds", "seconds by name"),
    ),
    "text by name": Form(said="a map of name to text", shapes=("text by name",)),
    "map": Form(said="a map", shapes=("map",)),
    "price by model": Form(
        said='a map of model to prices such as `"2.5,10"`', shapes=("price by name",)
    ),
    "models": Form(said="a list of names and of `upstream: alias`", shapes=("models",)),
    "rules": Form(said="a list of rules and of `rule: weight`", shapes=("rules",)),
    "credentials": Form(
        said="a key or a list of keys", shapes=("text", "credentials"), level=CREDENTIAL
    ),
    "engine": Form(said="the name of an engine", shapes=("engine",)),
    "credential policy": Form(
        said="one of " + ", ".join(CREDENTIAL_POLICIES), shapes=("credential policy",)
    ),
    "policy": Form(said="one of " + ", ".join(POLICIES), shapes=("policy",)),
    "drop or reject": Form(said="`drop` or `reject`", shapes=("drop or reject",)),
    "providers": Form(said="a list of providers", shapes=("list",), level=PROVIDER),
    "client keys": Form(said="a list of client keys", shapes=("list",), level=CLIENT_KEY),
    "preferences": Form(said="a map", shapes=("level",), level=PREFERENCES),
    "provider preferences": Form(said="a map", shapes=("level",), level=PROVIDER_PREFERENCES),
    "client key preferences": Form(said="a map", shapes=("level",), level=CLIENT_KEY_PREFERENCES),
    "request rules": Form(
        said="a list of `{match: {…}, reason: …}`", shapes=("list",), level=REQUEST_RULE
    ),
    "request match": Form(
        said="a map of member to patterns", shapes=("level",), level=REQUEST_MATCH
    ),
    "retention": Form(said="a map", shapes=("level",), level=RETENTION),
    "info by model": Form(
        said="a map of model to what is known of it", shapes=("level by name",), level=MODEL_INFO
    ),
    "modalities": Form(
        said="a list, or a map with `input` and `output`",
        shapes=("text", "texts", "level"),
        level=MODALITIES,
    ),
    "hedging": Form(said="a map", shapes=("level",), level=HEDGING),
    "timeout policy": Form(
        said="a number of seconds, or a map with `default` and `rules`",
        shapes=("level",),
        level=TIMEOUT_POLICY,
    ),
    "timeout rules": Form(
        said="a list of `{match: {…}, timeout: {…}}`", shapes=("list",), level=TIMEOUT_RULE
    ),
    "timeout match": Form(
        said="a map of member to patterns", shapes=("level",), level=TIMEOUT_MATCH
    ),
    "timeout": Form(
        said="a number of seconds, or a map of phase to seconds",
        shapes=("seconds", "level"),
        level=TIMEOUT,
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """One key at one level.

    `unbuilt`: known from the predecessor, accepted with a warning, without effect; `ignored`:
    accepted in silence.
    """

    name: str
    level: str
    form: str
    default: str
    meaning: str
    status: Status = "used"
    is_required: bool = False
    is_secret: bool = False


def _level(
    level: str,
    *rows: tuple[str, str, str, str],
    required: tuple[str, ...] = (),
    secret: tuple[str, ...] = (),
) -> tuple[Key, ...]:
    return tuple(
        Key(
            name=name,
            level=level,
            form=form,
            default=default,
            meaning=meaning,
            is_required=name in required,
            is_secret=name in secret,
        )
        for name, form, default, meaning in rows
    )


def _without_effect(level: str, status: Status, *rows: tuple[str, str, str]) -> tuple[Key, ...]:
    return tuple(
        Key(name=name, level=level, form=form, default="", meaning=meaning, status=status)
        for name, form, meaning in rows
    )


_WHAT_TO_SKIP = (
    (
        "exclude_endpoints",
        "texts",
        "",
        "client paths this provider is not used for, such as `/v1/embeddings`",
    ),
    (
        "exclude_request_types",
        "texts",
        "",
        "request types this provider is not used for; the one type is `compaction`",
    ),
    (
        "only_request_types",
        "texts",
        "",
        "the only request types this provider is used for; the one type is `compaction`",
    ),
    (
        "exclude_request_rules",
        "request rules",
        "",
        "requests that fit every member of a `match` skip this provider",
    ),
    ("max_request_body_bytes", "size", "", "larger request bodies skip this provider"),
)

KEYS: tuple[Key, ...] = (
    *_level(
        TOP,
        ("providers", "providers", "", "the upstreams"),
        ("api_keys", "client keys", "", "the keys your clients use"),
        ("preferences", "preferences", "", "settings for the whole gateway"),
        required=("providers", "api_keys"),
    ),
    *_without_effect(
        TOP,
        "unbuilt",
        (
            "ENABLE_MODERATION",
            "bool",
            (
                "moderation of calls without a key, which are always refused here; set it under a"
                " client key's `preferences`"
            ),
        ),
        ("video", "any", "video generation"),
    ),
    *_level(
        PROVIDER,
        ("provider", "text", "", "its name, used in rules, logs and statistics"),
        (
            "base_url",
            "text",
            "",
            "its address, with or without the endpoint path; decides the engine",
        ),
        (
            "api",
            "credentials",
            "none",
            "its key or keys; a key may be a map with a weight, proxy or project of its own",
        ),
        ("model", "models", "all it lists", "what it serves; `upstream: alias` renames"),
        ("engine", "engine", "from `base_url`", "the message format and address scheme"),
        ("tools", "bool", "true", "false: tools are left out of requests"),
        ("image", "bool", "true", "false: images are left out of requests"),
        ("project_id", "texts", "", "Vertex project, or one per key"),
        ("private_key", "text", "", "Vertex service account: private key"),
        ("client_email", "text", "", "Vertex service account: address"),
        ("region", "text", "", "Vertex location or AWS region"),
        ("cf_account_id", "text", "", "Cloudflare account"),
        ("aws_access_key", "text", "", "Bedrock access key"),
        ("aws_secret_key", "text", "", "Bedrock secret key"),
        ("aws_session_token", "text", "", "Bedrock session token"),
        *_WHAT_TO_SKIP,
        ("preferences", "provider preferences", "", "settings for this provider"),
        required=("provider",),
        secret=("private_key", "aws_access_key", "aws_secret_key", "aws_session_token"),
    ),
    *_without_effect(PROVIDER, "ignored", ("notes", "any", "anything you want to remember")),
    *_level(
        CREDENTIAL,
        ("key", "text", "", "the key"),
        ("weight", "count", "1", "its share of the calls"),
        ("proxy", "text", "the provider's", "a proxy for this key"),
        ("project_id", "text", "the provider's", "a Vertex project for this key"),
        required=("key",),
        secret=("key", "proxy"),
    ),
    *_level(
        PROVIDER_PREFERENCES,
        (
            "api_key_rate_limit",
            "rate by model",
            "999999/min",
            "limit of each key for each upstream model",
        ),
        (
            "api_key_cooldown_period",
            "seconds",
            "30 s doubling to 10 min",
            "rest of a key after a 429 that names no delay; 0: never",
        ),
        (
            "api_key_quota_cooldown_period",
            "seconds",
            "21600",
            "rest of a key whose quota is used up",
        ),
        (
            "api_key_rate_limit_cooldown_period",
            "seconds",
            "",
            "older name of `api_key_cooldown_period`, used when that is not given",
        ),
        (
            "api_key_schedule_algorithm",
            "credential policy",
            "round robin over conversations",
            "order of the keys",
        ),
        (
            "model_timeout",
            "seconds by model",
            "the global one",
            "time to the first token, and between tokens",
        ),
        ("timeout_policy", "timeout policy", "", "timeouts by phase and by request"),
        ("cooldown_period", "seconds", "the global one", "rest of a channel that failed; 0: never"),
        (
            "keepalive_interval",
            "seconds by model",
            "off",
            "a heartbeat while the first token is awaited",
        ),
        ("proxy", "text", "the global one", "`http://`, `socks5://` or `socks5h://` address"),
        ("headers", "text by name", "", "headers added to every request"),
        ("passthrough_request_headers", "texts", "", "client headers that are passed on"),
        (
            "post_body_parameter_overrides",
            "map",
            "",
            (
                "members merged into the body, or taken out of it by `__remove__`; maps under a"
                " model's alias only for that model"
            ),
        ),
        (
            "think_tags",
            "bool",
            "false",
            "`<think>` in answers becomes reasoning, whatever the model",
        ),
        *_WHAT_TO_SKIP,
        secret=("proxy", "headers"),
    ),
    *_without_effect(
        PROVIDER_PREFERENCES,
        "unbuilt",
        ("search_defaults", "map", "settings of the `search` engine"),
        ("responses_stream_commit_policy", "any", "output is always held until the first token"),
        ("access_key", "text", "key of the `content-generation` engine"),
        ("secret_key", "text", "key of the `content-generation` engine"),
    ),
    *_level(
        REQUEST_RULE,
        ("match", "request match", "", "all of these must fit"),
        ("reason", "text", "", "shown by `explain`"),
        required=("match",),
    ),
    *_level(
        REQUEST_MATCH,
        ("endpoint", "texts", "", "the client's path"),
        ("request_model", "texts", "", "the model the client named"),
        ("upstream_model", "texts", "", "the model as the provider calls it"),
        ("reasoning_effort", "texts", "", "the effort asked for"),
        ("request_type", "texts", "", "the one type is `compaction`"),
    ),
    *_level(
        CLIENT_KEY,
        ("api", "text", "", "the key"),
        (
            "model",
            "rules",
            "all",
            (
                "what it may use, in which order: `all`, a model, `provider/*`, `provider/model`,"
                " `<a/b>`, `sk-…/*`; `rule: weight`"
            ),
        ),
        (
            "role",
            "text",
            "",
            "`admin` gives the admin surface; any other text is the label in logs",
        ),
        ("preferences", "client key preferences", "", "settings for this key"),
        required=("api",),
        secret=("api",),
    ),
    *_level(
        CLIENT_KEY_PREFERENCES,
        ("SCHEDULING_ALGORITHM", "policy", "fixed_priority", "order of the channels"),
        (
            "AUTO_RETRY",
            "retry",
            "true",
            (
                "try the next channel after a failure; a number: how often; false: exactly one"
                " upstream call"
            ),
        ),
        ("rate_limit", "rate by model", "999999/min", "limit of this key for each model"),
        ("ENABLE_MODERATION", "bool", "false", "ask a moderation model first"),
        ("credits", "dollars", "unlimited", "what it may spend; 0: nothing"),
        ("created_at", "moment", "", "start of cost accounting"),
        ("allowed_ips", "texts", "any", "addresses or networks it may be used from"),
        ("expires_at", "moment", "never", "when it stops working"),
        ("max_concurrency", "count", "unlimited", "calls at the same time"),
    ),
    *_level(
        PREFERENCES,
        (
            "model_timeout",
            "seconds by model",
            "TIMEOUT (100)",
            "time to the first token, and between tokens",
        ),
        ("timeout_policy", "timeout policy", "", "timeouts by phase and by request"),
        ("cooldown_period", "seconds", "300", "rest of a channel that failed; 0: never"),
        ("error_triggers", "texts", "", "answers that contain one of these count as failed"),
        ("rate_limit", "rate", "999999/min", "limit of the whole gateway"),
        (
            "proxy",
            "text",
            "none",
            "`http://`, `socks5://` or `socks5h://` address for every provider",
        ),
        (
            "keepalive_interval",
            "seconds by model",
            "off",
            "a heartbeat while the first token is awaited",
        ),
        (
            "model_price",
            "price by model",
            "",
            (
                "dollars per million tokens: `in,out` or `in,out,cache_read,cache_write`; `default`"
                " for the rest"
            ),
        ),
        ("allow_private_urls", "bool", "false", "fetch image addresses inside the local network"),
        ("cors_origins", "texts", "*", "web pages that may call the gateway"),
        (
            "trusted_proxies",
            "texts",
            "none",
            "addresses or networks whose `X-Forwarded-For` is believed",
        ),
        ("max_body_bytes", "size", "32MiB", "larger request bodies are refused"),
        (
            "unsupported_parameters",
            "drop or reject",
            "drop",
            "what happens to request members an upstream cannot take",
        ),
        ("retention", "retention", "", "how long statistics are kept"),
        ("model_info", "info by model", "", "what the model lists say of a model"),
        secret=("proxy",),
    ),
    *_without_effect(
        PREFERENCES,
        "unbuilt",
        ("hedging", "hedging", "a second upstream call while the first is slow"),
    ),
    *_level(
        RETENTION,
        ("raw", "duration", "7d", "single calls"),
        ("raw_bytes", "size", "25MB", "single calls, in bytes"),
        ("hourly", "duration", "31d", "sums per hour"),
        ("daily", "duration", "13mo", "sums per day"),
    ),
    *_level(
        MODEL_INFO,
        ("context_length", "count", "", "tokens it can take"),
        ("max_output_tokens", "count", "", "tokens it can give"),
        ("modalities", "modalities", "", "what it takes, or what it takes and gives"),
        ("input_modalities", "texts", "", "what it takes: text, image, audio, …"),
        ("output_modalities", "texts", "", "what it gives"),
    ),
    *_level(
        MODALITIES,
        ("input", "texts", "", "what it takes"),
        ("output", "texts", "", "what it gives"),
    ),
    *_level(
        HEDGING,
        ("enabled", "bool", "", "not built"),
        ("max_inflight_attempts", "count", "", "not built"),
        ("winner_policy", "text", "", "not built"),
    ),
    *_level(
        TIMEOUT_POLICY,
        ("default", "timeout", "", "for every request"),
        (
            "rules",
            "timeout rules",
            "",
            "for requests that fit; the rule with the most members wins",
        ),
    ),
    *_level(
        TIMEOUT_RULE,
        ("match", "timeout match", "", "all of these must fit"),
        ("timeout", "timeout", "", "the timeouts"),
        required=("match", "timeout"),
    ),
    *_level(
        TIMEOUT_MATCH,
        ("provider", "texts", "", "the provider's name"),
        ("endpoint", "texts", "", "the client's path"),
        ("method", "texts", "", "the HTTP method"),
        ("stream", "texts", "", "`true` or `false`"),
        ("engine", "texts", "", "the provider's engine"),
        ("model", "texts", "", "the model by either name"),
        ("request_model", "texts", "", "the model the client named"),
        ("upstream_model", "texts", "", "the model as the provider calls it"),
        ("request_type", "texts", "", "the one type is `compaction`"),
        ("role", "texts", "", "the client key's role"),
    ),
    *_level(
        TIMEOUT,
        ("connect", "seconds", "", "until the connection stands"),
        ("first_token", "seconds", "", "until the first token"),
        ("first_byte", "seconds", "", "the same as `first_token`"),
        ("idle", "seconds", "", "between tokens"),
        ("total", "seconds", "", "for the whole call"),
    ),
    *_without_effect(
        TIMEOUT,
        "ignored",
        ("pool", "seconds", "waiting for a free connection, which does not happen here"),
    ),
    *_without_effect(
        TIMEOUT,
        "unbuilt",
        ("write", "seconds", "for sending the request, which counts as a part of `first_token`"),
    ),
)


def keys_of(level: str) -> dict[str, Key]:
    """The keys of one level, by name, in the table's order."""
    return {key.name: key for key in KEYS if key.level == level}


def advice_on(name: str, level: str) -> str:
    """What to say of a name that `level` does not know: a near miss there, else the level where it
    belongs.
    """
    known = {known.lower(): known for known in keys_of(level)}
    if name.lower() in known:
        return f"; did you mean `{known[name.lower()]}` (capitals count)?"
    homes = {key.level for key in KEYS if key.name == name and key.level in _HOMES}
    nearest = {home for home in homes if _is_around(home, level)} or homes
    if nearest:
        return "; it belongs " + " or ".join(
            said for home, said in _HOMES.items() if home in nearest
        )
    close = difflib.get_close_matches(name.lower(), known, n=1, cutoff=0.7)
    if close:
        return f"; did you mean `{known[close[0]]}`?"
    elsewhere = difflib.get_close_matches(
        name, [key.name for key in KEYS if key.level in _HOMES], n=1, cutoff=0.85
    )
    return (
        "; did you mean"
        f" `{elsewhere[0]}`{advice_on(elsewhere[0], level).replace('; it', ', which')}?"
        if elsewhere
        else ""
    )


_HOMES = {
    TOP: "at the top level of the file",
    PROVIDER: "directly under a provider",
    PROVIDER_PREFERENCES: "under the provider's `preferences`",
    CLIENT_KEY: "directly under a client key in `api_keys`",
    CLIENT_KEY_PREFERENCES: "under the client key's `preferences`",
    PREFERENCES: "under the global `preferences`",
}
"""The levels a misplaced key is sent to, and how they are called."""


def _is_around(home: str, level: str) -> bool:
    """True when `home` lies directly inside `level` or around it: there a misplaced key was most
    likely meant to stand.
    """
    if level == TOP:
        return home == PREFERENCES
    return home != TOP and (home.startswith(level) or level.startswith(home))
