"""The composition root: the only place that builds the collaborators and joins them. What changes with the configuration is one immutable Snapshot, swapped in one assignment;
what lives across reloads (health, limits, cursors, sessions, model lists, counts) stays outside it, keyed by ids that survive.
"""

from __future__ import annotations

import asyncio
import json
import logging
import math
import random
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from uniapi.canonical import Call, ClientError, Operation, RequestRefused
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
    FLAGGED,
    MODERATION_MODELS,
    PINS_FILE,
    PINS_LAST_S,
    PINS_LIMIT,
    CredentialStore,
    Executor,
    MediaFetcher,
    ModelLists,
    Moderation,
    Pins,
    ReasoningCache,
    Setting,
    Transport,
    counts_tokens,
    estimate_call_tokens,
    find_references,
    left_record,
    possible_owners,
    reasoning_effort,
    refusal_record,
    request_type,
    rules_out,
    session_hint,
)
from uniapi.kept_windows import KeptWindows
from uniapi.limits import Admitted, Limits, Refused
from uniapi.log import set_secrets
from uniapi.routing import Asked, Candidates, Catalog, Channel, Cursors, Health, Pin, Router, Sessions
from uniapi.scheduler import Jobs
from uniapi.server import ConfigStatus, KeyRing, LiveCalls, Present, Reply
from uniapi.server.admin import secrets_of
from uniapi.server.models import model_not_found
from uniapi.stats import CallRecord, Recorder
from uniapi.storage import DiskFolder, KeptMap, MemoryFolder, write_atomic

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
    counts_tokens: bool


class App:
    """The running gateway: the desk that the HTTP front works for."""

    def __init__(
        self,
        settings: Settings,
        config: Config,
        transport: Transport,
        jobs: Jobs,
        clock: Clock,
        rng: random.Random,
        data_dir: Path | None,
        config_source: str = "",
        config_text: str = "",
    ) -> None:
        """`config_source` (safe to show) and `config_text` are what `config` was read from."""
        self.settings = settings
        self.version = settings.version
        self.clock = clock
        self._live = LiveCalls()
        self._started_at_s = clock.now_s()
        self._config_status = ConfigStatus(source=config_source, loaded_at_s=clock.now_s(), text=config_text)
        self._rng = rng
        self._jobs = jobs
        self._transport = transport
        self._data_dir = data_dir
        self._health, self._limits, self._cursors, self._sessions = Health(), Limits(), Cursors(), Sessions()
        self._credentials = CredentialStore(clock)
        self._media = MediaFetcher()
        self._lists = ModelLists(clock, self._lists_changed)
        folder = MemoryFolder() if data_dir is None else DiskFolder(data_dir)
        self.recorder = Recorder() if data_dir is None or settings.is_stateless else Recorder(folder, config.preferences.retention)
        self.recorder.open()
        self.recorder.configure(config)
        self._kept_pins = KeptMap(folder, PINS_FILE, limit=PINS_LIMIT, lasts_s=PINS_LAST_S)
        self._kept_pins.load(clock.now_s())
        self._pins = Pins(self._kept_pins)
        self._executor = Executor(
            transport=transport,
            credentials=self._credentials,
            media=self._media,
            pins=self._pins,
            reasoning=ReasoningCache(),
            clock=clock,
            record=self.record,
        )
        self._moderation = Moderation(transport, self._credentials, clock)
        self._load_lists()
        self._kept_windows = KeptWindows(self._limits, folder, clock)
        self._kept_windows.load()
        self._limits.keep(config)
        self._snapshot = self._snap(config)

    # what the front reads

    @property
    def spool_dir(self) -> Path | None:
        return self._data_dir

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
        in_memory = self.recorder.is_in_memory or self.recorder.trouble is not None
        return {"status": "ok", "version": self.version, "config": self._config_status.state, "stats": "memory" if in_memory else "disk"}

    @property
    def live_calls(self) -> int:
        """How many inference calls run now."""
        return len(self._live)

    def present(self) -> Present:
        """What is true at this moment."""
        now = self.clock.monotonic_s()
        names = [(provider.provider_id, credential.credential_id) for provider in self.config.providers for credential in provider.credentials]
        rates = {name: self._health.success_rate(*name, now) for name in names}
        return Present(
            started_at_s=self._started_at_s,
            live=self._live,
            config_status=self._config_status,
            resting=self._health.snapshot(now),
            rates={name: rate for name, rate in rates.items() if rate[1]},
        )

    async def run(self, call: Call, key: ClientKey, reply: Reply) -> None:
        """Answer an inference call. Raises RequestRefused before anything was sent; the refusal is recorded."""
        self._live.begin(call, reply)
        try:
            await self._run(call, key, reply)
        finally:
            self._live.end(call)

    async def _run(self, call: Call, key: ClientKey, reply: Reply) -> None:
        try:
            if self.recorder.is_exhausted(key):
                raise RequestRefused(
                    ClientError(status=429, message="The credits of this API key are used up.", code="insufficient_quota", type="insufficient_quota")
                )
            snapshot, candidates, pin, tokens = await self._resolve(call, key)
            admitted = self._limits.admit(
                key, candidates.alias, global_rates=snapshot.config.preferences.rates, tokens=tokens, now=self.clock.monotonic_s()
            )
            if isinstance(admitted, Refused):
                raise _over_limit(admitted)
        except RequestRefused as refused:
            self.record(refusal_record(call, refused.error))
            raise
        except asyncio.CancelledError:
            self.record(left_record(call, self.clock.now_s() - call.received_at_s))
            raise
        try:
            if key.is_moderated:
                await self._moderate(call, key, snapshot)
            await self._run_admitted(call, key, snapshot, pin, tokens, admitted, reply)
        finally:
            admitted.release()

    async def _resolve(self, call: Call, key: ClientKey) -> tuple[Snapshot, Candidates, Pin | None, int]:
        """Where a call may go: its candidates, the credential it is bound to by an id in it, and the estimate of its input tokens."""
        snapshot = self._snapshot
        if call.operation is Operation.STORED:
            # The id names the place, no model does.
            candidates = Candidates(alias="", members=())
        else:
            snapshot, candidates = await self._candidates(call, key)
        references = find_references(call)
        pin = None
        if references:
            channels = candidates.channels() if candidates else _all_channels(snapshot.catalog, key)
            owners = possible_owners(call, channels, snapshot.engines.engine_of)
            pin = self._pins.bind(key.key_id, references, owners, self.clock.now_s())
        return snapshot, candidates, pin, estimate_call_tokens(call) if snapshot.counts_tokens else 0

    async def _candidates(self, call: Call, key: ClientKey) -> tuple[Snapshot, Candidates]:
        """The candidates of the model that was asked for, waiting for a first discovery when they may come with it. Raises RequestRefused: 404, or 503 while lists are fetched."""
        snapshot = self._snapshot
        candidates = snapshot.catalog.candidates(key, call.requested_model)
        if candidates:
            return snapshot, candidates
        in_time = await self._lists.wait(snapshot.catalog.unlisted(key))
        snapshot = self._snapshot
        candidates = snapshot.catalog.candidates(key, call.requested_model)
        if candidates:
            return snapshot, candidates
        if not in_time:
            raise RequestRefused(
                ClientError(
                    status=503,
                    message="The model lists of some providers are still being fetched; try again.",
                    code="discovering",
                    headers={"retry-after": "5"},
                )
            )
        raise model_not_found(call.requested_model, snapshot.catalog.near_matches(key, call.requested_model))

    async def _moderate(self, call: Call, key: ClientKey, snapshot: Snapshot) -> None:
        """Raises RequestRefused when a moderation model flags what the user says; the refusal is recorded."""
        found = next((found for model in MODERATION_MODELS if (found := snapshot.catalog.candidates(key, model))), None)
        channels = () if found is None else tuple(found.leaves.values())
        try:
            is_flagged = await self._moderation.is_flagged(call, channels, snapshot.engines.engine_of, snapshot.config.preferences)
        except asyncio.CancelledError:
            self.record(left_record(call, self.clock.now_s() - call.received_at_s))
            raise
        if is_flagged:
            self.record(refusal_record(call, FLAGGED, is_flagged=True))
            raise RequestRefused(FLAGGED)

    async def _run_admitted(
        self, call: Call, key: ClientKey, snapshot: Snapshot, pin: Pin | None, tokens: int, admitted: Admitted, reply: Reply
    ) -> None:
        now = self.clock.monotonic_s()
        engine_of = snapshot.engines.engine_of
        asked = Asked(
            client_key=key,
            requested_model=call.requested_model,
            client_dialect=call.dialect,
            path=call.path,
            method=call.method,
            stream=call.stream,
            request_type=request_type(call),
            reasoning_effort=reasoning_effort(call),
            body_bytes=len(call.body) + call.upload_bytes,
            tokens=tokens,
            session=session_hint(call),
            pin=pin,
            deadline=self._client_deadline(call, now),
            rules_out=rules_out(call, engine_of, is_bound=pin is not None),
        )
        plan = snapshot.router.plan(asked, now=now, now_epoch_s=self.clock.now_s(), rng=self._rng)
        setting = Setting(
            preferences=snapshot.config.preferences, engine_of=engine_of, used=lambda total: admitted.used(total, self.clock.monotonic_s())
        )
        await self._executor.run(call, plan, setting, reply)

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
        log.info("%s", call_line(self.recorder.record(call)))

    # configuration

    def reload(self, config: Config, text: str = "") -> None:
        """Put a new configuration, read from `text`, in force: one assignment, running calls keep theirs, what still exists keeps its state."""
        old = self._snapshot.config
        self._snapshot = self._snap(config)
        self._health.keep(config)
        self._limits.keep(config)
        self.recorder.configure(config)
        self.confirm(text)
        for change in changes(old, config):
            log.info("configuration: %s", change)
        self._jobs.spawn(self.discover(), "discovery")

    def confirm(self, text: str) -> None:
        """The configuration in force is the newest one, and `text` says it."""
        loaded_at_s = self._config_status.loaded_at_s if text == self._config_status.text else self.clock.now_s()
        self._config_status = replace(self._config_status, text=text, loaded_at_s=loaded_at_s, state="ok", errors=(), failed_at_s=None)

    def missed_reload(self, message: str) -> None:
        """The configuration could not be looked at: the one in force stays."""
        self._config_status = replace(self._config_status, errors=(message,), failed_at_s=self.clock.now_s())
        log.warning("%s", message)

    def refused_reload(self, problems: ConfigProblems) -> None:
        """A configuration that cannot be used: say why, keep the last good one."""
        errors = tuple(str(problem) for problem in problems.problems if problem.severity == "error")
        self._config_status = replace(self._config_status, state="stale", errors=errors, failed_at_s=self.clock.now_s())
        log.error("the new configuration is not used, the last good one stays in force:")
        show_problems(problems.problems)

    async def discover(self) -> None:
        """Ask the providers whose model lists are due."""
        config = self._snapshot.config
        providers = tuple(replace(one, proxy=one.proxy or config.preferences.proxy) for one in config.providers)
        await self._lists.refresh(providers, self._transport, self._credentials)

    async def flush(self) -> None:
        """Make durable which ids were issued lately, off the loop."""
        await asyncio.get_running_loop().run_in_executor(None, self._kept_pins.flush, self.clock.now_s())

    async def commit(self) -> None:
        """Write what was counted since the last time, calls and long rate windows; off the loop, once a second."""
        loop = asyncio.get_running_loop()
        windows = self._kept_windows.changed()
        if windows is not None:
            await loop.run_in_executor(None, self._kept_windows.write, windows)
        await loop.run_in_executor(None, self.recorder.commit, self.clock.now_s())

    async def compact(self) -> None:
        """Fold the journal into the days and forget what retention no longer keeps."""
        await asyncio.get_running_loop().run_in_executor(None, self.recorder.compact, self.clock.now_s())

    async def close(self) -> None:
        await self.flush()
        await self.commit()
        await asyncio.get_running_loop().run_in_executor(None, self.recorder.close, self.clock.now_s())
        await self._media.close()
        await self._transport.close()

    def _snap(self, config: Config) -> Snapshot:
        set_secrets(secrets_of(config))
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
        return Snapshot(config, catalog, router, KeyRing(config.client_keys), engines, counts_tokens(config))

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


def _over_limit(refused: Refused) -> RequestRefused:
    headers = {} if refused.retry_after_s is None else {"retry-after": str(max(1, math.ceil(refused.retry_after_s)))}
    code = "rate_limit_exceeded" if refused.status == 429 else "request_too_large"
    return RequestRefused(ClientError(status=refused.status, message=refused.message, code=code, headers=headers))


def _all_channels(catalog: Catalog, key: ClientKey) -> list[Channel]:
    """Every channel a client key reaches, one for each provider."""
    found: dict[str, Channel] = {}
    for alias in catalog.models(key):
        for channel in catalog.candidates(key, alias).channels():
            found.setdefault(channel.provider.provider_id, channel)
    return list(found.values())


def call_line(call: CallRecord) -> str:
    """One readable line about a call: id, key, models, status, attempts, times, tokens."""
    where = f" → {call.provider}/{call.upstream_model}" if call.provider is not None else ""
    tries = f" attempts {len(call.attempts)}" if len(call.attempts) != 1 else ""
    first = f" first {call.first_token_s * 1000:.0f} ms" if call.first_token_s is not None and call.stream else ""
    usage = f" tokens {call.usage.input_tokens or 0}+{call.usage.output_tokens or 0}" if call.usage is not None else ""
    cost = f" ${call.cost_pd / 1e12:.6f}" if call.cost_pd is not None else ""
    why = "" if call.outcome == "ok" else f" ({call.outcome})"
    return f"{call.request_id} {call.key_label} {call.requested_model}{where} {call.status or '-'}{why}{tries}{first} total {call.total_s * 1000:.0f} ms{usage}{cost}"


def show_problems(problems: tuple[Problem, ...]) -> None:
    """Problems in the log, each a line."""
    for problem in problems:
        log.log(logging.ERROR if problem.severity == "error" else logging.WARNING, "configuration: %s", problem)
