"""Messages of ours among the page's rows in another language, where the catalogue has them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

Say = Callable[[str], str]


def say_calls(rows: Iterable[dict[str, Any]], say: Say) -> None:
    """In place: what the client was told, and what was noted of each attempt."""
    for row in rows:
        row["message"] = say(row["message"])
        for attempt in row["attempts"]:
            attempt["message"] = say(attempt["message"])
