"""What most engines have in common: one dialect, a bearer token, `model` in the body, no token
flow. An engine is this with what differs, never more than one level deep.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping

from uniapi.canonical import NO_NEEDS, DialectNeeds, Failure, FailureKind, Json, Operation, Request
from uniapi.clock import Epoch
from uniapi.dialects import Quirk, UpstreamDialect
from uniapi.values import replace
from uniapi.wire import HttpRequest

from .aws_services import signed
from .engine import Address, ModelPage, Place, Target, TokenFlow
from .facts import quirk_for
from .habits import find_habit
from .model_lists import decode_openai_models
from .urls import Root, parse_url

LONGEST_TARGET = 200


class DefaultEngine(ABC):
    """See `base.Engine` for what each method promises."""

    name: str
    vendor: str = ""
    """Names the vendor in quirk and failure rows, beside the engine."""
    has_account_cache: bool = False
    authorizes_bodies: bool = False
    wire: UpstreamDialect

    def dialect(
        self,
        place: Place,
        client_dialect: str,
        needs: DialectNeeds = NO_NEEDS,
        learned: str | None = None,
    ) -> UpstreamDialect:
        return self.wire

    @abstractmethod
    def address(
        self, place: Place, operation: Operation, stream: bool, dialect: UpstreamDialect
    ) -> Address | None: ...

    def prepare_body(
        self,
        place: Place,
        body: dict[str, Json],
        operation: Operation,
        stream: bool,
        dialect: UpstreamDialect,
    ) -> dict[str, Json]:
        return {**body, "model": place.upstream_model}

    def adjust(self, place: Place, request: Request) -> Request:
        habit = find_habit(self.name, place.alias, place.upstream_model)
        return habit.apply(request, self.quirk(place)) if habit is not None else request

    def has_habit(self, place: Place) -> bool:
        return find_habit(self.name, place.alias, place.upstream_model) is not None

    def quirk(self, place: Place) -> Quirk:
        provider = place.provider
        host = parse_url(provider.base_url).host if provider.base_url else ""
        quirk = quirk_for(self.name, host, place.upstream_model)
        is_usual = provider.has_tools and provider.has_images and not provider.think_tags
        if is_usual and provider.prompt_cache in (None, "auto"):
            return quirk
        if provider.prompt_cache in ("client", "off"):
            quirk = replace(
                quirk,
                cache_marks=None,
                keeps_cache_marks=provider.prompt_cache != "off",
                prompt_cache_key=False,
            )
        return replace(
            quirk,
            has_tools=quirk.has_tools and provider.has_tools,
            has_images=quirk.has_images and provider.has_images,
            think_tags=quirk.think_tags or provider.think_tags,
        )

    def token_flow(self, target: Target, now_s: Epoch) -> TokenFlow | None:
        return None

    def authorize(
        self, target: Target, request: HttpRequest, token: str | None, now_s: Epoch
    ) -> HttpRequest:
        if target.credential.kind == "aws":
            return signed(target, request, now_s)
        return with_bearer(request, target.credential.secret)

    def classify(
        self, status: int, headers: Mapping[str, str], body: bytes, dialect: UpstreamDialect
    ) -> Failure:
        target = headers.get("location", "") if 300 <= status < 400 else ""
        if target:
            return moved(status, target)
        from .failures import corrected  # what only a failure needs

        failure = dialect.decode_error(status, headers, body)
        return corrected(self.vendor, status, headers, body, failure)

    def correct(self, failure: Failure, headers: Mapping[str, str]) -> Failure:
        from .failures import spoken_by

        return spoken_by(self.vendor, headers, failure)

    def models_request(self, place: Place) -> HttpRequest | None:
        return None

    def decode_models(self, body: Json, request: HttpRequest) -> ModelPage:
        return decode_openai_models(body)


def address_under(
    root: Root, paths: Mapping[Operation, str], operation: Operation, shape: str = "openai"
) -> Address | None:
    """Where `paths` puts an operation under `root`; None: nowhere. An endpoint that is written out
    is where to generate. `shape` is that of every other operation.
    """
    path = paths.get(operation)
    if path is None:
        return None
    if operation is Operation.GENERATE:
        return Address(url=root.exact or root.at(path))
    return Address(url=root.at(path), shape=shape)


def moved(status: int, target: str) -> Failure:
    """An address that redirects is named and not followed: the key would go along."""
    shown = target.partition("?")[0][:LONGEST_TARGET]
    where = shown if shown.isprintable() else "an address that cannot be shown"
    return Failure(
        kind=FailureKind.UNREACHABLE,
        message=f"its `base_url` redirects ({status}) to {where}; write that address there, because"
        " a key is never sent after a redirect",
        status=status,
    )


def with_header(request: HttpRequest, name: str, value: str) -> HttpRequest:
    """`request` with one header set; nothing changes when there is no value (a provider without a
    key).
    """
    return replace(request, headers={**request.headers, name: value}) if value else request


def with_bearer(request: HttpRequest, token: str) -> HttpRequest:
    return with_header(request, "authorization", f"Bearer {token}" if token else "")
