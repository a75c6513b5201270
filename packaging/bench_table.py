"""The table of docs/performance.md (and of its Chinese twin) out of a result of the bench that is
kept beside this repository (`run.py --json RESULT`).

.venv/bin/python packaging/bench_table.py RESULT [--commit NAME] [--write]

Prints the tables; `--write` puts them between `<!-- bench -->` and `<!-- /bench -->` of both pages.
A figure that a subject has not is a dash, and what failed is said.
"""

import argparse
import json
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).parents[1]
PAGES = {"en": "docs/performance.md", "zh": "docs/zh/performance.md"}
PLACE = re.compile(r"(<!-- bench -->\n).*?(<!-- /bench -->)", re.DOTALL)
OURS, BASE = "ours", "aiohttp_py"
SUBJECTS = (OURS, BASE, "nginx", "portkey", "litellm")
"""The columns, where they were measured."""


class Row(NamedTuple):
    """What is measured, and where it stands in a result; `beside` is the measure of BASE that it is
    compared with, where that is another one.
    """

    english: str
    chinese: str
    measure: str
    figure: str
    factor: float = 1.0
    is_compared: bool = True
    beside: str = ""


ROWS = (
    Row("relayed request, CPU-µs", "转发的请求,CPU 微秒", "nonstream", "cpu_us"),
    Row(
        "chunk of a stream, 256 at once, CPU-µs",
        "256 个流时每个流式片段,CPU 微秒",
        "sweep",
        "c256_cpu_us_chunk",
    ),
    Row("chunk of a busy stream, CPU-µs", "繁忙时每个流式片段,CPU 微秒", "busy", "cpu_us_chunk"),
    Row("chunk of a burst, CPU-µs", "突发时每个流式片段,CPU 微秒", "burst", "cpu_us_chunk"),
    Row(
        "OpenAI → Anthropic: request, CPU-µs",
        "OpenAI → Anthropic:请求,CPU 微秒",
        "cross_json",
        "cpu_us",
        beside="nonstream",
    ),
    Row(
        "OpenAI → Anthropic: chunk of a busy stream, CPU-µs",
        "OpenAI → Anthropic:繁忙时每个片段,CPU 微秒",
        "cross_busy",
        "cpu_us_chunk",
        beside="busy",
    ),
    Row(
        "OpenAI → Anthropic: chunk of a burst, CPU-µs",
        "OpenAI → Anthropic:突发时每个片段,CPU 微秒",
        "cross_burst",
        "cpu_us_chunk",
        beside="burst",
    ),
    Row(
        "requests a second, 32 connections", "每秒请求数,32 个连接", "nonstream", "rps", 1.0, False
    ),
    Row("their latency, p50, ms", "其延迟,p50,毫秒", "nonstream", "p50_ms", 1.0, False),
    Row("their latency, p99, ms", "其延迟,p99,毫秒", "nonstream", "p99_ms", 1.0, False),
    Row(
        "latency at one connection, p50, ms",
        "单个连接的延迟,p50,毫秒",
        "latency",
        "p50_us",
        1e-3,
        False,
    ),
    Row(
        "latency at one connection, p99, ms",
        "单个连接的延迟,p99,毫秒",
        "latency",
        "p99_us",
        1e-3,
        False,
    ),
    Row("start to first answer, s", "启动到第一个回答,秒", "cold", "start_s"),
    Row("CPU of a start, s", "启动所用 CPU,秒", "cold", "start_cpu_s"),
    Row("idle memory, MiB", "空闲内存,MiB", "cold", "idle_mb", 1.0, False),
    Row(
        "memory with 500 open streams, MiB", "500 个流时的内存,MiB", "memory", "held_mb", 1.0, False
    ),
    Row("KiB a stream", "每个流,KiB", "memory", "kb_stream", 1.0, False),
)
TITLES = {
    "en": {OURS: "uni-api", BASE: "aiohttp minimal", "portkey": "Portkey", "litellm": "LiteLLM"},
    "zh": {OURS: "uni-api", BASE: "aiohttp minimal", "portkey": "Portkey", "litellm": "LiteLLM"},
}


def figure(result: Mapping[str, Any], subject: str, row: Row) -> float | None:
    """The median, in the row's unit; None where there is none, or where nothing came whole."""
    found = result["median"].get(subject, {}).get(row.measure, {})
    value = found.get(row.figure)
    if value is None or found.get("whole") == 0 or found.get("held_streams", 500) < 500:
        return None
    return float(value) * row.factor


def shown(value: float) -> str:
    """With three digits or so."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def cell(result: Mapping[str, Any], subject: str, row: Row) -> str:
    value = figure(result, subject, row)
    base = figure(result, BASE, row._replace(measure=row.beside or row.measure))
    if value is None:
        return "–"
    if not row.is_compared or subject == BASE or not base:
        return shown(value)
    return f"{shown(value)} ({value / base:.2f}×)"


def columns(result: Mapping[str, Any]) -> list[str]:
    return [name for name in SUBJECTS if result["median"].get(name)]


def table(result: Mapping[str, Any], language: str) -> str:
    """A row for each figure that somebody has."""
    names = columns(result)
    titles = [TITLES[language].get(name, name) for name in names]
    lines = ["| | " + " | ".join(titles) + " |", "|---|" + "---:|" * len(names)]
    for row in ROWS:
        if all(figure(result, name, row) is None for name in names):
            continue
        said = row.english if language == "en" else row.chinese
        cells = [cell(result, name, row) for name in names]
        lines.append("| " + " | ".join([said, *cells]) + " |")
    return "\n".join(lines) + "\n"


def head(result: Mapping[str, Any], language: str, commit: str) -> str:
    """Of which day, machine and build the figures are, and how much the machine wavered."""
    machine, asked = result["machine"], result["args"]
    waver = sorted(machine["spin_ms"])
    versions = [
        f"{TITLES[language].get(name, name)}: {text}"
        for name, text in result["versions"].items()
        if text and name in columns(result)
    ]
    errors = failures(result)
    if language == "zh":
        return (
            f"{result['when']},{machine['cpu']},{machine['cpus']} 个 CPU,Python"
            f" {machine['python']},提交 {commit};{asked['rounds']} 轮,取中位数,全部在 127.0.0.1 上;"
            "单位是网关所有进程的 CPU 时间,括号里是与 aiohttp minimal 之比:那是纯 Python 的"
            "几行转发代码,没有密钥、路由、限流和统计。翻译的各行与它转发同样的量相比。"
            f"uni-api 打开了流水、日志、限流和别名。{'; '.join(versions)}。"
            f"同一段固定代码在测量中用了 {waver[0]:.0f} 到 {waver[-1]:.0f} 毫秒。{errors}\n"
        )
    return (
        f"{result['when']}, {machine['cpu']}, {machine['cpus']} CPUs, Python {machine['python']},"
        f" commit {commit}; medians of {asked['rounds']}, everything on 127.0.0.1. CPU time is"
        ' that of all the gateway\'s processes; in brackets beside "aiohttp minimal", a'
        " pass-through of a few lines in pure Python without keys, routing, limits or counting;"
        " what is translated is compared with what it relays."
        " uni-api has journal, log, limits and an alias on."
        f" {'; '.join(versions)}. A fixed piece of Python took {waver[0]:.0f} to {waver[-1]:.0f} ms"
        f" meanwhile.{errors}\n"
    )


def failures(result: Mapping[str, Any]) -> str:
    """What did not run, in the bench's own words."""
    broken = {name: why for name, why in result["broken"].items() if name.split(".")[0] in SUBJECTS}
    return (
        f" Failed: {'; '.join(f'{name}: {why}' for name, why in broken.items())}." if broken else ""
    )


def written(page: str, block: str) -> str:
    """The page with the block in its place. Raises ValueError for a page without one."""
    made, count = PLACE.subn(lambda found: found[1] + block + found[2], page)
    if count != 1:
        raise ValueError("the page has no one place <!-- bench --> … <!-- /bench -->")
    return made


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("result", type=Path)
    parser.add_argument("--commit", default="?", help="of uni-api, as measured")
    parser.add_argument("--write", action="store_true", help="into the pages")
    chosen = parser.parse_args(arguments)
    result = json.loads(chosen.result.read_text())
    for language, name in PAGES.items():
        block = head(result, language, chosen.commit) + "\n" + table(result, language)
        print(block)
        if chosen.write:
            path = ROOT / name
            path.write_text(written(path.read_text(), block))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
