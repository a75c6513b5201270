"""Azure OpenAI and Azure AI Foundry (`azure`). Which of the four surfaces is meant is read from
`base_url`:

| written | spoken |
|---|---|
| `…/openai/v1`, or `api-version=preview`, `v1`, `latest` | the GA surface: the deployment is the
`model` of the body, no dated api-version
(learn.microsoft.com/azure/foundry/openai/api-version-lifecycle; 2026-11-30) |
| `…/openai/responses` | Responses as the portal prints it, with its api-version |
| `…/models` | Foundry's model inference, with an api-version
(learn.microsoft.com/rest/api/aifoundry/model-inference) |
| `…/anthropic` | Claude in Foundry: Anthropic Messages |
| `…/openai/deployments/NAME`, or a host alone | the classic surface: the deployment is in the path,
an api-version is needed; a host of Foundry's alone gets `/openai/v1` |
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Literal, TypeAlias
from urllib.parse import unquote

from uniapi.canonical import NO_NEEDS, DialectNeeds, Json, Operation
from uniapi.clock import Epoch
from uniapi.config import Provider
from uniapi.dialects import UpstreamDialect
from uniapi.dialects.anthropic import UPSTREAM as ANTHROPIC
from uniapi.dialects.openai_chat import UPSTREAM as OPENAI_CHAT
from uniapi.dialects.openai_responses import UPSTREAM as OPENAI_RESPONSES
from uniapi.values import dataclass
from uniapi.wire import HttpRequest

from .anthropic import with_version
from .defaults import DefaultEngine, with_bearer, with_header
from .engine import Address, Place, Target
from .openai import RESPONSES_PATHS
from .spoken_dialect import spoken_dialect
from .urls import OPENAI_PATHS, parse_url, quote_model

CLASSIC_VERSION = "2025-04-01-preview"
"""The last dated version; knows max_completion_tokens, reasoning_effort and stream_options."""
INFERENCE_VERSION = "2024-05-01-preview"
DEPLOYMENTS_VERSION = "2023-03-15-preview"
"""The last version whose data plane lists deployments; later ones list what could be deployed."""

_Kind: TypeAlias = Literal[
    "v1", "responses", "deployment", "resource", "classic", "inference", "anthropic"
]

_WRITTEN: tuple[tuple[_Kind, re.Pattern[str]], ...] = (
    ("v1", re.compile(r"\A(.*?/openai/v1)(?:/.*)?\Z")),
    ("responses", re.compile(r"\A(.*?/openai)/responses(?:/.*)?\Z")),
    ("deployment", re.compile(r"\A(.*?/openai/deployments/[^/]+)(?:/.*)?\Z")),
    ("deployment", re.compile(r"\A(.*?/azure-openai/[^/]+/[^/]+)(?:/.*)?\Z")),
    ("resource", re.compile(r"\A(.*?/azure-openai/[^/]+)\Z")),
    ("anthropic", re.compile(r"\A(.*?/anthropic)(?:/.*)?\Z")),
    ("inference", re.compile(r"\A(.*?/models)(?:/(?:chat/completions?|embeddings|info))?\Z")),
)
"""Surfaces by what the path says.

`azure-openai/RESOURCE/DEPLOYMENT` is a Cloudflare gateway's form
(developers.cloudflare.com/ai-gateway/usage/providers/azureopenai).
"""
_VERSIONS: dict[_Kind, str] = {
    "deployment": CLASSIC_VERSION,
    "resource": CLASSIC_VERSION,
    "classic": CLASSIC_VERSION,
    "responses": CLASSIC_VERSION,
    "inference": INFERENCE_VERSION,
}
_CLASSIC_PREFIX = re.compile(r"(?:/openai(?:/deployments)?|/chat/completions?)\Z")
_V1_HOSTS = re.compile(r"(?:services\.ai|cognitiveservices)\.azure\.(?:com|us|cn)\Z")
_HOSTS = re.compile(r"(?:openai|services\.ai|cognitiveservices)\.azure\.(?:com|us|cn)\Z")
"""Azure's own hosts, in its public, government and China clouds
(learn.microsoft.com/azure/foundry/concepts/foundry-azure-government; 2026-11-30): each has
`/openai/v1` and Responses below it. What stands behind others is not known.
"""
_V1_VERSIONS = frozenset({"preview", "v1", "latest"})
_VERSION_MEMBER = re.compile(r"(?:\A|&)api-version=([^&]*)")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Surface:
    """What `base_url` says.

    `root` is where paths go; the classic root without a deployment gets one from the model.
    """

    kind: _Kind
    root: str
    query: str
    is_responses: bool = False
    """It was written down to `/responses`."""

    def at(self, path: str) -> str:
        return f"{self.root}/{path}" + (f"?{self.query}" if self.query else "")


class AzureEngine(DefaultEngine):
    name = "azure"
    vendor = "azure"
    wire = OPENAI_CHAT
    has_account_cache = True

    def dialect(
        self,
        place: Place,
        client_dialect: str,
        needs: DialectNeeds = NO_NEEDS,
        learned: str | None = None,
    ) -> UpstreamDialect:
        surface = _surface(place.provider)
        if surface.kind == "anthropic":
            return ANTHROPIC
        if not _speaks_responses(surface):
            return OPENAI_CHAT
        is_usual = surface.is_responses or client_dialect == OPENAI_RESPONSES.name
        usual = OPENAI_RESPONSES if is_usual else OPENAI_CHAT
        return spoken_dialect(place, self, needs, learned, usual)

    def address(
        self, place: Place, operation: Operation, stream: bool, dialect: UpstreamDialect
    ) -> Address | None:
        surface = _surface(place.provider)
        if surface.kind == "anthropic":
            return _anthropic_address(surface, operation)
        if dialect is OPENAI_RESPONSES:
            return _responses_address(surface, operation)
        path = OPENAI_PATHS.get(operation)
        if path is None or operation in (Operation.COMPACT, Operation.RERANK, Operation.MODERATE):
            return None
        if surface.kind == "inference" and operation not in (Operation.GENERATE, Operation.EMBED):
            return None
        if surface.kind in ("classic", "responses"):
            path = f"deployments/{quote_model(place.upstream_model)}/{path}"
        elif surface.kind == "resource":
            path = f"{quote_model(place.upstream_model)}/{path}"
        return Address(
            url=surface.at(path), shape="dialect" if operation is Operation.GENERATE else "openai"
        )

    def prepare_body(
        self,
        place: Place,
        body: dict[str, Json],
        operation: Operation,
        stream: bool,
        dialect: UpstreamDialect,
    ) -> dict[str, Json]:
        """A deployment that is written in the address is the model in Responses, whose path has no
        place for it.
        """
        surface = _surface(place.provider)
        if dialect is OPENAI_RESPONSES and surface.kind == "deployment":
            return {**body, "model": unquote(surface.root.rpartition("/")[2])}
        return super().prepare_body(place, body, operation, stream, dialect)

    def authorize(
        self, target: Target, request: HttpRequest, token: str | None, now_s: Epoch
    ) -> HttpRequest:
        """A key, or an Entra access token (a JWT) pasted in its place."""
        secret = target.credential.secret
        is_anthropic = _surface(target.provider).kind == "anthropic"
        request = with_version(request) if is_anthropic else request
        if secret.startswith("eyJ") and secret.count(".") == 2:
            return with_bearer(request, secret)
        if is_anthropic:
            return with_header(request, "x-api-key", secret)
        return with_header(request, "api-key", secret)

    def models_request(self, place: Place) -> HttpRequest | None:
        surface = _surface(place.provider)
        if surface.kind == "classic":
            return HttpRequest(
                method="GET", url=f"{surface.root}/deployments?api-version={DEPLOYMENTS_VERSION}"
            )
        return HttpRequest(method="GET", url=surface.at("models")) if surface.kind == "v1" else None


def _surface(provider: Provider) -> _Surface:
    return _surface_at(provider.base_url or "")


@lru_cache(maxsize=256)
def _surface_at(base_url: str) -> _Surface:
    parts = parse_url(base_url)
    for kind, pattern in _WRITTEN:
        found = pattern.match(parts.path)
        if found is not None:
            return _Surface(
                kind=kind,
                root=parts.origin + found.group(1),
                query=_versioned(parts.query, kind),
                is_responses="responses" in parts.segments,
            )
    root = f"{parts.origin}{_CLASSIC_PREFIX.sub('', parts.path)}/openai"
    version = _VERSION_MEMBER.search(parts.query)
    is_v1_host = version is None and _V1_HOSTS.search(parts.host_name) is not None
    if is_v1_host or (version is not None and version.group(1) in _V1_VERSIONS):
        return _Surface(kind="v1", root=f"{root}/v1", query=parts.query)
    return _Surface(kind="classic", root=root, query=_versioned(parts.query, "classic"))


def _versioned(query: str, kind: _Kind) -> str:
    """The query with the api-version this kind of surface needs; a written one stays, but for a
    dated one at `/openai/v1`: «api-version query parameter is not allowed when using /v1 path»
    (github.com/pydantic/pydantic-ai/issues/5066).
    """
    written = _VERSION_MEMBER.search(query)
    if kind == "v1" and written is not None and written.group(1) not in _V1_VERSIONS:
        return _VERSION_MEMBER.sub("", query).lstrip("&")
    version = _VERSIONS.get(kind)
    if version is None or written is not None:
        return query
    return f"{query}&api-version={version}" if query else f"api-version={version}"


def _speaks_responses(surface: _Surface) -> bool:
    """Whether Responses is there beside chat; a Cloudflare gateway's form and Foundry's inference
    have chat alone.
    """
    if surface.kind in ("v1", "responses"):
        return True
    is_azure = _HOSTS.search(parse_url(surface.root).host_name) is not None
    return is_azure and surface.kind in ("classic", "deployment")


def _responses_address(surface: _Surface, operation: Operation) -> Address | None:
    """Below `/openai/v1`, unless the address was written with its own path and version."""
    if surface.kind == "responses" and operation is Operation.GENERATE:
        return Address(url=surface.at("responses"))
    if operation is not Operation.GENERATE and operation not in RESPONSES_PATHS:
        return None
    root = surface.root if surface.kind == "v1" else f"{_resource_root(surface)}/v1"
    query = f"?{surface.query}" if surface.kind == "v1" and surface.query else ""
    return Address(url=f"{root}/{RESPONSES_PATHS.get(operation, 'responses')}{query}")


def _resource_root(surface: _Surface) -> str:
    """`…/openai`, also above a deployment."""
    return surface.root.partition("/deployments/")[0]


def _anthropic_address(surface: _Surface, operation: Operation) -> Address | None:
    match operation:
        case Operation.GENERATE:
            return Address(url=surface.at("v1/messages"))
        case Operation.COUNT_TOKENS:
            return Address(url=surface.at("v1/messages/count_tokens"))
        case _:
            return None
