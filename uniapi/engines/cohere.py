"""Cohere's own API, version 2 (`cohere`): chat, embed, rerank and transcription.

Version 1, which the predecessor spoke, is retired here: a `/v1/chat` at Cohere's host is read as
`/v2/chat`.
"""

from __future__ import annotations

from uniapi.canonical import Json, Operation
from uniapi.config import Provider
from uniapi.dialects import UpstreamDialect
from uniapi.dialects.cohere import UPSTREAM as COHERE
from uniapi.wire import HttpRequest

from .defaults import DefaultEngine, address_under
from .engine import Address, ModelPage, Place
from .model_lists import decode_cohere_models
from .urls import COHERE_ENDINGS, Root, ends_in_version, find_root, parse_url

HOST = "https://api.cohere.com"
_PATHS = {
    Operation.GENERATE: "chat",
    Operation.EMBED: "embed",
    Operation.RERANK: "rerank",
    Operation.TRANSCRIBE: "audio/transcriptions",
}


class CohereEngine(DefaultEngine):
    name = "cohere"
    vendor = "cohere"
    wire = COHERE

    def address(
        self, place: Place, operation: Operation, stream: bool, dialect: UpstreamDialect
    ) -> Address | None:
        # docs.cohere.com/reference/create-audio-transcription: the form and the answer are
        # OpenAI's.
        shape = "openai" if operation is Operation.TRANSCRIBE else "cohere"
        return address_under(_root(place.provider), _PATHS, operation, shape)

    def models_request(self, place: Place) -> HttpRequest | None:
        """The model list exists in version 1 only."""
        root = _root(place.provider)
        url = root.url[: -len("/v2")] if root.url.endswith("/v2") else root.url
        return HttpRequest(
            method="GET", url=Root(f"{url}/v1", root.query).at("models", "page_size=1000")
        )

    def decode_models(self, body: Json, request: HttpRequest) -> ModelPage:
        return decode_cohere_models(body, request)


def _root(provider: Provider) -> Root:
    root = find_root(provider.base_url or HOST, COHERE_ENDINGS, "/v2", provider.engine is not None)
    parts = parse_url(root.url)
    if root.exact is not None:
        return root
    if parts.host_name in ("api.cohere.com", "api.cohere.ai"):
        return Root(f"{parts.origin}/v2", root.query)
    return root if ends_in_version(parts.path) else Root(f"{root.url}/v2", root.query)
