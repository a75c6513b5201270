"""What was probably meant by a word that nobody knows."""

from __future__ import annotations

from collections.abc import Iterable


def near_words(word: str, known: Iterable[str], *, n: int, cutoff: float = 0.6) -> list[str]:
    """Those of `known` that are like it, `n` at most, the likest first; `cutoff`: from 0 (anything)
    to 1 (the same).
    """
    from difflib import get_close_matches  # only who slips needs it

    return get_close_matches(word, list(known), n, cutoff)
