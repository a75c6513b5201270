"""A part of a page in docs/ that the program's own tables are written into, between two markers."""

import re
from pathlib import Path


def with_part(page: str, begin: str, end: str, part: str) -> str:
    """The page's text with `part` between its markers. Raises ValueError when they are not there
    exactly once.
    """
    text, count = re.subn(
        f"{re.escape(begin)}.*?{re.escape(end)}",
        lambda _: f"{begin}\n{part}\n{end}",
        page,
        flags=re.DOTALL,
    )
    if count != 1:
        raise ValueError(f"the page must hold {begin} … {end} once; it does {count} times")
    return text


def write_part(path: Path, begin: str, end: str, part: str) -> None:
    """The same of the file."""
    page = path.read_text(encoding="utf-8")
    path.write_text(with_part(page, begin, end, part), encoding="utf-8")
