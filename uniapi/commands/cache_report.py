"""`stats --caches`: how much was read from prompt caches, why the rest was not, and what that has
cost.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TextIO

from uniapi.clock import Epoch
from uniapi.gateway import CACHES_FILE, cache_rows
from uniapi.logs.text import readable
from uniapi.money import shown
from uniapi.money_report import cache_rows_shown
from uniapi.storage import DiskFolder, KeptMap

HOUR_S = 3600.0


def show_caches(data_dir: Path, hours: int, now_s: Epoch, *, as_json: bool, out: TextIO) -> None:
    """Of the last hours, in whole days of UTC; read beside a running gateway."""
    kept = KeptMap(DiskFolder(data_dir), CACHES_FILE, limit=100_000, lasts_s=400 * 24 * HOUR_S)
    kept.load(now_s)
    values = {name: kept.get(name, now_s) for name in kept.names()}
    rows = cache_rows(values, now_s - hours * HOUR_S)
    if as_json:
        print(json.dumps(cache_rows_shown(rows), ensure_ascii=False, indent=1), file=out)
        return
    for line in cache_lines(rows):
        print(readable(line), file=out)


def cache_lines(rows: Iterable[Mapping[str, Any]]) -> Iterable[str]:
    """A block for each model: the share of its input that was read, then the misses by what they
    cost.
    """
    models: dict[tuple[str, str], list[Mapping[str, Any]]] = defaultdict(list)
    for row in rows:
        models[(row["provider"], row["model"])].append(row)
    if not models:
        yield "No answer has told of a prompt cache yet."
    for (provider, model), found in models.items():
        given = sum(row["input_tokens"] for row in found)
        read = sum(row["read_tokens"] for row in found)
        share = f"{100 * read / given:.0f} %" if given else "0 %"
        requests = sum(row["requests"] for row in found)
        yield (
            f"{provider}/{model}: {share} of {given:,} tokens read from the cache,"
            f" {requests:,} requests"
        )
        for row in found:
            if row["reason"] == "hit":
                continue
            lost = f", {row['lost_tokens']:,} tokens more read anew" if row["lost_tokens"] else ""
            cost = f" ({shown(row['lost_pd'])})" if row["lost_pd"] else ""
            yield f"  {row['reason']:<16} {row['requests']:>7,}{lost}{cost}"
