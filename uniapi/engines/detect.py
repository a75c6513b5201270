"""Which engine a provider is: `engine:` when it is written, else by the address. What
a model is called never decides.

Also the names `config/` must know without importing engines.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from uniapi.config import Provider
from uniapi.values import dataclass

from .aws_services import service_at
from .claude_addresses import is_under, speaks_messages
from .google_jwt import parse_private_key
from .urls import UrlParts, parse_url

BUILT = frozenset(
    {
        "gpt",
        "openrouter",
        "responses",
        "claude",
        "gemini",
        "vertex",
        "vertex-gemini",
        "vertex-claude",
        "azure",
        "azure-databricks",
        "aws",
        "cloudflare",
        "cohere",
    }
)
"""The values of `engine:` that work."""

KNOWN_UNBUILT = frozenset(
    {"codex", "doubao-translation", "search", "content-generation", "lingjing"}
)
"""Values the predecessor had and we do not."""

CLOUDFLARE_GATEWAY_ENGINES = {
    "anthropic": "claude",
    "google-ai-studio": "gemini",
    "google-vertex-ai": "vertex",
    "azure-openai": "azure",
    "aws-bedrock": "aws",
    "cohere": "cohere",
    "workers-ai": "cloudflare",
}
"""`gateway.ai.cloudflare.com/v1/{account}/{gateway}/{provider}/…`: the provider segments that are
not OpenAI-compatible (developers.cloudflare.com/ai-gateway/usage/providers).
"""

_AZURE_HOSTS = tuple(
    f"{service}.azure.{cloud}"
    for service in ("openai", "cognitiveservices", "services.ai")
    for cloud in ("com", "us", "cn")
)
"""In Azure's public, government and China clouds
(learn.microsoft.com/azure/foundry/concepts/foundry-azure-government; 2026-11-30).
"""
_DATABRICKS = ("azuredatabricks.net", "databricks.com")
"""On Azure, on AWS and on Google Cloud: `adb-….azuredatabricks.net`, `dbc-….cloud.databricks.com`,
`….gcp.databricks.com`, and the AI gateways below them (docs.databricks.com, 2026-11-30).
"""
_RESPONSES_ROOTS = (("api.z.ai", "/api/v1"), ("open.bigmodel.cn", "/api/v1"))
"""Roots that speak Responses and nothing else: the «Response protocol» of a coding plan
(docs.bigmodel.cn/cn/coding-plan/quick-start, 2026-11-30).
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    """If `fits`, the engine is `engine`; the first row that fits decides."""

    engine: str
    fits: Callable[[UrlParts], bool]


def _is_vertex_host(host: str) -> bool:
    """Global, regional (`us-east5-aiplatform…`) and multi-regional (`aiplatform.eu.rep…`)."""
    return host.endswith("aiplatform.googleapis.com") or (
        host.startswith("aiplatform.") and host.endswith(".rep.googleapis.com")
    )


def _is_google_openai_layer(url: UrlParts) -> bool:
    return "openai" in url.segments


_ROWS = (
    _Row(engine="gpt", fits=lambda url: url.host_name == "models.inference.ai.azure.com"),
    _Row(engine="vertex", fits=lambda url: _is_vertex_host(url.host_name)),
    _Row(
        engine="gemini",
        fits=lambda url: (
            url.host_name == "generativelanguage.googleapis.com"
            and not _is_google_openai_layer(url)
        ),
    ),
    _Row(
        engine="azure",
        fits=lambda url: any(is_under(url.host_name, domain) for domain in _AZURE_HOSTS),
    ),
    _Row(engine="claude", fits=speaks_messages),
    _Row(engine="responses", fits=lambda url: _is_responses(url)),
    _Row(
        engine="azure-databricks",
        fits=lambda url: any(is_under(url.host_name, domain) for domain in _DATABRICKS),
    ),
    _Row(
        engine="aws",
        fits=lambda url: (
            is_under(url.host_name, "amazonaws.com") and not _is_bedrock_openai_layer(url)
        ),
    ),
    _Row(engine="cloudflare", fits=lambda url: url.host_name == "api.cloudflare.com"),
    _Row(
        engine="cohere",
        fits=lambda url: (
            url.host_name in ("api.cohere.com", "api.cohere.ai")
            and "compatibility" not in url.segments
        ),
    ),
    _Row(
        engine="gemini",
        fits=lambda url: (
            "v1beta" in url.segments
            and not _is_google_openai_layer(url)
            and _is_gemini_path(url.segments)
        ),
    ),
)


def _is_responses(url: UrlParts) -> bool:
    """At OpenAI the path names the root (`spoken_dialect`), elsewhere it is an order."""
    if (url.host_name, url.path) in _RESPONSES_ROOTS:
        return True
    return url.path.endswith("/responses") and not is_under(url.host_name, "api.openai.com")


def _is_gemini_path(segments: list[str]) -> bool:
    """`…/v1beta`, `…/v1beta/models`, `…/v1beta/models/NAME:verb`."""
    below = segments[segments.index("v1beta") + 1 :]
    return not below or below[0] == "models"


def _is_bedrock_openai_layer(url: UrlParts) -> bool:
    """`bedrock-runtime…/openai/v1` and `bedrock-mantle…/v1` speak OpenAI's format with a Bedrock
    API key (docs.aws.amazon.com/bedrock/latest/userguide/bedrock-mantle.html).
    """
    return url.host_name.startswith("bedrock-mantle.") or "openai" in url.segments


def detect_engine(provider: Provider) -> str:
    """The name of the engine for `provider`; anything unknown is OpenAI-compatible.

    A provider without an address is told by what else it names.
    """
    if provider.engine:
        return provider.engine
    engine = _by_credential(provider)
    if engine is not None:
        return engine
    if not provider.base_url:
        return "vertex" if provider.project_id else "gpt"
    return address_engine(provider.base_url)


@lru_cache(maxsize=1024)
def address_engine(base_url: str) -> str:
    """What an address alone says."""
    url = parse_url(base_url)
    if url.host_name == "gateway.ai.cloudflare.com":
        return _behind_cloudflare_gateway(url)
    return next((row.engine for row in _ROWS if row.fits(url)), "gpt")


def _by_credential(provider: Provider) -> str | None:
    """Credentials that only one engine can use say what the provider is, with or without an
    address.
    """
    if provider.cf_account_id:
        return "cloudflare"
    kinds = {credential.kind for credential in provider.credentials}
    if "aws" in kinds:
        return _of_aws(provider.base_url)
    if "service_account" in kinds or any(
        credential.project_id for credential in provider.credentials
    ):
        return "vertex"
    return None


def _of_aws(base_url: str | None) -> str:
    """AWS keys are Bedrock's, unless the address is that of AWS's OpenAI-compatible layer or of its
    Claude platform, which want a signature too.
    """
    if not base_url or service_at(parse_url(base_url).host_name) is None:
        return "aws"
    return address_engine(base_url)


def _behind_cloudflare_gateway(url: UrlParts) -> str:
    segments = url.segments[3:]
    if not segments:
        return "gpt"
    if segments[-1] == "responses":
        return "responses"
    return CLOUDFLARE_GATEWAY_ENGINES.get(segments[0], "gpt")


def check_private_key(text: str) -> str | None:
    """None when `text` is a private key that Vertex tokens can be signed with, else what is wrong
    with it.
    """
    try:
        parse_private_key(text)
    except ValueError as error:
        return str(error)
    return None
