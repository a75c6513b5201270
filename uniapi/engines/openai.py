"""OpenAI and everything compatible with it (`gpt`, `openrouter`), and addresses that speak OpenAI
Responses (`responses`).

One class; what differs between vendors is their preset row. Where a vendor speaks Responses beside
chat, a Responses client is relayed there.
"""

from __future__ import annotations

from uniapi.canonical import Json, Operation
from uniapi.config import Provider
from uniapi.dialects import UpstreamDialect
from uniapi.dialects.openai_chat import UPSTREAM as OPENAI_CHAT
from uniapi.dialects.openai_responses import UPSTREAM as OPENAI_RESPONSES
from uniapi.wire import HttpRequest

from .defaults import DefaultEngine
from .engine import Address, ModelPage, Place
from .model_lists import decode_openai_models
from .presets import PLAIN, Preset
from .urls import OPENAI_ENDINGS, OPENAI_PATHS, Root, find_root, parse_url, quote_model


class OpenAiEngine(DefaultEngine):
    """An OpenAI-compatible vendor, as its preset row describes it."""

    wire = OPENAI_CHAT

    def __init__(self, name: str = "gpt", preset: Preset = PLAIN) -> None:
        self.name = name
        self.preset = preset
        self.vendor = preset.vendor
        self.has_account_cache = preset.has_account_cache

    def dialect(self, place: Place, client_dialect: str) -> UpstreamDialect:
        speaks_responses = (
            client_dialect == OPENAI_RESPONSES.name
            and self.preset.responses
            and place.provider.engine is None
        )
        return (
            OPENAI_RESPONSES
            if speaks_responses and self._root(place.provider).exact is None
            else OPENAI_CHAT
        )

    def address(
        self, place: Place, operation: Operation, stream: bool, dialect: UpstreamDialect
    ) -> Address | None:
        root = self._root(place.provider)
        if operation is Operation.GENERATE:
            if dialect is OPENAI_RESPONSES:
                return self._address(root.at("responses"))
            return self._address(root.exact or root.at(self.preset.chat))
        if operation is Operation.COMPACT:
            return (
                self._address(root.at("responses/compact")) if dialect is OPENAI_RESPONSES else None
            )
        if operation is Operation.COUNT_TOKENS:
            return self._count_address(root, dialect)
        endpoint = self.preset.endpoint(operation)
        if endpoint is None:
            return None
        return self._address(_url(root, endpoint.path, place.upstream_model), endpoint.shape)

    def _count_address(self, root: Root, dialect: UpstreamDialect) -> Address | None:
        """OpenAI's own counts alone: nobody else who speaks Responses is known to count
        (developers.openai.com/api/reference/resources/responses/subresources/input_tokens).
        """
        counts = dialect is OPENAI_RESPONSES and self.preset.vendor == "openai"
        return self._address(root.at("responses/input_tokens")) if counts else None

    def prepare_body(
        self,
        place: Place,
        body: dict[str, Json],
        operation: Operation,
        stream: bool,
        dialect: UpstreamDialect,
    ) -> dict[str, Json]:
        endpoint = self.preset.operations.get(operation)
        renames = {} if endpoint is None else endpoint.renames
        renamed = {renames.get(name, name): value for name, value in body.items()}
        return {**renamed, "model": place.upstream_model}

    def models_request(self, place: Place) -> HttpRequest | None:
        path = self.preset.list_path
        if path is None:
            return None
        root = self._root(place.provider)
        url = parse_url(root.url).origin + path if path.startswith("/") else root.at(path)
        return HttpRequest(method="GET", url=url, headers=dict(self.preset.headers))

    def _address(self, url: str, shape: str = "dialect") -> Address:
        return Address(url=url, headers=self.preset.headers, shape=shape)

    def _root(self, provider: Provider) -> Root:
        return find_root(
            provider.base_url or "",
            (*OPENAI_ENDINGS, self.preset.chat),
            self.preset.usual_path,
            provider.engine is not None,
        )


def _url(root: Root, path: str, model: str) -> str:
    """An endpoint of a preset row (see `presets.Endpoint`)."""
    named = path.replace("{model}", quote_model(model.replace(".", "_"), safe="/"))
    if named.startswith("https://"):
        return named
    return parse_url(root.url).origin + named if named.startswith("/") else root.at(named)


class ResponsesEngine(DefaultEngine):
    """An address that speaks OpenAI Responses, for generation of every kind of client."""

    name = "responses"
    wire = OPENAI_RESPONSES

    def __init__(self, preset: Preset = PLAIN) -> None:
        self.preset = preset
        self.vendor = preset.vendor
        self.has_account_cache = preset.has_account_cache

    def address(
        self, place: Place, operation: Operation, stream: bool, dialect: UpstreamDialect
    ) -> Address | None:
        root = self._root(place.provider)
        if operation is Operation.GENERATE:
            return Address(url=root.exact or root.at("responses"), headers=self.preset.headers)
        if operation is Operation.COMPACT:
            return Address(url=root.at("responses/compact"), headers=self.preset.headers)
        if operation is Operation.COUNT_TOKENS:
            return Address(url=root.at("responses/input_tokens"), headers=self.preset.headers)
        path = OPENAI_PATHS.get(operation)
        return (
            Address(url=root.at(path), headers=self.preset.headers, shape="openai")
            if path is not None
            else None
        )

    def models_request(self, place: Place) -> HttpRequest | None:
        return HttpRequest(
            method="GET",
            url=self._root(place.provider).at("models"),
            headers=dict(self.preset.headers),
        )

    def decode_models(self, body: Json, request: HttpRequest) -> ModelPage:
        return decode_openai_models(body)

    def _root(self, provider: Provider) -> Root:
        return find_root(
            provider.base_url or "",
            OPENAI_ENDINGS,
            self.preset.usual_path,
            provider.engine is not None,
        )
