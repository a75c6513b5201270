"""Where a running gateway has its configuration from: the file, or the URL with its last good copy in the data dir; and the reload that puts a changed one in force."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from pathlib import Path

from uniapi.canonical import Failure
from uniapi.config import Config, ConfigProblems, ConfigSource, FileWatcher, Problem, fetch_config, parse_config, read_config_file
from uniapi.engines import engine_names
from uniapi.errors import StartError
from uniapi.gateway import DEMO_CONFIG, FetchFailed, Transport, fetch
from uniapi.storage import write_atomic
from uniapi.wire import HttpRequest

from .app import App, show_problems

log = logging.getLogger("uniapi.app")

CONFIG_COPY_FILE = "config-copy.yaml"


async def first_config(
    source: ConfigSource | None, environment: Mapping[str, str], transport: Transport, data_dir: Path | None
) -> tuple[Config, str]:
    """The configuration to start with, and its text. Raises StartError: 2 for one that cannot be used, 1 when a remote one cannot be had and no copy is kept."""
    if source is None:
        config, _ = parse_config(DEMO_CONFIG, source="the demo", engines=engine_names(), environment={})
        return config, DEMO_CONFIG
    log.info("configuration: %s (%s)", source.shown, source.reason)
    if source.warning:
        log.warning("configuration: %s", source.warning)
    try:
        text = await config_text(source, transport, data_dir)
        config, problems = parse_config(text, source=source.shown, engines=engine_names(), environment=environment)
    except ConfigProblems as found:
        raise StartError("the configuration cannot be used:\n" + "\n".join(f"  {problem}" for problem in found.problems), 2) from None
    show_problems(problems)
    keep_copy(source, text, data_dir)
    return config, text


async def config_text(source: ConfigSource, transport: Transport, data_dir: Path | None) -> str:
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
    return text


def keep_copy(source: ConfigSource, text: str, data_dir: Path | None) -> None:
    """Keep a remote configuration that has proved good, for when it cannot be had."""
    if source.kind == "file" or data_dir is None:
        return
    try:
        write_atomic(data_dir / CONFIG_COPY_FILE, text.encode())
    except OSError as error:
        log.warning("no copy of the configuration can be kept: %s", error.strerror)


async def _fetch_bytes(url: str, transport: Transport) -> bytes:
    request = HttpRequest(method="GET", url=url, headers={"user-agent": "uni-api", "accept": "*/*", "accept-encoding": "identity"})
    head, body = await fetch(transport, request)
    if head.status != 200:
        raise FetchFailed(Failure.cut(f"it answered {head.status}"))
    return body


class Reload:
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
            text = await config_text(self._source, self._transport, self._data_dir)
            config, problems = await asyncio.get_running_loop().run_in_executor(None, self._parse, text)
        except ConfigProblems as found:
            self._app.refused_reload(found)
            return
        except StartError as error:
            self._app.missed_reload(str(error))
            return
        if config == self._app.config:
            self._app.confirm(text)
            return
        keep_copy(self._source, text, self._data_dir)
        show_problems(problems)
        self._app.reload(config, text)

    def _parse(self, text: str) -> tuple[Config, tuple[Problem, ...]]:
        assert self._source is not None
        return parse_config(text, source=self._source.shown, engines=engine_names(), environment=self._environment)
