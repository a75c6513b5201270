"""Model lists of providers that name none: asked for in each provider's own way, kept in the data
dir, refreshed every six hours, never written into `api.yaml`.

Start-up does not wait for them. A request that needs a first list which is still being fetched
waits for it, at most ten seconds (`wait`).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from typing import Any

from uniapi.canonical import FailureKind
from uniapi.clock import Clock
from uniapi.config import ModelEntry, Provider
from uniapi.engines import Engine, ListedModel, Target, engine_for
from uniapi.errors import WireError
from uniapi.network import AccessTokens, FetchFailed, Transport, fetch
from uniapi.wire import HttpRequest, load_json

log = logging.getLogger("uniapi.discovery")

REFRESH_S = 6 * 3600.0
RETRY_S = 60.0
FIRST_WAIT_S = 10.0
MAX_PAGES = 20
MAX_CREDENTIALS = 5
"""How many of a provider's credentials are tried for its list."""


class ModelLists:
    """What each discovered provider lists, by provider id.

    `load` and `dump` are plain data for the data dir; `on_change` is told when a list came or
    changed.
    """

    def __init__(self, clock: Clock, on_change: Callable[[], None]) -> None:
        self._clock = clock
        self._on_change = on_change
        self._lists: dict[str, tuple[ListedModel, ...]] = {}
        self._sources: dict[str, str] = {}
        self._due_at: dict[str, float] = {}
        self._pending: dict[str, asyncio.Future[None]] = {}

    def entries(self, provider: Provider) -> tuple[ModelEntry, ...]:
        """The models of one provider: its own when it names them, else those it lists (none yet:
        empty).
        """
        if not provider.is_discovered:
            return provider.models
        return tuple(
            ModelEntry(upstream=listed.model, alias=listed.model)
            for listed in self._lists.get(provider.provider_id, ())
        )

    def listed(self, provider_id: str) -> tuple[ListedModel, ...]:
        return self._lists.get(provider_id, ())

    def is_pending(self, provider_id: str) -> bool:
        """A first list is on its way."""
        return provider_id not in self._lists and provider_id in self._pending

    async def wait(self, providers: tuple[Provider, ...]) -> bool:
        """Wait until the unfinished first discoveries are over; False when ten seconds were not
        enough.
        """
        pending = [
            self._pending[provider.provider_id]
            for provider in providers
            if provider.is_discovered and self.is_pending(provider.provider_id)
        ]
        if not pending:
            return True
        _, unfinished = await asyncio.wait(pending, timeout=FIRST_WAIT_S)
        return not unfinished

    async def refresh(
        self,
        providers: tuple[Provider, ...],
        transport: Transport,
        credentials: AccessTokens,
        *,
        all_due: bool = False,
    ) -> None:
        """Ask every discovered provider whose list is due (`all_due`: whether it is or not); all at
        once, and one that fails is a warning.
        """
        now = self._clock.monotonic_s()
        for gone in self._lists.keys() - {
            provider.provider_id for provider in providers if provider.is_discovered
        }:
            del self._lists[gone]
        due = []
        for provider in providers:
            if not provider.is_discovered:
                continue
            if self._sources.get(provider.provider_id) != _source(provider):
                self._due_at.pop(provider.provider_id, None)
                self._lists.pop(provider.provider_id, None)
            is_due = all_due or self._due_at.get(provider.provider_id, 0.0) <= now
            if is_due and provider.provider_id not in self._pending:
                self._pending[provider.provider_id] = asyncio.get_running_loop().create_future()
                due.append(provider)
        await asyncio.gather(
            *(self._refresh_one(provider, transport, credentials) for provider in due)
        )

    async def _refresh_one(
        self, provider: Provider, transport: Transport, credentials: AccessTokens
    ) -> None:
        try:
            models = await _list_with_any(provider, transport, credentials, self._clock)
        except (FetchFailed, WireError) as error:
            log.warning("provider %r: its model list cannot be had: %s", provider.name, error)
            self._due_at[provider.provider_id] = self._clock.monotonic_s() + RETRY_S
        else:
            changed = self._lists.get(provider.provider_id) != models
            self._lists[provider.provider_id] = models
            self._sources[provider.provider_id] = _source(provider)
            self._due_at[provider.provider_id] = self._clock.monotonic_s() + REFRESH_S
            if changed:
                log.info("provider %r lists %d models", provider.name, len(models))
                self._on_change()
        finally:
            future = self._pending.pop(provider.provider_id)
            if not future.done():
                future.set_result(None)

    def load(self, stored: Mapping[str, Any]) -> None:
        """Take in what `dump` gave, from an earlier run; anything malformed is left out."""
        for provider_id, entry in stored.items():
            if isinstance(entry, dict) and isinstance(entry.get("models"), list):
                self._lists[provider_id] = tuple(
                    model
                    for stored_model in entry["models"]
                    if (model := _loaded(stored_model)) is not None
                )
                self._sources[provider_id] = str(entry.get("source"))

    def dump(self) -> dict[str, Any]:
        return {
            provider_id: {
                "source": self._sources.get(provider_id),
                "models": [_dumped(listed) for listed in models],
            }
            for provider_id, models in self._lists.items()
        }


def _dumped(listed: ListedModel) -> str | dict[str, Any]:
    """A model's name, or an object when more is known of it."""
    stated = {name: value for name, value in asdict(listed).items() if value}
    return listed.model if len(stated) == 1 else stated


def _loaded(stored: Any) -> ListedModel | None:
    """The reverse; what has no name, or a member of another type than ours, says that much less."""
    if isinstance(stored, str):
        return ListedModel(model=stored)
    if not isinstance(stored, dict) or not isinstance(stored.get("model"), str):
        return None
    name = stored.get("display_name")
    return ListedModel(
        model=stored["model"],
        display_name=name if isinstance(name, str) else None,
        context_length=_count(stored.get("context_length")),
        max_output_tokens=_count(stored.get("max_output_tokens")),
        input_modalities=_words(stored.get("input_modalities")),
        output_modalities=_words(stored.get("output_modalities")),
    )


def _count(value: Any) -> int | None:
    return value if isinstance(value, int) else None


def _words(value: Any) -> tuple[str, ...]:
    return tuple(map(str, value)) if isinstance(value, list) else ()


def _source(provider: Provider) -> str:
    """What a list depends on: another address or engine makes it void."""
    return (
        f"{provider.engine or ''} {provider.base_url or ''} {provider.project_id or ''}"
        f" {provider.region or ''}"
    )


async def _list_with_any(
    provider: Provider, transport: Transport, credentials: AccessTokens, clock: Clock
) -> tuple[ListedModel, ...]:
    """A provider's list, asked with its first credential, and with the next ones when that is
    refused. Raises FetchFailed or WireError.
    """
    *first, last = provider.credentials[:MAX_CREDENTIALS]
    for credential in first:
        try:
            return await list_models(
                replace(provider, credentials=(credential,)), transport, credentials, clock
            )
        except FetchFailed as error:
            if error.failure.kind not in (
                FailureKind.CREDENTIAL_REFUSED,
                FailureKind.QUOTA,
                FailureKind.RATE_LIMITED,
            ):
                raise
    return await list_models(replace(provider, credentials=(last,)), transport, credentials, clock)


async def list_models(
    provider: Provider, transport: Transport, credentials: AccessTokens, clock: Clock
) -> tuple[ListedModel, ...]:
    """A provider's whole list, all pages, asked with its first usable credential.

    Raises FetchFailed or WireError saying why there is none.
    """
    engine = engine_for(provider)
    target = Target(
        provider=provider, credential=provider.credentials[0], upstream_model="", alias=""
    )
    request = engine.models_request(target)
    if request is None:
        raise WireError("this kind of provider has no model list: name its models under `model`")
    models: list[ListedModel] = []
    for _ in range(MAX_PAGES):
        status, body = await _ask(engine, target, request, transport, credentials, clock)
        if status >= 400:
            failure = engine.classify(status, {}, body, engine.dialect(target, "openai_chat"))
            raise FetchFailed(failure)
        page = engine.decode_models(load_json(body), request)
        models.extend(page.models)
        if page.next_request is None:
            break
        request = page.next_request
    return tuple(dict.fromkeys(models))


async def _ask(
    engine: Engine,
    target: Target,
    request: HttpRequest,
    transport: Transport,
    credentials: AccessTokens,
    clock: Clock,
) -> tuple[int, bytes]:
    proxy = target.credential.proxy or target.provider.proxy
    token = await credentials.token(engine, target, transport, proxy)
    request = HttpRequest(
        method=request.method,
        url=request.url,
        headers={
            "accept": "application/json",
            "accept-encoding": "identity",
            "user-agent": "uni-api",
            **request.headers,
            **{name.lower(): value for name, value in target.provider.headers.items()},
        },
        body=request.body,
    )
    head, body = await fetch(
        transport, engine.authorize(target, request, token, clock.now_s()), proxy=proxy
    )
    return head.status, body
