"""`check`: every problem of a configuration, where it is and what to write instead; with `--live`
also what each provider key answers.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, TextIO

from uniapi.clock import SystemClock
from uniapi.commands.check_notes import notes
from uniapi.commands.common import data_dir_beside, learned_in, read_configuration, table
from uniapi.config import (
    Config,
    ConfigProblems,
    ConfigSource,
    Problem,
    choose_source,
    excerpt,
    exposed_file,
    secrets_of,
    unreadable_ca_files,
)
from uniapi.gateway import ModelLists
from uniapi.kept_lists import KeptLists
from uniapi.language import ENGLISH, Language
from uniapi.live_check import LiveRow, ask_every_key
from uniapi.logs.text import counted, readable
from uniapi.money_report import unpriced_models
from uniapi.priced_models import book_of
from uniapi.retirement_watch import Ending, day_of, written_endings
from uniapi.storage import DiskFolder, privacy_fault
from uniapi.values import dataclass, replace

_NAMED_AT_MOST = 8


@dataclass(slots=True, kw_only=True)
class _Found:
    """Everything that was found."""

    source: ConfigSource
    text: str
    config: Config | None
    problems: tuple[Problem, ...]
    endings: Sequence[Ending] = ()
    rows: Sequence[LiveRow] = ()
    learned: Sequence[dict[str, Any]] = ()
    unpriced: Sequence[str] = ()
    """`provider/model` of what has no price; of another list than the one inside nothing is known
    here.
    """

    def count(self, severity: str) -> int:
        return sum(problem.severity == severity for problem in self.problems)

    @property
    def is_ok(self) -> bool:
        return not self.count("error") and all(row.ok for row in self.rows)


def check(
    config_argument: str | None,
    environment: Mapping[str, str],
    *,
    as_json: bool,
    live: bool = False,
    out: TextIO | None = None,
    language: Language = ENGLISH,
) -> int:
    """Validate the configuration and show every problem, with `live` also what each provider key
    answers; 0 when all is well, 2 when not.
    """
    out = out or sys.stdout
    today = day_of(SystemClock().now_s())
    found = _look(config_argument, environment, today, live=live)
    if as_json:
        value = _plain(found, today, live=live)
        print(json.dumps(value, ensure_ascii=False, indent=1), file=out)
    else:
        for line in _lines(found, today, language):
            print(readable(line), file=out)
    return 0 if found.is_ok else 2


def _look(
    config_argument: str | None, environment: Mapping[str, str], today: date, *, live: bool
) -> _Found:
    source = choose_source(config_argument, environment)
    found = _Found(source=source, text="", config=None, problems=())
    try:
        found.text, found.config, found.problems = read_configuration(source, environment)
    except ConfigProblems as error:
        found.problems, found.text = error.problems, error.text
    if source.kind == "file":
        exposed = exposed_file(source.location)
        found.problems += (exposed,) if exposed is not None else ()
    config = found.config
    if config is None:
        return found
    found.problems += unreadable_ca_files(config) + notes(config)
    found.endings = written_endings(config.providers, today)
    if not isinstance(config.preferences.price_list, str):
        prices = book_of(config.preferences, config.providers)
        found.unpriced = unpriced_models(config, prices, {})
    if live:
        data_dir = data_dir_beside(source, environment)
        found.rows, lists = asyncio.run(ask_every_key(config, environment))
        _keep(lists, data_dir)
        found.learned = list(learned_in(config, data_dir).values())
    return found


def _keep(lists: ModelLists, data_dir: Path) -> None:
    """What providers listed is kept for `models` and `explain`, where the data dir can be had."""
    try:
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        if privacy_fault(data_dir) is not None:
            return
    except OSError:
        return
    stored = ModelLists(SystemClock())
    KeptLists(stored, DiskFolder(data_dir)).load()
    stored.load(lists.dump())
    kept = KeptLists(stored, DiskFolder(data_dir))
    kept.note()
    kept.flush()


def _plain(found: _Found, today: date, *, live: bool) -> dict[str, Any]:
    """For a program."""
    value: dict[str, Any] = {
        "source": found.source.shown,
        "ok": found.is_ok,
        "problems": [
            {
                "severity": p.severity,
                "path": p.path,
                "message": p.message,
                "line": p.line,
                "column": p.column,
            }
            for p in found.problems
        ],
    }
    if found.endings:
        value["retirements"] = [ending.row(today) for ending in found.endings]
    if found.unpriced:
        value["unpriced"] = list(found.unpriced)
    if live:
        value["live"] = [row.plain() for row in found.rows]
        value["learned"] = list(found.learned)
    return value


def _lines(found: _Found, today: date, language: Language) -> list[str]:
    """For a person."""
    say = language.say
    secrets = () if found.config is None else secrets_of(found.config)
    lines: list[str] = []
    for problem in found.problems:
        lines.append(say(str(replace(problem, message=say(problem.message)))))
        lines += excerpt(problem, found.text, secrets)
    lines += [say(f"retirement: {ending.said(today)}") for ending in found.endings]
    if found.unpriced:
        few = ", ".join(found.unpriced[:_NAMED_AT_MOST])
        more = len(found.unpriced) - _NAMED_AT_MOST
        lines.append(say(f"no price known: {few}") + (f" (+{more})" if more > 0 else ""))
    summary = ", ".join(map(say, _summary(found)))
    lines.append(f"{found.source.shown}: {summary}")
    lines += map(say, _live_lines(found.rows))
    for row in found.learned:
        lessons = "; ".join(row["lessons"])
        told = f"learned from refusals: {row['provider']}/{row['model']}: {lessons}"
        lines.append(say(told))
    return lines


def _summary(found: _Found) -> list[str]:
    errors, warnings, remarks = map(found.count, ("error", "warning", "note"))
    noted = [counted(remarks, "note")] if remarks else []
    if not errors + warnings:
        return ["no problem found", *noted]
    return [counted(errors, "error"), counted(warnings, "warning"), *noted]


def _live_lines(rows: Sequence[LiveRow]) -> list[str]:
    """The keys, failed ones first, each with its reason below; then how many are good."""
    if not rows:
        return []
    ordered = sorted(rows, key=lambda row: row.ok)
    head = ["provider", "key", "", "ok", "latency", "models"]
    cells = [row.cells() for row in ordered]
    if any(row.left for row in ordered):
        head.append("left")
        cells = [[*own, row.left] for own, row in zip(cells, ordered, strict=True)]
    shown, lines = table(head, cells).split("\n"), []
    lines.append(shown[0])
    for row, line in zip(ordered, shown[1:], strict=True):
        lines.append(line)
        if row.message:
            lines.append(f"    {row.message}")
    good = sum(row.ok for row in rows)
    lines.append(f"{good} of {counted(len(rows), 'key')} answered well")
    return lines
