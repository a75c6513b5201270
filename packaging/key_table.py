"""The table of every key of `api.yaml` in docs/configuration.md and docs/zh/configuration.md, made
from the program's own table; the Chinese words stand in key_table_zh.json. Run it to write both
pages anew:

.venv/bin/python packaging/key_table.py
"""

import json
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "packaging")]

from generated_part import with_part, write_part  # noqa: E402  (the path comes first)

from uniapi.config import KEYS  # noqa: E402

BEGIN, END = "<!-- keys: written by packaging/key_table.py -->", "<!-- /keys -->"
ENGLISH = {
    "head": "| where | key | value | default | meaning |",
    "top": "top",
    "required": "**required.** ",
    "idle": " *(accepted, without effect)*",
}
CHINESE = {
    "head": "| 位置 | 名字 | 值 | 默认 | 含义 |",
    "top": "顶层",
    "required": "**必填。** ",
    "idle": " *(接受,但没有效果)*",
    **json.loads((ROOT / "packaging" / "key_table_zh.json").read_text(encoding="utf-8")),
}
PAGES = {
    ROOT / "docs" / "configuration.md": ENGLISH,
    ROOT / "docs" / "zh" / "configuration.md": CHINESE,
}


def render(words) -> str:
    """The table: one row for each key, in the order of the file's levels. `words`: those of the
    table's own in this language, and of the keys' texts what is not said in English.
    """
    rows = [words["head"], "|---|---|---|---|---|"]
    for key in KEYS:
        form, default, meaning = (words.get(one, one) for one in texts_of(key))
        is_plain = " " not in key.default and "`" not in key.default
        cells = (
            f"`{key.level}`" if key.level else words["top"],
            f"`{key.name}`",
            form,
            f"`{default}`" if default and is_plain else default,
            (words["required"] if key.is_required else "")
            + meaning
            + ("" if key.status == "used" else words["idle"]),
        )
        rows.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(rows)


def texts_of(key):
    """What is said of a key, in English."""
    return key.form.said, key.default, key.meaning


def with_table(page: str, words=ENGLISH) -> str:
    """The page's text with the table as it should be. Raises ValueError."""
    return with_part(page, BEGIN, END, render(words))


if __name__ == "__main__":
    for path, said in PAGES.items():
        write_part(path, BEGIN, END, render(said))
