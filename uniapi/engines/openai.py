"""OpenAI and everything compatible with it (`gpt`, `openrouter`), and addresses that speak OpenAI
Responses (`responses`).

One class; what differs between vendors is their preset row. Where a vendor speaks Responses beside
chat, a Responses client is relayed there, and OpenAI's models are asked in the dialect that serves
the request (`spoken_dialect`).
"""

from __future__ import annotations

from uniapi.canonical import NO_NEEDS, DialectNeeds, Json, Operation
from uniapi.config import Provider
from uniapi.dialects import UpstreamDialect
from uniapi.dialects.anthropic import UPSTREAM as ANTHROPIC
from uniapi.dialects.openai_chat import UPSTREAM as OPENAI_CHAT
from uniapi.dialects.openai_responses import UPSTREAM as OPENAI_RESPONSES
from uniapi.wire import HttpRequest

from .anthropic import VERSION as ANTHROPIC_VERSION
from .defaults import DefaultEngine
from .engine import Address, ModelPage, Place
from .model_lists import decode_openai_models
from .presets import PLAIN, Preset
from .spoken_dialect import spoken_dialect
from .urls import OPENAI_ENDINGS, OPENAI_PATHS, Root, find_root, parse_url, quote_model

RESPONSES_PATHS = {
    Operation.COMPACT: "responses/compact",
    Operation.COUNT_TOKENS: "responses/input_tokens",
}
"""Operations that Responses alone has (developers.openai.com/api/reference/resources/responses)."""


class OpenAiEngine(DefaultEngine):
    """An OpenAI-compatible vendor, as its preset row describes it."""

    wire = OPENAI_CHAT

    def __init__(self, name: str = "gpt", preset: Preset = PLAIN) -> None:
        self.name = name
        self.preset = preset
        self.vendor = preset.vendor
        self.has_account_cache = preset.has_account_cache

    def dialect(
        self,
        place: Place,
        client_dialect: str,
        needs: DialectNeeds = NO_NEEDS,
        learned: str | None = None,
    ) -> UpstreamDialect:
        """Chat when `engine:` orders this engine. Else what the model and the request need; where
        both will do, Responses if it is written in the address, or is the client's own and the
        vendor has it.
        """
        if self._is_asked_in_messages(place):
            return ANTHROPIC
        if place.provider.engine is not None or self._root(place.provider).exact is not None:
            return OPENAI_CHAT
        is_own = client_dialect == OPENAI_RESPONSES.name and self.preset.responses
        is_usual = is_own or _names_responses(place.provider)
        usual = OPENAI_RESPONSES if is_usual else OPENAI_CHAT
        return spoken_dialect(place, self, needs, learned, usual)

    def address(
        self, place: Place, operation: Operation, stream: bool, dialect: UpstreamDialect
    ) -> Address | None:
        root = self._root(place.provider)
        if dialect is ANTHROPIC:
            return self._messages_address(root, operation)
        if operation is Operation.GENERATE:
            if dialect is OPENAI_RESPONSES:
                return self._address(root.at("responses"))
            return self._address(root.exact or root.at(self.preset.chat))
        if operation in RESPONSES_PATHS:
            return self._beside_responses(root, operation, dialect)
        endpoint = self.preset.endpoint(operation)
        if endpoint is None:
            return None
        url = _url(root, endpoint.path, place.upstream_model)
        return self._address(url, endpoint.shape, endpoint.most_inputs)

    def _beside_responses(
        self, root: Root, operation: Operation, dialect: UpstreamDialect
    ) -> Address | None:
        """OpenAI's own counts alone: nobody else who speaks Responses is known to count
        (developers.openai.com/api/reference/resources/responses/subresources/input_tokens).
        """
        is_known = operation is not Operation.COUNT_TOKENS or self.vendor == "openai"
        is_there = dialect is OPENAI_RESPONSES and is_known
        return self._address(root.at(RESPONSES_PATHS[operation])) if is_there else None

    def prepare_body(
        self,
        place: Place,
        body: dict[str, Json],
        operation: Operation,
        stream: bool,
        dialect: UpstreamDialect,
    ) -> dict[str, Json]:
        endpoint = self.preset.operations.get(operation)
        if endpoint is not None:
            renamed = {endpoint.renames.get(name, name): value for name, value in body.items()}
            body = {**endpoint.usual, **renamed}
        return {**body, "model": place.upstream_model}

    def models_request(self, place: Place) -> HttpRequest | None:
        path = self.preset.list_path
        if path is None:
            return None
        root = self._root(place.provider)
        url = parse_url(root.url).origin + path if path.startswith("/") else root.at(path)
        return HttpRequest(method="GET", url=url, headers=dict(self.preset.headers))

    def _is_asked_in_messages(self, place: Place) -> bool:
        named = place.upstream_model.startswith("anthropic.")
        return self.preset.messages_path is not None and named and place.provider.engine is None

    def _messages_address(self, root: Root, operation: Operation) -> Address | None:
        paths = {Operation.GENERATE: "messages", Operation.COUNT_TOKENS: "messages/count_tokens"}
        if operation not in paths:
            return None
        url = f"{parse_url(root.url).origin}{self.preset.messages_path}/{paths[operation]}"
        return Address(url=url, headers={"anthropic-version": ANTHROPIC_VERSION})

    def _address(self, url: str, shape: str = "dialect", most: int | None = None) -> Address:
        headers = self.preset.headers
        return Address(url=url, headers=headers, shape=shape, most_inputs=most)

    def _root(self, provider: Provider) -> Root:
        return find_root(
            self.preset.openai_address(provider.base_url or ""),
            (*OPENAI_ENDINGS, self.preset.chat),
            self.preset.usual_path,
            provider.engine is not None,
            self.preset.other_paths,
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
        if operation in RESPONSES_PATHS:
            return Address(url=root.at(RESPONSES_PATHS[operation]), headers=self.preset.headers)
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


def _names_responses(provider: Provider) -> bool:
    """Whether the address was written down to `/responses`."""
    return "responses" in parse_url(provider.base_url or "").segments
