"""The table of every key of `api.yaml` in docs/configuration.md, made from the program's own table.
Run it to write that page anew:

.venv/bin/python packaging/key_table.py
"""

import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "packaging")]

from generated_part import with_part, write_part  # noqa: E402  (the path comes first)

from uniapi.config import KEYS  # noqa: E402

BEGIN, END = "<!-- keys: written by packaging/key_table.py -->", "<!-- /keys -->"


def render() -> str:
    """The table: one row for each key, in the order of the file's levels."""
    rows = ["| where | key | value | default | meaning |", "|---|---|---|---|---|"]
    for key in KEYS:
        notes = "**required.** " if key.is_required else ""
        effect = " *(accepted, without effect)*" if key.status != "used" else ""
        where = f"`{key.level}`" if key.level else "top"
        default = key.default and (
            key.default if " " in key.default or "`" in key.default else f"`{key.default}`"
        )
        cells = (
            where,
            f"`{key.name}`",
            key.form.said,
            default,
            f"{notes}{key.meaning}{effect}",
        )
        rows.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(rows)


def with_table(page: str) -> str:
    """The page's text with the table as it should be. Raises ValueError."""
    return with_part(page, BEGIN, END, render())


if __name__ == "__main__":
    write_part(ROOT / "docs" / "configuration.md", BEGIN, END, render())
