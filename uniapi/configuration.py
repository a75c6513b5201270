"""The configuration over time: had from its file or URL, kept as a copy, looked at again and again,
and put in force when it is good.

Rules: what cannot be used changes nothing; a file is read when it has looked the same twice, so one
that is being written is not taken by halves; one reading at a time, each from the beginning, so an
older text never replaces a newer one; the same trouble is said once. The last good copy of a remote
configuration stands in for it at a start only.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from .config import (
    Config,
    ConfigProblems,
    ConfigSource,
    FileWatcher,
    Problem,
    fetch_config,
    parse_config,
    read_config_file,
)
from .config_news import show_problems
from .environment_source import EnvironmentSource, keep_names
from .errors import StartError
from .network import DEMO_CONFIG, FetchFailed, Transport, fetch_url
from .priced_models import config_names
from .scheduler import Jobs
from .storage import write_atomic

log = logging.getLogger("uniapi.app")

FILE_PERIOD_S = 1.0
"""Two looks and the reading are to fit into three seconds."""
URL_PERIOD_S = 30.0
CONFIG_COPY_FILE = "config-copy.yaml"


class InForce(Protocol):
    """The gateway as far as its configuration is concerned (see `App`)."""

    @property
    def config(self) -> Config: ...

    def reload(self, config: Config, text: str) -> None: ...

    def confirm(self, text: str) -> None: ...

    def refused_reload(self, problems: ConfigProblems) -> None: ...

    def missed_reload(self, message: str) -> None: ...

    def try_anew(self) -> None: ...


def demo_config() -> tuple[Config, str]:
    """The configuration of `serve --demo`, and its text."""
    config, _ = parse_config(DEMO_CONFIG, source="the demo", engines=config_names(), environment={})
    return config, DEMO_CONFIG


def parse(
    text: str, source: ConfigSource, environment: Mapping[str, str]
) -> tuple[Config, tuple[Problem, ...]]:
    """A text as a configuration. Raises ConfigProblems."""
    return parse_config(
        text,
        source=source.shown,
        engines=config_names(),
        environment=source.variables(environment),
    )


async def config_text(source: ConfigSource, transport: Transport) -> str:
    """The text of the configuration.

    Raises ConfigProblems for what is no text, StartError (1) for a remote one that cannot be had.
    """
    if source.kind == "file":
        return read_config_file(source.location)
    try:
        return await fetch_config(source.location, lambda url: fetch_url(url, transport))
    except FetchFailed as error:
        why = str(error).replace("the upstream", "it")
        raise StartError(f"the configuration at {source.shown} cannot be had: {why}", 1) from None


async def first_config_text(
    source: ConfigSource, transport: Transport, data_dir: Path | None
) -> str:
    """As `config_text`; when a remote one cannot be had its last good copy in the data dir is used,
    with a warning.
    """
    try:
        return await config_text(source, transport)
    except StartError as error:
        copy = _kept_copy(data_dir)
        if copy is None:
            raise StartError(
                f"{error}; no copy of an earlier start is kept", error.exit_code
            ) from None
        log.warning("%s: its last good copy is used", error)
        return copy


def _kept_copy(data_dir: Path | None) -> str | None:
    try:
        return (
            (data_dir / CONFIG_COPY_FILE).read_text(encoding="utf-8")
            if data_dir is not None
            else None
        )
    except (OSError, UnicodeError):
        return None


def keep_copy(source: ConfigSource, text: str, data_dir: Path | None) -> None:
    """Keep a remote configuration that has proved good, for when it cannot be had."""
    if source.kind != "url" or data_dir is None:
        return
    try:
        write_atomic(data_dir / CONFIG_COPY_FILE, text.encode())
    except OSError as error:
        log.warning("no copy of the configuration can be kept: %s", error.strerror)


class Reload:
    """Looks whether the configuration changed and puts the new one in force, when it is good.

    Made before the first reading: what is written after that is a change.
    """

    def __init__(
        self,
        source: ConfigSource,
        environment: Mapping[str, str],
        transport: Transport,
        data_dir: Path | None,
    ) -> None:
        self._source = source
        self._environment = environment
        self._transport = transport
        self._data_dir = data_dir
        self.environment = (
            EnvironmentSource(environment, data_dir) if source.kind == "environment" else None
        )
        if self.environment is not None and data_dir is not None:
            keep_names(environment, data_dir)
        self._watcher = FileWatcher(source.location) if source.kind == "file" else None
        self._reading = asyncio.Lock()
        self._good: str | None = None
        self._bad: str | None = None
        self._is_in_trouble = False
        """The last look ended in a refusal that was said."""

    async def first(self) -> tuple[Config, str]:
        """The configuration to start with, and its text.

        Raises StartError: 2 for one that cannot be used, 1 when a remote one cannot be had and no
        copy is kept.
        """
        log.info("configuration: %s (%s)", self._source.shown, self._source.reason)
        if self._source.warning:
            log.warning("configuration: %s", self._source.warning)
        try:
            text = await self._text(is_first=True)
            config, problems = parse(text, self._source, self._environment)
        except ConfigProblems as found:
            raise StartError(
                "the configuration cannot be used:\n"
                + "\n".join(f"  {problem}" for problem in found.problems),
                2,
            ) from None
        show_problems(problems)
        keep_copy(self._source, text, self._data_dir)
        self._good = text
        return config, text

    def watch(self, jobs: Jobs, target: InForce) -> None:
        """Look again from now on: at a file each second, at a URL each half minute. The environment
        of a process stays as it is.
        """
        if self.environment is not None:
            return

        async def look() -> None:
            await self.look(target)

        jobs.every(
            FILE_PERIOD_S if self._watcher is not None else URL_PERIOD_S,
            look,
            "config watch",
            jitter=0.0,
        )

    async def look(self, target: InForce) -> None:
        """Reload when the file looks different; a remote configuration is fetched each time."""
        if self._watcher is None or self._watcher.changed():
            await self._read(target, is_asked=False)

    async def now(self, target: InForce) -> None:
        """Reload because somebody asked for it: what is wrong is said again, and what failed is
        tried anew.
        """
        await self._read(target, is_asked=True)
        target.try_anew()

    async def _text(self, *, is_first: bool = False) -> str:
        if self.environment is not None:
            return self.environment.text()
        if is_first:
            return await first_config_text(self._source, self._transport, self._data_dir)
        return await config_text(self._source, self._transport)

    async def _read(self, target: InForce, *, is_asked: bool) -> None:
        """Read, validate, and only then swap. Parsing takes a while, so it is done in a thread."""
        async with self._reading:
            try:
                text = await self._text()
                if text == self._good:
                    target.confirm(text)
                    self._say_unchanged(is_asked=is_asked)
                    return
                if text == self._bad and not is_asked:
                    return
                self._bad = text
                config, problems = await asyncio.get_running_loop().run_in_executor(
                    None, parse, text, self._source, self._environment
                )
            except ConfigProblems as found:
                self._is_in_trouble = True
                target.refused_reload(found)
                return
            except StartError as error:
                self._bad, self._is_in_trouble = None, True
                target.missed_reload(str(error))
                return
            self._good, self._bad = text, None
            keep_copy(self._source, text, self._data_dir)
            if config == target.config:
                target.confirm(text)
                self._say_unchanged(is_asked=True)
            else:
                self._say_mended()
                show_problems(problems)
                target.reload(config, text)

    def _say_unchanged(self, *, is_asked: bool) -> None:
        """It was read again and says what it said; of a remote one that is looked at every half
        minute only when somebody asked.
        """
        if self._is_in_trouble:
            self._say_mended()
        elif is_asked or self._watcher is not None:
            log.info("configuration: %s was read again: nothing has changed", self._source.shown)

    def _say_mended(self) -> None:
        if self._is_in_trouble:
            self._is_in_trouble = False
            log.info("configuration: %s is good again, and in force", self._source.shown)
