"""Google's Gemini API with API keys, and addresses that speak it (`gemini`).

The model and the verb are in the path: `{root}/models/{model}:generateContent`.
"""

from __future__ import annotations

import re
from functools import lru_cache

from uniapi.canonical import Json, Operation
from uniapi.clock import Epoch
from uniapi.config import Provider
from uniapi.dialects import UpstreamDialect
from uniapi.dialects.gemini import UPSTREAM as GEMINI
from uniapi.wire import HttpRequest

from .defaults import DefaultEngine, with_bearer, with_header
from .engine import Address, ModelPage, Place, Target, TokenFlow
from .google_tokens import account_token
from .model_lists import decode_gemini_models
from .urls import Root, ends_in_version, find_root, parse_url, quote_model

HOST = "https://generativelanguage.googleapis.com"
USUAL_PATH = "/v1beta"
_MODELS_PATH = re.compile(r"/(?:models|tunedModels)(?:/[^?#]*)?(?=[?#]|\Z)")

VERBS = {Operation.COUNT_TOKENS: "countTokens", Operation.EMBED: "batchEmbedContents"}
_COUNTED_ALONE = frozenset({"contents", "generateContentRequest", "generate_content_request"})
"""All that a count may name; what else belongs to a request stands within the second
(ai.google.dev/api/tokens, 2026-11-30).
"""
GENERATED = frozenset(
    {
        Operation.IMAGE,
        Operation.IMAGE_EDIT,
        Operation.SPEECH,
        Operation.TRANSCRIBE,
        Operation.TRANSLATE_AUDIO,
    }
)
"""Operations that Google's models do by generating: pictures, speech and transcripts are parts of
an answer (ai.google.dev/gemini-api/docs/speech-generation).
"""


class GeminiEngine(DefaultEngine):
    name = "gemini"
    vendor = "gemini"
    wire = GEMINI

    def address(
        self, place: Place, operation: Operation, stream: bool, dialect: UpstreamDialect
    ) -> Address | None:
        root = _root(place.provider)
        path = model_path(place.upstream_model)
        if operation is Operation.GENERATE:
            return generate_address(root, path, stream)
        if operation in GENERATED:
            return generate_address(root, path, stream, shape="gemini")
        verb = VERBS.get(operation)
        return Address(url=root.at(f"{path}:{verb}"), shape="gemini") if verb is not None else None

    def prepare_body(
        self,
        place: Place,
        body: dict[str, Json],
        operation: Operation,
        stream: bool,
        dialect: UpstreamDialect,
    ) -> dict[str, Json]:
        if operation is Operation.COUNT_TOKENS and body.keys() - _COUNTED_ALONE:
            body = {"generateContentRequest": {"model": "", **body}}
        return rename_models(body, place.upstream_model)

    def token_flow(self, target: Target, now_s: Epoch) -> TokenFlow | None:
        return account_token(target, now_s)

    def authorize(
        self, target: Target, request: HttpRequest, token: str | None, now_s: Epoch
    ) -> HttpRequest:
        """A key, or the access token of a service account (ai.google.dev/gemini-api/docs/oauth)."""
        if token is None:
            return with_header(request, "x-goog-api-key", target.credential.secret)
        project = target.credential.project_id or target.provider.project_id or ""
        return with_header(with_bearer(request, token), "x-goog-user-project", project)

    def models_request(self, place: Place) -> HttpRequest | None:
        return HttpRequest(method="GET", url=_root(place.provider).at("models", "pageSize=1000"))

    def decode_models(self, body: Json, request: HttpRequest) -> ModelPage:
        return decode_gemini_models(body, request)


def generate_address(root: Root, path: str, stream: bool, shape: str = "dialect") -> Address:
    """`alt=sse` always: without it a stream is one JSON array
    (ai.google.dev/api/generate-content).
    """
    if stream:
        return Address(url=root.at(f"{path}:streamGenerateContent", "alt=sse"), shape=shape)
    return Address(url=root.at(f"{path}:generateContent"), shape=shape)


def model_path(model: str) -> str:
    """`models/NAME`; a name that brings its collection (`tunedModels/…`) keeps it."""
    if model.startswith(("models/", "tunedModels/")):
        return quote_model(model, safe="/@")
    return f"models/{quote_model(model, safe='@')}"


def rename_models(body: dict[str, Json], model: str) -> dict[str, Json]:
    """Bodies that repeat the model (`batchEmbedContents`, `countTokens`) name the upstream one;
    what names none stays as it is.
    """
    name = model if "/" in model else f"models/{model}"
    changed = dict(body)
    if "model" in body:
        changed["model"] = name
    inner = body.get("generateContentRequest")
    if isinstance(inner, dict) and "model" in inner:
        changed["generateContentRequest"] = {**inner, "model": name}
    requests = body.get("requests")
    if isinstance(requests, list):
        changed["requests"] = [
            {**one, "model": name} if isinstance(one, dict) and "model" in one else one
            for one in requests
        ]
    return changed


def _root(provider: Provider) -> Root:
    return _root_at(provider.base_url or HOST)


@lru_cache(maxsize=1024)
def _root_at(base_url: str) -> Root:
    """The root that ends in a version.

    A path that is no version is a gateway's prefix and has `/v1beta` below it; a trailing `#`
    forbids that.
    """
    root = find_root(_MODELS_PATH.sub("", base_url), (), USUAL_PATH, False)
    if root.exact is not None or ends_in_version(parse_url(root.url).path):
        return Root(root.url, root.query)
    return Root(root.url + USUAL_PATH, root.query)
