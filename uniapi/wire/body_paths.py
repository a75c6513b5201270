"""Places in a JSON body, as patterns: the keys on the way, `[]` for every item of a list.

`("messages", "[]", "reasoning_content")` is that member of every message. Everything here is total:
a value of another shape is left alone, and the cost is bounded by the size of the body.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

ITEM = "[]"
MAX_NODES = 50_000
"""How many values of a body are looked at."""

Path = tuple[str, ...]


def changed_at(value: Any, path: Path, change: Callable[[Any], Any]) -> Any:
    """`value` with `change` made wherever `path` leads; the same object when nothing changes.

    `change` gives the new value, or the one it was given. What does not change is shared.
    """
    if not path:
        return change(value)
    head, rest = path[0], path[1:]
    if head == ITEM:
        if not isinstance(value, list):
            return value
        items = [changed_at(item, rest, change) for item in value]
        is_same = all(new is old for new, old in zip(items, value, strict=True))
        return value if is_same else items
    if not isinstance(value, dict) or head not in value:
        return value
    inner = changed_at(value[head], rest, change)
    return value if inner is value[head] else {**value, head: inner}


def without(value: Any, path: Path) -> Any:
    """`value` without the member that `path` leads to; the same object when there is none."""
    name = path[-1]

    def drop(holder: Any) -> Any:
        if not isinstance(holder, dict) or name not in holder:
            return holder
        return {key: inner for key, inner in holder.items() if key != name}

    return changed_at(value, path[:-1], drop)


def renamed(value: Any, path: Path, new_name: str) -> Any:
    """`value` with the member at `path` under another name, unless that one is there already."""
    name = path[-1]

    def rename(holder: Any) -> Any:
        if not isinstance(holder, dict) or name not in holder:
            return holder
        rest = {key: inner for key, inner in holder.items() if key != name}
        rest.setdefault(new_name, holder[name])
        return rest

    return changed_at(value, path[:-1], rename)


def holds(value: Any, path: Path) -> bool:
    """Whether `path` leads to anything."""
    found = [value]
    for name in path:
        if name == ITEM:
            found = [item for one in found if isinstance(one, list) for item in one]
        else:
            found = [one[name] for one in found if isinstance(one, dict) and name in one]
    return bool(found)


def paths_to(body: Any, name: str) -> list[Path]:
    """Every pattern that leads to a member called `name`, the shortest first."""
    found: dict[Path, None] = {}
    for path, _ in walk(body):
        if path[-1] == name:
            found[path] = None
    return sorted(found, key=len)


def walk(body: Any) -> Iterator[tuple[Path, Any]]:
    """Every member of a body with its pattern, outer ones first, at most `MAX_NODES`."""
    level: list[tuple[Path, Any]] = [((), body)]
    seen = 0
    while level and seen < MAX_NODES:
        deeper: list[tuple[Path, Any]] = []
        for path, value in level:
            seen += 1
            if isinstance(value, dict):
                for key, inner in value.items():
                    yield (*path, key), inner
                    deeper.append(((*path, key), inner))
            elif isinstance(value, list):
                deeper += [((*path, ITEM), item) for item in value]
        level = deeper
