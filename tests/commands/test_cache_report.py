"""`stats --caches`: from what is kept, beside a running gateway."""

import io
import json

from uniapi.commands.cache_report import cache_lines, show_caches
from uniapi.gateway import CACHES_FILE
from uniapi.storage import DiskFolder, KeptMap

NOW_S = 1_796_000_000.0
"""2026-11-30 in UTC."""


def kept(folder):
    rows = KeptMap(DiskFolder(folder), CACHES_FILE, limit=100, lasts_s=1e7)
    rows.put("2026-11-30\na\nclaude\nhit", [10, 1000, 900, 0, 0], NOW_S)
    rows.put("2026-11-30\na\nclaude\nother-key", [1, 200, 0, 150, 675_000_000], NOW_S)
    rows.put("2026-11-01\na\nclaude\npause", [5, 200, 0, 150, 1], NOW_S)
    rows.put("no row", [1], NOW_S)
    rows.flush(NOW_S)


def report(folder, hours=24, **more):
    kept(folder)
    out = io.StringIO()
    show_caches(folder, hours, NOW_S, as_json=more.get("as_json", False), out=out)
    return out.getvalue()


def test_the_share_and_the_misses_by_what_they_cost(tmp_path):
    assert report(tmp_path).splitlines() == [
        "a/claude: 75 % of 1,200 tokens read from the cache, 11 requests",
        "  other-key              1, 150 tokens more read anew ($0.00068)",
    ]


def test_older_days_count_where_they_are_asked_for(tmp_path):
    assert "pause" in report(tmp_path, hours=24 * 40)


def test_as_json_money_is_in_dollars(tmp_path):
    rows = json.loads(report(tmp_path, as_json=True))
    assert [row["reason"] for row in rows] == ["other-key", "hit"]
    assert rows[0]["lost"] == 0.000675


def test_nothing_yet_is_said():
    assert list(cache_lines([])) == ["No answer has told of a prompt cache yet."]
