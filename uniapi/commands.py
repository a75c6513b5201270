"""The commands beside `serve`: they read the configuration, not the running process."""

from __future__ import annotations

import asyncio
import json
import random
import sys
from collections.abc import Mapping
from typing import TextIO

from uniapi.clock import SystemClock
from uniapi.config import ConfigProblems, ConfigSource, Problem, choose_source, exposed_file, parse_config, read_config_file
from uniapi.engines import engine_names
from uniapi.gateway import AiohttpTransport
from uniapi.scheduler import Jobs

from .serve import config_text


def check(config_argument: str | None, environment: Mapping[str, str], *, as_json: bool, out: TextIO | None = None) -> int:
    """Validate the configuration and show every problem; 0 when it can be used, 2 when not."""
    out = out or sys.stdout
    source = choose_source(config_argument, environment)
    problems: tuple[Problem, ...]
    try:
        text = read_config_file(source.location) if source.kind == "file" else asyncio.run(_remote_text(source))
        _, problems = parse_config(text, source=source.shown, engines=engine_names(), environment=environment)
    except ConfigProblems as found:
        problems = found.problems
    if source.kind == "file":
        exposed = exposed_file(source.location)
        problems += (exposed,) if exposed is not None else ()
    errors = sum(problem.severity == "error" for problem in problems)
    if as_json:
        rows = [{"severity": p.severity, "path": p.path, "message": p.message, "line": p.line, "column": p.column} for p in problems]
        print(json.dumps({"source": source.shown, "ok": not errors, "problems": rows}, ensure_ascii=False, indent=1), file=out)
    else:
        for problem in problems:
            print(problem, file=out)
        print(f"{source.shown}: {errors} errors, {len(problems) - errors} warnings" if problems else f"{source.shown}: no problem found", file=out)
    return 2 if errors else 0


async def _remote_text(source: ConfigSource) -> str:
    jobs = Jobs(SystemClock(), random.Random())
    transport = AiohttpTransport(jobs.spawn)
    try:
        return await config_text(source, transport, None)
    finally:
        await jobs.shutdown()
        await transport.close()
