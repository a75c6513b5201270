"""The `stats` command: what was counted, from the data dir, beside a running gateway or without
one. No configuration and no lock is needed for it.
"""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TextIO

from uniapi.clock import Clock, SystemClock
from uniapi.commands.cache_report import show_caches
from uniapi.config import choose_source
from uniapi.errors import StartError
from uniapi.limit_report import limit_lines
from uniapi.settings import data_dir_of
from uniapi.stats import Recorder, Several, TooNew, stats_report, status_figures, terminal_report


def show_statistics(
    config_argument: str | None,
    data_dirs: Sequence[Path],
    environment: Mapping[str, str],
    *,
    hours: int,
    as_json: bool,
    caches: bool = False,
    out: TextIO | None = None,
    clock: Clock | None = None,
) -> int:
    """Print the report of the last `hours` hours: text, or what `/v1/stats` answers; with `caches`
    that of the prompt caches. Several data dirs are counted together; none: that of the
    configuration.

    Raises StartError (1) when the counts cannot be read.
    """
    out = out or sys.stdout
    now_s = (clock or SystemClock()).now_s()
    named = environment.get("DATA_DIR")
    paths = list(data_dirs) or [
        data_dir_of(
            choose_source(config_argument, environment), None, Path(named) if named else None
        )
    ]
    for path in paths:
        if not path.is_dir():
            raise StartError(
                f"there is no data dir {path}: nothing was counted there (name another with"
                " --config or --data-dir)",
                1,
            )
    if caches:
        for path in paths:
            show_caches(path, hours, now_s, as_json=as_json, out=out)
        return 0
    recorders = [_read(path) for path in dict.fromkeys(paths)]
    recorder = Several(recorders)
    if as_json:
        print(
            json.dumps(stats_report(recorder, hours, now_s), ensure_ascii=False, indent=1), file=out
        )
        return 0
    figures = status_figures(recorder, hours, now_s)
    encoding = (out.encoding or "ascii").lower()
    is_ascii = not encoding.startswith("utf")
    print(
        terminal_report(
            figures,
            title="Last hour" if hours == 1 else f"Last {hours} hours",
            width=shutil.get_terminal_size().columns,
            is_ascii=is_ascii,
        ),
        file=out,
        end="",
    )
    if len(recorders) == 1:
        clock = clock or SystemClock()
        for line in limit_lines(config_argument, environment, recorders[0], clock):
            print(line, file=out)
    return 0


def _read(path: Path) -> Recorder:
    """Raises StartError (1)."""
    try:
        return Recorder.read_only(path)
    except TooNew as error:
        raise StartError(f"the statistics in {path} cannot be read: {error}", 1) from None
    except OSError as error:
        raise StartError(
            f"the statistics in {path} cannot be read: {error.strerror or error}", 1
        ) from None
