"""What can be said of a provider before it is asked: a credential that its engine cannot use, a key
that is missing, an address that means something else than it seems to.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from uniapi.config import Provider, Remark

from .aws_services import service_at
from .claude_addresses import speaks_messages
from .detect import address_engine, detect_engine
from .presets import preset_for
from .urls import UrlParts, parse_url

_ACCOUNT_ENGINES = frozenset({"vertex", "vertex-gemini", "vertex-claude"})
_AWS_VENDORS = frozenset({"", "bedrock-openai", "cloudflare-gateway"})
_GOOGLE_VENDORS = frozenset({"", "gemini-openai", "cloudflare-gateway"})
_KEYLESS_VENDORS = frozenset({"", "ollama", "lmstudio"})
_KEY_HEADERS = frozenset({"authorization", "x-api-key", "api-key", "x-goog-api-key"})
_NATIVE_CHAT = ("/api/chat", "/api/generate", "/api/tags", "/ollama/api", "/ollama")
_OWN_API = re.compile(r"/api(?:/(?:chat|generate|tags))?\Z")
_WORKSPACE = "anthropic-workspace-id"
_WITHOUT_COLONS = frozenset(
    {
        *("api.openai.com", "api.anthropic.com", "generativelanguage.googleapis.com"),
        *("api.deepseek.com", "api.x.ai", "api.groq.com", "api.mistral.ai"),
    }
)
"""Hosts where no model's name has a colon but OpenAI's fine-tuned `ft:…` (their lists of models,
2026-11-30).
"""
_WEBSITES = {
    "platform.openai.com": "https://api.openai.com/v1",
    "chat.openai.com": "https://api.openai.com/v1",
    "chatgpt.com": "https://api.openai.com/v1",
    "claude.ai": "https://api.anthropic.com",
    "console.anthropic.com": "https://api.anthropic.com",
    "platform.claude.com": "https://api.anthropic.com",
    "aistudio.google.com": "https://generativelanguage.googleapis.com/v1beta",
    "platform.deepseek.com": "https://api.deepseek.com",
    "console.groq.com": "https://api.groq.com/openai/v1",
    "console.x.ai": "https://api.x.ai/v1",
    "console.mistral.ai": "https://api.mistral.ai/v1",
    "openai.com": "https://api.openai.com/v1",
    "anthropic.com": "https://api.anthropic.com",
    "gemini.google.com": "https://generativelanguage.googleapis.com/v1beta",
    "ai.google.dev": "https://generativelanguage.googleapis.com/v1beta",
    "deepseek.com": "https://api.deepseek.com",
    "chat.deepseek.com": "https://api.deepseek.com",
    "z.ai": "https://api.z.ai/api/paas/v4",
    "chat.z.ai": "https://api.z.ai/api/paas/v4",
    "bigmodel.cn": "https://open.bigmodel.cn/api/paas/v4",
    "kimi.com": "https://api.moonshot.ai/v1",
    "bailian.console.aliyun.com": "https://dashscope.aliyuncs.com/compatible-mode/v1",
    "cloud.siliconflow.cn": "https://api.siliconflow.cn/v1",
    "siliconflow.cn": "https://api.siliconflow.cn/v1",
    "platform.moonshot.ai": "https://api.moonshot.ai/v1",
    "platform.moonshot.cn": "https://api.moonshot.cn/v1",
    "platform.minimax.io": "https://api.minimax.io/v1",
}
"""Pages for people, and the address that their guides name for programs (2026-11-30)."""


def look_over(provider: Provider) -> tuple[Remark, ...]:
    """Every remark on one provider."""
    url = parse_url(provider.base_url or "")
    engine = detect_engine(provider)
    fault = _credential_fault(provider, engine, url)
    if fault is not None:
        return (Remark(severity="error", key="engine", message=fault),)
    return tuple(
        Remark(severity="warning", key=key, message=message)
        for key, message in (
            *_on_address(provider, engine, url),
            *_on_slips(provider, url),
            *_on_missing_key(provider, engine, url),
        )
    )


def _credential_fault(provider: Provider, engine: str, url: UrlParts) -> str | None:
    """A credential leaves as what it is, or not at all: a private key or an AWS secret never
    travels as an API key.
    """
    kinds = {credential.kind for credential in provider.credentials}
    if "service_account" in kinds and not _takes_account(provider, engine, url):
        what = "a Google service account (`private_key`, `client_email`)"
        takes = "it is for Vertex AI and Gemini at Google's own addresses"
    elif "aws" in kinds and not _takes_aws(provider, engine, url):
        what = "AWS keys (`aws_access_key`, `aws_secret_key`)"
        takes = "they sign requests to AWS's own addresses"
    else:
        return None
    where = f"engine `{engine}`" + (f" at {url.host_name}" if url.host_name else "")
    return (
        f"the provider `{provider.name}` has {what}, which {where} cannot use: {takes}; this one"
        " needs an `api` key"
    )


def _takes_account(provider: Provider, engine: str, url: UrlParts) -> bool:
    if engine == "gemini":
        return not url.host or url.host_name.endswith(".googleapis.com")
    return engine in _ACCOUNT_ENGINES and _may_be(provider, url, _GOOGLE_VENDORS, "vertex")


def _takes_aws(provider: Provider, engine: str, url: UrlParts) -> bool:
    if service_at(url.host_name) is not None:
        return True
    return engine == "aws" and _may_be(provider, url, _AWS_VENDORS, "aws")


def _may_be(provider: Provider, url: UrlParts, vendors: frozenset[str], engine: str) -> bool:
    """Whether a written address can lead to `engine`: nobody else's is known there. A gateway of
    one's own is.
    """
    if not provider.base_url:
        return True
    meant = address_engine(provider.base_url)
    return meant in ("gpt", engine) and preset_for(url.host).vendor in vendors


def _on_address(provider: Provider, engine: str, url: UrlParts) -> Iterator[tuple[str, str]]:
    meant = _WEBSITES.get(url.host_name.removeprefix("www."))
    if meant is not None:
        yield "base_url", f"{url.host_name} is a site for people; programs ask `{meant}`"
    is_native = url.path.endswith(_NATIVE_CHAT) and not preset_for(url.host).native_paths
    if is_native and engine == "gpt":
        prefix = _OWN_API.sub("", url.path)
        yield (
            "base_url",
            f"`{url.path}` is the path of Ollama's own API; its OpenAI-compatible API is at"
            f" `{url.origin}{prefix}/v1`",
        )
    if provider.engine in ("gpt", "openrouter") and speaks_messages(url):
        yield (
            "engine",
            f"`{url.path}` is printed for Anthropic's format, and `engine: {provider.engine}` asks"
            " it in OpenAI's: leave `engine` out, or write `engine: claude`",
        )
    if provider.engine == "claude" and url.path.endswith("/chat/completions"):
        yield "engine", "`/chat/completions` is OpenAI's path: leave `engine: claude` out"
    if service_at(url.host_name) == "aws-external-anthropic" and not _has_header(
        provider, {_WORKSPACE}
    ):
        yield (
            "base_url",
            "Claude Platform on AWS wants to know the workspace: write `headers:"
            f" {{{_WORKSPACE}: wrkspc_…}}` under `preferences`",
        )
    is_bare = engine == "gpt" and not url.path and not preset_for(url.host).vendor
    models = provider.models
    if is_bare and models and all(model.upstream.startswith("claude-") for model in models):
        yield (
            "base_url",
            f"{url.host_name} is taken for OpenAI-compatible although all its models are Claude's;"
            " if it speaks Anthropic's format add `engine: claude`",
        )


def _on_slips(provider: Provider, url: UrlParts) -> Iterator[tuple[str, str]]:
    """An address or a name that is a slip of the pen."""
    vendor = preset_for(url.host).vendor
    if (provider.base_url or "").startswith("http://") and vendor not in _KEYLESS_VENDORS:
        yield "base_url", f"`http://` sends the key in the clear: write `https://{url.host_name}…`"
    if url.path.endswith("/models"):
        yield (
            "base_url",
            f"`{url.path}` is the list of models: leave `/models` out, and it is found by itself",
        )
    if url.host_name not in _WITHOUT_COLONS:
        return
    joined = [
        entry.upstream
        for entry in provider.models
        if ":" in entry.upstream and not entry.upstream.startswith("ft:")
    ]
    if joined:
        name, _, alias = joined[0].partition(":")
        yield (
            "model",
            f"`{joined[0][:80]}` is one name as it stands; another name for clients is written"
            f" with a blank, `- {name[:40]}: {alias[:40]}`",
        )


def _on_missing_key(provider: Provider, engine: str, url: UrlParts) -> Iterator[tuple[str, str]]:
    """Hosts that are known to want a key; one in a header of the owner's counts."""
    if any(credential.kind != "none" for credential in provider.credentials):
        return
    if preset_for(url.host).vendor in _KEYLESS_VENDORS and engine in ("gpt", "responses"):
        return
    is_elsewhere = engine == "claude" and url.host_name != "api.anthropic.com"
    if is_elsewhere or _has_header(provider, _KEY_HEADERS):
        return
    yield "api", f"`api` is missing: {url.host_name or f'engine `{engine}`'} wants a key"


def _has_header(provider: Provider, names: frozenset[str] | set[str]) -> bool:
    return any(name.lower() in names for name in provider.headers)
