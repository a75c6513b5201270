"""`check --live`: every provider key is asked for something small, a few at a time, and what came
back is a row.

A key has a model list, or answers a completion of one token where there is no list, or where the
list is there for anybody and so proves nothing.
"""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Coroutine, Mapping
from typing import Any

from uniapi.values import dataclass, replace

from .balances import ask_balance
from .canonical import Call, Failure, FailureKind, Operation, Principal, RequestRefused
from .clock import Clock, SystemClock
from .config import Config, Credential, ModelEntry, Preferences, Provider
from .engines import ListedModel, Target, engine_for
from .errors import WireError
from .gateway import ModelLists, list_models, prepare_once
from .network import (
    AccessTokens,
    FetchFailed,
    Passage,
    Transport,
    fetch,
    open_transport,
    passage_of,
)
from .scheduler import Jobs

LIVE_TIMEOUT_S = 20.0
LIVE_AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class LiveRow:
    """What one provider key answered; `number` is its place in the file, from 1."""

    provider: str
    number: int
    key: str
    ok: bool
    latency_s: float
    models: int | None
    message: str
    left: str = ""
    """What is left on it, where its vendor says so."""

    def plain(self) -> dict[str, Any]:
        return {
            "provider": self.provider,
            "number": self.number,
            "key": self.key,
            "ok": self.ok,
            "latency_ms": round(self.latency_s * 1000),
            "models": self.models,
            "message": self.message,
            "left": self.left or None,
        }

    def cells(self) -> list[str]:
        return [
            self.provider,
            f"#{self.number}",
            self.key,
            "yes" if self.ok else "NO",
            f"{self.latency_s * 1000:.0f} ms",
            "" if self.models is None else str(self.models),
        ]


class Network:
    """A transport for the length of one command, by the proxies that `environment` names."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment

    @classmethod
    def of(cls, transport: Transport, credentials: AccessTokens, clock: Clock) -> Network:
        """That of a gateway that runs."""
        network = cls({})
        network.transport, network.credentials, network.clock = transport, credentials, clock
        return network

    async def __aenter__(self) -> Network:
        self.clock: Clock = SystemClock()
        self.jobs = Jobs(self.clock, random.Random())
        self.transport: Transport = open_transport(self.jobs.spawn, self._environment)
        self.credentials = AccessTokens(self.clock)
        self.lists = ModelLists(self.clock)
        return self

    def models_of(
        self, provider: Provider, preferences: Preferences
    ) -> Coroutine[Any, Any, tuple[ListedModel, ...]]:
        return list_models(provider, preferences, self.transport, self.credentials, self.clock)

    async def __aexit__(self, *_: object) -> None:
        await self.jobs.shutdown()
        await self.transport.close()


async def ask_every_key(
    config: Config, environment: Mapping[str, str]
) -> tuple[list[LiveRow], ModelLists]:
    """Ask every key of every provider once, a few at a time; gives also the lists of models that
    came.
    """
    limit = asyncio.Semaphore(LIVE_AT_ONCE)
    async with Network(environment) as network:

        async def is_open(provider: Provider) -> bool:
            async with limit:
                return await _lists_to_anybody(provider, config.preferences, network)

        async def one(provider: Provider, credential: Credential, is_list_open: bool) -> LiveRow:
            async with limit:
                asked = replace(provider, credentials=(credential,))
                row = await _ask_key(asked, config.preferences, network, is_list_open=is_list_open)
                left = await ask_balance(asked, credential, config.preferences, network.transport)
                return row if left is None else replace(row, left=left.text)

        opened = await asyncio.gather(*map(is_open, config.providers))
        rows = await asyncio.gather(
            *(
                one(provider, each, is_list_open)
                for provider, is_list_open in zip(config.providers, opened, strict=True)
                for each in provider.credentials
            )
        )
        return rows, network.lists


async def ask_key(
    provider: Provider, credential: Credential, preferences: Preferences, network: Network
) -> LiveRow:
    """Ask one key."""
    one = replace(provider, credentials=(credential,))
    is_open = await _lists_to_anybody(one, preferences, network)
    return await _ask_key(one, preferences, network, is_list_open=is_open)


async def _lists_to_anybody(provider: Provider, preferences: Preferences, network: Network) -> bool:
    """Whether the model list is given without a key (as OpenRouter does): then having it says
    nothing of one.
    """
    credential = provider.credentials[0]
    if credential.kind != "api_key":
        return False
    nobody = replace(provider, credentials=(replace(credential, secret="", kind="none"),))
    try:
        return bool(
            await asyncio.wait_for(
                network.models_of(nobody, preferences),
                LIVE_TIMEOUT_S,
            )
        )
    except (FetchFailed, WireError, asyncio.TimeoutError):
        return False


async def _ask_key(
    provider: Provider, preferences: Preferences, network: Network, *, is_list_open: bool
) -> LiveRow:
    """One key: its model list, or, where the provider has none or gives it to anybody, a completion
    of one token with its first model.
    """
    began = network.clock.monotonic_s()
    credential = provider.credentials[0]
    display = credential.display

    def row(ok: bool, models: int | None, message: str) -> LiveRow:
        seconds = network.clock.monotonic_s() - began
        return LiveRow(provider.name, credential.number, display, ok, seconds, models, message)

    models = provider.models
    count = len(models)
    try:
        listed = await asyncio.wait_for(
            network.models_of(provider, preferences),
            LIVE_TIMEOUT_S,
        )
        count = len(listed)
        network.lists.put(provider, listed)
        if not is_list_open:
            return row(True, count, "")
        models = models or tuple(ModelEntry(upstream=one.model, alias=one.model) for one in listed)
    except (FetchFailed, WireError, asyncio.TimeoutError) as error:
        if not models:
            return row(False, None, str(error) or "no answer in time")
    entry = models[0]
    target = Target(
        provider=provider,
        credential=provider.credentials[0],
        upstream_model=entry.upstream,
        alias=entry.alias,
    )
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
    passage = passage_of(provider, target.credential, preferences)
    failure = await ask_once(call, target, passage, network)
    is_of_key = failure is not None and failure.kind in (
        FailureKind.CREDENTIAL_REFUSED,
        FailureKind.QUOTA,
    )
    if failure is None or (not provider.models and not is_of_key):
        # Of a list that the owner did not write, the first model may well not be one that chats.
        return row(True, count, "")
    return row(False, None, failure.message)


async def ask_once(
    call: Call, target: Target, passage: Passage, network: Network
) -> Failure | None:
    """Send `call` to `target`; None when it was answered, else what went wrong. Whole answers only;
    an answer that is cut short by its limit is one.
    """
    engine, transport = engine_for(target.provider), network.transport
    try:
        prepared = prepare_once(call, target, engine)
        token = await network.credentials.token(engine, target, transport, passage)
        request = engine.authorize(target, prepared.request, token, network.clock.now_s())
        head, body = await fetch(transport, request, passage=passage, timeout_s=LIVE_TIMEOUT_S)
    except FetchFailed as error:
        return error.failure
    except WireError as error:
        return Failure(kind=FailureKind.CREDENTIAL_REFUSED, message=str(error))
    except RequestRefused as refused:
        return Failure(kind=FailureKind.UNSUPPORTED, message=str(refused))
    except asyncio.TimeoutError:
        return Failure(kind=FailureKind.TIMEOUT, message=f"no answer within {LIVE_TIMEOUT_S:g} s")
    if head.status >= 400:
        dialect = engine.dialect(target, call.dialect)
        return engine.classify(head.status, head.headers, body, dialect)
    pipe = prepared.make_pipe(head)
    pipe.feed(body)
    pipe.eof()
    failure = pipe.report.failure
    return None if failure is None or failure.kind is FailureKind.EMPTY else failure
