"""Cloudflare Workers AI (`cloudflare`), by its OpenAI-compatible endpoints, directly or through an
AI Gateway.

https://developers.cloudflare.com/workers-ai/configuration/open-ai-compatibility/:
`/accounts/{id}/ai/v1/chat/completions`;
https://developers.cloudflare.com/ai-gateway/usage/providers/workersai/:
`/v1/{account}/{gateway}/workers-ai/v1/chat/completions`.
"""

from __future__ import annotations

import re

from uniapi.canonical import Json, Operation
from uniapi.config import Provider
from uniapi.dialects import UpstreamDialect
from uniapi.dialects.openai_chat import UPSTREAM as OPENAI_CHAT
from uniapi.wire import HttpRequest

from .defaults import DefaultEngine, address_under
from .engine import Address, ModelPage, Place
from .model_lists import decode_cloudflare_models
from .urls import OPENAI_ENDINGS, Root, find_root, parse_url

API = "https://api.cloudflare.com/client/v4"
_ACCOUNT = re.compile(r"/accounts/([^/]+)")
_PATHS = {Operation.GENERATE: "chat/completions", Operation.EMBED: "embeddings"}


class CloudflareEngine(DefaultEngine):
    name = "cloudflare"
    vendor = "cloudflare"
    wire = OPENAI_CHAT

    def address(
        self, place: Place, operation: Operation, stream: bool, dialect: UpstreamDialect
    ) -> Address | None:
        return address_under(_root(place.provider), _PATHS, operation)

    def models_request(self, place: Place) -> HttpRequest | None:
        account = _account(place.provider)
        if account is None:
            return None
        return HttpRequest(
            method="GET", url=f"{API}/accounts/{account}/ai/models/search?per_page=100&page=1"
        )

    def decode_models(self, body: Json, request: HttpRequest) -> ModelPage:
        return decode_cloudflare_models(body, request)


def _account(provider: Provider) -> str | None:
    if provider.cf_account_id:
        return provider.cf_account_id
    found = _ACCOUNT.search(parse_url(provider.base_url or "").path)
    return found.group(1) if found else None


def _root(provider: Provider) -> Root:
    """The address of Cloudflare itself is made from the account; any other (a gateway, a proxy) is
    used as it is written.
    """
    parts = parse_url(provider.base_url or API)
    account = _account(provider)
    if account is not None and parts.host_name == "api.cloudflare.com":
        return Root(f"{parts.origin}/client/v4/accounts/{account}/ai/v1")
    base_url = provider.base_url or API
    if parts.path.endswith("/workers-ai"):
        base_url = f"{parts.origin}{parts.path}/v1"
    return find_root(base_url, OPENAI_ENDINGS, "/v1", provider.engine is not None)
