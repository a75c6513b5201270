"""Model lists of providers that name none: asked for in each provider's own way, kept in the data
dir, refreshed every six hours, never written into `api.yaml`.

Start-up does not wait for them. A request that needs a first list waits for it until ten seconds
after it was first asked for (`wait`); what has failed, or is later than that, nobody waits for: it
is asked again after a minute, at a reload, and when somebody wants what it may serve.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any

from uniapi.canonical import FailureKind
from uniapi.clock import Clock
from uniapi.config import ModelEntry, Preferences, Provider
from uniapi.engines import Engine, ListedModel, ModelPage, Target, engine_for, read_day
from uniapi.errors import WireError
from uniapi.network import AccessTokens, FetchFailed, Passage, Transport, fetch, passage_of
from uniapi.values import dataclass, fields, replace
from uniapi.wire import HttpRequest, ResponseHead, load_json

log = logging.getLogger("uniapi.discovery")

REFRESH_S = 6 * 3600.0
RETRY_S = 60.0
WANTED_RETRY_S = 5.0
"""A provider whose list failed is asked again no sooner than this, however often it is wanted."""
FIRST_WAIT_S = 10.0
MAX_PAGES = 20
MAX_MODELS = 5000
MAX_MODEL_NAME = 256
"""Of a list that goes on and on, so many of its models are taken; longer names nobody can ask
for.
"""
LONG_PAGE_BYTES = 64 * 1024
MAX_CREDENTIALS = 5
"""How many of a provider's credentials are tried for its list."""


@dataclass(frozen=True, slots=True)
class _Pending:
    """A list that is being asked for; who needs it waits until `over`, or `until` (monotonic)."""

    over: asyncio.Future[None]
    until: float


class ModelLists:
    """What each discovered provider lists, by provider id.

    `load` and `dump` are plain data for the data dir; `on_change` is awaited when a list came or
    changed, `on_wanted` when a list that failed should be asked for again.
    """

    def __init__(
        self,
        clock: Clock,
        on_change: Callable[[], Awaitable[None]] | None = None,
        on_wanted: Callable[[], None] = lambda: None,
    ) -> None:
        self._clock = clock
        self._on_change = on_change
        self._on_wanted = on_wanted
        self._lists: dict[str, tuple[ListedModel, ...]] = {}
        self.shutdowns: dict[tuple[str, str], str] = {}
        """The day (`YYYY-MM-DD`) from which a provider's own list says that a model is gone."""
        self._sources: dict[str, str] = {}
        self._due_at: dict[str, float] = {}
        self._failed_at: dict[str, float] = {}
        self._pending: dict[str, _Pending] = {}

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

    def discovered(self, providers: Iterable[Provider]) -> dict[str, tuple[ModelEntry, ...]]:
        """Those of the providers that name none, by their ids; without who has listed nothing."""
        return {
            provider.provider_id: entries
            for provider in providers
            if provider.is_discovered and (entries := self.entries(provider))
        }

    def listed(self, provider_id: str) -> tuple[ListedModel, ...]:
        return self._lists.get(provider_id, ())

    def put(self, provider: Provider, models: tuple[ListedModel, ...]) -> None:
        """What a provider lists, asked for elsewhere."""
        self._put(provider.provider_id, models)
        self._sources[provider.provider_id] = _source(provider)

    def _put(self, provider_id: str, models: tuple[ListedModel, ...]) -> None:
        self._lists[provider_id] = models
        self._forget_shutdowns(provider_id)
        for model in models:
            if model.shutdown_date is not None:
                self.shutdowns[(provider_id, model.model)] = model.shutdown_date

    def _forget_shutdowns(self, provider_id: str) -> None:
        for known in [one for one in self.shutdowns if one[0] == provider_id]:
            del self.shutdowns[known]

    async def wait(self, providers: tuple[Provider, ...]) -> bool:
        """Wait until the unfinished first discoveries of providers without a list are over; False
        when they take longer than somebody waits for them.
        """
        self._want_again(providers)
        first = [
            pending
            for provider in providers
            if (pending := self._pending.get(provider.provider_id)) is not None
            and provider.provider_id not in self._failed_at
        ]
        if not first:
            return True
        left_s = max(pending.until for pending in first) - self._clock.monotonic_s()
        if left_s <= 0:
            return False
        _, unfinished = await asyncio.wait([one.over for one in first], timeout=left_s)
        return not unfinished

    def _want_again(self, providers: tuple[Provider, ...]) -> None:
        """Those that failed are asked again, and not waited for."""
        now = self._clock.monotonic_s()
        wanted = [
            provider.provider_id
            for provider in providers
            if now - self._failed_at.get(provider.provider_id, now) >= WANTED_RETRY_S
            and provider.provider_id not in self._pending
        ]
        if wanted:
            self._due_at.update(dict.fromkeys(wanted, now))
            self._on_wanted()

    async def refresh(
        self,
        providers: tuple[Provider, ...],
        preferences: Preferences,
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
            self._forget_shutdowns(gone)
        due = []
        for provider in providers:
            if not provider.is_discovered:
                continue
            if self._sources.get(provider.provider_id) != _source(provider):
                for kept in (self._due_at, self._failed_at, self._lists):
                    kept.pop(provider.provider_id, None)
                self._forget_shutdowns(provider.provider_id)
                self._sources[provider.provider_id] = _source(provider)
            is_due = all_due or self._due_at.get(provider.provider_id, 0.0) <= now
            if is_due and provider.provider_id not in self._pending:
                over = asyncio.get_running_loop().create_future()
                self._pending[provider.provider_id] = _Pending(over, now + FIRST_WAIT_S)
                due.append(provider)
        await asyncio.gather(
            *(self._refresh_one(provider, preferences, transport, credentials) for provider in due)
        )

    async def _refresh_one(
        self,
        provider: Provider,
        preferences: Preferences,
        transport: Transport,
        credentials: AccessTokens,
    ) -> None:
        try:
            models = await _list_with_any(
                provider, preferences, transport, credentials, self._clock
            )
        except (FetchFailed, WireError) as error:
            log.warning("provider %r: its model list cannot be had: %s", provider.name, error)
            self._failed_at[provider.provider_id] = self._clock.monotonic_s()
            self._due_at[provider.provider_id] = self._clock.monotonic_s() + RETRY_S
        else:
            self._failed_at.pop(provider.provider_id, None)
            changed = self._lists.get(provider.provider_id) != models
            self.put(provider, models)
            self._due_at[provider.provider_id] = self._clock.monotonic_s() + REFRESH_S
            if changed:
                log.info("provider %r lists %d models", provider.name, len(models))
                if self._on_change is not None:
                    await self._on_change()
        finally:
            over = self._pending.pop(provider.provider_id).over
            if not over.done():
                over.set_result(None)

    def load(self, stored: Mapping[str, Any]) -> None:
        """Take in what `dump` gave, from an earlier run; anything malformed is left out."""
        for provider_id, entry in stored.items():
            if isinstance(entry, dict) and isinstance(entry.get("models"), list):
                loaded = (_loaded(stored_model) for stored_model in entry["models"])
                self._put(provider_id, tuple(model for model in loaded if model is not None))
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
    said = ((one.name, getattr(listed, one.name)) for one in fields(listed))
    stated = {name: value for name, value in said if value}
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
        shutdown_date=read_day(stored.get("shutdown_date")),
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
    provider: Provider,
    preferences: Preferences,
    transport: Transport,
    credentials: AccessTokens,
    clock: Clock,
) -> tuple[ListedModel, ...]:
    """A provider's list, asked with its first credential, and with the next ones when that is
    refused. Raises FetchFailed or WireError.
    """
    *first, last = provider.credentials[:MAX_CREDENTIALS]
    for credential in first:
        one = replace(provider, credentials=(credential,))
        try:
            return await list_models(one, preferences, transport, credentials, clock)
        except FetchFailed as error:
            if error.failure.kind not in (
                FailureKind.CREDENTIAL_REFUSED,
                FailureKind.QUOTA,
                FailureKind.RATE_LIMITED,
            ):
                raise
    one = replace(provider, credentials=(last,))
    return await list_models(one, preferences, transport, credentials, clock)


async def list_models(
    provider: Provider,
    preferences: Preferences,
    transport: Transport,
    credentials: AccessTokens,
    clock: Clock,
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
    passage = passage_of(provider, target.credential, preferences)
    models: list[ListedModel] = []
    for _ in range(MAX_PAGES):
        head, body = await _ask(engine, target, request, passage, transport, credentials, clock)
        if head.status >= 300:
            failure = engine.classify(
                head.status, head.headers, body, engine.dialect(target, "openai_chat")
            )
            raise FetchFailed(failure)
        page = await _decoded(engine, body, request)
        models.extend(model for model in page.models if len(model.model) <= MAX_MODEL_NAME)
        if page.next_request is None or len(models) >= MAX_MODELS:
            break
        request = page.next_request
    return tuple(dict.fromkeys(models[:MAX_MODELS]))


async def _decoded(engine: Engine, body: bytes, request: HttpRequest) -> ModelPage:
    """A page of a list; a large one is read in a thread, so that streams go on meanwhile."""

    def decoded() -> ModelPage:
        return engine.decode_models(load_json(body), request)

    if len(body) <= LONG_PAGE_BYTES:
        return decoded()
    return await asyncio.get_running_loop().run_in_executor(None, decoded)


async def _ask(
    engine: Engine,
    target: Target,
    request: HttpRequest,
    passage: Passage,
    transport: Transport,
    credentials: AccessTokens,
    clock: Clock,
) -> tuple[ResponseHead, bytes]:
    token = await credentials.token(engine, target, transport, passage)
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
        transport, engine.authorize(target, request, token, clock.now_s()), passage=passage
    )
    return head, body
