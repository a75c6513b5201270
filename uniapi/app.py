"""The composition root: the only place that builds the collaborators and joins them. What changes
with the configuration is one immutable Snapshot, swapped in one assignment (`snapshots`); what
lives across reloads (health, limits, cursors, sessions, model lists, counts) stays outside it,
keyed by ids that survive.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from uniapi.logs.writer import say_call

from .canonical import Call, RequestRefused
from .channel_merits import SpeedMeter
from .client_models import ClientModels
from .clock import Clock
from .config import (
    ClientKey,
    Config,
    ConfigProblems,
    Credential,
    ModelInfo,
    Provider,
    secrets_of,
)
from .config_news import ConfigNews
from .dialects import CLIENT_DIALECTS
from .gateway import (
    AnswerMemory,
    CallSurroundings,
    Executor,
    IssuedItems,
    ModelLists,
    Moderation,
    ReasoningCache,
    Reception,
)
from .inspection import Inspector, Tap, TappedReply
from .kept_state import KeptState
from .language import catalogue, language_of
from .limits import Limits
from .live_check import Network, ask_key
from .memory import a_quarter, memory_limit
from .money_now import MoneyNow
from .network import AccessTokens, MediaFetcher, Transport, import_proxied, names_proxy
from .notifier import Notifier
from .owner_watch import OwnerWatch
from .routing import Health
from .scheduler import Jobs
from .server import HttpReply, KeyRing, LiveCalls, Present
from .settings import Settings
from .snapshots import Snapshots
from .start_text import Loaded
from .stats import CallRecord, RecentSums, Recorder
from .storage import DiskFolder, Folder, MemoryFolder
from .wire import dump_json

log = logging.getLogger("uniapi.app")

INSPECTED = "requests"
"""The folder in the data dir for `inspect: {to_disk: …}`."""


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
        self.spool_dir = data_dir
        self._started_at_s = clock.now_s()
        self._jobs = jobs
        self._transport = transport
        folder = MemoryFolder() if data_dir is None else DiskFolder(data_dir)
        folder.sweep()

        # what is counted, and looked at
        self.recorder = (
            Recorder()
            if data_dir is None or settings.is_stateless
            else Recorder(folder, config.preferences.retention)
        )
        self.recorder.open()
        self.sums = RecentSums(self.recorder)
        self.inspector = Inspector(
            None if data_dir is None else folder.within(INSPECTED), clock.monotonic_s
        )
        self.inspector.configure(config.preferences.inspect, secrets_of(config))
        self._live = LiveCalls()

        # what lives across reloads
        self._health, self._limits, self._speed = Health(), Limits(), SpeedMeter(clock)
        self._credentials = AccessTokens(clock)
        self._lists = ModelLists(clock, self._lists_changed, self._lists_wanted)
        self.money = MoneyNow(
            self.recorder, self._lists, transport, clock, folder, data_dir, config
        )
        self._limits.over_budget = self.money.spending.over_budget
        self._notifier = Notifier(transport, clock, jobs, folder)
        self._notifier.configure(config)
        self._news = ConfigNews(config_source, config_text, clock, self._notifier)
        self.kept = self._kept_in(folder)

        # what changes with the configuration
        self._snapshots = Snapshots(
            lists=self._lists,
            health=self._health,
            limits=self._limits,
            speed=self._speed,
            book=self.money.book,
            timeout_s=settings.timeout_s,
            clock=clock,
        )
        self._models = ClientModels(self._snapshots, self._lists)
        self.watch = OwnerWatch(
            self._snapshots, self.money.spending, self._health, self._notifier, clock
        )
        self._answers = AnswerMemory()
        self._reception = self._receives(rng)
        self._health.keep(config)
        self._limits.keep(config)
        self._answers.most = self._answers_in(config)
        self._snapshots.put(config)

    def _answers_in(self, config: Config) -> int:
        """Bytes that all answers together may hold."""
        written = config.preferences.max_answers_bytes
        return written or a_quarter(memory_limit())

    def _kept_in(self, folder: Folder) -> KeptState:
        return KeptState(
            folder,
            self.clock,
            recorder=self.recorder,
            inspector=self.inspector,
            lists=self._lists,
            limits=self._limits,
            health=self._health,
            notifier=self._notifier,
            caches=self.money.caches,
        )

    def _receives(self, rng: random.Random) -> Reception:
        """The way of a call, from its door to its record."""
        items = IssuedItems()
        around = CallSurroundings(
            caches=self.money.caches,
            transport=self._transport,
            credentials=self._credentials,
            media=MediaFetcher(self._transport),
            pins=self.kept.pins,
            reasoning=ReasoningCache(),
            items=items,
            learned=self.kept.learned,
            memory=self._answers,
            shutdowns=self._lists.shutdowns,
            clock=self.clock,
        )
        return Reception(
            in_force=self._snapshots,
            spending=self.money.spending,
            record=self.record,
            lists=self._lists,
            pins=self.kept.pins,
            items=items,
            limits=self._limits,
            moderation=Moderation(Executor(around, lambda record: None), self.clock, rng),
            executor=Executor(around, self.record),
            clock=self.clock,
            rng=rng,
        )

    # what the front reads

    @property
    def config(self) -> Config:
        return self._snapshots.current.config

    @property
    def key_ring(self) -> KeyRing:
        return self._snapshots.key_ring

    async def models_for(self, key: ClientKey) -> tuple[str, ...]:
        return await self._models.awaited(key)

    def model_infos(self, key: ClientKey, aliases: Sequence[str]) -> Mapping[str, ModelInfo]:
        return self._models.infos(key, aliases)

    def model_names(self, key: ClientKey) -> tuple[str, ...]:
        return self._models.names(key)

    def model_rows(self, key: ClientKey, aliases: Sequence[str]) -> list[dict[str, Any]]:
        return self._models.rows(key, aliases)

    def near_models(self, key: ClientKey, name: str) -> list[str]:
        return self._models.near(key, name)

    def page_words(self) -> tuple[str, Mapping[str, str]]:
        return "" if self.settings.language.is_english else "zh", catalogue("page")

    def speaker(self, language: str) -> Callable[[str], str]:
        return language_of("zh" if language.lower().startswith("zh") else "en", {}).say

    def health(self) -> dict[str, Any]:
        in_memory = self.recorder.is_in_memory or self.recorder.trouble is not None
        return {
            "status": "ok",
            "version": self.version,
            "config": self._news.status.state,
            "stats": "memory" if in_memory else "disk",
        }

    def loaded(self) -> Loaded:
        """What the configuration in force came to."""
        return self._snapshots.loaded(self._news.status.source)

    @property
    def live_calls(self) -> int:
        """How many inference calls run now."""
        return len(self._live)

    def present(self, *, with_money: bool) -> Present:
        """What is true at this moment."""
        now = self.clock.monotonic_s()
        providers = {provider.provider_id for provider in self.config.providers}
        return Present(
            started_at_s=self._started_at_s,
            live=self._live,
            config_status=self._news.status,
            resting=self._health.snapshot(now),
            rates=self._health.success_rates(self.config.providers, now),
            money=self.money.shown() if with_money else {},
            retirements=self.watch.ending_rows(),
            learned=tuple(self.kept.learned.rows(providers, self.clock.now_s())),
        )

    async def run(self, call: Call, key: ClientKey, reply: HttpReply) -> None:
        """Answer an inference call. Raises RequestRefused before anything was sent, recorded."""
        live = self._live.calls
        live[call.request_id] = (call, reply)
        tap = self.inspector.begin(call) if self.inspector.is_on else None
        try:
            if tap is None:
                await self._reception.run(call, key, reply)
            else:
                await self._run_looked_at(call, key, TappedReply(reply, tap), tap)
        finally:
            live.pop(call.request_id, None)

    async def _run_looked_at(
        self, call: Call, key: ClientKey, reply: TappedReply, tap: Tap
    ) -> None:
        try:
            await self._reception.run(call, key, reply)
        except RequestRefused as refused:
            encode = CLIENT_DIALECTS[call.dialect].encode_error
            tap.refused(refused.error, dump_json(encode(refused.error)))
            raise
        finally:
            self.inspector.finish(tap)

    def record(self, call: CallRecord) -> None:
        """Count a finished call and say it in one line."""
        self.recorder.record(call)
        if self.inspector.is_on:
            self.inspector.note(call)
        if self._speed.is_wanted:
            self._speed.take_in(call)
        if log.isEnabledFor(logging.INFO):
            say_call(log, call, self.clock.now_s())

    # configuration

    def reload(self, config: Config, text: str = "") -> None:
        """Put a new configuration, read from `text`, in force: one assignment, running calls keep
        theirs, what still exists keeps its state.
        """
        old = self.config
        self._snapshots.put(config)
        self._health.keep(config, old)
        self._limits.keep(config)
        self._answers.most = self._answers_in(config)
        self.money.configure(config)
        self._notifier.configure(config)
        self.inspector.configure(config.preferences.inspect, secrets_of(config))
        self.confirm(text)
        from .config import changes  # only who edits the configuration needs it

        for change in changes(old, config):
            log.info("configuration: %s", change)
        self.watch.log_endings()
        self.expect_proxies()
        self._jobs.spawn(self.discover(all_due=True), "discovery")
        self._jobs.spawn(self.money.look_at_prices(), "price list")

    def expect_proxies(self, *, has_some: bool = False) -> None:
        """Get ready for the first request through a proxy where the configuration names one, or
        there are some without it.
        """
        if has_some or names_proxy(self.config):
            self._jobs.spawn(asyncio.to_thread(import_proxied), "proxies")

    def wake(
        self, provider_ids: Collection[str] | None = None, credential_id: str | None = None
    ) -> int:
        """What rests of these providers (None: all), or of one of their credentials, is tried anew;
        gives how many rests that ended.
        """
        if provider_ids is None:
            provider_ids = [provider.provider_id for provider in self.config.providers]
        return self._health.clear(provider_ids, credential_id)

    async def test_key(self, provider: Provider, credential: Credential) -> dict[str, Any]:
        """Ask a provider key for something small; one that answers rests no longer."""
        network = Network.of(self._transport, self._credentials, self.clock)
        row = await ask_key(provider, credential, self.config.preferences, network)
        if row.ok:
            self.wake([provider.provider_id], credential.credential_id)
        return row.plain()

    def confirm(self, text: str) -> None:
        """The configuration in force is the newest one, and `text` says it."""
        self._news.confirm(text)

    def missed_reload(self, message: str) -> None:
        """The configuration could not be looked at: the one in force stays."""
        self._news.missed(message)

    def refused_reload(self, problems: ConfigProblems) -> None:
        """A configuration that cannot be used: the last good one stays in force."""
        self._news.refused(problems)

    def try_anew(self) -> None:
        """Ask for every model list again: somebody says that what failed may be well now."""
        self._jobs.spawn(self.discover(all_due=True), "discovery")

    async def discover(self, *, all_due: bool = False) -> None:
        """Ask the providers whose model lists are due, or all that name no models."""
        config = self.config
        await self._lists.refresh(
            config.providers,
            config.preferences,
            self._transport,
            self._credentials,
            all_due=all_due,
        )

    async def close(self) -> None:
        await self.kept.close()
        await self._transport.close()

    def _lists_wanted(self) -> None:
        self._jobs.spawn(self.discover(), "discovery")

    async def _lists_changed(self) -> None:
        self.kept.lists.note()
        await self._snapshots.renew()
