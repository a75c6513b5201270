"""A gateway's parts without a gateway, for `explain`: built from the configuration and from what a
running or earlier one has kept in the data dir (model lists, rests, long windows, spending, what
refusals taught). Everything is read, nothing is written or sent.
"""

from __future__ import annotations

from collections.abc import Mapping

from uniapi.clock import Clock, SystemClock
from uniapi.commands.common import (
    configuration_and_catalog,
    data_dir_beside,
    seen_by_the_gateway,
)
from uniapi.config import Config, choose_source
from uniapi.gateway import Engines, LearnedModels, Spending
from uniapi.kept_rests import KeptRests
from uniapi.kept_windows import KeptWindows
from uniapi.limits import Limits
from uniapi.money import PriceBook
from uniapi.priced_models import book_of
from uniapi.retirement_watch import Ending
from uniapi.routing import Cursors, Health, Router, Sessions
from uniapi.stats import Recorder, TooNew
from uniapi.storage import DiskFolder
from uniapi.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Offline:
    """What a call would meet. `endings`: of models, by channel."""

    config: Config
    engines: Engines
    router: Router
    limits: Limits
    learned: LearnedModels
    prices: PriceBook
    spending: Spending
    endings: Mapping[tuple[str, str], Ending]
    clock: Clock


def offline(
    config_argument: str | None, environment: Mapping[str, str], timeout_s: float
) -> Offline:
    """The parts; `timeout_s`: what `serve` would take from `TIMEOUT`. Raises StartError for a
    configuration that cannot be used.
    """
    environment = seen_by_the_gateway(config_argument, environment)
    config, catalog, endings = configuration_and_catalog(config_argument, environment)
    data_dir = data_dir_beside(choose_source(config_argument, environment), environment)
    folder, clock = DiskFolder(data_dir), SystemClock()
    health, limits, engines = Health(), Limits(), Engines()
    KeptRests(health, folder, clock).load()
    KeptWindows(limits, folder, clock).load()
    health.keep(config)
    limits.keep(config)
    try:
        recorder = Recorder.read_only(data_dir)
    except (TooNew, OSError):
        recorder = Recorder()
    prices = book_of(config.preferences, config.providers)
    recorder.configure(config, prices)
    spending = Spending(recorder.ledger, clock)
    spending.configure(config, prices)
    limits.over_budget = spending.over_budget
    router = Router(
        catalog=catalog,
        engines=engines,
        health=health,
        limits=limits,
        cursors=Cursors(),
        sessions=Sessions(),
        default_timeout_s=timeout_s,
    )
    return Offline(
        config=config,
        engines=engines,
        router=router,
        limits=limits,
        learned=LearnedModels.of_folder(folder, clock.now_s()),
        prices=prices,
        spending=spending,
        endings=endings,
        clock=clock,
    )
