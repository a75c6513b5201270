"""Variables of a `.env` text found, put and dropped in place."""

from __future__ import annotations

import re


def _line(name: str) -> re.Pattern[str]:
    return re.compile(
        rf"^[ \t]*(?:export[ \t]+)?{re.escape(name)}[ \t]*=(?P<value>[^\n\r]*)(?:\n|\Z)",
        re.MULTILINE,
    )


def find(text: str, path: tuple[str, ...]) -> str | None:
    found = _line(path[0]).search(text)
    return None if found is None else found["value"]


def put(text: str, path: tuple[str, ...], raw: str) -> str:
    found = _line(path[0]).search(text)
    if found is not None:
        return text[: found.start("value")] + raw + text[found.end("value") :]
    gap = "" if not text or text.endswith("\n") else "\n"
    return f"{text}{gap}{path[0]}={raw}\n"


def drop(text: str, path: tuple[str, ...]) -> str:
    return _line(path[0]).sub("", text, count=1)
