"""The keys of a provider and of its `preferences`, and the values that only they have."""

from __future__ import annotations

import re
from collections.abc import Mapping

from .budgets import BUDGET
from .credentials import CREDENTIALS
from .forms import (
    ANY,
    BOOL,
    COUNT_BY_MODEL,
    CREDENTIAL_POLICIES,
    ENABLED,
    MAP,
    PROMPT_CACHE,
    PROXY,
    RATE_BY_MODEL,
    SECONDS,
    SECONDS_BY_MODEL,
    TEXT,
    TEXTS,
)
from .levels import Form, Key, Level, as_written, without_effect
from .nodes import Node, ProblemList
from .provider_models import read_models
from .provider_schema import Provider
from .skipping import WHAT_TO_SKIP
from .timeouts import TIMEOUTS
from .values import choice, lower_texts, text, wrong

_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_NEVER_PASSED = frozenset(
    {
        "authorization",
        "x-api-key",
        "x-goog-api-key",
        "api-key",
        "cookie",
        "host",
        "content-length",
        "transfer-encoding",
        "connection",
    }
)
"""Client headers that carry our own client's key or belong to one connection."""


def _credential_policy(node: Node, report: ProblemList) -> str | None:
    if node.is_scalar and node.text.strip() in ("weighted_round_robin", "lottery"):
        report.warning(
            node, f"{node.shown()} orders channels, not keys: `round_robin` is used here"
        )
        return "round_robin"
    return choice(node, report, CREDENTIAL_POLICIES)


def _headers(node: Node, report: ProblemList) -> Mapping[str, str] | None:
    if node.kind != "map":
        wrong(node, report, "a map of header name to text")
        return None
    headers: dict[str, str] = {}
    for member in node.members:
        name, value = member.key.text.strip(), text(member.value, report)
        if not _HEADER_NAME.fullmatch(name):
            report.error(member.key, f"{member.key.shown()} is not the name of a header")
        elif value is not None and not value.isprintable():
            report.error(
                member.value, "a header's value has no line break or other control character"
            )
        elif value is not None:
            headers[name] = value
    return headers


def _passed_headers(node: Node, report: ProblemList) -> tuple[str, ...] | None:
    names = lower_texts(node, report)
    for name in names or ():
        if name in _NEVER_PASSED:
            report.warning(
                node, f"`{name}` is never passed on: it belongs to the client's own call"
            )
    return None if names is None else tuple(name for name in names if name not in _NEVER_PASSED)


_MODELS = Form(
    said="a list of names and of `upstream: alias`", shapes=("models",), reader=read_models
)
_ENGINE = Form(said="the name of an engine", shapes=("engine",), reader=text)
_POLICY = Form(
    said="one of " + ", ".join(CREDENTIAL_POLICIES),
    shapes=("credential policy",),
    reader=_credential_policy,
)
_HEADERS = Form(said="a map of name to text", shapes=("text by name",), reader=_headers)
_PASSED = Form(said="text or a list of texts", shapes=("text", "texts"), reader=_passed_headers)

PROVIDER_PREFERENCES = Level.of(
    "providers[].preferences",
    Provider,
    Key(
        "api_key_rate_limit",
        "credential_rates",
        RATE_BY_MODEL,
        "999999/min",
        "limit of each key for each upstream model",
    ),
    Key(
        "api_key_cooldown_period",
        "credential_cooldown_s",
        SECONDS,
        "30 s doubling to 10 min",
        "rest of a key after a 429 that names no delay; 0: never",
    ),
    Key(
        "api_key_quota_cooldown_period",
        "quota_cooldown_s",
        SECONDS,
        "21600",
        "rest of a key whose quota is used up",
    ),
    Key(
        "api_key_rate_limit_cooldown_period",
        "credential_cooldown_s",
        SECONDS,
        "",
        "older name of `api_key_cooldown_period`, used when that is not given",
    ),
    Key(
        "api_key_schedule_algorithm",
        "credential_policy",
        _POLICY,
        "round robin over conversations",
        "order of the keys",
    ),
    Key(
        "api_key_max_concurrency",
        "credential_max_concurrency",
        COUNT_BY_MODEL,
        "unlimited",
        "calls at the same time of each key for each upstream model; over it the next key is used",
    ),
    Key(
        "model_timeout",
        "model_timeout",
        SECONDS_BY_MODEL,
        "the global one",
        "time to the first token, and between tokens",
    ),
    Key(
        "timeout_policy",
        "timeout_policy",
        TIMEOUTS,
        "",
        "timeouts by phase and by request",
    ),
    Key(
        "cooldown_period",
        "cooldown_s",
        SECONDS,
        "the global one",
        "rest of a channel that failed; 0: never",
    ),
    Key(
        "keepalive_interval",
        "keepalive_interval",
        SECONDS_BY_MODEL,
        "off",
        "a heartbeat while the first token is awaited",
    ),
    Key(
        "proxy",
        "proxy",
        PROXY,
        "the global one",
        "how it is reached; `none`: directly",
        is_secret=True,
    ),
    Key(
        "ca_file",
        "ca_file",
        TEXT,
        "the global one",
        "a file of certificates to trust beside the system's",
    ),
    Key(
        "budget",
        "budgets",
        BUDGET,
        "",
        "what may be spent there in a calendar period; over it the provider is passed over",
    ),
    Key("prompt_cache", "prompt_cache", PROMPT_CACHE, "the global one", "as the global one"),
    Key("headers", "headers", _HEADERS, "", "headers added to every request", is_secret=True),
    Key(
        "passthrough_request_headers",
        "passthrough_request_headers",
        _PASSED,
        "",
        "client headers that are passed on",
    ),
    Key(
        "post_body_parameter_overrides",
        "body_overrides",
        MAP,
        "",
        "members merged into the body, or taken out of it by `__remove__`; maps under a model's"
        " alias only for that model",
    ),
    Key(
        "think_tags",
        "think_tags",
        BOOL,
        "false",
        "`<think>` in answers becomes reasoning, whatever the model",
    ),
    *WHAT_TO_SKIP,
    *without_effect(
        "unbuilt",
        ("search_defaults", MAP, "settings of the `search` engine"),
        (
            "responses_stream_commit_policy",
            ANY,
            "output is always held until the first token",
        ),
        ("access_key", TEXT, "key of the `content-generation` engine"),
        ("secret_key", TEXT, "key of the `content-generation` engine"),
    ),
    joint="body_overrides",
)

PROVIDER = Level.of(
    "providers[]",
    Provider,
    Key(
        "provider",
        "name",
        TEXT,
        "",
        "its name, used in rules, logs and statistics",
        is_required=True,
    ),
    Key(
        "base_url",
        "base_url",
        TEXT,
        "",
        "its address, with or without the endpoint path; decides the engine",
    ),
    Key(
        "api",
        "credentials",
        CREDENTIALS,
        "none",
        "its key or keys; a key may be a map with a weight, proxy or project of its own",
        is_credential=True,
    ),
    Key("model", "models", _MODELS, "all it lists", "what it serves; `upstream: alias` renames"),
    Key("engine", "engine", _ENGINE, "from `base_url`", "the message format and address scheme"),
    Key("tools", "has_tools", BOOL, "true", "false: tools are left out of requests"),
    Key("image", "has_images", BOOL, "true", "false: images are left out of requests"),
    Key("project_id", "project_id", TEXTS, "", "Vertex project, or one per key"),
    Key(
        "private_key",
        "credentials",
        TEXT,
        "",
        "Vertex service account: private key",
        is_secret=True,
        is_credential=True,
    ),
    Key(
        "client_email",
        "credentials",
        TEXT,
        "",
        "Vertex service account: address",
        is_credential=True,
    ),
    Key("region", "region", TEXT, "", "Vertex location or AWS region"),
    Key("cf_account_id", "cf_account_id", TEXT, "", "Cloudflare account"),
    Key(
        "aws_access_key",
        "credentials",
        TEXT,
        "",
        "Bedrock access key",
        is_secret=True,
        is_credential=True,
    ),
    Key(
        "aws_secret_key",
        "credentials",
        TEXT,
        "",
        "Bedrock secret key",
        is_secret=True,
        is_credential=True,
    ),
    Key("aws_session_token", "credentials", TEXT, "", "Bedrock session token", is_secret=True),
    *WHAT_TO_SKIP,
    ENABLED,
    Key(
        "preferences",
        "",
        Form(said="a map", shapes=("level",), reader=as_written, level=PROVIDER_PREFERENCES),
        "",
        "settings for this provider",
    ),
    *without_effect("ignored", ("notes", ANY, "anything you want to remember")),
    joint="name base_url credentials models engine project_id",
)
