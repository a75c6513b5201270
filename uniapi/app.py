"""The composition root: the only place that builds the collaborators and joins them. What changes with the configuration is one immutable Snapshot, swapped in one assignment;
what lives across reloads (health, limits, cursors, sessions, model lists, counts) stays outside it, keyed by ids that survive.
"""

from __future__ import annotations

import json
import logging
import math
import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from uniapi.canonical import Call, ClientError, RequestRefused, estimate_text_tokens
from uniapi.clock import Clock
from uniapi.config import (
    ClientKey,
    Config,
    ConfigProblems,
    Problem,
    Provider,
    changes,
)
from uniapi.engines import Engine, Target, engine_for
from uniapi.gateway import (
    CredentialStore,
    Executor,
    MediaFetcher,
    ModelLists,
    Setting,
    Transport,
    refusal_record,
    session_hint,
)
from uniapi.limits import Limits, Refused
from uniapi.log import set_secrets
from uniapi.routing import Asked, Catalog, Cursors, Health, Router, Sessions
from uniapi.scheduler import Jobs
from uniapi.server import KeyRing, Reply
from uniapi.server.models import model_not_found
from uniapi.stats import CallRecord, Recorder
from uniapi.storage import write_atomic

log = logging.getLogger("uniapi.app")

MODEL_LISTS_FILE = "models.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What the command line and the environment decided. `data_dir` is None unless given by flag, which makes an unusable one fatal."""

    config_argument: str | None
    config_url: str | None
    is_demo: bool
    host: str
    port: int
    data_dir: Path | None
    default_data_dir: Path | None
    timeout_s: float
    is_stateless: bool
    version: str
    selector: str | None = None


class Engines:
    """The engine of each provider of one configuration, found once; and what routing, which may not import engines, asks about them."""

    def __init__(self) -> None:
        self._by_provider: dict[str, Engine] = {}

    def engine_of(self, provider: Provider) -> Engine:
        engine = self._by_provider.get(provider.provider_id)
        if engine is None:
            engine = self._by_provider[provider.provider_id] = engine_for(provider)
        return engine

    def name(self, provider: Provider) -> str:
        return self.engine_of(provider).name

    def has_account_cache(self, provider: Provider) -> bool:
        return self.engine_of(provider).has_account_cache

    def dialect(self, provider: Provider, upstream_model: str, client_dialect: str) -> str:
        target = Target(provider=provider, credential=provider.credentials[0], upstream_model=upstream_model, alias=upstream_model)
        return self.engine_of(provider).dialect(target, client_dialect).name


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything that follows from one configuration. A running call keeps the one it began with."""

    config: Config
    catalog: Catalog
    router: Router
    key_ring: KeyRing
    engines: Engines


class App:
    """The running gateway: the desk that the HTTP front works for."""

    def __init__(
        self, settings: Settings, config: Config, transport: Transport, jobs: Jobs, clock: Clock, rng: random.Random, data_dir: Path | None
    ) -> None:
        self.settings = settings
        self.version = settings.version
        self.clock = clock
        self.recorder = Recorder()
        self.live_calls = 0
        self.config_state = "ok"
        self._rng = rng
        self._jobs = jobs
        self._transport = transport
        self._data_dir = data_dir
        self._health, self._limits, self._cursors, self._sessions = Health(), Limits(), Cursors(), Sessions()
        self._credentials = CredentialStore(clock)
        self._media = MediaFetcher()
        self._lists = ModelLists(clock, self._lists_changed)
        self._executor = Executor(transport=transport, credentials=self._credentials, media=self._media, clock=clock, record=self.record)
        self._load_lists()
        self._snapshot = self._snap(config)

    # what the front reads

    @property
    def config(self) -> Config:
        return self._snapshot.config

    @property
    def key_ring(self) -> KeyRing:
        return self._snapshot.key_ring

    async def models_for(self, key: ClientKey) -> tuple[str, ...]:
        await self._lists.wait(self._snapshot.catalog.unlisted(key))
        return self._snapshot.catalog.models(key)

    def near_models(self, key: ClientKey, name: str) -> list[str]:
        return list(self._snapshot.catalog.near_matches(key, name))

    def health(self) -> dict[str, Any]:
        return {"status": "ok", "version": self.version, "config": self.config_state, "stats": "memory"}

    async def run(self, call: Call, key: ClientKey, reply: Reply) -> None:
        """Answer an inference call. Raises RequestRefused before anything was sent; the refusal is recorded."""
        self.live_calls += 1
        try:
            await self._admit_and_run(call, key, reply)
        except RequestRefused as refused:
            self.record(refusal_record(call, refused.error))
            raise
        finally:
            self.live_calls -= 1

    async def _admit_and_run(self, call: Call, key: ClientKey, reply: Reply) -> None:
        snapshot = self._snapshot
        candidates = snapshot.catalog.candidates(key, call.requested_model)
        if not candidates:
            in_time = await self._lists.wait(snapshot.catalog.unlisted(key))
            snapshot = self._snapshot
            candidates = snapshot.catalog.candidates(key, call.requested_model)
            if not candidates and not in_time:
                raise RequestRefused(
                    ClientError(
                        status=503,
                        message="The model lists of some providers are still being fetched; try again.",
                        code="discovering",
                        headers={"retry-after": "5"},
                    )
                )
            if not candidates:
                raise model_not_found(call.requested_model, snapshot.catalog.near_matches(key, call.requested_model))
        now = self.clock.monotonic_s()
        tokens = estimate_text_tokens(call.body.decode("utf-8", "replace"))
        preferences = snapshot.config.preferences
        admitted = self._limits.admit(key, candidates.alias, global_rates=preferences.rates, tokens=tokens, now=now)
        if isinstance(admitted, Refused):
            headers = {} if admitted.retry_after_s is None else {"retry-after": str(max(1, math.ceil(admitted.retry_after_s)))}
            raise RequestRefused(
                ClientError(
                    status=admitted.status,
                    message=admitted.message,
                    code="rate_limit_exceeded" if admitted.status == 429 else "request_too_large",
                    headers=headers,
                )
            )
        try:
            asked = Asked(
                client_key=key,
                requested_model=call.requested_model,
                client_dialect=call.dialect,
                path=call.path,
                method=call.method,
                stream=call.stream,
                body_bytes=len(call.body),
                tokens=tokens,
                session=session_hint(call),
                deadline=self._client_deadline(call, now),
            )
            plan = snapshot.router.plan(asked, now=now, now_epoch_s=self.clock.now_s(), rng=self._rng)
            await self._executor.run(call, plan, Setting(preferences=preferences, engine_of=snapshot.engines.engine_of), reply)
        finally:
            admitted.release()

    def _client_deadline(self, call: Call, now: float) -> float | None:
        """The moment the client's own SDK gives up (`x-stainless-timeout`, seconds): no attempt begins after it."""
        text = call.headers.get("x-stainless-timeout", "")
        try:
            seconds = float(text)
        except ValueError:
            return None
        return now + seconds if 0 < seconds < 86400 else None

    def record(self, call: CallRecord) -> None:
        """Count a finished call and say it in one line."""
        self.recorder.record(call)
        log.info("%s", call_line(call))

    # configuration

    def reload(self, config: Config) -> None:
        """Put a new configuration in force: one assignment, running calls keep theirs, what still exists keeps its state."""
        old = self._snapshot.config
        self._snapshot = self._snap(config)
        self._health.keep(config)
        self._limits.keep(config)
        self.config_state = "ok"
        for change in changes(old, config):
            log.info("configuration: %s", change)
        self._jobs.spawn(self.discover(), "discovery")

    def refused_reload(self, problems: ConfigProblems) -> None:
        """A configuration that cannot be used: say why, keep the last good one."""
        self.config_state = "stale"
        log.error("the new configuration is not used, the last good one stays in force:")
        show_problems(problems.problems)

    async def discover(self) -> None:
        """Ask the providers whose model lists are due."""
        await self._lists.refresh(self._snapshot.config.providers, self._transport, self._credentials)

    async def close(self) -> None:
        await self._media.close()
        await self._transport.close()

    def _snap(self, config: Config) -> Snapshot:
        set_secrets(_secrets(config))
        lists = {provider.provider_id: self._lists.entries(provider) or None for provider in config.providers if provider.is_discovered}
        catalog = Catalog(config, lists)
        engines = Engines()
        router = Router(
            catalog=catalog,
            engines=engines,
            health=self._health,
            limits=self._limits,
            cursors=self._cursors,
            sessions=self._sessions,
            default_timeout_s=self.settings.timeout_s,
        )
        return Snapshot(config, catalog, router, KeyRing(config.client_keys), engines)

    def _lists_changed(self) -> None:
        self._snapshot = self._snap(self._snapshot.config)
        if self._data_dir is not None:
            try:
                write_atomic(self._data_dir / MODEL_LISTS_FILE, json.dumps(self._lists.dump()).encode())
            except OSError as error:
                log.warning("the model lists cannot be kept in the data dir: %s", error.strerror)

    def _load_lists(self) -> None:
        if self._data_dir is None:
            return
        try:
            stored = json.loads((self._data_dir / MODEL_LISTS_FILE).read_bytes())
        except (OSError, ValueError):
            return
        if isinstance(stored, dict):
            self._lists.load(stored)


def call_line(call: CallRecord) -> str:
    """One readable line about a call: id, key, models, status, attempts, times, tokens."""
    where = f" → {call.provider}/{call.upstream_model}" if call.provider is not None else ""
    tries = f" attempts {len(call.attempts)}" if len(call.attempts) != 1 else ""
    first = f" first {call.first_token_s * 1000:.0f} ms" if call.first_token_s is not None and call.stream else ""
    usage = f" tokens {call.usage.input_tokens or 0}+{call.usage.output_tokens or 0}" if call.usage is not None else ""
    why = "" if call.outcome == "ok" else f" ({call.outcome})"
    return f"{call.request_id} {call.key_label} {call.requested_model}{where} {call.status or '-'}{why}{tries}{first} total {call.total_s * 1000:.0f} ms{usage}"


def _secrets(config: Config) -> list[str]:
    """Every secret of a configuration."""
    found = [key.secret for key in config.client_keys]
    for provider in config.providers:
        found += [secret for credential in provider.credentials for secret in (credential.secret, credential.session_token) if secret]
    return found


def show_problems(problems: tuple[Problem, ...]) -> None:
    """Problems in the log, each a line."""
    for problem in problems:
        log.log(logging.ERROR if problem.severity == "error" else logging.WARNING, "configuration: %s", problem)
