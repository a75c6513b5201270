"""Phrases as a person would quote them, looked for in a text that a stranger wrote.

A phrase is lower-case words in which `*` stands for one word and `…` for up to `MAX_GAP`
characters of anything. It begins at the beginning of a word and may end within one: "decommission"
finds both of its forms. Looking is linear in the text: no piece is looked for further than a fixed
distance behind the one before it, and nothing is tried twice.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

MAX_TEXT = 16_384
"""Characters of a text that are read."""
MAX_GAP = 120
MAX_WORD = 160


def plain(text: str) -> str:
    """`text` as phrases are looked for in it: lower case, one blank between words, its first
    `MAX_TEXT` characters.
    """
    return " ".join(text[:MAX_TEXT].lower().replace("’", "'").split())


def says(text: str, phrases: Iterable[str]) -> bool:
    """Whether a `plain` text has one of the phrases."""
    return any(has_phrase(text, phrase) for phrase in phrases)


def has_phrase(text: str, phrase: str) -> bool:
    """Whether a `plain` text has this phrase."""
    first, *rest = _pieces(phrase)
    start = text.find(first)
    while start >= 0:
        if _begins_word(text, start) and _goes_on(text, start + len(first), rest):
            return True
        start = text.find(first, start + 1)
    return False


@lru_cache(maxsize=1024)
def _pieces(phrase: str) -> tuple[str, ...]:
    """`model * is … gone` → `model `, `*`, ` is `, `…`, ` gone`."""
    spaced = phrase.replace(" … ", "…").replace("*", "\0*\0").replace("…", "\0…\0")
    return tuple(piece for piece in spaced.split("\0") if piece)


def _begins_word(text: str, at: int) -> bool:
    """Letters of scripts without blanks begin a word anywhere."""
    if at == 0 or not (text[at].isascii() and text[at].isalnum()):
        return True
    before = text[at - 1]
    return not (before.isascii() and before.isalnum())


def _goes_on(text: str, at: int, pieces: list[str]) -> bool:
    """Whether the pieces follow from `at` on, each at its first possible place."""
    gap = 0
    for piece in pieces:
        if piece == "…":
            gap = MAX_GAP
        elif piece == "*":
            end = text.find(" ", at, at + MAX_WORD)
            at = end if end >= 0 else min(len(text), at + MAX_WORD)
        else:
            found = text.find(piece, at, at + gap + len(piece))
            if found < 0:
                return False
            at, gap = found + len(piece), 0
    return True
