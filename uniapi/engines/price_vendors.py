"""Whose prices a provider's models have: a vendor as the price list names it
(`money/price_list.py`), told by the address alone. At an address that nobody knows a model may cost
anything, whatever it is called.
"""

from __future__ import annotations

from collections.abc import Mapping

from uniapi.config import Provider

from .detect import detect_engine
from .presets import preset_for
from .urls import UrlParts, parse_url

_OF_ENGINE = {
    "azure": "azure",
    "aws": "bedrock",
    "vertex": "google",
    "vertex-gemini": "google",
    "vertex-claude": "google",
    "cloudflare": "cloudflare",
    "azure-databricks": "databricks",
}
"""Engines that are one vendor's, at whichever host of its."""
_OF_HOST = {
    "api.anthropic.com": "anthropic",
    "generativelanguage.googleapis.com": "google",
    "api.cohere.com": "cohere",
    "api.cohere.ai": "cohere",
    "open.bigmodel.cn": "zhipu",
    "api.z.ai": "zai",
    "inference.baseten.co": "baseten",
    "api.elevenlabs.io": "elevenlabs",
    "api.arcee.ai": "arcee",
    "api.avian.io": "avian",
    "api.doubleword.ai": "doubleword",
    "oai.endpoints.kepler.ai.cloud.ovh.net": "ovhcloud",
    "api.novita.ai": "novita",
}
_OF_PRESET = {
    "gemini-openai": "google",
    "cohere-openai": "cohere",
    "bedrock-openai": "bedrock",
}
_NOT_ONE = frozenset({"ollama", "lmstudio", "huggingface", "vercel", "cloudflare-gateway"})
"""Presets whose models cost what somebody else says."""
REGIONAL = "regional"
_BEHIND_CLOUDFLARE = {
    "openai": "openai",
    "anthropic": "anthropic",
    "google-ai-studio": "google",
    "google-vertex-ai": "google",
    "azure-openai": "azure",
    "aws-bedrock": "bedrock",
    "groq": "groq",
    "grok": "xai",
    "deepseek": "deepseek",
    "mistral": "mistral",
    "perplexity-ai": "perplexity",
    "openrouter": "openrouter",
    "cerebras": "cerebras",
    "cohere": "cohere",
    "workers-ai": "cloudflare",
}
"""developers.cloudflare.com/ai-gateway/usage/providers (2026-11-30)."""


def price_vendor(provider: Provider) -> str:
    """The vendor's name; empty where nobody knows it."""
    engine = detect_engine(provider)
    if not provider.base_url:
        return _OF_ENGINE.get(engine, "")
    url = parse_url(provider.base_url)
    if url.host_name == "gateway.ai.cloudflare.com":
        return _BEHIND_CLOUDFLARE.get(url.segments[3], "") if len(url.segments) > 3 else ""
    return _at_known_host(url) or (_OF_ENGINE.get(engine, "") if _is_vendors(engine, url) else "")


def price_vendors(providers: tuple[Provider, ...]) -> Mapping[str, str]:
    """By the id of each provider that has one."""
    found = {provider.provider_id: price_vendor(provider) for provider in providers}
    return {provider_id: vendor for provider_id, vendor in found.items() if vendor}


def price_regions(providers: tuple[Provider, ...]) -> Mapping[str, str]:
    """By the id of each provider whose address is in a region, which may cost more
    (`Tariff.regions`): OpenAI's hosts for data residency, and Vertex outside of `global`.
    """
    return {provider.provider_id: REGIONAL for provider in providers if _is_regional(provider)}


def _is_regional(provider: Provider) -> bool:
    host = parse_url(provider.base_url).host_name if provider.base_url else ""
    if host.endswith(".api.openai.com"):
        return True
    if not detect_engine(provider).startswith("vertex"):
        return False
    if provider.region:
        return provider.region != "global"
    return host.endswith(("-aiplatform.googleapis.com", ".rep.googleapis.com"))


def _at_known_host(url: UrlParts) -> str:
    host = url.host_name
    known = next((name for at, name in _OF_HOST.items() if host == at), "")
    if known:
        return known
    vendor = preset_for(url.host).vendor
    return "" if vendor in _NOT_ONE else _OF_PRESET.get(vendor, vendor)


_DOMAINS = {
    "azure": (".azure.com", ".azure.us", ".azure.cn"),
    "aws": (".amazonaws.com", ".api.aws"),
    "vertex": (".googleapis.com",),
    "vertex-gemini": (".googleapis.com",),
    "vertex-claude": (".googleapis.com",),
    "cloudflare": (".api.cloudflare.com",),
    "azure-databricks": (".azuredatabricks.net", ".databricks.com"),
}


def _is_vendors(engine: str, url: UrlParts) -> bool:
    """Not a relay that speaks a vendor's protocol (`engine: azure` at somebody's own host)."""
    return any(f".{url.host_name}".endswith(domain) for domain in _DOMAINS.get(engine, ()))
