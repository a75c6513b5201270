"""The composition root: the only place that builds the collaborators and joins them. What changes with the configuration is one immutable Snapshot, swapped in one assignment;
what lives across reloads (health, limits, cursors, sessions, model lists, counts) stays outside it, keyed by ids that survive.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import random
import signal
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from aiohttp import web

from uniapi.canonical import Call, ClientError, RequestRefused, estimate_text_tokens
from uniapi.clock import Clock, SystemClock
from uniapi.config import (
    ClientKey,
    Config,
    ConfigProblems,
    ConfigSource,
    FileWatcher,
    Problem,
    Provider,
    changes,
    choose_source,
    exposed_file,
    fetch_config,
    parse_config,
    read_config_file,
)
from uniapi.engines import Engine, Target, engine_for, engine_names
from uniapi.errors import StartError
from uniapi.gateway import (
    DEMO_CONFIG,
    DEMO_KEY,
    DEMO_MODEL,
    AiohttpTransport,
    CredentialStore,
    DemoTransport,
    Executor,
    FetchFailed,
    Http1Transport,
    MediaFetcher,
    ModelLists,
    Setting,
    Transport,
    fetch,
    refusal_record,
    session_hint,
)
from uniapi.limits import Limits, Refused
from uniapi.log import set_secrets
from uniapi.routing import Asked, Catalog, Cursors, Health, Router, Sessions
from uniapi.scheduler import Jobs
from uniapi.server import Front, KeyRing, Reply
from uniapi.server.models import model_not_found
from uniapi.stats import CallRecord, Recorder
from uniapi.storage import DirectoryLock, LockHeld, write_atomic
from uniapi.wire import HttpRequest

log = logging.getLogger("uniapi.app")

STOP_PATIENCE_S = 30.0
WATCH_PERIOD_S = 2.0
URL_PERIOD_S = 30.0
DISCOVERY_PERIOD_S = 15.0
EXECUTOR_THREADS = 4
"""Name look-ups and large JSON bodies; shared hosts count threads as processes."""
MODEL_LISTS_FILE = "models.json"
CONFIG_COPY_FILE = "config-copy.yaml"


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
            headers = {} if admitted.retry_after_s is None else {"retry-after": str(max(1, round(admitted.retry_after_s)))}
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


# serve


def serve(settings: Settings, environment: Mapping[str, str]) -> int:
    """Run the gateway until it is told to stop; gives the exit code. Raises StartError when it cannot run."""
    loop = _event_loop(environment)
    try:
        asyncio.set_event_loop(loop)
        loop.set_default_executor(ThreadPoolExecutor(EXECUTOR_THREADS))
        return loop.run_until_complete(_serve(settings, environment))
    finally:
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()


def _event_loop(environment: Mapping[str, str]) -> asyncio.AbstractEventLoop:
    if environment.get("UNIAPI_SELECTOR", "").lower() == "poll":
        import selectors

        return asyncio.SelectorEventLoop(selectors.PollSelector())
    return asyncio.new_event_loop()


async def _serve(settings: Settings, environment: Mapping[str, str]) -> int:
    clock, rng = SystemClock(), random.Random()
    jobs = Jobs(clock, rng)
    transport: Transport = DemoTransport() if settings.is_demo else Http1Transport(jobs.spawn, proxied=AiohttpTransport(jobs.spawn))
    source = None if settings.is_demo else choose_source(settings.config_argument, environment)
    data_dir, lock = _open_data_dir(settings, source)
    try:
        config = await _first_config(source, environment, transport, data_dir)
        app = App(settings, config, transport, jobs, clock, rng, data_dir)
        return await _listen(app, settings, source, environment, jobs, transport, data_dir)
    finally:
        await jobs.shutdown()
        await transport.close()
        if lock is not None:
            lock.release()


def _open_data_dir(settings: Settings, source: ConfigSource | None) -> tuple[Path | None, DirectoryLock | None]:
    """The data dir, made and locked; (None, None) when everything is kept in memory."""
    if settings.is_demo and settings.data_dir is None:
        return None, None
    beside = Path(source.location).parent / "data" if source is not None and source.kind == "file" else Path("data")
    path = settings.data_dir or settings.default_data_dir or beside
    lock = DirectoryLock(path)
    try:
        path.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except LockHeld as held:
        raise StartError(f"already running: the data dir {path} is {held}", 3) from None
    except OSError as error:
        if settings.data_dir is not None:
            raise StartError(f"the data dir {path} cannot be used: {error.strerror}", 1) from None
        log.warning("the data dir %s cannot be used (%s): statistics are kept in memory only", path, error.strerror)
        return None, None
    return path, lock


async def _first_config(source: ConfigSource | None, environment: Mapping[str, str], transport: Transport, data_dir: Path | None) -> Config:
    """The configuration to start with. Raises StartError: 2 for one that cannot be used, 1 when a remote one cannot be had and no copy is kept."""
    if source is None:
        config, _ = parse_config(DEMO_CONFIG, source="the demo", engines=engine_names(), environment={})
        return config
    log.info("configuration: %s (%s)", source.shown, source.reason)
    if source.warning:
        log.warning("configuration: %s", source.warning)
    try:
        text = await _config_text(source, transport, data_dir)
        config, problems = parse_config(text, source=source.shown, engines=engine_names(), environment=environment)
    except ConfigProblems as found:
        raise StartError("the configuration cannot be used:\n" + "\n".join(f"  {problem}" for problem in found.problems), 2) from None
    show_problems(problems)
    return config


async def _config_text(source: ConfigSource, transport: Transport, data_dir: Path | None) -> str:
    """The text of the configuration; a remote one falls back to its last good copy in the data dir."""
    if source.kind == "file":
        return read_config_file(source.location)
    copy = data_dir / CONFIG_COPY_FILE if data_dir is not None else None
    try:
        text = await fetch_config(source.location, lambda url: _fetch_bytes(url, transport))
    except FetchFailed as error:
        if copy is not None and copy.exists():
            log.warning("the configuration at %s cannot be had (%s): its last good copy is used", source.shown, error)
            return copy.read_text(encoding="utf-8")
        raise StartError(f"the configuration at {source.shown} cannot be had: {error}", 1) from None
    if copy is not None:
        try:
            write_atomic(copy, text.encode())
        except OSError as error:
            log.warning("no copy of the configuration can be kept: %s", error.strerror)
    return text


async def _fetch_bytes(url: str, transport: Transport) -> bytes:
    request = HttpRequest(method="GET", url=url, headers={"user-agent": "uni-api", "accept": "*/*", "accept-encoding": "identity"})
    from uniapi.canonical import Failure

    head, body = await fetch(transport, request)
    if head.status != 200:
        raise FetchFailed(Failure.cut(f"it answered {head.status}"))
    return body


async def _listen(
    app: App, settings: Settings, source: ConfigSource | None, environment: Mapping[str, str], jobs: Jobs, transport: Transport, data_dir: Path | None
) -> int:
    server = web.Server(
        Front(app).handle,
        access_log=None,
        keepalive_timeout=75,
        handler_cancellation=True,
        auto_decompress=False,
        max_line_size=16384,
        max_field_size=32768,
    )
    runner = web.ServerRunner(server, shutdown_timeout=1.0)
    await runner.setup()
    site = web.TCPSite(runner, settings.host, settings.port, backlog=1024)
    try:
        await site.start()
    except OSError as error:
        await runner.cleanup()
        raise StartError(
            f"cannot listen on {settings.host} port {settings.port}: {error.strerror or error} (choose another with --port)", 1
        ) from None
    port = runner.addresses[0][1]
    log.info("uni-api %s listens on http://%s:%d", settings.version, settings.host, port)
    print(f"uni-api {settings.version} listens on http://{settings.host}:{port}", flush=True)
    if settings.is_demo:
        print(_demo_text(port), flush=True)
    stop = asyncio.Event()
    reload = _Reload(app, source, environment, transport, data_dir)
    _catch_signals(stop, reload, jobs)
    jobs.spawn(app.discover(), "discovery")
    jobs.every(DISCOVERY_PERIOD_S, app.discover, "discovery")
    if source is not None:
        jobs.every(WATCH_PERIOD_S if source.kind == "file" else URL_PERIOD_S, reload.look, "config watch", jitter=0.0)
    await stop.wait()
    log.info("stopping: no new connections, %d calls may finish", app.live_calls)
    await site.stop()
    await _drain(app)
    await runner.cleanup()
    await app.close()
    log.info("stopped")
    return 0


async def _drain(app: App) -> None:
    """Wait for the running calls, but not longer than STOP_PATIENCE_S."""
    waited = 0.0
    while app.live_calls and waited < STOP_PATIENCE_S:
        await asyncio.sleep(0.05)
        waited += 0.05


def _catch_signals(stop: asyncio.Event, reload: _Reload, jobs: Jobs) -> None:
    loop = asyncio.get_running_loop()

    def stopping() -> None:
        if stop.is_set():
            os._exit(1)
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping)
    loop.add_signal_handler(signal.SIGHUP, lambda: jobs.spawn(reload.now(), "reload"))


class _Reload:
    """Looks whether the configuration changed and puts the new one in force, when it is good."""

    def __init__(self, app: App, source: ConfigSource | None, environment: Mapping[str, str], transport: Transport, data_dir: Path | None) -> None:
        self._app = app
        self._source = source
        self._environment = environment
        self._transport = transport
        self._data_dir = data_dir
        self._watcher = FileWatcher(source.location) if source is not None and source.kind == "file" else None

    async def look(self) -> None:
        """Reload when the file looks different; a remote configuration is fetched each time."""
        if self._watcher is None or self._watcher.changed():
            await self.now()

    async def now(self) -> None:
        """Read, validate, and only then swap. Parsing takes a while, so it is done in a thread."""
        if self._source is None:
            return
        try:
            text = await _config_text(self._source, self._transport, self._data_dir)
            config, problems = await asyncio.get_running_loop().run_in_executor(None, self._parse, text)
        except ConfigProblems as found:
            self._app.refused_reload(found)
            return
        except StartError as error:
            log.warning("%s", error)
            return
        if config == self._app.config:
            self._app.config_state = "ok"
            return
        show_problems(problems)
        self._app.reload(config)

    def _parse(self, text: str) -> tuple[Config, tuple[Problem, ...]]:
        assert self._source is not None
        return parse_config(text, source=self._source.shown, engines=engine_names(), environment=self._environment)


def _demo_text(port: int) -> str:
    return f"""\
Demo: no provider is asked, nothing leaves this machine. Client key: {DEMO_KEY}. Try:

  curl http://127.0.0.1:{port}/v1/chat/completions -H 'Authorization: Bearer {DEMO_KEY}' -H 'Content-Type: application/json' \\
    -d '{{"model": "{DEMO_MODEL}", "stream": true, "messages": [{{"role": "user", "content": "Hello!"}}]}}'
"""


# check


def check(config_argument: str | None, environment: Mapping[str, str], *, as_json: bool, out: TextIO | None = None) -> int:
    """Validate the configuration and show every problem; 0 when it can be used, 2 when not."""
    out = out or sys.stdout
    source = choose_source(config_argument, environment)
    problems: tuple[Problem, ...]
    try:
        text = read_config_file(source.location) if source.kind == "file" else asyncio.run(_remote_text(source))
        _, problems = parse_config(text, source=source.shown, engines=engine_names(), environment=environment)
    except ConfigProblems as found:
        problems = found.problems
    if source.kind == "file":
        exposed = exposed_file(source.location)
        problems += (exposed,) if exposed is not None else ()
    errors = sum(problem.severity == "error" for problem in problems)
    if as_json:
        rows = [{"severity": p.severity, "path": p.path, "message": p.message, "line": p.line, "column": p.column} for p in problems]
        print(json.dumps({"source": source.shown, "ok": not errors, "problems": rows}, ensure_ascii=False, indent=1), file=out)
    else:
        for problem in problems:
            print(problem, file=out)
        print(f"{source.shown}: {errors} errors, {len(problems) - errors} warnings" if problems else f"{source.shown}: no problem found", file=out)
    return 2 if errors else 0


async def _remote_text(source: ConfigSource) -> str:
    jobs = Jobs(SystemClock(), random.Random())
    transport = AiohttpTransport(jobs.spawn)
    try:
        return await _config_text(source, transport, None)
    finally:
        await jobs.shutdown()
        await transport.close()
