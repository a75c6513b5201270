"""The `file_id`s in a message's content, which OpenAI's dialects and Anthropic's write alike."""

from __future__ import annotations

from collections.abc import Iterator

from uniapi.canonical import Json

_MAX_DEPTH = 8


def find_file_ids(value: Json, path: str, depth: int = 0) -> Iterator[tuple[str, Json]]:
    """Every one as (member, id); `path` is where `value` stands. What lies deeper than any client
    writes is not looked at.
    """
    if depth > _MAX_DEPTH:
        return
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from find_file_ids(item, f"{path}[{index}]", depth + 1)
    elif isinstance(value, dict):
        if isinstance(value.get("file_id"), str):
            yield f"{path}.file_id", value["file_id"]
        for name, item in value.items():
            if isinstance(item, dict | list):
                yield from find_file_ids(item, f"{path}.{name}", depth + 1)
