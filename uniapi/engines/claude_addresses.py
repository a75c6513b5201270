"""Addresses of other vendors that speak Anthropic Messages, as their guides print them for Claude
Code, and the headers in which they want their key.

Seen on 2026-11-30 in docs.z.ai and docs.bigmodel.cn (`/api/anthropic`), api-docs.deepseek.com,
platform.moonshot.ai and platform.minimax.io (`/anthropic`), kimi.com/coding (`/coding/`),
alibabacloud.com/help/model-studio (`/apps/anthropic`, workspace hosts too),
volcengine.com/docs/82379/1928261 and /2160841 (`/api/coding`, `/api/plan`, `/api/compatible`),
cloud.baidu.com/doc/qianfan-api (`/anthropic/coding`), docs.databricks.com
(`/serving-endpoints/anthropic`), streamlake.ai (`…/claude-code-proxy`).
"""

from __future__ import annotations

from .urls import OPENAI_ENDINGS, UrlParts, is_version

_HOSTS = ("api.anthropic.com",)
_AWS_PREFIX = "aws-external-anthropic."
"""Claude Platform on AWS: docs.aws.amazon.com/claude-platform (making requests), 2026-11-30."""
_LAST_SEGMENTS = frozenset({"claude", "claudecode", "claude-code", "claude-code-proxy"})
_PLANS = (
    ("volces.com", ("/api/plan", "/api/compatible")),
    ("bytepluses.com", ("/api/plan", "/api/compatible")),
)
"""Paths that mean it at one vendor only."""
_ENDPOINTS = tuple(f"/{ending}" for ending in OPENAI_ENDINGS if ending != "models")

_KEY_HEADERS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("api.anthropic.com", ("x-api-key",)),
    ("api.aws", ("x-api-key",)),
    ("azure.com", ("x-api-key",)),
    ("gateway.ai.cloudflare.com", ("x-api-key",)),
    ("azuredatabricks.net", ("authorization",)),
    ("databricks.com", ("authorization",)),
)
"""By domain. Anywhere else the key goes in both: DeepSeek, Kimi and z.ai document `x-api-key`,
Ark, vLLM and Xiaomi know a bearer token only, most guides print `ANTHROPIC_AUTH_TOKEN`, which is
one (the pages above).
"""
_BOTH = ("x-api-key", "authorization")


def speaks_messages(url: UrlParts) -> bool:
    """Whether Anthropic Messages is spoken at an address.

    `anthropic` is a segment of its path, or it ends as the vendors' coding plans do; what ends in a
    version after that (`/api/coding/v3`) is the OpenAI form of the same plan, and so is Qianfan's
    `/v2/coding`.
    """
    if url.path.endswith(("/messages", "/messages/count_tokens")):
        return True
    if url.path.endswith(_ENDPOINTS):
        return False
    if url.host_name in _HOSTS or _is_on_aws(url.host_name) or "anthropic" in url.segments:
        return True
    return _is_plan(url)


def key_headers(host_name: str) -> tuple[str, ...]:
    """The headers that carry an API key to a host that speaks Messages."""
    return next((headers for domain, headers in _KEY_HEADERS if is_under(host_name, domain)), _BOTH)


def is_under(host: str, domain: str) -> bool:
    return host == domain or host.endswith("." + domain)


def _is_on_aws(host: str) -> bool:
    return host.startswith(_AWS_PREFIX) and is_under(host, "api.aws")


def _is_plan(url: UrlParts) -> bool:
    if not url.segments:
        return False
    if any(is_under(url.host_name, domain) and url.path in paths for domain, paths in _PLANS):
        return True
    *before, last = url.segments
    if last == "coding":
        return not any(map(is_version, before))
    return last in _LAST_SEGMENTS
