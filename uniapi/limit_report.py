"""How much of each budget and of credits is used, for the terminal: from the files, as `stats`
reads them.
"""

from __future__ import annotations

from collections.abc import Mapping

from uniapi.commands.common import read_configuration

from .clock import Clock
from .config import ConfigProblems, choose_source
from .errors import StartError
from .gateway import Spending, Standing
from .money import PriceBook, shown
from .stats import Recorder


def limit_lines(
    config_argument: str | None, environment: Mapping[str, str], recorder: Recorder, clock: Clock
) -> list[str]:
    """A line for each limit of the configuration file, where there is one that can be read."""
    try:
        source = choose_source(config_argument, environment)
        if source.kind != "file":
            return []
        _, config, _ = read_configuration(source, environment)
    except (ConfigProblems, StartError, OSError):
        return []
    spending = Spending(recorder.ledger, clock)
    spending.configure(config, PriceBook({}))
    lines = [f"    {_line(one)}" for one in spending.standings()]
    return ["  limits", *lines] if lines else []


def _line(one: Standing) -> str:
    return f"{one.name}: {shown(one.spent_pd)} of {shown(one.limit_pd)} ({one.text})"
