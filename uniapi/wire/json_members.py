"""A JSON object read member by member: as fast as in one go, and then it is known whether one of
its names stands in it twice. The last one counts here, where another reader of the same bytes may
believe the first.
"""

from __future__ import annotations

import json
import re
from typing import Any

from .frames import LARGE_BYTES, give_way, parse_json

SHORT_TEXT = 4096
"""Characters: in so many it is cheaper to look for each name than to read member by member."""
_ONCE = {1}
_OPENING = re.compile(r"[ \t\n\r]*\{[ \t\n\r]*")
_PLAIN_NAME = re.compile(r'"([^"\\\x00-\x1f]*)"[ \t\n\r]*:[ \t\n\r]*')
_AFTER = re.compile(r"[ \t\n\r]*(?:,[ \t\n\r]*|(\})[ \t\n\r]*\Z)")
_DECODER = json.JSONDecoder()
_LONG_DECODER = json.JSONDecoder(object_hook=give_way)


def load_members(text: str) -> tuple[Any, bool]:
    """The JSON value in `text`, and whether it is an object that has one name twice, however the
    name is spelled. Raises what `json.loads` raises.
    """
    is_plain = "\\" not in text or ("\\u" not in text and "\\/" not in text)
    if is_plain and len(text) <= SHORT_TEXT:
        value = parse_json(text)
        # Without these two escapes what can be spelled plainly is. Each name once, as a text: so
        # no member has it twice, and none further inside either.
        names = [f'"{name}"' for name in value] if isinstance(value, dict) else [""]
        if set(map(text.count, names)) <= _ONCE:
            return value, False
    opening = _OPENING.match(text)
    if opening is None:
        return parse_json(text), False
    decoder = _DECODER if len(text) <= LARGE_BYTES else _LONG_DECODER
    members: dict[str, Any] = {}
    count, at = 0, opening.end()
    try:
        while (name := _PLAIN_NAME.match(text, at)) is not None:
            value, at = decoder.raw_decode(text, name.end())
            members[name[1]] = value
            count += 1
            after = _AFTER.match(text, at)
            if after is None:
                break
            at = after.end()
            if after[1]:
                return members, count > len(members)
    except ValueError:
        pass
    # A name with an escape in it, an empty object, or what is no JSON.
    return parse_json(text), _has_twins(text)


def holds_twins(text: str | bytes) -> bool:
    """Whether any object in the JSON value, however deep, has one name twice. Raises what
    `json.loads` raises.
    """
    found = False

    def look(pairs: list[tuple[str, Any]]) -> None:
        nonlocal found
        found = found or len({name for name, _ in pairs}) < len(pairs)

    json.loads(text, object_pairs_hook=look)
    return found


def _has_twins(text: str) -> bool:
    # The outermost is read last: its pairs are what is given.
    pairs = json.loads(text, object_pairs_hook=_as_it_stands)
    return len({name for name, _ in pairs}) < len(pairs)


def _as_it_stands(pairs: list[tuple[str, Any]]) -> list[tuple[str, Any]]:
    """A line of Python for each object, which lets other threads in."""
    return pairs
