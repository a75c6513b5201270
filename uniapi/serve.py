"""Running the gateway as a process: the event loop, the data dir, the first configuration, the
listening socket, signals, reloads, and a graceful end.

Everything that makes a start impossible is a StartError with its exit code; nothing
here shows a traceback for a user's mistake.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import os
import random
import select
import signal
import threading
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from uniapi.logs.writer import write_in_background

from .app import App
from .clock import SystemClock
from .config import ConfigSource, choose_source
from .configuration import Reload, demo_config
from .early_lock import already_running
from .errors import StartError
from .memory import TIDY_PERIOD_S, Tidying, settle, share_heap
from .network import (
    DEMO_KEY,
    DEMO_MODEL,
    DemoTransport,
    EnvironmentProxies,
    Transport,
    open_transport,
)
from .scheduler import Jobs
from .server import Front, Listener, raise_file_limit
from .settings import Settings, data_dir_of
from .start_text import LOOPBACK, cannot_listen, demo_lines, start_lines
from .storage import DirectoryLock, LockHeld, privacy_fault

log = logging.getLogger("uniapi.app")

STOP_PATIENCE_S = 30.0
DISCOVERY_PERIOD_S = 15.0
COMMIT_PERIOD_S = 1.0
COMPACT_PERIOD_S = 3600.0
LOCK_PERIOD_S = 30.0
NOTICES_PERIOD_S = 5.0
PRICES_PERIOD_S = 900.0
"""How often to see whether a day has passed since the price list was looked at."""
FLUSH_PERIOD_S = 1.0
"""How long an id issued upstream may be remembered in memory only."""
EXECUTOR_THREADS = 4
"""Name look-ups and large JSON bodies; shared hosts count threads as processes."""


def serve(settings: Settings, environment: Mapping[str, str]) -> int:
    """Run the gateway until it is told to stop; gives the exit code.

    Raises StartError when it cannot run.
    """
    share_heap()
    lines = write_in_background()
    try:
        code = _run(settings, environment)
        is_written = not [one for one in lines if not one.drain()]
    finally:
        for one in lines:
            one.close()
    if not is_written:
        # Whoever reads the log stands still, and Python's own end would wait for the locks of its
        # stream. Everything else is written by now.
        os._exit(code)
    return code


def _run(settings: Settings, environment: Mapping[str, str]) -> int:
    loop = _event_loop(environment)
    try:
        asyncio.set_event_loop(loop)
        loop.set_default_executor(_threads())
        return loop.run_until_complete(_serve(settings, environment))
    finally:
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()


def _threads() -> ThreadPoolExecutor:
    """All of them from the start: with little memory left none could be had any more, and what is
    kept could not be written at the end.
    """
    pool = ThreadPoolExecutor(EXECUTOR_THREADS)
    together = threading.Barrier(EXECUTOR_THREADS + 1)
    for _ in range(EXECUTOR_THREADS):
        pool.submit(together.wait)
    together.wait()
    return pool


def _event_loop(environment: Mapping[str, str]) -> asyncio.AbstractEventLoop:
    chosen = environment.get("UNIAPI_SELECTOR", "").lower()
    if chosen == "poll":
        import selectors

        return asyncio.SelectorEventLoop(selectors.PollSelector())
    if hasattr(select, "epoll") and chosen != "asyncio":
        from uniapi.tcp.polling import PollingLoop

        return PollingLoop()
    return asyncio.new_event_loop()


async def _serve(settings: Settings, environment: Mapping[str, str]) -> int:
    clock, rng = SystemClock(), random.Random()
    jobs = Jobs(clock, rng)
    transport: Transport = (
        DemoTransport() if settings.is_demo else open_transport(jobs.spawn, environment)
    )
    variables = () if settings.is_demo else EnvironmentProxies(environment).variables
    if variables:
        log.info("proxy: what is set in %s, where none is written", ", ".join(variables))
    source = None if settings.is_demo else choose_source(settings.config_argument, environment)
    data_dir, lock = _open_data_dir(settings, source)
    try:
        reload = Reload(source, environment, transport, data_dir) if source is not None else None
        config, text = await reload.first() if reload is not None else demo_config()
        shown = source.shown if source is not None else "the demo"
        app = App(
            settings,
            config,
            transport,
            jobs,
            clock,
            rng,
            data_dir,
            config_source=shown,
            config_text=text,
        )
        has_edge = environment.get("UNIAPI_EDGE", "own").lower() != "aiohttp"
        return await _listen(
            app, settings, reload, jobs, lock, has_edge=has_edge, has_proxies=bool(variables)
        )
    finally:
        await jobs.shutdown()
        await transport.close()
        if lock is not None:
            lock.release()


def _open_data_dir(
    settings: Settings, source: ConfigSource | None
) -> tuple[Path | None, DirectoryLock | None]:
    """The data dir, made and locked; (None, None) when everything is kept in memory."""
    if settings.is_demo and settings.data_dir is None:
        return None, None
    path = data_dir_of(source, settings.data_dir, settings.default_data_dir)
    lock = DirectoryLock(path)
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        fault = privacy_fault(path)
        if fault is not None:
            raise PermissionError(errno.EPERM, f"it {fault}")
        lock.acquire()
    except LockHeld as held:
        raise already_running(path, held) from None
    except OSError as error:
        if settings.data_dir is not None:
            raise StartError(f"the data dir {path} cannot be used: {error.strerror}", 1) from None
        log.warning(
            "the data dir %s cannot be used (%s): statistics are kept in memory only",
            path,
            error.strerror,
        )
        return None, None
    return path, lock


async def _listen(
    app: App,
    settings: Settings,
    reload: Reload | None,
    jobs: Jobs,
    lock: DirectoryLock | None,
    *,
    has_edge: bool,
    has_proxies: bool,
) -> int:
    listener = Listener(Front(app), files=raise_file_limit(), has_edge=has_edge)
    try:
        port = await listener.start(settings.host, settings.port)
    except OSError as error:
        raise StartError(cannot_listen(settings.host, settings.port, error), 1) from None
    stop = asyncio.Event()
    # Before anybody is told that we run, who may then send one at once.
    _catch_signals(stop, reload, app, jobs)
    lines = start_lines(settings.version, settings.host, port, app.loaded())
    log.info("%s", "; ".join(" ".join(line.split()) for line in lines), extra={"is_printed": True})
    print("\n".join(map(settings.language.say, lines)), flush=True)
    if reload is not None and reload.environment is not None and reload.environment.is_new:
        print(reload.environment.lines(), flush=True)
    if settings.is_demo:
        print(demo_lines(port, DEMO_KEY, DEMO_MODEL), flush=True)
        if settings.host not in LOOPBACK:
            log.warning("the demo's client key is known to everybody, and others can connect")
    app.watch.log_endings()
    app.expect_proxies(has_some=has_proxies)
    jobs.spawn(app.discover(), "discovery")
    jobs.every(DISCOVERY_PERIOD_S, app.discover, "discovery")
    jobs.every(FLUSH_PERIOD_S, app.kept.flush, "flush", jitter=0.0)
    jobs.every(COMMIT_PERIOD_S, app.kept.commit, "statistics", jitter=0.0)
    jobs.every(COMPACT_PERIOD_S, app.kept.compact, "compaction", at_once=True)
    jobs.every(NOTICES_PERIOD_S, app.watch.look, "notices")
    # Not at once: a run of a minute asks vendors nothing that nobody wanted to know.
    jobs.every(PRICES_PERIOD_S, app.money.ask_balances, "balances")
    jobs.every(PRICES_PERIOD_S, app.money.look_at_prices, "price list", at_once=True)
    settle()
    tidying = Tidying(lambda: not app.live_calls)
    jobs.every(TIDY_PERIOD_S, tidying.tidy, "tidying")
    if lock is not None:
        jobs.every(LOCK_PERIOD_S, _lock_keeper(lock, stop), "lock")
    if reload is not None:
        reload.watch(jobs, app)
    await stop.wait()
    log.info("stopping: no new connections, %d calls may finish", app.live_calls)
    listener.stop()
    await _drain(app)
    await listener.close()
    await app.close()
    log.info("stopped")
    return 0


def _lock_keeper(lock: DirectoryLock, stop: asyncio.Event) -> Callable[[], Awaitable[None]]:
    """A job that keeps the data dir ours: its lock file may be deleted under us, and then another
    process may take it.
    """

    async def keep() -> None:
        try:
            lock.renew()
        except LockHeld as held:
            log.error("the data dir is %s now: this one stops", held)
            stop.set()

    return keep


async def _drain(app: App) -> None:
    """Wait for the running calls, but not longer than STOP_PATIENCE_S."""
    waited = 0.0
    while app.live_calls and waited < STOP_PATIENCE_S:
        await asyncio.sleep(0.05)
        waited += 0.05


def _catch_signals(stop: asyncio.Event, reload: Reload | None, app: App, jobs: Jobs) -> None:
    loop = asyncio.get_running_loop()

    def stopping() -> None:
        if stop.is_set():
            os._exit(1)
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping)

    def reloading() -> None:
        """The configuration anew, and what rests tried anew: whoever asks for the one has mended
        something.
        """
        app.wake()
        if reload is not None:
            jobs.spawn(reload.now(app), "reload")

    loop.add_signal_handler(signal.SIGHUP, reloading)
