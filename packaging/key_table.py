"""The table of every key of `api.yaml` in docs/configuration.md, made from the program's own table.
Run it to write that page anew:

.venv/bin/python packaging/key_table.py
"""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from uniapi.config import KEYS  # noqa: E402  (the path comes first)

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
    """The page's text with the table as it should be.

    Raises ValueError when the markers are not there.
    """
    text, count = re.subn(
        f"{re.escape(BEGIN)}.*?{re.escape(END)}",
        lambda _: f"{BEGIN}\n{render()}\n{END}",
        page,
        flags=re.DOTALL,
    )
    if count != 1:
        raise ValueError(
            f"docs/configuration.md must hold {BEGIN} … {END} once; it does {count} times"
        )
    return text


if __name__ == "__main__":
    path = ROOT / "docs" / "configuration.md"
    path.write_text(with_table(path.read_text(encoding="utf-8")), encoding="utf-8")
