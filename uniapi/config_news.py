"""What is said of the configuration: which one is in force, since when, and what was wrong with a
newer one.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable

from uniapi.values import replace

from .clock import Clock
from .config import ConfigProblems, Problem
from .notices import refused_reload
from .notifier import Notifier
from .server import ConfigStatus

log = logging.getLogger("uniapi.app")


class ConfigNews:
    """`status` is what the page and `/healthz` show. `source` is safe to show; `text` is not."""

    def __init__(self, source: str, text: str, clock: Clock, notifier: Notifier) -> None:
        self._clock = clock
        self._notifier = notifier
        self.status = ConfigStatus(source=source, loaded_at_s=clock.now_s(), text=text)

    def confirm(self, text: str) -> None:
        """The configuration in force is the newest one, and `text` says it."""
        is_same = text == self.status.text
        self.status = replace(
            self.status,
            text=text,
            loaded_at_s=self.status.loaded_at_s if is_same else self._clock.now_s(),
            state="ok",
            errors=(),
            failed_at_s=None,
        )

    def missed(self, message: str) -> None:
        """The configuration could not be looked at: the one in force stays.

        Said once, not at each look.
        """
        if self.status.errors != (message,):
            log.warning("%s; the one in force stays", message)
        self.status = replace(self.status, errors=(message,), failed_at_s=self._clock.now_s())

    def refused(self, problems: ConfigProblems) -> None:
        """A configuration that cannot be used: say why."""
        errors = tuple(str(problem) for problem in problems.problems if problem.severity == "error")
        self.status = replace(
            self.status, state="stale", errors=errors, failed_at_s=self._clock.now_s()
        )
        self._notifier.tell(refused_reload(errors))
        log.error("the new configuration is not used, the last good one stays in force:")
        show_problems(problems.problems)


def show_problems(problems: Iterable[Problem]) -> None:
    """Problems in the log, each a line."""
    for problem in problems:
        log.log(
            logging.ERROR if problem.severity == "error" else logging.WARNING,
            "configuration: %s",
            str(problem).partition(": ")[2],
        )
