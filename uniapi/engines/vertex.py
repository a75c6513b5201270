"""Google's Vertex AI: Gemini (`vertex-gemini`), Claude (`vertex-claude`), and both plus the open
models by the name of the model (`vertex`, what detection gives).

`https://{host}/v1/projects/{project}/locations/{location}/publishers/{google|anthropic}/models/{model}:{verb}`;
the open models (`deepseek-ai/…`) speak OpenAI's format at `…/endpoints/openapi/chat/completions`. A
service account gets a token by a signed assertion; an express key (`AQ.…`) names no project and no
location (cloud.google.com/vertex-ai/generative-ai/docs/start/express-mode).
"""

from __future__ import annotations

import re

from uniapi.canonical import NO_NEEDS, DialectNeeds, Json, Operation
from uniapi.clock import Epoch
from uniapi.dialects import Quirk, UpstreamDialect
from uniapi.dialects.anthropic import UPSTREAM as ANTHROPIC
from uniapi.dialects.gemini import UPSTREAM as GEMINI
from uniapi.dialects.openai_chat import UPSTREAM as OPENAI_CHAT
from uniapi.values import dataclass, replace
from uniapi.wire import HttpRequest

from .claude_betas import VERTEX_BETAS, known_betas
from .defaults import DefaultEngine, with_bearer, with_header
from .engine import Address, ModelPage, Place, Target, TokenFlow
from .facts import quirk_for
from .gemini import GENERATED, rename_models
from .google_tokens import account_token
from .model_lists import decode_gemini_models
from .urls import parse_url, quote_model

ANTHROPIC_VERSION = "vertex-2023-10-16"
GOOGLE = "https://aiplatform.googleapis.com"

_VERSION = re.compile(r"/(v1(?:beta1)?)(?:/(?:projects|publishers)/|\Z)")
_OWN_PATH = re.compile(r"/v1(?:beta1)?(?:/(?:projects|publishers)/.*)?\Z")
_PROJECT = re.compile(r"/projects/([^/]+)")
_LOCATION = re.compile(r"/locations/([^/]+)")
_HOST_LOCATION = re.compile(
    r"(?:(?P<one>[a-z0-9-]+)-aiplatform|aiplatform\.(?P<many>[a-z]+)\.rep)\.googleapis\.com\Z"
)
_ACCOUNT_PROJECT = re.compile(r"@([a-z0-9-]+)\.iam\.gserviceaccount\.com\Z")

_MISTRAL = re.compile(r"(?:mistral|ministral|codestral|magistral|devstral)-")
"""Under a publisher of their own, with Mistral's chat body
(docs.cloud.google.com/vertex-ai/generative-ai/docs/partner-models/mistral, 2026-11-30).
"""
_DIALECTS = {"google": GEMINI, "anthropic": ANTHROPIC}

USUAL_LOCATIONS = (
    (re.compile(r"(?:mistralai/|(?:mistral|ministral|codestral)-)"), "us-central1"),
    (re.compile(r"claude-3(?!-7)(?:-|\b)"), "us-east5"),
    (
        re.compile(r"gemini-1|text-embedding|multimodalembedding|imagen|textembedding"),
        "us-central1",
    ),
)
"""Where a model is when `region` is not written and `global` does not have it
(…/docs/learn/locations); the first row that fits.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Home:
    """Where at Google a place is. `project` None: express mode."""

    root: str
    project: str | None
    location: str

    def at(self, path: str) -> str:
        if self.project is None:
            return f"{self.root}/{path}"
        return (
            f"{self.root}/projects/{quote_model(self.project, safe=':')}/"
            f"locations/{self.location}/{path}"
        )


class VertexEngine(DefaultEngine):
    """`speaks`: `google` or `anthropic` for the engines of one publisher, None to tell by the
    model.
    """

    vendor = "vertex"
    wire = GEMINI

    def __init__(
        self, name: str = "vertex", speaks: str | None = None, *, has_account_cache: bool = False
    ) -> None:
        self.name = name
        self._speaks = speaks
        self.has_account_cache = has_account_cache or speaks == "anthropic"

    def dialect(
        self,
        place: Place,
        client_dialect: str,
        needs: DialectNeeds = NO_NEEDS,
        learned: str | None = None,
    ) -> UpstreamDialect:
        return _DIALECTS.get(self._publisher(place), OPENAI_CHAT)

    def address(
        self, place: Place, operation: Operation, stream: bool, dialect: UpstreamDialect
    ) -> Address | None:
        home = _home(place)
        if dialect is ANTHROPIC:
            return _claude_address(home, place.upstream_model, operation, stream)
        if dialect is OPENAI_CHAT:
            if operation is not Operation.GENERATE:
                return None
            if self._publisher(place) == "mistralai":
                return _predict_address(home, "mistralai", place.upstream_model, stream)
            return Address(url=home.at("endpoints/openapi/chat/completions"))
        return _gemini_address(home, place.upstream_model, operation, stream)

    def prepare_body(
        self,
        place: Place,
        body: dict[str, Json],
        operation: Operation,
        stream: bool,
        dialect: UpstreamDialect,
    ) -> dict[str, Json]:
        if dialect is GEMINI:
            if operation is Operation.COUNT_TOKENS:
                body = _unwrapped(body)
            return rename_models(
                body, f"publishers/google/models/{_short_name(place.upstream_model)}"
            )
        if dialect is OPENAI_CHAT:
            model = place.upstream_model
            is_mistral = self._publisher(place) == "mistralai"
            return {**body, "model": _short_name(model) if is_mistral else model}
        prepared = {
            **body,
            "model": _short_name(place.upstream_model),
            "anthropic_version": ANTHROPIC_VERSION,
        }
        if operation is not Operation.COUNT_TOKENS:
            del prepared["model"]
        return prepared

    def quirk(self, place: Place) -> Quirk:
        """Mistral's models refuse here what they refuse at home."""
        quirk = super().quirk(place)
        if self._publisher(place) != "mistralai":
            return quirk
        at_home = quirk_for("gpt", "api.mistral.ai", place.upstream_model)
        return replace(at_home, has_tools=quirk.has_tools, has_images=quirk.has_images)

    def token_flow(self, target: Target, now_s: Epoch) -> TokenFlow | None:
        return account_token(target, now_s)

    def authorize(
        self, target: Target, request: HttpRequest, token: str | None, now_s: Epoch
    ) -> HttpRequest:
        request = _with_known_betas(request)
        if token is not None:
            return with_bearer(request, token)
        secret = target.credential.secret
        return (
            with_bearer(request, secret)
            if secret.startswith("ya29.")
            else with_header(request, "x-goog-api-key", secret)
        )

    def models_request(self, place: Place) -> HttpRequest | None:
        publisher = self._speaks or "google"
        return HttpRequest(
            method="GET", url=f"{GOOGLE}/v1beta1/publishers/{publisher}/models?pageSize=200"
        )

    def decode_models(self, body: Json, request: HttpRequest) -> ModelPage:
        page = decode_gemini_models(body, request)
        return ModelPage(
            models=tuple(
                item for item in page.models if item.model.startswith(("gemini-", "claude-"))
            ),
            next_request=page.next_request,
        )

    def _publisher(self, place: Place) -> str:
        if self._speaks is not None:
            return self._speaks
        model = place.upstream_model.lower()
        if "claude" in model:
            return "anthropic"
        owner, slash, _ = model.partition("/")
        if owner == "mistralai" or (not slash and _MISTRAL.match(model)):
            return "mistralai"
        if "/openapi" in parse_url(place.provider.base_url or "").path:
            return "openapi"
        return "openapi" if slash and owner not in ("google", "models", "publishers") else "google"


def _with_known_betas(request: HttpRequest) -> HttpRequest:
    named = request.headers.get("anthropic-beta")
    if named is None:
        return request
    others = {name: said for name, said in request.headers.items() if name != "anthropic-beta"}
    known = known_betas(named.split(","), VERTEX_BETAS)
    betas = {"anthropic-beta": ",".join(known)} if known else {}
    return replace(request, headers={**others, **betas})


def _claude_address(home: _Home, model: str, operation: Operation, stream: bool) -> Address | None:
    """docs.cloud.google.com/vertex-ai/generative-ai/docs/partner-models/claude/use-claude"""
    if operation is Operation.COUNT_TOKENS:
        return Address(url=home.at("publishers/anthropic/models/count-tokens:rawPredict"))
    if operation is not Operation.GENERATE:
        return None
    return _predict_address(home, "anthropic", model, stream)


def _predict_address(home: _Home, publisher: str, model: str, stream: bool) -> Address:
    """A publisher's own body, handed on as it is."""
    verb = "streamRawPredict" if stream else "rawPredict"
    name = quote_model(_short_name(model), safe="@")
    return Address(url=home.at(f"publishers/{publisher}/models/{name}:{verb}"))


def _gemini_address(home: _Home, model: str, operation: Operation, stream: bool) -> Address | None:
    path = f"publishers/google/models/{quote_model(_short_name(model), safe='@')}"
    match operation:
        case Operation.GENERATE:
            return Address(
                url=home.at(
                    f"{path}:streamGenerateContent?alt=sse" if stream else f"{path}:generateContent"
                )
            )
        case Operation.COUNT_TOKENS:
            return Address(url=home.at(f"{path}:countTokens"), shape="gemini")
        case Operation.EMBED:
            return Address(url=home.at(f"{path}:predict"), shape="vertex")
        case _ if operation in GENERATED:
            return Address(
                url=home.at(
                    f"{path}:streamGenerateContent?alt=sse" if stream else f"{path}:generateContent"
                ),
                shape="vertex",
            )
        case _:
            return None


def _unwrapped(body: dict[str, Json]) -> dict[str, Json]:
    """A count's members stand by themselves here; the Gemini API wraps them
    (docs.cloud.google.com/vertex-ai/docs/reference/rest/v1/projects.locations.endpoints/countTokens).
    """
    inner = body.get("generateContentRequest") or body.get("generate_content_request")
    return dict(inner) if isinstance(inner, dict) else body


def _short_name(model: str) -> str:
    """`publishers/google/models/NAME`, `google/NAME` and `models/NAME` are NAME."""
    return model.rpartition("/")[2]


def _home(place: Place) -> _Home:
    parts = parse_url(place.provider.base_url or GOOGLE)
    version = _VERSION.search(parts.path)
    is_google = parts.host_name.endswith(("aiplatform.googleapis.com", ".rep.googleapis.com"))
    project = _project(place, parts.path)
    if project is None:
        origin = GOOGLE if is_google else parts.origin + _prefix(parts.path)
        return _Home(
            root=f"{origin}/{version.group(1) if version else 'v1'}",
            project=None,
            location="global",
        )
    location = _location(place, parts.host_name, parts.path)
    origin = _google_origin(location) if is_google else parts.origin + _prefix(parts.path)
    return _Home(
        root=f"{origin}/{version.group(1) if version else 'v1'}", project=project, location=location
    )


def _prefix(path: str) -> str:
    """What a gateway puts before Vertex's own path (`/v1/projects/…`), which it may name or leave
    out.
    """
    found = _OWN_PATH.search(path)
    return path[: found.start()] if found else path


def _project(place: Place, path: str) -> str | None:
    """None for an express key: it stands for its project itself."""
    written = _PROJECT.search(path)
    of_provider = place.provider.project_id or (written.group(1) if written else None)
    if not isinstance(place, Target):
        return of_provider
    credential = place.credential
    if credential.kind == "api_key" and credential.secret[2:3] == ".":
        return None
    account = _ACCOUNT_PROJECT.search(credential.account or "")
    return credential.project_id or of_provider or (account.group(1) if account else None)


def _location(place: Place, host: str, path: str) -> str:
    if place.provider.region:
        return place.provider.region
    written = _LOCATION.search(path)
    if written is not None:
        return written.group(1)
    of_host = _HOST_LOCATION.match(host)
    if of_host is not None:
        return of_host["one"] or of_host["many"]
    return next(
        (
            location
            for pattern, location in USUAL_LOCATIONS
            if pattern.search(place.upstream_model.lower())
        ),
        "global",
    )


def _google_origin(location: str) -> str:
    """`global` has no prefix, a multi-region (`us`, `eu`) its own host, a region its prefix."""
    if location == "global":
        return GOOGLE
    if "-" not in location:
        return f"https://aiplatform.{location}.rep.googleapis.com"
    return f"https://{location}-aiplatform.googleapis.com"
