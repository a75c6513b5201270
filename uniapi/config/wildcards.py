"""Names with `*` in them, which stands for any run of characters, none too. Of several that fit,
the one that says most goes first: exact names, then the longest literal, `*` alone at the end.
"""

from __future__ import annotations

from collections.abc import Iterable


def is_wildcard(name: str) -> bool:
    return "*" in name


def fits(pattern: str, name: str) -> bool:
    """Whether `name` is what `pattern` stands for. Each piece is searched once, from left to
    right.
    """
    first, *pieces = pattern.split("*")
    if not pieces:
        return pattern == name
    last = pieces.pop()
    if len(name) < len(first) + len(last) or not name.startswith(first):
        return False
    position, end = len(first), len(name) - len(last)
    for piece in pieces:
        found = name.find(piece, position, end)
        if found < 0:
            return False
        position = found + len(piece)
    return name.endswith(last)


def most_telling_first(patterns: Iterable[str]) -> list[str]:
    """Wildcards in the order in which they are tried."""
    return sorted(patterns, key=lambda pattern: pattern.count("*") - len(pattern))
