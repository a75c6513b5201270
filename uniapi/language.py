"""Messages in another language: a catalogue (`zh.json`) holds English sentences as they stand in
the program, with `{0}`, `{1}`, … where something is put in, and what to say for each; and those of
the page, whose places have names. What has no entry stays English, which is the source of
everything.

A message is translated when it is written out, whole; what was put into it is looked up in turn.
The search is linear in the message's length, whatever stands in it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Any, Literal

from .errors import StartError

LANGUAGES = ("en", "zh")
_PLACE = re.compile(r"\{(\d)\}")
_PLACED = re.compile(r"[^\s:]+: ")
"""Where in a configuration, or whose words, a message begins with."""
_HINT = re.compile(r"[:;] ")
MOST_HINTS = 8
SHORTEST = 16
"""Characters of a sentence beside its places, below which one that begins with a place counts."""
MOST_LEVELS = 4
"""Of phrases inside phrases."""
LONGEST = 2000
"""Characters of a message that is looked up."""


class Language:
    """Says messages; `say` gives what it does not know as it is."""

    def __init__(self, entries: Mapping[str, str]) -> None:
        self._whole = {
            source: said for source, said in entries.items() if not _PLACE.search(source)
        }
        parts = [_Entry(source, said) for source, said in entries.items() if _PLACE.search(source)]
        self._parts = sorted(parts, key=lambda entry: -entry.weight)

    @property
    def is_english(self) -> bool:
        return not self._whole and not self._parts

    def say(self, text: str, level: int = 0) -> str:
        """The message in this language."""
        if self.is_english or len(text) > LONGEST or level > MOST_LEVELS:
            return text
        whole = self._whole.get(text)
        if whole is not None:
            return whole
        for entry in self._parts:
            found = entry.found_in(text)
            if found is not None:
                if entry.ends_joined:
                    found[-2:] = self._parted(found[-2] + found[-1], level + 1)
                return entry.filled([self.say(one, level + 1) for one in found])
        placed = _PLACED.match(text)
        if placed is None:
            return text
        return placed[0] + self.say(text[placed.end() :], level + 1)

    def _parted(self, joined: str, level: int) -> tuple[str, str]:
        """Two places that touch: a phrase, and a hint behind it that is known and begins with a
        colon or semicolon.
        """
        for sign in islice(_HINT.finditer(joined), MOST_HINTS):
            hint = joined[sign.start() :]
            if self.say(hint, level) != hint:
                return joined[: sign.start()], hint
        return joined, ""


class _Entry:
    """One sentence with places."""

    def __init__(self, source: str, said: str) -> None:
        self._pieces = _PLACE.split(source)[::2]
        self._order = [int(number) for number in _PLACE.split(source)[1::2]]
        self._said = said
        self.weight = sum(map(len, self._pieces))
        self.ends_joined = self._pieces[-2:] == ["", ""]
        """Its last two places touch, and are its end."""
        self._counts = source.startswith("{0} ") and self.weight < SHORTEST
        """It begins with a number; otherwise it would be found in too much."""

    def found_in(self, text: str) -> list[str] | None:
        """What stands at its places, by number; None when `text` is another sentence."""
        first, *middle, last = self._pieces
        if not text.startswith(first) or not text.endswith(last):
            return None
        position, end, found = len(first), len(text) - len(last), []
        for piece in middle:
            place = text.find(piece, position, end)
            if place < 0:
                return None
            found.append(text[position:place])
            position = place + len(piece)
        if position > end:
            return None
        found.append(text[position:end])
        if self._counts and not found[0].isdigit():
            return None
        by_number = dict(zip(self._order, found, strict=True))
        return [by_number[number] for number in sorted(by_number)]

    def filled(self, values: list[str]) -> str:
        return _PLACE.sub(lambda place: values[int(place[1])], self._said)


ENGLISH = Language({})


def language_of(flag: str | None, environment: Mapping[str, str]) -> Language:
    """What `--lang` names, else the environment as POSIX reads it. Raises StartError (2)."""
    if flag is not None and flag not in LANGUAGES:
        raise StartError(f"--lang is one of {', '.join(LANGUAGES)}, not {flag!r}", 2)
    names = ("LC_ALL", "LC_MESSAGES", "LANG")
    said = flag or next((environment[name] for name in names if environment.get(name)), "")
    return _chinese() if said.lower().startswith("zh") else ENGLISH


@lru_cache(maxsize=1)
def _chinese() -> Language:
    return Language(catalogue())


def catalogue(part: Literal["messages", "page"] = "messages") -> dict[str, str]:
    """English → Chinese, read through the package's loader: it may be inside a zip file."""
    import uniapi

    assert uniapi.__spec__ is not None
    loader: Any = uniapi.__spec__.loader
    data: bytes = loader.get_data(str(Path(uniapi.__file__).parent / "zh.json"))
    entries: dict[str, str] = json.loads(data)[part]
    return entries
