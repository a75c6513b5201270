"""`check --live`: every provider key is asked for something small, a few at a time, and what came back is a row.

A key has a model list, or answers a completion of one token where there is no list, or where the list is there for anybody and so proves nothing.
"""

from __future__ import annotations

import asyncio
import json
import random
from dataclasses import dataclass, replace
from typing import Any

from uniapi.canonical import Call, FailureKind, Operation, Principal
from uniapi.clock import Clock, SystemClock
from uniapi.config import Config, Credential, ModelEntry, Provider
from uniapi.dialects import ReplyContext
from uniapi.engines import Target, engine_for
from uniapi.errors import WireError
from uniapi.gateway import AiohttpTransport, CredentialStore, FetchFailed, Transport, ask_once, list_models
from uniapi.scheduler import Jobs

LIVE_TIMEOUT_S = 20.0
LIVE_AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class LiveRow:
    """What one provider key answered."""

    provider: str
    key: str
    ok: bool
    latency_s: float
    models: int | None
    message: str

    def plain(self) -> dict[str, Any]:
        return {
            "provider": self.provider,
            "key": self.key,
            "ok": self.ok,
            "latency_ms": round(self.latency_s * 1000),
            "models": self.models,
            "message": self.message,
        }

    def cells(self) -> list[str]:
        return [
            self.provider,
            self.key,
            "yes" if self.ok else "NO",
            f"{self.latency_s * 1000:.0f} ms",
            str(self.models) if self.models is not None else self.message[:80],
        ]


class Network:
    """A transport for the length of one command."""

    async def __aenter__(self) -> Network:
        self.clock: Clock = SystemClock()
        self.jobs = Jobs(self.clock, random.Random())
        self.transport: Transport = AiohttpTransport(self.jobs.spawn)
        self.credentials = CredentialStore(self.clock)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.jobs.shutdown()
        await self.transport.close()


async def ask_every_key(config: Config) -> list[LiveRow]:
    """Ask every key of every provider once, a few at a time."""
    limit = asyncio.Semaphore(LIVE_AT_ONCE)
    async with Network() as network:

        async def is_open(provider: Provider) -> bool:
            async with limit:
                return await _lists_to_anybody(_with(provider, provider.credentials[0], config), network)

        async def one(provider: Provider, credential: Credential, is_list_open: bool) -> LiveRow:
            async with limit:
                return await _ask_key(_with(provider, credential, config), network, is_list_open=is_list_open)

        opened = await asyncio.gather(*map(is_open, config.providers))
        return await asyncio.gather(
            *(
                one(provider, each, is_list_open)
                for provider, is_list_open in zip(config.providers, opened, strict=True)
                for each in provider.credentials
            )
        )


def _with(provider: Provider, credential: Credential, config: Config) -> Provider:
    """The provider with one key, and the proxy that its calls take."""
    return replace(provider, credentials=(credential,), proxy=credential.proxy or provider.proxy or config.preferences.proxy)


async def _lists_to_anybody(provider: Provider, network: Network) -> bool:
    """Whether the model list is given without a key (as OpenRouter does): then having it says nothing of one."""
    credential = provider.credentials[0]
    if credential.kind != "api_key":
        return False
    nobody = replace(provider, credentials=(replace(credential, secret="", kind="none"),))
    try:
        return bool(await asyncio.wait_for(list_models(nobody, network.transport, network.credentials, network.clock), LIVE_TIMEOUT_S))
    except (FetchFailed, WireError, asyncio.TimeoutError):
        return False


async def _ask_key(provider: Provider, network: Network, *, is_list_open: bool) -> LiveRow:
    """One key: its model list, or, where the provider has none or gives it to anybody, a completion of one token with its first model."""
    began = network.clock.monotonic_s()
    display = provider.credentials[0].display

    def row(ok: bool, models: int | None, message: str) -> LiveRow:
        return LiveRow(provider.name, display, ok, network.clock.monotonic_s() - began, models, message)

    models = provider.models
    count = len(models)
    try:
        listed = await asyncio.wait_for(list_models(provider, network.transport, network.credentials, network.clock), LIVE_TIMEOUT_S)
        count = len(listed)
        if not is_list_open:
            return row(True, count, "")
        models = models or tuple(ModelEntry(upstream=one.model, alias=one.model) for one in listed)
    except (FetchFailed, WireError, asyncio.TimeoutError) as error:
        if not models:
            return row(False, None, str(error) or "no answer in time")
    entry = models[0]
    target = Target(provider=provider, credential=provider.credentials[0], upstream_model=entry.upstream, alias=entry.alias)
    value = {"model": entry.alias, "max_tokens": 1, "messages": [{"role": "user", "content": "Hi"}]}
    call = Call(
        request_id="check",
        dialect="openai_chat",
        operation=Operation.GENERATE,
        principal=Principal(key_id="check", label="check"),
        requested_model=entry.alias,
        stream=False,
        body=json.dumps(value).encode(),
        json=value,
        path="/v1/chat/completions",
    )
    context = ReplyContext(requested_model=entry.alias, id_seed="0", created_s=0)
    failure = await ask_once(
        call, target, engine_for(provider), context, network.transport, network.credentials, network.clock, timeout_s=LIVE_TIMEOUT_S
    )
    is_of_key = failure is not None and failure.kind in (FailureKind.CREDENTIAL_REFUSED, FailureKind.QUOTA)
    if failure is None or (not provider.models and not is_of_key):
        # Of a list that the owner did not write, the first model may well not be one that chats.
        return row(True, count, "")
    return row(False, None, failure.message)
