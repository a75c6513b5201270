"""docs/configuration.md says of every key what the program says of it."""

import runpy
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
TABLE = runpy.run_path(str(ROOT / "packaging" / "key_table.py"))


def test_the_table_of_keys_is_fresh():
    """Stale: run `.venv/bin/python packaging/key_table.py`."""
    assert TABLE["with_table"](PAGE) == PAGE


def test_every_key_has_a_row():
    """One row for each key at each level, and no other."""
    rows = [
        line
        for line in TABLE["render"]().splitlines()
        if line.startswith("| ") and not line.startswith("| where")
    ]
    assert len(rows) == len(TABLE["KEYS"])
    assert len(set(rows)) == len(rows)
