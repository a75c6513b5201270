"""The table of measured costs says what the bench's result says, in both languages."""

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "packaging"))

import bench_table  # noqa: E402  (the path comes first)

RESULT = {
    "when": "2026-11-30 16:00 UTC",
    "machine": {"cpu": "some CPU", "cpus": 2, "python": "3.11.7", "spin_ms": [31.0, 30.0, 44.0]},
    "args": {"rounds": 3},
    "versions": {"ours": "", "aiohttp_py": "aiohttp 3.14.5", "nginx": "1.22"},
    "median": {
        "aiohttp_py": {"nonstream": {"cpu_us": 500.0, "rps": 1234.5}, "cold": {"start_s": 0.3}},
        "ours": {
            "nonstream": {"cpu_us": 175.0, "rps": 2000.0},
            "cold": {"start_s": 0.36, "idle_mb": 31.26},
            "busy": {"cpu_us_chunk": 30.0, "whole": 0},
            "memory": {"held_mb": 40.0, "kb_stream": 14.0, "held_streams": 480},
            "latency": {"p50_us": 812.0},
            "cross_json": {"cpu_us": 300.0},
        },
        "direct": {"nonstream": {"cpu_us": 1.0}},
        "nginx": {"nonstream": {"cpu_us": 9.5}},
    },
    "broken": {"nginx.busy": "no delta arrived", "aiohttp_c.busy": "not ours to show"},
}
ENGLISH = """\
| | uni-api | aiohttp minimal | nginx |
|---|---:|---:|---:|
| relayed request, CPU-µs | 175 (0.35×) | 500 | 9.50 (0.02×) |
| OpenAI → Anthropic: request, CPU-µs | 300 (0.60×) | – | – |
| requests a second, 32 connections | 2,000 | 1,234 | – |
| latency at one connection, p50, ms | 0.81 | – | – |
| start to first answer, s | 0.36 (1.20×) | 0.30 | – |
| idle memory, MiB | 31.3 | – | – |
"""


def test_a_figure_stands_beside_the_others_and_what_is_not_whole_is_not_shown():
    """Streams of which nothing came, and memory of fewer streams than all, are no figures."""
    assert bench_table.table(RESULT, "en") == ENGLISH


def test_both_languages_have_the_same_figures():
    english = bench_table.table(RESULT, "en").splitlines()
    chinese = bench_table.table(RESULT, "zh").splitlines()
    assert [line.split("|")[2:] for line in english] == [line.split("|")[2:] for line in chinese]
    assert all(row.english != row.chinese for row in bench_table.ROWS)


@pytest.mark.parametrize("language", bench_table.PAGES)
def test_where_the_figures_are_from_is_said(language):
    said = bench_table.head(RESULT, language, "abc1234")
    for part in ("2026-11-30", "some CPU", "3.11.7", "abc1234", "aiohttp 3.14.5", "30", "44"):
        assert part in said
    assert "nginx.busy" in said
    assert "aiohttp_c" not in said


@pytest.mark.parametrize("page", bench_table.PAGES.values())
def test_each_page_has_one_place_for_the_table(page):
    text = (ROOT / page).read_text()
    made = bench_table.written(text, "NEW\n")
    assert "<!-- bench -->\nNEW\n<!-- /bench -->" in made
    assert bench_table.written(made, "NEW\n") == made
    with pytest.raises(ValueError, match="no one place"):
        bench_table.written("a page", "NEW\n")
