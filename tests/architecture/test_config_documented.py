"""docs/configuration.md says of every key what the program says of it, and so does the Chinese
page.
"""

import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TABLE = runpy.run_path(str(ROOT / "packaging" / "key_table.py"))
PAGES = list(TABLE["PAGES"].items())


@pytest.mark.parametrize(("path", "words"), PAGES, ids=["en", "zh"])
def test_the_table_of_keys_is_fresh(path, words):
    """Stale: run `.venv/bin/python packaging/key_table.py`."""
    page = path.read_text(encoding="utf-8")
    assert TABLE["with_table"](page, words) == page


@pytest.mark.parametrize("words", [words for _, words in PAGES], ids=["en", "zh"])
def test_every_key_has_a_row(words):
    """One row for each key at each level, and no other."""
    rows = TABLE["render"](words).splitlines()[2:]
    assert len(rows) == len(TABLE["KEYS"])
    assert len(set(rows)) == len(rows)


def test_the_chinese_table_is_chinese():
    """Each text has its own, with the same names in it; none is left over (key_table_zh.json)."""
    texts = {one for key in TABLE["KEYS"] for one in (key.form.said, key.meaning)}
    texts |= {key.default for key in TABLE["KEYS"] if " " in key.default}
    chinese = {key: value for key, value in TABLE["CHINESE"].items() if key not in TABLE["ENGLISH"]}
    assert set(chinese) == texts
    for english, value in chinese.items():
        names = [one for one in english.split("`")[1::2] if one.isascii() and one.isidentifier()]
        assert set(names) <= set(value.split("`")[1::2]), english
