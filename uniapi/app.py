"""The composition root: the only place that builds the collaborators and joins them. What changes
with the configuration is one immutable Snapshot, swapped in one assignment; what lives across
reloads (health, limits, cursors, sessions, model lists, counts) stays outside it, keyed by ids that
survive.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from uniapi.logs.call_log import call_fields, call_line
from uniapi.logs.log import set_secrets

from .balances import Balances
from .canonical import Call, RequestRefused
from .channel_merits import SpeedMeter, usual_price
from .clock import Clock
from .config import (
    ClientKey,
    Config,
    ConfigProblems,
    Credential,
    ModelEntry,
    ModelInfo,
    Problem,
    Provider,
    changes,
    secrets_of,
)
from .dialects import CLIENT_DIALECTS
from .engines import price_vendors
from .gateway import (
    CacheRounds,
    CallSurroundings,
    Engines,
    Executor,
    IssuedIds,
    IssuedItems,
    LearnedModels,
    ModelLists,
    Moderation,
    ReasoningCache,
    Reception,
    Snapshot,
    Spending,
)
from .inspection import Inspector, Tap, TappedReply
from .kept_lists import KeptLists
from .kept_rests import KeptRests
from .kept_windows import KeptWindows
from .language import catalogue
from .limits import Limits
from .live_check import Network, ask_key
from .money import PriceBook
from .money_report import CACHE_DAYS_S, cache_rows_shown, limit_rows, unpriced_models
from .network import AccessTokens, MediaFetcher, Transport
from .notices import look, refused_reload
from .notifier import Notifier, Told
from .price_lists import PriceLists
from .retirement_watch import RetirementWatch, day_of
from .routing import Catalog, Cursors, Health, Router, Sessions
from .scheduler import Jobs
from .server import ConfigStatus, HttpReply, KeyRing, LiveCalls, Present, model_facts
from .settings import Settings
from .start_text import Loaded
from .stats import CallRecord, RecentSums, Recorder
from .storage import DiskFolder, MemoryFolder
from .wire import dump_json

log = logging.getLogger("uniapi.app")

MOST_CATALOGUED_AT_ONCE = 5000
"""Models: some five milliseconds."""
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
        self._live = LiveCalls()
        self._started_at_s = clock.now_s()
        self._config_status = ConfigStatus(
            source=config_source, loaded_at_s=clock.now_s(), text=config_text
        )
        self._unpriced_of: tuple[PriceBook, list[str]] | None = None
        self._jobs = jobs
        self._transport = transport
        self._data_dir = data_dir
        self._speed = SpeedMeter(clock)
        self._health, self._limits, self._cursors, self._sessions = (
            Health(),
            Limits(),
            Cursors(),
            Sessions(),
        )
        self._credentials = AccessTokens(clock)
        self._media = MediaFetcher(transport)
        self._lists = ModelLists(clock, self._lists_changed, self._lists_wanted)
        folder = MemoryFolder() if data_dir is None else DiskFolder(data_dir)
        folder.sweep()
        self.recorder = (
            Recorder()
            if data_dir is None or settings.is_stateless
            else Recorder(folder, config.preferences.retention)
        )
        self.recorder.open()
        self._spending = Spending(self.recorder.ledger, clock)
        self._limits.over_budget = self._spending.over_budget
        self._price_lists = PriceLists(transport, clock, data_dir, self._reprice)
        self._price(config)
        self.sums = RecentSums(self.recorder)
        self.inspector = Inspector(
            None if data_dir is None else folder.within(INSPECTED), clock.monotonic_s
        )
        self.inspector.configure(config.preferences.inspect, secrets_of(config))
        self._balances = Balances(transport, clock)
        self._notifier = Notifier(transport, clock, jobs, folder)
        self._notifier.configure(config)
        self._pins = IssuedIds.of_folder(folder, clock.now_s())
        self._learned = LearnedModels.of_folder(folder, clock.now_s())
        items = IssuedItems()
        self._caches = CacheRounds(folder, clock, self._price_gap)
        around = CallSurroundings(
            caches=self._caches,
            transport=transport,
            credentials=self._credentials,
            media=self._media,
            pins=self._pins,
            reasoning=ReasoningCache(),
            items=items,
            learned=self._learned,
            shutdown_date=self._lists.shutdown_date,
            clock=clock,
        )
        self._reception = Reception(
            current=lambda: self._snapshot,
            spending=self._spending,
            record=self.record,
            lists=self._lists,
            pins=self._pins,
            items=items,
            limits=self._limits,
            moderation=Moderation(Executor(around, lambda record: None), clock, rng),
            executor=Executor(around, self.record),
            clock=clock,
            rng=rng,
        )
        self._watch = RetirementWatch(lambda: self._snapshot.config.providers)
        self._kept_lists = KeptLists(self._lists, folder)
        self._kept_lists.load()
        self._cataloguing = asyncio.Lock()
        self._kept_windows = KeptWindows(self._limits, folder, clock)
        self._kept_windows.load()
        self._kept_rests = KeptRests(self._health, folder, clock)
        self._kept_rests.load()
        self._health.keep(config)
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
        return self._key_ring

    async def models_for(self, key: ClientKey) -> tuple[str, ...]:
        await self._lists.wait(self._snapshot.catalog.unlisted(key))
        return self._snapshot.catalog.models(key)

    def model_infos(self, key: ClientKey, aliases: Sequence[str]) -> Mapping[str, ModelInfo]:
        catalog = self._snapshot.catalog
        listed = {
            (one.provider_id, model.model): model
            for one in self.config.providers
            if one.is_discovered
            for model in self._lists.listed(one.provider_id)
        }
        return model_facts(
            aliases,
            lambda alias: catalog.candidates(key, alias).channels(),
            self.config.preferences.model_info,
            listed,
        )

    def model_names(self, key: ClientKey) -> tuple[str, ...]:
        return self._snapshot.catalog.models(key)

    def model_rows(self, key: ClientKey, aliases: Sequence[str]) -> list[dict[str, Any]]:
        catalog = self._snapshot.catalog
        infos = self.model_infos(key, aliases)

        def providers(alias: str) -> list[str]:
            channels = catalog.candidates(key, alias).channels()
            return list(dict.fromkeys(channel.provider.name for channel in channels))

        return [
            {
                "id": alias,
                "providers": providers(alias),
                "context_length": infos[alias].context_length,
                "max_output_tokens": infos[alias].max_output_tokens,
            }
            for alias in aliases
        ]

    def near_models(self, key: ClientKey, name: str) -> list[str]:
        return list(self._snapshot.catalog.near_matches(key, name))

    def page_words(self) -> tuple[str, Mapping[str, str]]:
        return "" if self.settings.language.is_english else "zh", catalogue("page")

    def health(self) -> dict[str, Any]:
        in_memory = self.recorder.is_in_memory or self.recorder.trouble is not None
        return {
            "status": "ok",
            "version": self.version,
            "config": self._config_status.state,
            "stats": "memory" if in_memory else "disk",
        }

    def loaded(self) -> Loaded:
        """What the configuration in force came to."""
        config, catalog = self.config, self._snapshot.catalog
        keys = config.client_keys
        unlisted = {one.provider_id for key in keys for one in catalog.unlisted(key)}
        return Loaded(
            providers=len(config.providers),
            keys=sum(
                credential.kind != "none"
                for provider in config.providers
                for credential in provider.credentials
            ),
            models=len({alias for key in keys for alias in catalog.models(key)}),
            unlisted=len(unlisted),
            client_keys=len(keys),
            source=self._config_status.source,
        )

    @property
    def live_calls(self) -> int:
        """How many inference calls run now."""
        return len(self._live)

    def present(self) -> Present:
        """What is true at this moment."""
        now = self.clock.monotonic_s()
        names = [
            (provider.provider_id, credential.credential_id)
            for provider in self.config.providers
            for credential in provider.credentials
        ]
        today = day_of(self.clock.now_s())
        providers = {provider.provider_id for provider in self.config.providers}
        rates = {name: self._health.success_rate(*name, now) for name in names}
        return Present(
            started_at_s=self._started_at_s,
            live=self._live,
            config_status=self._config_status,
            resting=self._health.snapshot(now),
            rates={name: rate for name, rate in rates.items() if rate[1]},
            money=self._money(),
            retirements=tuple(ending.row(today) for ending in self._watch.endings(today)),
            learned=tuple(self._learned.rows(providers, self.clock.now_s())),
        )

    def tell_endings(self) -> None:
        """Write into the log which of the models that are written down end soon, or have ended."""
        today = day_of(self.clock.now_s())
        for ending in self._watch.endings(today):
            log.warning("retirement: %s", ending.said(today))

    async def run(self, call: Call, key: ClientKey, reply: HttpReply) -> None:
        """Answer an inference call.

        Raises RequestRefused before anything was sent; the refusal is recorded.
        """
        self._live.begin(call, reply)
        tap = self.inspector.begin(call)
        try:
            if tap is None:
                await self._reception.run(call, key, reply)
            else:
                await self._run_looked_at(call, key, TappedReply(reply, tap), tap)
        finally:
            self._live.end(call)

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
        self.inspector.note(call)
        self._speed.take_in(call)
        if log.isEnabledFor(logging.INFO):
            log.info("%s", call_line(call), extra={"fields": partial(call_fields, call)})

    # configuration

    def reload(self, config: Config, text: str = "") -> None:
        """Put a new configuration, read from `text`, in force: one assignment, running calls keep
        theirs, what still exists keeps its state.
        """
        old = self._snapshot.config
        self._snapshot = self._snap(config)
        self._health.keep(config, old)
        self._limits.keep(config)
        self._price(config)
        self._notifier.configure(config)
        self.inspector.configure(config.preferences.inspect, secrets_of(config))
        self.confirm(text)
        for change in changes(old, config):
            log.info("configuration: %s", change)
        self.tell_endings()
        self._jobs.spawn(self.discover(all_due=True), "discovery")
        self._jobs.spawn(self.look_at_prices(), "price list")

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
        loaded_at_s = (
            self._config_status.loaded_at_s
            if text == self._config_status.text
            else self.clock.now_s()
        )
        self._config_status = replace(
            self._config_status,
            text=text,
            loaded_at_s=loaded_at_s,
            state="ok",
            errors=(),
            failed_at_s=None,
        )

    def missed_reload(self, message: str) -> None:
        """The configuration could not be looked at: the one in force stays.

        Said once, not at each look.
        """
        if self._config_status.errors != (message,):
            log.warning("%s; the one in force stays", message)
        self._config_status = replace(
            self._config_status, errors=(message,), failed_at_s=self.clock.now_s()
        )

    def refused_reload(self, problems: ConfigProblems) -> None:
        """A configuration that cannot be used: say why, keep the last good one."""
        errors = tuple(str(problem) for problem in problems.problems if problem.severity == "error")
        self._config_status = replace(
            self._config_status, state="stale", errors=errors, failed_at_s=self.clock.now_s()
        )
        self._notifier.tell(refused_reload(errors))
        log.error("the new configuration is not used, the last good one stays in force:")
        show_problems(problems.problems)

    def try_anew(self) -> None:
        """Ask for every model list again: somebody says that what failed may be well now."""
        self._jobs.spawn(self.discover(all_due=True), "discovery")

    async def discover(self, *, all_due: bool = False) -> None:
        """Ask the providers whose model lists are due, or all that name no models."""
        config = self._snapshot.config
        await self._lists.refresh(
            config.providers,
            config.preferences,
            self._transport,
            self._credentials,
            all_due=all_due,
        )

    async def flush(self) -> None:
        """Make durable which ids were issued lately and what was learned, off the loop."""
        loop = asyncio.get_running_loop()
        for memory in (self._pins, self._learned):
            await loop.run_in_executor(None, memory.flush, self.clock.now_s())
        await loop.run_in_executor(None, self._kept_lists.flush)
        await loop.run_in_executor(None, self._notifier.flush, self.clock.now_s())
        await loop.run_in_executor(None, self._caches.flush, self.clock.now_s())

    async def commit(self, *, at_once: bool = False) -> None:
        """Write what changed since the last time, calls, long rate windows and what rests; off the
        loop, once a second.
        """
        loop = asyncio.get_running_loop()
        windows = partial(self._kept_windows.flush, at_once=at_once)
        await loop.run_in_executor(None, windows)
        self._kept_rests.note()
        await loop.run_in_executor(None, self._kept_rests.flush)
        await loop.run_in_executor(None, self.recorder.commit, self.clock.now_s())
        await self.inspector.settle()

    async def compact(self) -> None:
        """Fold the journal into the days and forget what retention no longer keeps."""
        await asyncio.get_running_loop().run_in_executor(
            None, self.recorder.compact, self.clock.now_s()
        )

    async def close(self) -> None:
        await self.flush()
        await self.commit(at_once=True)
        self.inspector.close()
        await asyncio.get_running_loop().run_in_executor(
            None, self.recorder.close, self.clock.now_s()
        )
        await self._transport.close()

    def _snap(self, config: Config) -> Snapshot:
        set_secrets(secrets_of(config))
        self._speed.is_wanted = any(key.policy == "fastest" for key in config.client_keys)
        self._key_ring = KeyRing(config.client_keys)
        return self._built(config, self._model_lists(config))

    def _model_lists(self, config: Config) -> dict[str, tuple[ModelEntry, ...]]:
        return {
            provider.provider_id: entries
            for provider in config.providers
            if provider.is_discovered and (entries := self._lists.entries(provider))
        }

    def _built(self, config: Config, lists: Mapping[str, tuple[ModelEntry, ...]]) -> Snapshot:
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
            speeds=self._speed.speeds,
            price_of=usual_price(self._book(config), self.clock.now_s),
        )
        return Snapshot.of(config, router, engines)

    async def look_for_notices(self) -> None:
        """Tell the owner what is worth a message."""
        if not self._notifier.has_places:
            return
        today = day_of(self.clock.now_s())
        self._notifier.tell_all(
            look(
                self.config,
                self._spending.standings(),
                self._health.snapshot(self.clock.monotonic_s()),
                self._watch.endings(today),
                today,
            )
        )

    async def test_notices(self) -> list[Told]:
        """Send a test message to every place that `notify` names."""
        return await self._notifier.test()

    async def ask_balances(self) -> None:
        """Ask vendors what is left on our keys, hourly at most."""
        await self._balances.refresh(self.config)

    async def look_at_prices(self) -> None:
        """Look at the price list that the configuration names, when it is time."""
        await self._price_lists.refresh()

    def _price(self, config: Config) -> None:
        """Put the prices of a configuration in force."""
        self._price_lists.configure(config.preferences)
        book = self._book(config)
        self.recorder.configure(config, book)
        self._spending.configure(config, book)

    def _money(self) -> dict[str, Any]:
        """What the page says of money."""
        since_s = self.clock.now_s() - CACHE_DAYS_S
        return {
            "limits": limit_rows(self._spending.standings()),
            "prices": self._price_lists.facts(),
            "unpriced": self._unpriced(),
            "caches": cache_rows_shown(self._caches.rows(since_s)),
            "conversations": self._caches.conversations(),
            "balances": self._balances.rows(self.config),
        }

    def _unpriced(self) -> list[str]:
        """The models without a price; found anew for each configuration and list."""
        prices = self.recorder.prices
        if self._unpriced_of is None or self._unpriced_of[0] is not prices:
            entries = {
                provider.provider_id: self._lists.entries(provider) or ()
                for provider in self.config.providers
                if provider.is_discovered
            }
            self._unpriced_of = (prices, unpriced_models(self.config, prices, entries))
        return self._unpriced_of[1]

    def _price_gap(self, requested: str, upstream: str, provider_id: str, at_s: float) -> int:
        return self.recorder.prices.cache_gap_pd(requested, upstream, provider_id, at_s)

    def _reprice(self) -> None:
        self._price(self._snapshot.config)

    def _book(self, config: Config) -> PriceBook:
        return PriceBook(
            config.preferences.prices,
            self._price_lists.listed,
            price_vendors(config.providers),
        )

    def _lists_wanted(self) -> None:
        self._jobs.spawn(self.discover(), "discovery")

    async def _lists_changed(self) -> None:
        """What can be routed now. Of very many models that is found out in a thread, so that
        streams go on meanwhile; one after the other, so that the newest lists win.
        """
        self._kept_lists.note()
        async with self._cataloguing:
            config = None
            while config is not self._snapshot.config:
                config = self._snapshot.config
                lists = self._model_lists(config)
                if sum(map(len, lists.values())) <= MOST_CATALOGUED_AT_ONCE:
                    self._snapshot = self._built(config, lists)
                    continue
                built = await asyncio.get_running_loop().run_in_executor(
                    None, self._built, config, lists
                )
                if config is self._snapshot.config:
                    self._snapshot = built


def show_problems(problems: tuple[Problem, ...]) -> None:
    """Problems in the log, each a line."""
    for problem in problems:
        log.log(
            logging.ERROR if problem.severity == "error" else logging.WARNING,
            "configuration: %s",
            str(problem).partition(": ")[2],
        )
