"""Anthropic's own API, and addresses that speak Anthropic Messages (`claude`)."""

from __future__ import annotations

from functools import lru_cache

from uniapi.canonical import Json, Operation
from uniapi.clock import Epoch
from uniapi.config import Provider
from uniapi.dialects import UpstreamDialect
from uniapi.dialects.anthropic import UPSTREAM as ANTHROPIC
from uniapi.wire import HttpRequest

from .aws_services import signed
from .claude_addresses import key_headers
from .defaults import DefaultEngine, with_header
from .engine import Address, ModelPage, Place, Target
from .model_lists import decode_anthropic_models
from .urls import ANTHROPIC_ENDINGS, Root, ends_in_version, find_root, parse_url

HOST = "https://api.anthropic.com"
VERSION = "2023-06-01"
"""The version our encoder writes bodies for; a relayed client's own `anthropic-version` stays as it
came.
"""


class ClaudeEngine(DefaultEngine):
    """`vendor`: whose layer it is, where it is not Anthropic's own."""

    name = "claude"
    wire = ANTHROPIC
    has_account_cache = True
    """Caches are kept apart by organization and workspace
    (platform.claude.com/docs/en/build-with-claude/prompt-caching).
    """

    def __init__(self, vendor: str = "anthropic") -> None:
        self.vendor = vendor

    def address(
        self, place: Place, operation: Operation, stream: bool, dialect: UpstreamDialect
    ) -> Address | None:
        root = _root(place.provider)
        if operation is Operation.GENERATE:
            return Address(url=root.exact or root.at("messages"))
        if operation is Operation.COUNT_TOKENS:
            return Address(url=root.at("messages/count_tokens"))
        return None

    def authorize(
        self, target: Target, request: HttpRequest, token: str | None, now_s: Epoch
    ) -> HttpRequest:
        request = with_version(request)
        if target.credential.kind == "aws":
            return signed(target, request, now_s)
        secret = target.credential.secret
        for name in key_headers(parse_url(target.provider.base_url or HOST).host_name):
            value = f"Bearer {secret}" if name == "authorization" and secret else secret
            request = with_header(request, name, value)
        return request

    def models_request(self, place: Place) -> HttpRequest | None:
        return HttpRequest(
            method="GET",
            url=_root(place.provider).at("models", "limit=1000"),
            headers={"anthropic-version": VERSION},
        )

    def decode_models(self, body: Json, request: HttpRequest) -> ModelPage:
        return decode_anthropic_models(body, request)


def with_version(request: HttpRequest) -> HttpRequest:
    """`request` with an `anthropic-version`, which every call needs."""
    return (
        request
        if "anthropic-version" in request.headers
        else with_header(request, "anthropic-version", VERSION)
    )


def _root(provider: Provider) -> Root:
    return _root_at(provider.base_url or HOST, provider.engine is not None)


@lru_cache(maxsize=1024)
def _root_at(base_url: str, is_forced: bool) -> Root:
    """A root that ends in a version: a base such as `https://api.deepseek.com/anthropic` has its
    `/v1` below it, unless the endpoint itself was written out.
    """
    root = find_root(base_url, ANTHROPIC_ENDINGS, "/v1", is_forced)
    path = parse_url(base_url).path
    is_written_out = root.exact is not None or any(
        path.endswith("/" + ending) for ending in ANTHROPIC_ENDINGS
    )
    if is_written_out or ends_in_version(parse_url(root.url).path):
        return root
    return Root(f"{root.url}/v1", root.query)
